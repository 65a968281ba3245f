"""Why services of systemd leave a port unheard: networks of their own, sandboxes that forbid it, failures."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from landiag.checks.case import Case
from landiag.checks.fixes.units import file_fix, property_fix, started_again
from landiag.checks.listening.socket_units import told_units
from landiag.collect.groups import units_of
from landiag.collect.machine import parse_processes, process_source
from landiag.collect.units import SERVICES, Unit, journal_source
from landiag.journey.ways import Way
from landiag.model.facts import Call, Command, Socket, Unknown
from landiag.model.regex import regex
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.redact.masking import mask_text

_MOST = 3
"""So many services that fail are looked at."""


def plan(case: Case) -> tuple[Command, ...]:
    """Ask systemd for its services where nobody listens."""
    return (SERVICES,) if case.facts.os == "linux" and not case.listeners else ()


def plan_after(case: Case) -> tuple[Command | Call, ...]:
    """Read the last words of services that fail, and what runs in networks of its own."""
    words = tuple(journal_source(unit.name) for unit in _failing(case))
    pids = _private_pids(case)
    return (*words, process_source(pids)) if pids else words


def in_own_network(case: Case, way: Way, socket: Socket | None) -> Finding | None:
    """Say which service has a network of its own and listens there; ``socket`` is what was seen there, if anything."""
    unit = _unit_inside(case, socket) if socket is not None else _unit_by_command(case)
    if unit is None or not unit.network_setting:
        return None
    setting = unit.network_setting
    reset = "NetworkNamespacePath=" if unit.namespace_path else "PrivateNetwork=no"
    return Finding(
        code="listening-in-namespace",
        outcome=Outcome.BLOCKS,
        title=f"{unit.name} has a network of its own ({setting}), so nothing is listening on port {case.port} "
        "where other devices come in",
        detail="What listens in there is reached by nobody outside, not even from this machine.",
        evidence=(Evidence(f"systemctl show {unit.name}", setting),),
        fixes=(
            file_fix(
                f"Let {unit.name} use this machine's network",
                unit.name,
                (reset,),
                (f"restart {unit.name}",),
                risk="the service then reaches every network that this machine reaches",
            ),
        ),
        paths=(way.id,),
    )


class Forbidden(Struct, frozen=True):
    """A service that fails because of a setting of its sandbox, and what lets it listen."""

    unit: str
    setting: str
    fix: Fix

    @property
    def words(self) -> str:
        """What the first line of a finding says of it."""
        return f"the sandbox of {self.unit} forbids it ({self.setting.partition('=')[0]})"


def forbidden(case: Case, way: Way) -> Forbidden | None:
    """Find the service that fails because its sandbox lets it make, or bind, no such socket: its last words tell."""
    family = f"AF_INET{'6' if way.ip.version == 6 else ''}"
    for unit in _failing(case):
        said = _last_line(case, unit)
        if unit.families is not None and not unit.families.admits(family) and _NO_FAMILY.search(said):
            setting = f"RestrictAddressFamilies={unit.families.text or 'none'}"
            return Forbidden(unit.name, setting, _families_fix(unit))
        keeper = next((one for one in _with_slices(case, unit) if not one.may_bind(case.port)), None)
        if keeper is not None and _NOT_PERMITTED.search(said):
            setting = f"SocketBindDeny={' '.join(keeper.bind_deny)}"
            return Forbidden(keeper.name, setting, _bind_fix(case, keeper, unit))
    return None


_NO_FAMILY = regex(r"address family not supported|EAFNOSUPPORT|errno 97\b", re.IGNORECASE)
_NOT_PERMITTED = regex(r"operation not permitted|permission denied|EPERM|EACCES", re.IGNORECASE)
"""What servers say when the kernel refuses them a socket, in their own words or the C library's."""


def failures(case: Case, denied: Forbidden | None) -> tuple[Evidence, ...]:
    """The services that fail, each with its last words, the setting that makes one fail, and those not started yet."""
    setting = () if denied is None else (Evidence(f"systemctl show {denied.unit}", denied.setting),)
    starting = [unit for unit in told_units(case, SERVICES) if unit.starting][:_MOST]
    return (
        *setting,
        *(_last_words(case, unit) for unit in _failing(case)),
        *(
            Evidence(f"systemctl show {one.name}", f"{one.name} is still starting ({one.starting})")
            for one in starting
        ),
    )


def _families_fix(unit: Unit) -> Fix:
    assert unit.families is not None
    wanted = ("AF_INET", "AF_INET6")
    names = [name for name in unit.families.names if name not in wanted]
    lines = ["RestrictAddressFamilies="]
    if not unit.families.denies:
        lines.append(f"RestrictAddressFamilies={' '.join([*names, *wanted])}")
    elif names:
        lines.append(f"RestrictAddressFamilies=~{' '.join(names)}")
    title = f"Let {unit.name} make sockets of IPv4 and IPv6"
    return file_fix(title, unit.name, lines, started_again(unit.name))


def _with_slices(case: Case, unit: Unit) -> Iterator[Unit]:
    """The service and the slices above it, each of which has to let it bind."""
    known = {one.name: one for one in told_units(case, SERVICES)}
    above: Unit | None = unit
    while above is not None:
        yield above
        above = known.pop(above.slice, None)


def _bind_fix(case: Case, keeper: Unit, unit: Unit) -> Fix:
    return property_fix(
        f"Let {unit.name} listen on port {case.port}",
        keeper.name,
        "SocketBindAllow",
        f"tcp:{case.port}",
        before=" ".join(keeper.bind_allow),
        restart=unit.name,
    )


def _last_words(case: Case, unit: Unit) -> Evidence:
    how = f"started again {unit.restarts} times" if unit.restarts > 1 else unit.result or unit.state
    said = _last_line(case, unit)
    return Evidence(f"journalctl -u {unit.name}", f"{unit.name} fails ({how}){': ' if said else ''}{said}")


def _last_line(case: Case, unit: Unit) -> str:
    """The last line that a service wrote; empty where it wrote none, or nobody could read it."""
    text = case.parse(journal_source(unit.name), str.strip)
    lines = text.splitlines() if isinstance(text, str) else []
    return mask_text(lines[-1].strip()) if lines else ""


def _failing(case: Case) -> tuple[Unit, ...]:
    """The services that fail; first those whose sandbox bears on sockets."""
    failing = [unit for unit in told_units(case, SERVICES) if unit.keeps_failing]
    failing.sort(key=lambda unit: (unit.families is None and not unit.bind_deny, -unit.restarts))
    return tuple(failing[:_MOST])


def _private_pids(case: Case) -> tuple[int, ...]:
    return tuple(sorted(unit.pid for unit in _private(case) if unit.pid)[:24])


def _unit_inside(case: Case, socket: Socket) -> Unit | None:
    """The service that holds a socket of another network namespace, by its control group."""
    names = units_of(socket.cgroup)
    return next((unit for unit in told_units(case, SERVICES) if names and unit.name == names[-1]), None)


def _unit_by_command(case: Case) -> Unit | None:
    """The service in a network of its own whose command names the port: who may not look inside sees no more."""
    pids = _private_pids(case)
    known = case.parse(process_source(pids), parse_processes) if pids else None
    if known is None or isinstance(known, Unknown):
        return None
    named = {pid for pid, one in known.items() if any(_names_port(word, case.port) for word in one.argv)}
    return next((unit for unit in _private(case) if unit.pid in named), None)


def _private(case: Case) -> Iterator[Unit]:
    """The services that have another network than this machine's."""
    return (unit for unit in told_units(case, SERVICES) if unit.network_setting)


def _names_port(word: str, port: int) -> bool:
    return re.search(rf"(?<!\d){port}(?!\d)", word) is not None
