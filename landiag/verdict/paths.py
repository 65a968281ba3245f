"""The ways in as the report shows them: every stage that the conversation meets, and where it stops."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from landiag.checks.application.exchange import attempt_of
from landiag.checks.case import Case
from landiag.checks.destination import destination_of
from landiag.checks.firewall.check import say_stop
from landiag.checks.firewall.rule_words import place
from landiag.journey.binding import bind_among
from landiag.journey.journey import Journey
from landiag.journey.ways import Way
from landiag.model.causes import cause_of
from landiag.model.causes.cause import HOOKS
from landiag.model.facts import Unknown
from landiag.model.report import Finding, Outcome, Path, Stage, worst
from landiag.model.ruleset import TraceLine, Verdict
from landiag.model.stages import STAGE_OF_HOOK, stage_of_stop
from landiag.model.terms import Leg, StageName
from landiag.verdict.assemble import Judgement
from landiag.verdict.sight import what_client_sees

_STAGES = (
    *(StageName.LINK, StageName.ADDRESS, StageName.INGRESS, StageName.PREROUTING, StageName.NAT),
    *(StageName.ROUTE, StageName.INPUT, StageName.SOCKET, StageName.ACCEPT_QUEUE),
)
_BACK = (StageName.REPLY_ROUTE, StageName.REPLY, StageName.APPLICATION)


def list_paths(case: Case, judgement: Judgement, scheme: str, path: str) -> tuple[Path, ...]:
    """List every way in with its stages, the one that the verdict speaks of first."""
    return tuple(_path(case, way, judgement.findings, scheme, path) for way in case.ways)


def _path(case: Case, way: Way, findings: tuple[Finding, ...], scheme: str, path: str) -> Path:
    own = [
        finding for finding in findings if way.id in finding.paths or (not finding.paths and way is case.way)
    ]
    stages = tuple(_stages(case, way, own))
    return Path(
        way.id,
        way.interface.name,
        str(way.client_ip or way.ip),
        int(way.family),
        way.url(case.port, scheme, path),
        worst(one.outcome for one in stages),
        stages,
        what_client_sees(case, way, findings),
        way.place(case.port, scheme, path),
    )


def _names(case: Case, way: Way) -> tuple[StageName, ...]:
    journey = _journey(case, way)
    is_forwarded = journey is not None and journey.local is False
    return (
        tuple(StageName.FORWARD if name is StageName.INPUT and is_forwarded else name for name in _STAGES)
        + _BACK
    )


def _journey(case: Case, way: Way) -> Journey | None:
    """Give the journey of the way's ordinary clients."""
    return next((one.journey for one in case.classes.get(way.id, ())), None)


def _stages(case: Case, way: Way, findings: list[Finding]) -> Iterator[Stage]:
    """Follow the stages: those behind the one that stops the conversation are not reached, whatever was found there."""
    is_stopped = False
    names = _names(case, way)
    for name in names:
        here = [finding for finding in findings if _stands_at(finding, names) is name]
        stage = _stage(case, way, name, here, is_stopped)
        is_stopped = is_stopped or stage.outcome is Outcome.BLOCKS
        yield replace(
            stage,
            network=str(way.address.interface.network) if name is StageName.ADDRESS else None,
            device=_reply_device(case, way) if name is StageName.REPLY_ROUTE else None,
        )


def _stage(case: Case, way: Way, name: StageName, here: list[Finding], is_stopped: bool) -> Stage:
    if is_stopped:
        return Stage(name, Outcome.NOT_APPLICABLE, "not reached")
    if here:
        return _found(case, way, name, here)
    return _ruled(case, _journey(case, way), name) or Stage(name, Outcome.OK, _detail(case, way, name))


def _reply_device(case: Case, way: Way) -> str | None:
    journey = _journey(case, way)
    return journey.way_back.device if journey is not None and journey.way_back is not None else None


def _ruled(case: Case, journey: Journey | None, name: StageName) -> Stage | None:
    """The stage at which a rule stops the conversation, though the finding was made for another way."""
    line = None if journey is None else journey.decided_by
    if journey is None or line is None or journey.verdict not in (Verdict.DROP, Verdict.REJECT):
        return None
    ruleset, is_here = case.facts.ruleset, stage_of_stop(line.hook, journey.leg) is name
    if name not in (*HOOKS, StageName.LINK) or not is_here or isinstance(ruleset, Unknown):
        return None
    said = say_stop(case, ruleset, journey, line)
    return Stage(name, Outcome.BLOCKS, said, f"{place(line)}: {line.rule_text}")


def _found(case: Case, way: Way, name: StageName, findings: list[Finding]) -> Stage:
    first = max(findings, key=lambda finding: finding.outcome.severity)
    # On the other ways a block is reported as a warning; the way is stopped all the same.
    is_other = way is not case.way and first.outcome is Outcome.WARNS
    outcome = Outcome.BLOCKS if is_other else first.outcome
    return Stage(name, outcome, first.title, first.evidence[0].text if first.evidence else None)


def _stands_at(finding: Finding, names: tuple[StageName, ...]) -> StageName | None:
    """The stage of this way that shows a finding: what is passed on meets the filter of that instead of the input's."""
    stage = stage_of(finding)
    if stage in (StageName.INPUT, StageName.FORWARD):
        return StageName.FORWARD if StageName.FORWARD in names else StageName.INPUT
    return stage


def stage_of(finding: Finding) -> StageName | None:
    """Say at which stage a finding stops the conversation; None for what stops none."""
    return finding.stage or next(iter(cause_of(finding.code).stages), None)


def _detail(case: Case, way: Way, name: StageName) -> str:
    """Say what happens at a stage where nothing is wrong."""
    journey = _journey(case, way)
    if name in HOOKS:
        return _filtered(journey, name)
    if name is StageName.LINK:
        return f"{way.interface.name} is up"
    if name is StageName.ADDRESS:
        return str(way.address.interface)
    if name is StageName.ACCEPT_QUEUE:
        return _queue(case, way)
    if name is StageName.APPLICATION:
        attempt = attempt_of(case) if way is case.way else None
        return "" if attempt is None or attempt.answer is None else f"HTTP {attempt.answer.status}"
    if journey is None:
        return ""
    if name is StageName.NAT and journey.translated is not None:
        return f"to {journey.translated.ip}:{journey.translated.port} by {journey.translated.rule_text}"
    if name is StageName.ROUTE and journey.way is not None:
        return "for this machine" if journey.local else f"passed on by {journey.out_interface}"
    if name is StageName.REPLY_ROUTE:
        device = _reply_device(case, way)
        return f"by {device}" if device is not None else ""
    return ""


def _filtered(journey: Journey | None, name: StageName) -> str:
    lines = [] if journey is None else [line for line in journey.lines if _is_shown_at(line, name)]
    return f"{lines[-1].result}: {lines[-1].rule_text}" if lines else "no rule stops it"


def _is_shown_at(line: TraceLine, name: StageName) -> bool:
    return STAGE_OF_HOOK.get(line.hook) is name and line.leg != Leg.DATA


def _queue(case: Case, way: Way) -> str:
    if isinstance(case.facts.sockets, Unknown):
        return ""
    destination = destination_of(case, way)
    serving = bind_among(case.facts.sockets, destination.ip, destination.port, way.interface).serving
    known = [one for one in serving if one.queue is not None and one.backlog is not None]
    return f"{known[0].queue} of {known[0].backlog} wait" if known else ""
