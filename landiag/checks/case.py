"""What a check looks at: the question, the facts, the ways in and the exchanges, all read already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from landiag.collect.machine import Machine
from landiag.journey.classes import ClientClass
from landiag.journey.ways import Way
from landiag.model.asked import typed_again
from landiag.model.facts import IPAddress, Reading, ReadStatus, Socket, Source, Unknown, parse_reading
from landiag.model.host import Facts
from landiag.model.process import Process
from landiag.model.report import AddressSpan, Evidence, Finding, Fix, Outcome, Target
from landiag.model.surroundings import Option

T = TypeVar("T")


class Case(Struct, frozen=True):
    """One question about one host. ``ways`` are in order; the verdict speaks of the first.

    ``classes`` are the classes of clients along each way, by the id of the way, the largest first, each with the
    journey of its conversation. ``peer`` is the client that fails, when one was named. ``program`` is the program
    whose port it should be, when the user said so. ``name`` is the host name that people type.
    ``wants_fixes`` is False where nobody asks for them: what a fix opens takes long to find.
    ``options`` are what was asked besides, as ``Question.asked`` has it.
    """

    target: Target
    machine: Machine
    facts: Facts
    ways: tuple[Way, ...]
    classes: Mapping[str, tuple[ClientClass, ...]]
    readings: Mapping[str, Reading]
    peer: IPAddress | None = None
    program: str | None = None
    asks_http: bool = True
    host_header: str | None = None
    target_path: str = "/"
    name: str | None = None
    wants_fixes: bool = True
    options: tuple[Option, ...] = ()

    @property
    def port(self) -> int:
        """The port in question."""
        assert self.target.port is not None
        return self.target.port

    @property
    def asks_again(self) -> str:
        """The words behind ``landiag`` that ask the same again."""
        return typed_again(self.target, self.options)

    @property
    def way(self) -> Way | None:
        """The way in that the verdict speaks of; None when there is none."""
        return self.ways[0] if self.ways else None

    @property
    def sockets(self) -> tuple[Socket, ...]:
        """The listening sockets of this machine; empty when there are none, or they could not be read."""
        return () if isinstance(self.facts.sockets, Unknown) else self.facts.sockets

    @property
    def listeners(self) -> tuple[Socket, ...]:
        """Those on the port in question."""
        return tuple(one for one in self.sockets if one.port == self.port)

    def parse(self, source: Source, parse: Callable[[str], T]) -> T | Unknown | None:
        """Parse the reading of a source; None when it was not planned for this case."""
        reading = self.readings.get(source.name)
        return None if reading is None else parse_reading(reading, parse)

    def misread(self, source: Source, parse: Callable[[str], T]) -> Unknown | None:
        """Why what was read of a source is not understood; None where it is, and where nothing could be read."""
        reading = self.readings.get(source.name)
        if reading is None or reading.status not in (ReadStatus.OK, ReadStatus.DAMAGED):
            return None
        found = parse_reading(reading, parse)
        return found if isinstance(found, Unknown) else None

    def owners(self, socket: Socket) -> tuple[Process, ...]:
        """Describe the processes that hold a socket; empty when they are not visible to this user."""
        return self.facts.owners(socket)


class Answer(Struct, frozen=True):
    """What a check says: one line, and what is not ok."""

    outcome: Outcome
    summary: str
    findings: tuple[Finding, ...] = ()


def answer(findings: Sequence[Finding], summary: str) -> Answer:
    """Make the answer of a check: the worst outcome of its findings, or ok with this summary."""
    worst = max(findings, key=lambda finding: finding.outcome.severity, default=None)
    if worst is None:
        return Answer(Outcome.OK, summary)
    said = worst.title if worst.outcome in (Outcome.BLOCKS, Outcome.UNKNOWN) else summary or worst.title
    return Answer(worst.outcome, said, tuple(findings))


def no_way_in(case: Case) -> Answer:
    """Make the answer of a check that follows a way in, where none is known."""
    is_unread = isinstance(case.facts.interfaces, Unknown)
    return not_applicable("not followed: the addresses could not be read" if is_unread else "no way in")


def not_applicable(summary: str) -> Answer:
    """Make the answer of a check that has nothing to look at."""
    return Answer(Outcome.NOT_APPLICABLE, summary)


def milder(finding: Finding, whose: str, clients: tuple[AddressSpan, ...] = ()) -> Finding:
    """Turn what stops others than those the verdict speaks of, or may stop them, into a warning that names them."""
    outcome = Outcome.WARNS if finding.outcome in (Outcome.BLOCKS, Outcome.UNKNOWN) else finding.outcome
    return replace(finding, outcome=outcome, title=f"{whose}: {finding.title}", clients=clients)


def unknown_evidence(unknown: Unknown) -> tuple[Evidence, ...]:
    """Show where an unknown comes from."""
    return (Evidence(unknown.source, unknown.reason),)


def unread(code: str, title: str, unknown: Unknown) -> Finding:
    """The finding that something which matters could not be read, with the command that shows it."""
    command = "" if unknown.remedy is None else unknown.remedy.removeprefix("sudo ")
    needs = None if command == unknown.remedy else "root"
    fixes = (Fix("Find out what it says", (command,), needs=needs),) if command else ()
    reason = unknown.reason[:1].upper() + unknown.reason[1:]
    return Finding(code, Outcome.UNKNOWN, title, reason, unknown_evidence(unknown), fixes)
