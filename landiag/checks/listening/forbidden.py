"""Services of systemd that fail because they may not listen: by their units, their user, or SELinux."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from landiag.checks.case import Case
from landiag.checks.fixes.units import file_fix, property_fix, restart_risk, started_again
from landiag.checks.listening.services import PLACES, failing, last_line
from landiag.checks.listening.socket_units import told_units
from landiag.collect.selinux import Denial, denials_source, parse_denial
from landiag.collect.systemd import SERVICES
from landiag.collect.units import Unit
from landiag.journey.ways import Way
from landiag.model.actions import Lasts
from landiag.model.facts import Unknown
from landiag.model.regex import regex
from landiag.model.report import Evidence, Fix


class Forbidden(Struct, frozen=True):
    """Why a service may not listen (``why``: words of a finding's first line), its setting, and what lets it."""

    why: str
    setting: Evidence
    fix: Fix


def forbidden(case: Case, way: Way) -> Forbidden | None:
    """Find the service that fails because it may make, or bind, no such socket: its last words tell."""
    found = (
        judge(case, way, unit, last_line(case, unit))
        for source in PLACES
        for unit in failing(case, source)
        for judge in (_by_families, _by_bind_list, _by_port, _by_selinux)
    )
    return next((one for one in found if one is not None), None)


_NO_FAMILY = regex(r"address family not supported|EAFNOSUPPORT|errno 97\b", re.IGNORECASE)
_NOT_PERMITTED = regex(r"operation not permitted|permission denied|EPERM|EACCES", re.IGNORECASE)
"""What servers say when the kernel refuses them a socket, in their own words or the C library's."""


def _by_families(_: Case, way: Way, unit: Unit, said: str) -> Forbidden | None:
    family = f"AF_INET{'6' if way.ip.version == 6 else ''}"
    if unit.families is None or unit.families.admits(family) or not _NO_FAMILY.search(said):
        return None
    names = [name for name in unit.families.names if name not in _WANTED]
    lines = ["RestrictAddressFamilies="]
    if not unit.families.denies:
        lines.append(f"RestrictAddressFamilies={' '.join([*names, *_WANTED])}")
    elif names:
        lines.append(f"RestrictAddressFamilies=~{' '.join(names)}")
    title = f"Let {unit.name} make sockets of IPv4 and IPv6"
    fix = file_fix(title, unit, lines, started_again(unit.name))
    return _sandbox(unit, "RestrictAddressFamilies", unit.families.text or "none", fix)


_WANTED = ("AF_INET", "AF_INET6")


def _by_bind_list(case: Case, _: Way, unit: Unit, said: str) -> Forbidden | None:
    keeper = next((one for one in _with_slices(case, unit) if not one.may_bind(case.port)), None)
    if keeper is None or not _NOT_PERMITTED.search(said):
        return None
    again: tuple[str, ...] = started_again(unit.name)
    if keeper is not unit:  # a slice lets in what it newly allows when it starts
        again = (*keeper.anew, *again) if keeper.anew else ()
    fix = property_fix(
        f"Let {unit.name} listen on port {case.port}",
        keeper.name,
        "SocketBindAllow",
        f"tcp:{case.port}",
        before=" ".join(keeper.bind_allow),
        restarts=again,
        risk=None if keeper is unit else restart_risk(keeper),
    )
    return _sandbox(keeper, "SocketBindDeny", " ".join(keeper.bind_deny), fix)


def _with_slices(case: Case, unit: Unit) -> Iterator[Unit]:
    """The service and the slices above it, each of which has to let it bind."""
    known = {one.name: one for one in told_units(case, SERVICES)}
    above: Unit | None = unit
    while above is not None:
        yield above
        above = known.pop(above.slice, None)


def _sandbox(unit: Unit, name: str, value: str, fix: Fix) -> Forbidden:
    setting = Evidence(unit.shown, f"{name}={value}")
    return Forbidden(f"the sandbox of {unit.name} forbids it ({name})", setting, fix)


def _by_port(case: Case, _: Way, unit: Unit, said: str) -> Forbidden | None:
    """A port below the first that everybody may take, and a user who is not root."""
    first = case.facts.first_unprivileged
    if case.port >= first or unit.user in ("", "root", "0") or not _NOT_PERMITTED.search(said):
        return None
    return Forbidden(
        f"{unit.name} may not take a port below {first} (User={unit.user})",
        Evidence(unit.shown, f"User={unit.user}"),
        file_fix(
            f"Let {unit.name} take ports below {first}",
            unit,
            ("AmbientCapabilities=CAP_NET_BIND_SERVICE",),
            started_again(unit.name),
        ),
    )


def _by_selinux(case: Case, _: Way, unit: Unit, said: str) -> Forbidden | None:
    """A denial of the kernel's for this port, where the service says that it was not permitted."""
    denial = case.parse(denials_source(case.port), parse_denial)
    if denial is None or isinstance(denial, Unknown) or not _NOT_PERMITTED.search(said):
        return None
    return Forbidden(
        f"SELinux forbids it to {unit.name} ({denial.domain} may not bind to {denial.type})",
        Evidence("journalctl --dmesg", denial.text),
        _label_fix(case, unit, denial),
    )


_UNNAMED = ("port_t", "unreserved_port_t", "ephemeral_port_t", "reserved_port_t", "hi_reserved_port_t")
"""Types of ports that no line of the policy names: such a port is added, another one is changed."""


def _label_fix(case: Case, unit: Unit, denial: Denial) -> Fix:
    """Give the port a type that the domain may use: known for web servers, of which policies make most."""
    title = f"Let {unit.name} listen on port {case.port} under SELinux"
    again = tuple(f"systemctl {one}" for one in started_again(unit.name))
    if denial.domain != "httpd_t":
        step = f"Give port {case.port} a type that {denial.domain} may bind to (semanage port --list names them)."
        return Fix(title, needs="user-action", steps=(step, f"Then: {again[-1]}."))
    order = "--add" if denial.type in _UNNAMED else "--modify"
    return Fix(
        title,
        commands=(f"semanage port {order} --type http_port_t --proto tcp {case.port}", *again),
        undo=(f"semanage port --delete --proto tcp {case.port}", *again),
        needs="root",
        lasts=Lasts.FOR_GOOD,
    )
