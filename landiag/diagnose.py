"""The diagnosis on one screen: gather, follow the client's attempt, check, assemble."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from msgspec.structs import replace

from landiag.checks import CHECKS
from landiag.checks.addresses import link
from landiag.checks.application import exchange
from landiag.checks.application.debugger import keep_debugger_closed
from landiag.checks.application.scheme import clients_scheme
from landiag.checks.case import Answer, Case, not_applicable
from landiag.checks.firewall import doubts as firewall_doubts
from landiag.collect import linux
from landiag.gather import choose, gather, open_case, resolve_plan, share_of
from landiag.host import Recorder
from landiag.model.facts import Source
from landiag.model.host import Facts
from landiag.model.report import Report, notes_of
from landiag.model.ruleset import Verdict
from landiag.prove import Announce, CannotProve, say_nothing
from landiag.question import Question, UsageError
from landiag.verdict.assemble import judge, reconcile
from landiag.verdict.paths import list_paths
from landiag.verdict.see_also import see_also
from landiag.verdict.sight import what_client_sees
from landiag.verdict.surroundings import describe_surroundings
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
        ways = choose(question, recorder, facts)
        return link.plan(facts, ways[0] if ways else None)

    machine, facts = gather(recorder, deadline, resolve_plan(question), ask_link)
    case = open_case(question, recorder, machine, facts)
    recorder.read_all([one for check in CHECKS for one in check.plan(case)], share_of(deadline, 0.7))
    if facts.os == "linux" and linux.has_namespaces(recorder.readings):
        facts = linux.add_namespaces(facts, recorder.readings)
        recorder.read_all(linux.plan_inner_owners(facts), share_of(deadline, 0.7))
        case = open_case(question, recorder, machine, linux.add_inner_owners(facts, recorder.readings))
    _ask_on(case, recorder, deadline)
    if not question.proves:
        return _report(question, case)
    from landiag.prove.ask import ask_kernel

    try:
        case, testimony = ask_kernel(case, recorder, announce)
    except CannotProve as error:
        raise UsageError(str(error)) from error
    return _report(question, case, testimony)


def _ask_on(case: Case, recorder: Recorder, deadline: float) -> None:
    """Ask what the answers so far call for, until they call for nothing more."""
    for _ in range(_ROUNDS):
        wanted = [one for check in CHECKS for one in check.plan_after(case)]
        if all(one.name in recorder.readings for one in wanted):
            return
        recorder.read_all(wanted, deadline)


_ROUNDS = 3
"""So often at the most: a server may always call for more."""


def _report(question: Question, case: Case, testimony: Testimony | None = None) -> Report:
    answers: list[tuple[str, Answer]] = [
        (
            one.name,
            one.check(case) if _is_wanted(question, one.name) else not_applicable("not asked (--only)"),
        )
        for one in CHECKS
    ]
    if testimony is not None:
        answers = testimony.testify(answers)
    answers = keep_debugger_closed(case, answers)
    scheme = clients_scheme(case)
    judgement = judge(answers, firewall_doubts.likely_cause(case), _let_in(case))
    sees = what_client_sees(case, case.way, judgement.findings)
    judgement = reconcile(judgement, sees)
    verdict = judgement.verdict if testimony is None else testimony.confirm(judgement)
    return Report(
        command="check",
        created=datetime.fromtimestamp(case.machine.now, timezone.utc).isoformat(timespec="seconds"),
        tool_version=__version__,
        typed=case.machine.landiag,
        called=case.machine.called,
        target=replace(case.target, peer=None if case.peer is None else str(case.peer)),
        host=case.machine.info,
        verdict=replace(verdict, client_sees=sees),
        checks=judgement.checks,
        findings=judgement.findings,
        paths=list_paths(case, judgement, scheme, question.path),
        see_also=see_also(case, scheme, question.path),
        readings=notes_of(case.readings),
        surroundings=describe_surroundings(
            question.asked, case.facts.interfaces, case.facts.routes, exchange.attempt_of(case)
        ),
    )


def _let_in(case: Case) -> str:
    """Whom a clear verdict speaks of: everybody but those whom a rule or a route stops alone."""
    if case.peer is not None:
        return f"the device at {case.peer}"
    others = case.classes.get(case.way.id, ())[1:] if case.way else ()
    stopped = [one for one in others if one.journey.verdict in (Verdict.DROP, Verdict.REJECT)]
    if len(stopped) > _FEW:
        return "other devices, except some"
    named = " and ".join(one.addresses for one in stopped)
    return f"other devices, except {named}" if named else "other devices"


_FEW = 2
"""So many groups of devices are named in a verdict."""


def _is_wanted(question: Question, name: str) -> bool:
    return not question.only or name in question.only
