"""The diagnosis on one screen: gather, follow the client's packet, check, judge."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from ipaddress import ip_address
from typing import TYPE_CHECKING

from msgspec.structs import replace

from landiag.checks import (
    CHECKS,
    application,
    exchange,
    firewall,
    link,
    listening,
    peer,
    port,
    restart,
    sandbox,
    systems,
)
from landiag.checks.case import Answer, Case, not_applicable
from landiag.collect import linux
from landiag.collect.exchanges.resolve import parse_resolution
from landiag.collect.machine import MACHINE, Machine, parse_machine
from landiag.collect.systems import collector_of, first_sources
from landiag.host import Recorder
from landiag.journey.classes import follow_ways
from landiag.journey.ways import Way, choose_ways, list_ways
from landiag.model.facts import Call, IPAddress, Source, Unknown, parse_reading
from landiag.model.host import Facts
from landiag.model.report import ReadingNote, Report, Target
from landiag.prove import Announce, CannotProve, say_nothing
from landiag.question import Question, UsageError
from landiag.verdict.assemble import judge, reconcile
from landiag.verdict.paths import list_paths
from landiag.verdict.see_also import see_also
from landiag.verdict.sight import what_client_sees
from landiag.version import __version__

if TYPE_CHECKING:
    from landiag.prove.witness import Testimony


def diagnose(
    question: Question, recorder: Recorder, deadline: float, announce: Announce = say_nothing
) -> Report:
    """Answer a question about a host. ``deadline`` is on ``time.monotonic()``'s clock.

    ``announce`` shows what ``--prove`` adds, before it does.
    Raises UsageError where the question names no port, or does not fit the host (an unknown interface).
    """
    if question.target.port is None:
        raise UsageError("no port is named: which one do clients fail to reach?")

    def ask_link(facts: Facts) -> tuple[Source, ...]:
        """Nobody answers where all is well, so this takes its whole time: it runs beside what is read anyway."""
        ways = _choose(question, recorder, facts)
        return link.plan(facts, ways[0] if ways else None)

    machine, facts = gather(recorder, deadline, _resolve_plan(question), ask_link)
    case = open_case(question, recorder, machine, facts)
    asking = _share(deadline, 0.7)
    may_be_inside = facts.os == "linux" and listening.may_be_inside(case)
    inside = linux.plan_namespaces(recorder.readings) if may_be_inside else ()
    asked: tuple[Source, ...] = (
        *systems.plan(case),
        *sandbox.plan(case),
        *port.plan(case.target, facts),
        *application.plan(case),
        *peer.plan(case),
    )
    recorder.read_all((*inside, *asked), asking)
    if facts.os == "linux":
        case = replace(case, facts=linux.add_namespaces(facts, recorder.readings))
    after: tuple[Source, ...] = (
        *application.plan_comparison(case),
        *peer.plan_after(case),
        *restart.plan(case),
    )
    recorder.read_all((*link.plan(facts, case.way), *after, *listening.plan_after(case)), deadline)
    if not question.proves:
        return _report(question, case)
    from landiag.prove.ask import ask_kernel

    try:
        case, testimony = ask_kernel(case, recorder, announce)
    except CannotProve as error:
        raise UsageError(str(error)) from error
    return _report(question, case, testimony)


def _share(deadline: float, share: float) -> float:
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
    recorder.read_all((*first_sources(machine.os), *systems.sources(machine)), _share(deadline, 0.4))
    facts = system.parse_facts(recorder.readings, machine)
    recorder.begin(beside(facts) if beside is not None else ())
    recorder.read_all(system.plan(facts, recorder.readings), _share(deadline, 0.3))
    facts = system.complete_facts(facts, recorder.readings)
    asked = system.plan_owners(facts)
    recorder.read_all(asked, deadline)
    return machine, system.complete_facts(facts, recorder.readings) if asked else facts


def _resolve_plan(question: Question) -> tuple[Call, ...]:
    wanted = question.target.peer
    if wanted is None or _as_address(wanted) is not None:
        return ()
    return (Call("resolve", (("name", wanted),), seconds=2.0),)


def _as_address(text: str) -> IPAddress | None:
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _find_peer(question: Question, recorder: Recorder) -> IPAddress | None:
    wanted = question.target.peer
    if wanted is None:
        return None
    address = _as_address(wanted)
    if address is not None:
        return address
    (source,) = _resolve_plan(question)
    resolution = parse_reading(recorder.readings[source.name], parse_resolution)
    found = None if isinstance(resolution, Unknown) else next(iter(resolution.addresses), None)
    address = None if found is None else _as_address(found)
    if address is None:
        raise UsageError(f"the name {wanted} has no address here: give the client's IP address with --peer")
    return address


def open_case(question: Question, recorder: Recorder, machine: Machine, facts: Facts) -> Case:
    """Choose the ways in and follow the clients' conversations along them."""
    target, client = question.target, _find_peer(question, recorder)
    _refuse_own_address(client, facts)
    _check_interface(target, facts)
    known = systems.ways(machine, facts, recorder.readings, target, list_ways(facts))
    ways = choose_ways(facts, known, target, client)
    return Case(
        target=target,
        machine=machine,
        facts=facts,
        ways=ways,
        classes=follow_ways(facts, ways, target, client),
        readings=recorder.readings,
        peer=client,
        program=question.program,
        asks_http=question.asks_http,
        host_header=question.host_header,
        target_path=question.path,
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


def _choose(question: Question, recorder: Recorder, facts: Facts) -> tuple[Way, ...]:
    return choose_ways(facts, list_ways(facts), question.target, _find_peer(question, recorder))


def _check_interface(target: Target, facts: Facts) -> None:
    if target.interface is None or isinstance(facts.interfaces, Unknown):
        return
    names = [interface.name for interface in facts.interfaces]
    if target.interface not in names:
        raise UsageError(f"there is no interface {target.interface} here: choose one of {', '.join(names)}")


def _report(question: Question, case: Case, testimony: Testimony | None = None) -> Report:
    answers: list[tuple[str, Answer]] = [
        (name, check(case) if name in (question.only or (name,)) else not_applicable("not asked (--only)"))
        for name, check in CHECKS
    ]
    if testimony is not None:
        answers = testimony.testify(answers)
    scheme = "https" if exchange.speaks_tls(case) else "http"
    url = case.way.url(case.port, scheme, question.path) if case.way else None
    judgement = judge(answers, firewall.likely_cause(case), url)
    sees = what_client_sees(case, case.way, judgement.findings)
    judgement = reconcile(judgement, sees)
    verdict = judgement.verdict if testimony is None else testimony.confirm(judgement)
    return Report(
        command="check",
        created=datetime.fromtimestamp(case.machine.now, timezone.utc).isoformat(timespec="seconds"),
        tool_version=__version__,
        target=replace(case.target, peer=None if case.peer is None else str(case.peer)),
        host=case.machine.info,
        verdict=replace(verdict, client_sees=sees),
        checks=judgement.checks,
        findings=judgement.findings,
        paths=list_paths(case, judgement, scheme, question.path),
        see_also=see_also(case, url),
        readings=tuple(
            ReadingNote(reading.source, reading.argv, reading.status.value, reading.seconds, reading.detail)
            for reading in case.readings.values()
        ),
    )
