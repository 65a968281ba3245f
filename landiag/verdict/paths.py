"""The ways in as the report shows them: every stage that the conversation meets, and where it stops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from landiag.checks.case import Case
from landiag.checks.destination import destination_of
from landiag.checks.exchange import attempt_of
from landiag.journey.binding import bind_among
from landiag.journey.journey import Journey
from landiag.journey.ways import Way
from landiag.model.facts import Unknown
from landiag.model.report import Finding, Outcome, Path, Stage
from landiag.model.ruleset import Verdict
from landiag.verdict.assemble import Judgement

_STAGE_OF_CODE: Mapping[str, str] = {
    "link-down": "link",
    "no-lan-address": "address",
    "wrong-address": "address",
    "duplicate-address": "address",
    "port-redirected": "nat",
    "reverse-path-filter": "route",
    "nothing-listening": "socket",
    "listening-in-namespace": "socket",
    "published-on-loopback": "socket",
    "accept-queue-full": "accept-queue",
    "subnet-overlap": "reply-route",
    "no-route-to-client": "reply-route",
    "vpn-takes-replies": "reply-route",
    "firewall-drops-replies": "reply",
    "conntrack-full": "prerouting",
    "firewall-blocks-program": "input",
    "firewall-profile": "input",
    "other-firewall": "input",
}
"""Where a finding stops the conversation, by its code; firewall findings stand where their hook is."""

_APPLICATION = (
    "server-silent",
    "speaks-tls",
    "not-http",
    "host-header-rejected",
    "origin-rejected",
    "http-error",
) + ("page-uses-localhost", "redirects-elsewhere", "port-unsafe-in-browsers")

_STAGES = ("link", "address", "ingress", "prerouting", "nat", "route", "input", "socket", "accept-queue")
_BACK = ("reply-route", "reply", "application")


def list_paths(case: Case, judgement: Judgement, scheme: str, path: str) -> tuple[Path, ...]:
    """List every way in with its stages, the one that the verdict speaks of first."""
    return tuple(_path(case, way, judgement.findings, scheme, path) for way in case.ways)


def _path(case: Case, way: Way, findings: tuple[Finding, ...], scheme: str, path: str) -> Path:
    own = [
        finding for finding in findings if way.id in finding.paths or (not finding.paths and way is case.way)
    ]
    stages = tuple(_stages(case, way, own))
    worst = _worst([stage.outcome for stage in stages])
    url = way.url(case.port, scheme, path)
    return Path(way.id, way.interface.name, str(way.client_ip or way.ip), int(way.family), url, worst, stages)


def _names(case: Case, way: Way) -> tuple[str, ...]:
    journey = _journey(case, way)
    is_forwarded = journey is not None and journey.local is False
    return tuple("forward" if name == "input" and is_forwarded else name for name in _STAGES) + _BACK


def _journey(case: Case, way: Way) -> Journey | None:
    """Give the journey of the way's ordinary clients."""
    return next((one.journey for one in case.classes.get(way.id, ())), None)


def _stages(case: Case, way: Way, findings: list[Finding]) -> Iterator[Stage]:
    """Follow the stages: those behind the one that stops the conversation are not reached."""
    is_stopped = False
    for name in _names(case, way):
        here = [finding for finding in findings if stage_of(finding) == name]
        if here:
            stage = _found(case, way, name, here)
            is_stopped = is_stopped or stage.outcome is Outcome.BLOCKS
            yield stage
        elif is_stopped:
            yield Stage(name, Outcome.NOT_APPLICABLE, "not reached")
        elif _is_stopped_by_rules(_journey(case, way), name):
            is_stopped = True
            yield Stage(name, Outcome.BLOCKS, _detail(case, way, name))
        else:
            yield Stage(name, Outcome.OK, _detail(case, way, name))


def _is_stopped_by_rules(journey: Journey | None, name: str) -> bool:
    """Whether a rule of this stage stops the conversation, though the finding was made for another way."""
    if journey is None or journey.verdict not in (Verdict.DROP, Verdict.REJECT) or journey.decided_by is None:
        return False
    return journey.decided_by.hook in _HOOKS.get(name, ())


def _found(case: Case, way: Way, name: str, findings: list[Finding]) -> Stage:
    worst = min(findings, key=lambda finding: _ORDER.index(finding.outcome))
    # On the other ways a block is reported as a warning; the way is stopped all the same.
    is_other = way is not case.way and worst.outcome is Outcome.WARNS
    outcome = Outcome.BLOCKS if is_other else worst.outcome
    return Stage(name, outcome, worst.title, worst.evidence[0].text if worst.evidence else None)


def stage_of(finding: Finding) -> str:
    """Say at which stage a finding stops the conversation."""
    if finding.code in _APPLICATION:
        return "application"
    if finding.code.startswith(("bound-to", "port-")) and finding.code not in _STAGE_OF_CODE:
        return "socket"
    if finding.code in ("firewall-drops", "firewall-rejects", "rate-limited", "firewall-unreadable"):
        return _hook_of(finding)
    return _STAGE_OF_CODE.get(finding.code, "none")


def _hook_of(finding: Finding) -> str:
    text = finding.evidence[0].text.lower() if finding.evidence else ""
    if "ingress" in text:
        return "ingress"
    if "prerouting" in text:
        return "prerouting"
    return "forward" if "forward" in text else "input"


_ORDER = (Outcome.BLOCKS, Outcome.UNKNOWN, Outcome.WARNS, Outcome.OK, Outcome.NOT_APPLICABLE)


def _worst(outcomes: list[Outcome]) -> Outcome:
    return min(outcomes, key=_ORDER.index, default=Outcome.OK)


_HOOKS: Mapping[str, tuple[str, ...]] = {
    "ingress": ("ingress",),
    "prerouting": ("prerouting",),
    "input": ("input",),
    "forward": ("forward",),
    "reply": ("output", "postrouting", "egress"),
}
"""The hooks of packet filters that a stage stands for."""


def _detail(case: Case, way: Way, name: str) -> str:
    """Say what happens at a stage where nothing is wrong."""
    journey = _journey(case, way)
    if name in _HOOKS:
        return _filtered(journey, _HOOKS[name])
    if name == "link":
        return f"{way.interface.name} is up"
    if name == "address":
        return str(way.address.interface)
    if name == "accept-queue":
        return _queue(case, way)
    if name == "application":
        attempt = attempt_of(case) if way is case.way else None
        return "" if attempt is None or attempt.answer is None else f"HTTP {attempt.answer.status}"
    if journey is None:
        return ""
    if name == "nat" and journey.translated is not None:
        return f"to {journey.translated.ip}:{journey.translated.port} by {journey.translated.rule_text}"
    if name == "route" and journey.way is not None:
        return "for this machine" if journey.local else f"passed on by {journey.out_interface}"
    if name == "reply-route" and journey.way_back is not None:
        return f"by {journey.way_back.device}"
    return ""


def _filtered(journey: Journey | None, hooks: tuple[str, ...]) -> str:
    lines = (
        []
        if journey is None
        else [line for line in journey.lines if line.hook in hooks and line.leg != "data"]
    )
    if not lines:
        return "no rule concerns it"
    return f"{lines[-1].result}: {lines[-1].rule_text}"


def _queue(case: Case, way: Way) -> str:
    if isinstance(case.facts.sockets, Unknown):
        return ""
    destination = destination_of(case, way)
    serving = bind_among(case.facts.sockets, destination.ip, destination.port, way.interface).serving
    known = [one for one in serving if one.queue is not None and one.backlog is not None]
    return f"{known[0].queue} of {known[0].backlog} wait" if known else ""
