"""Reading a host in two rounds, and opening a case: the ways in, and the clients' attempts along them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from landiag.checks import systems
from landiag.checks.case import Case
from landiag.collect.exchanges.resolve import parse_resolution
from landiag.collect.machine import MACHINE, Machine, parse_machine
from landiag.collect.systems import collector_of, first_sources
from landiag.host import Recorder
from landiag.journey.classes import Follow, follow_ways
from landiag.journey.entrances import entrances
from landiag.journey.journey import follow
from landiag.journey.served import served_first
from landiag.journey.ways import Way, choose_ways, list_ways
from landiag.model.addresses import ip_or_none
from landiag.model.facts import Call, IPAddress, Source, Unknown, parse_reading
from landiag.model.host import Facts
from landiag.question import Question, UsageError


def share_of(deadline: float, share: float) -> float:
    """Give a round a part of the time that is left, so that a command that hangs leaves time for the others."""
    now = time.monotonic()
    return now + share * max(0.0, deadline - now)


def gather(
    recorder: Recorder,
    deadline: float,
    also: Iterable[Source] = (),
    beside: Callable[[Facts], Iterable[Source]] | None = None,
) -> tuple[Machine, Facts]:
    """Read a host in two rounds: what is always needed, then what that makes worth reading.

    What ``beside`` names by the facts of the first round is begun with the second; the caller reads it later.
    """
    recorder.read_all((MACHINE, *also), deadline)
    machine = parse_reading(recorder.readings[MACHINE.name], parse_machine)
    if isinstance(machine, Unknown):
        raise UsageError(f"this machine could not be described: {machine.reason}")
    system = collector_of(machine.os)
    recorder.read_all((*first_sources(machine.os), *systems.sources(machine)), share_of(deadline, 0.4))
    facts = system.parse_facts(recorder.readings, machine)
    recorder.begin(beside(facts) if beside is not None else ())
    recorder.read_all(system.plan(facts, recorder.readings), share_of(deadline, 0.3))
    facts = system.complete_facts(facts, recorder.readings)
    asked = system.plan_owners(facts)
    recorder.read_all(asked, deadline)
    return machine, system.complete_facts(facts, recorder.readings) if asked else facts


def resolve_plan(question: Question) -> tuple[Call, ...]:
    """Name the look-up of the client's name, where it was given by one."""
    wanted = question.target.peer
    if wanted is None or ip_or_none(wanted) is not None:
        return ()
    return (Call("resolve", (("name", wanted),), seconds=2.0),)


def _find_peer(question: Question, recorder: Recorder) -> IPAddress | None:
    wanted = question.target.peer
    if wanted is None:
        return None
    address = ip_or_none(wanted)
    if address is not None:
        return address
    (source,) = resolve_plan(question)
    resolution = parse_reading(recorder.readings[source.name], parse_resolution)
    found = None if isinstance(resolution, Unknown) else next(iter(resolution.addresses), None)
    address = None if found is None else ip_or_none(found)
    if address is None:
        raise UsageError(f"the name {wanted} has no address here: give the client's IP address with --peer")
    return address


def open_case(
    question: Question,
    recorder: Recorder,
    machine: Machine,
    facts: Facts,
    following: Follow = follow,
    listed: tuple[Way, ...] | None = None,
) -> Case:
    """Choose the ways in and follow the clients' conversations along them. ``listed`` are all, where they are known."""
    target, client = question.target, _find_peer(question, recorder)
    _refuse_own_address(client, facts)
    check_interface(target.interface, facts)
    listed = list_ways(facts) if listed is None else listed
    known = systems.ways(machine, facts, recorder.readings, target, listed, client)
    ways = tuple(entrances(facts, way, client).ways[0] for way in choose_ways(facts, known, target, client))
    classes = follow_ways(facts, ways, target, client, following)
    return Case(
        target=target,
        machine=machine,
        facts=facts,
        ways=ways if target.address is not None else served_first(ways, classes),
        classes=classes,
        readings=recorder.readings,
        peer=client,
        program=question.program,
        asks_http=question.asks_http,
        host_header=question.host_header,
        target_path=question.path,
        name=question.name,
        options=question.asked,
    )


def _refuse_own_address(peer: IPAddress | None, facts: Facts) -> None:
    """Raise UsageError where the client is this machine itself, whose packets take another way than clients'."""
    if peer is None:
        return
    interfaces = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    own = {address.ip for interface in interfaces for address in interface.addresses}
    if peer in own or peer.is_loopback or peer.is_unspecified:
        raise UsageError(
            f"{peer} is this machine itself: name the device that fails to connect (--peer), or leave it out"
        )


def choose(question: Question, recorder: Recorder, facts: Facts) -> tuple[Way, ...]:
    """Choose the ways in of this machine itself, the one that the verdict speaks of first."""
    return choose_ways(facts, list_ways(facts), question.target, _find_peer(question, recorder))


def check_interface(name: str | None, facts: Facts) -> None:
    """Refuse the name of an interface that the machine does not have. Raises UsageError."""
    if name is None or isinstance(facts.interfaces, Unknown):
        return
    names = [interface.name for interface in facts.interfaces]
    if name not in names:
        raise UsageError(f"there is no interface {name} here: choose one of {', '.join(names)}")
