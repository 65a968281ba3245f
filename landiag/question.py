"""What a person asks of ``check``; light, so that the command line knows it before the judges are imported."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from landiag.model.report import Target
from landiag.model.surroundings import Option

A_DAY = 86400.0
"""The longest time that may be asked for, in seconds: clocks and timers of the system take no endless one."""


class UsageError(ValueError):
    """What was asked cannot be answered as it is; the message says why and what to do."""


class Question(Struct, frozen=True):
    """What a person asks of ``check``. ``only`` names the checks that are wanted; empty means all.

    ``name`` is the host name in the URL that people type; None where they type an address.
    """

    target: Target
    program: str | None = None
    host_header: str | None = None
    path: str = "/"
    asks_http: bool = True
    only: tuple[str, ...] = ()
    proves: bool = False
    name: str | None = None

    @property
    def options(self) -> Mapping[str, str]:
        """What a recording must remember besides the target, so that the same exchanges are looked up again."""
        options = {"path": self.path, "http": "yes" if self.asks_http else "no"}
        if self.host_header is not None:
            options["host_header"] = self.host_header
        if self.program is not None:
            options["program"] = self.program
        if self.name is not None:
            options["name"] = self.name
        if self.proves:
            options["prove"] = "yes"
        return options

    @property
    def asked(self) -> tuple[Option, ...]:
        """What was asked besides the target and unlike what is usual, by the names of the command line."""
        return (
            *([Option("name", self.name)] if self.name is not None else []),
            *([Option("path", self.path)] if self.path != "/" else []),
            *([Option("host-header", self.host_header)] if self.host_header is not None else []),
            *([Option("program", self.program)] if self.program is not None else []),
            *([Option("only", ",".join(self.only))] if self.only else []),
            *([] if self.asks_http else [Option("no-http")]),
            *([Option("prove")] if self.proves else []),
        )

    @classmethod
    def from_options(cls, target: Target, options: Mapping[str, str]) -> Question:
        """Ask again what a recording asked."""
        return cls(
            target=target,
            program=options.get("program"),
            host_header=options.get("host_header"),
            path=options.get("path", "/"),
            asks_http=options.get("http") != "no",
            proves=options.get("prove") == "yes",
            name=options.get("name"),
        )
