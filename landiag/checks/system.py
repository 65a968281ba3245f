"""What the checks ask differently on one system: a record of functions, one for each folder of checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from landiag.checks.case import Answer, Case
from landiag.journey.ways import Way
from landiag.model.facts import Call, Command, Interface, Reading, Socket, Source
from landiag.model.host import Facts
from landiag.model.neighbour import Neighbour
from landiag.model.report import Finding, Fix, Target

Readings = Mapping[str, Reading]


def _as_they_are(
    _facts: Facts, _readings: Readings, _target: Target, ways: tuple[Way, ...]
) -> tuple[Way, ...]:
    return ways


def _nothing(_case: Case) -> tuple[Call, ...]:
    return ()


def _no_findings(_case: Case) -> list[Finding]:
    return []


def _nobody(_case: Case) -> frozenset[int]:
    return frozenset()


def _never(_case: Case, _findings: Sequence[Finding]) -> bool:
    return False


def _by_ending(_case: Case, _socket: Socket) -> Fix | None:
    return None


def _no_port_findings(_case: Case, _bind_error: str | None) -> list[Finding]:
    return []


class System(Struct, frozen=True):
    """One system. What a folder does not name is as on Linux, where the checks themselves are at home.

    ``sources`` are read besides the host's own. ``ways`` turns the ways in of this machine into those that
    clients use, where another machine stands in front. ``plan`` names exchanges. ``check_firewall`` is the whole
    firewall check, None where the general one is right; ``add_firewall`` are findings beside it. ``check_port``
    gets the error with which a bind test ended. ``explains_listening``: whether what it found there says why something
    listens or not. ``passing_on`` are processes that pass the port on to another listener of this machine.
    ``check_addresses`` looks at those of the machine in front. ``ending`` says how what holds a socket gives it up,
    where nobody should end its process.
    ``arp_after`` lists the neighbours once a device was asked, ``parse_arp`` reads it.
    """

    sources: tuple[Source, ...] = ()
    ways: Callable[[Facts, Readings, Target, tuple[Way, ...]], tuple[Way, ...]] = _as_they_are
    plan: Callable[[Case], tuple[Call, ...]] = _nothing
    check_firewall: Callable[[Case], Answer] | None = None
    add_firewall: Callable[[Case], list[Finding]] = _no_findings
    check_addresses: Callable[[Case], list[Finding]] = _no_findings
    check_port: Callable[[Case, str | None], list[Finding]] = _no_port_findings
    explains_listening: Callable[[Case, Sequence[Finding]], bool] = _never
    passing_on: Callable[[Case], frozenset[int]] = _nobody
    ending: Callable[[Case, Socket], Fix | None] = _by_ending
    arp_after: Command | None = None
    parse_arp: Callable[[str, tuple[Interface, ...]], tuple[Neighbour, ...]] | None = None
