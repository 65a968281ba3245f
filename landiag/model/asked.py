"""What was asked of ``check``, as it is typed once more."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from landiag.model.report import Target
from landiag.model.surroundings import Option

_REPEATED = ("path", "host-header", "program", "no-http")
"""The options that change what is asked; ``--only`` and ``--prove`` change what is done about it."""


def typed_again(target: Target, options: Iterable[Option] = ()) -> str:
    """The words behind ``landiag`` that ask the same: ``check --port 5000 --peer 192.168.1.23``.

    ``options`` are those of ``Question.asked``. Every value is quoted for a shell.
    """
    given = {one.name: one.value for one in options}
    name, port = given.get("name"), target.port
    place = f"--port {port}" if name is None else shlex.quote(f"{name}:{port}")
    if given.get("host-header") in (name, f"{name}:{port}"):
        given.pop("host-header", None)
    of_target = {"peer": target.peer, "to": target.address, "interface": target.interface}
    scheme = {} if target.scheme == "auto" else {"scheme": target.scheme}
    kept = {one: given[one] for one in _REPEATED if one in given}
    words = [_option(*one) for one in {**of_target, **scheme, **kept}.items()]
    return " ".join(("check", place, *filter(None, words)))


def _option(name: str, value: str | None) -> str:
    """An option as typed; a switch has an empty value, and None is what was not asked."""
    if value is None:
        return ""
    return f"--{name} {shlex.quote(value)}" if value else f"--{name}"
