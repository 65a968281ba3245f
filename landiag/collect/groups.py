"""Control groups: the units of systemd that hold a socket, by the path of its group.

Units lie in slices only. What lies below a service or a scope is its own affair: a user's systemd and that of a
container name units of their own there, and both may call one like a unit of this machine's (systemd.slice(5)).
"""

from __future__ import annotations

from landiag.model.process import Service
from landiag.model.regex import regex

UNITS = regex(r"(?:/[^/]+\.slice(?=/|$))*(?:/[^/]+\.(?:service|scope|socket)(?=/|$))?")
"""The units of this machine's systemd at the beginning of a path."""

_OF_A_USER = regex(r"/user@\d+\.service(?:/[^/]+\.slice)*/([^/]+\.service)(?=/|$)")


def units_of(cgroup: str | None) -> tuple[str, ...]:
    """The slices of a control group and the unit below them, which comes last; empty where there are none."""
    found = UNITS.match(cgroup or "")
    return tuple(found[0].split("/")[1:]) if found else ()


def service_of(cgroup: str | None) -> Service | None:
    """The service of a control group, the machine's or that of a user's own systemd; None for what a person started."""
    found = _OF_A_USER.search(cgroup or "")
    if found:
        return Service(found[1], is_users=True)
    unit = "".join(units_of(cgroup)[-1:])
    is_one = unit.endswith(".service") and not unit.startswith("user@")
    return Service(unit) if is_one else None
