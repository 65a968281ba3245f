"""Which folder of checks knows a system: one table, and the questions that the checks ask it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from landiag.checks.case import Answer, Case
from landiag.checks.ports.bind_test import bind_error
from landiag.checks.system import Readings, System
from landiag.collect.machine import Machine
from landiag.journey.guest import behind_host
from landiag.journey.ways import Way, list_ways
from landiag.model.facts import Call, Command, IPAddress, Socket, Source, Unknown
from landiag.model.host import Facts
from landiag.model.neighbour import Neighbour
from landiag.model.report import Finding, Fix, Target


def _wsl() -> System:
    from landiag.checks.wsl import SYSTEM

    return SYSTEM


def _windows() -> System:
    from landiag.checks.windows import SYSTEM

    return SYSTEM


def _wsl1() -> System:
    from landiag.checks.wsl import WSL1

    return WSL1


def _macos() -> System:
    from landiag.checks.macos import SYSTEM

    return SYSTEM


def _bsd() -> System:
    from landiag.checks.macos import BSD

    return BSD


_SYSTEMS: Mapping[str, Callable[[], System]] = {
    "wsl1": _wsl1,
    "wsl2": _wsl,
    "windows": _windows,
    "macos": _macos,
    "freebsd": _bsd,
    "openbsd": _bsd,
}
"""Folders by operating system; a Linux inside WSL is a system of its own. The others are at home in the checks."""


def _named(name: str) -> System:
    load = _SYSTEMS.get(name)
    return System() if load is None else load()


def _system(os: str, machine: Machine) -> System:
    return _named(machine.info.environment if os == "linux" and machine.info.environment in _IN_WSL else os)


_IN_WSL = ("wsl1", "wsl2")


def _of(case: Case) -> System:
    return _system(case.facts.os, case.machine)


def sources(machine: Machine) -> tuple[Source, ...]:
    """What is read besides the host's own sources: inside WSL2, what Windows says."""
    return _system(machine.os, machine).sources


def ways(
    machine: Machine,
    facts: Facts,
    readings: Readings,
    target: Target,
    known: tuple[Way, ...],
    peer: IPAddress | None,
) -> tuple[Way, ...]:
    """The ways that clients use: those by the machine in front, where another one is.

    That is Windows around WSL2, or the host of a virtual machine behind its NAT.
    """
    found = _system(facts.os, machine).ways(facts, readings, target, known)
    around = machine.info.environment
    if around in _IN_WSL:
        return found
    return behind_host(facts, found, target.port, peer, in_container=around == "container")


def inner_addresses(machine: Machine, facts: Facts, readings: Readings) -> frozenset[IPAddress]:
    """The addresses that other devices do not use by themselves: they lie behind Windows, or the host's own NAT."""
    known = list_ways(facts)
    found = ways(machine, facts, readings, Target(port=_ANY_PORT), known, None)
    return frozenset(one.ip for one in known) - frozenset(one.ip for one in found if one.front is None)


_ANY_PORT = 1


def plan(case: Case) -> tuple[Call, ...]:
    """Name the exchanges that only these systems need."""
    return _of(case).plan(case)


def firewall_answer(case: Case) -> Answer | None:
    """The firewall check of a system that has its own; None where the general one is right."""
    check = _of(case).check_firewall
    return None if check is None else check(case)


def more_firewalls(case: Case) -> list[Finding]:
    """What firewalls beside this machine's own do: that of Windows around WSL2; empty elsewhere."""
    return _of(case).add_firewall(case)


def front_addresses(case: Case) -> list[Finding]:
    """What is wrong with the addresses of the machine in front of this one: Windows around WSL2; empty elsewhere."""
    return _of(case).check_addresses(case)


def port_findings(case: Case, error: str | None) -> list[Finding]:
    """What a system says of the port: kept by Windows, held by AirPlay, served inside WSL2."""
    return _of(case).check_port(case, error)


def passing_on(case: Case) -> frozenset[int]:
    """Processes that only pass the port on to another listener of this machine: they are no owners of their own."""
    return _of(case).passing_on(case)


def ending(case: Case, socket: Socket) -> Fix | None:
    """How what holds a socket gives it up, where nobody should end its process; None elsewhere."""
    return _of(case).ending(case, socket)


def is_explained_by_port(case: Case) -> bool:
    """Whether the port explains what listens or does not: a server inside WSL2, a port that Windows keeps, or
    something that nobody could look at."""
    return _of(case).explains_listening(case, port_findings(case, bind_error(case)))


def arp_after(os: str) -> Command | None:
    """Name the listing of the neighbours that is read once a device was asked; None where ``ip neigh`` is."""
    return _named(os).arp_after


def parse_arp_after(case: Case) -> tuple[Neighbour, ...] | Unknown | None:
    """Parse that listing; None when it was not read."""
    system = _of(case)
    source, parse = system.arp_after, system.parse_arp
    if source is None or parse is None:
        return None
    interfaces = () if isinstance(case.facts.interfaces, Unknown) else case.facts.interfaces
    return case.parse(source, lambda text: parse(text, interfaces))
