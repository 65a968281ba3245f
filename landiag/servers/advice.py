"""Advice on a server: what to do so that it listens elsewhere, as a command or in steps."""

from __future__ import annotations

import re

from msgspec import Struct

from landiag.model.actions import Run
from landiag.model.lines import command_line
from landiag.model.report import Edit


class RestartAdvice(Struct, frozen=True):
    """What to do so that a server listens on all addresses.

    ``run`` starts it again, in ``cwd`` once ``stop_pid`` has ended. ``steps`` are sentences for what no command
    does, in the order in which they are done, before it. ``edit`` is the change to the file where the address
    stands, when its text was given. ``needs`` is a Fix's. ``stop_signal`` is what ends it: uWSGI starts anew on
    TERM. ``complete``: the edit and the command alone do it, without the steps. ``debugs``: its debugger is on,
    or may be. ``os`` is the system's name, as in ``Machine.os``. ``stays`` is a Fix's: it listens where it did.
    """

    title: str
    run: Run | None = None
    steps: tuple[str, ...] = ()
    cwd: str | None = None
    stop_pid: int | None = None
    stop_signal: str = "TERM"
    edit: Edit | None = None
    needs: str | None = "restart-server"
    complete: bool = False
    debugs: bool = False
    os: str = "linux"
    stays: bool = False

    @property
    def commands(self) -> tuple[str, ...]:
        """The lines to paste; empty where no command can be shown."""
        return () if self.run is None else (command_line(self.run, os=self.os),)


def known(name: str) -> str:
    """A server's name where it is known which one is meant: ``a Python program`` becomes ``the Python program``."""
    return re.sub("^an? ", "the ", name)
