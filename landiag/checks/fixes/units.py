"""Fixes that change a unit of systemd: a property that holds at once, or a file beside the unit's own."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from landiag.collect.units import Unit
from landiag.model.actions import Lasts
from landiag.model.regex import regex
from landiag.model.report import Fix

_FILES = "/etc/systemd/system"
_FILES_OF_USERS = "~/.config/systemd/user"
_PROPERTIES = "/etc/systemd/system.control"
_PLAIN = regex(r"[A-Za-z0-9_=:.,/@+~ \[\]-]*", re.ASCII)


def property_fix(
    title: str,
    unit: str,
    name: str,
    value: str,
    *,
    before: str,
    restarts: Sequence[str] = (),
    risk: str | None = None,
) -> Fix:
    """Add a value to a property that systemd changes while the unit runs; it stays after the next start.

    ``before`` is its value: the undo sets that again, because a reload leaves what is in force as it is.
    A unit of systemd-run has no such file: systemd keeps its properties until it ends.
    ``restarts`` are orders for what has to start anew.
    """
    file = f"{_PROPERTIES}/{unit}.d/50-{name}.conf"
    order = ("systemctl", "set-property", *(("--",) if unit.startswith("-") else ()), unit)
    again = _typed(restarts)
    return Fix(
        title,
        commands=(shlex.join((*order, f"{name}={value}")), *again),
        undo=(
            shlex.join((*order, f"{name}=", *((f"{name}={before}",) if before else ()))),
            shlex.join(("rm", "-f", file)),
            "systemctl daemon-reload",
            *again,
        ),
        needs="root",
        risk=risk,
        lasts=Lasts.FOR_GOOD,
    )


def restart_risk(unit: Unit) -> str | None:
    """What it does to others to start a unit anew; where nobody can, when a change of it holds."""
    if not unit.anew:
        return "it holds from the next start of this machine on"
    return "every service in the slice is started anew" if unit.name.endswith(".slice") else None


def started_again(unit: str) -> tuple[str, str]:
    """What starts a service that has failed: one that failed too often is refused until that is forgotten."""
    return (f"reset-failed {unit}", f"restart {unit}")


def file_fix(
    title: str, unit: Unit, lines: Sequence[str], restarts: Sequence[str], risk: str | None = None
) -> Fix:
    """Write lines under the section of the unit's type, in a file beside its own, and start anew what needs it.

    A unit of a user's own systemd has it in that user's home: the user types it, who needs no root.
    """
    folder = f"{_FILES_OF_USERS if unit.is_users else _FILES}/{shlex.quote(unit.name)}.d"
    file = f"{folder}/zz-landiag.conf"
    words = " ".join(_quoted(line) for line in (f"[{unit.section}]", *lines))
    again = _typed(("daemon-reload", *restarts), is_users=unit.is_users)
    return Fix(
        title,
        commands=(
            f"mkdir -p {folder}",
            shlex.join(("sh", "-c", f'printf "%s\\n" {words} > {file}')),
            *again,
        ),
        undo=(f"rm {file}", *again),
        needs=None if unit.is_users else "root",
        risk=risk,
        lasts=Lasts.FOR_GOOD,
    )


def _typed(orders: Sequence[str], *, is_users: bool = False) -> tuple[str, ...]:
    whose = ("--user",) if is_users else ()
    return tuple(shlex.join(("systemctl", *whose, *one.split(" ", 1))) for one in orders)


def _quoted(line: str) -> str:
    """A line as one word of a script that stands in single quotes: readable where nothing in it is special."""
    return f'"{line}"' if _PLAIN.fullmatch(line) else shlex.quote(line)
