"""The ways in as the report shows them: every stage that the conversation meets, and where it stops."""

from __future__ import annotations

from collections.abc import Mapping

from landiag.checks.case import Case
from landiag.judge import Judgement
from landiag.model.report import Finding, Outcome, Path, Stage
from landiag.ways import Way

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
    stages = tuple(_stage(case, way, name, own) for name in _names(case, way))
    worst = _worst([stage.outcome for stage in stages])
    url = way.url(case.port, scheme, path)
    return Path(way.id, way.interface.name, str(way.ip), int(way.family), url, worst, stages)


def _names(case: Case, way: Way) -> tuple[str, ...]:
    classes = case.classes.get(way.id, ())
    is_forwarded = bool(classes) and classes[0].journey.local is False
    return tuple("forward" if name == "input" and is_forwarded else name for name in _STAGES) + _BACK


def _stage(case: Case, way: Way, name: str, findings: list[Finding]) -> Stage:
    stopped = [finding for finding in findings if stage_of(finding) == name]
    blocking = [finding for finding in stopped if finding.outcome is not Outcome.NOT_APPLICABLE]
    if blocking:
        worst = min(blocking, key=lambda finding: _ORDER.index(finding.outcome))
        # On the other ways a block is reported as a warning; the way is stopped all the same.
        is_other = way is not case.way and worst.outcome is Outcome.WARNS
        outcome = Outcome.BLOCKS if is_other else worst.outcome
        decided = worst.evidence[0].text if worst.evidence else None
        return Stage(name, outcome, worst.title, decided)
    return Stage(name, Outcome.OK, _detail(case, way, name))


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


def _detail(case: Case, way: Way, name: str) -> str:
    if name == "link":
        return f"{way.interface.name} is up"
    if name == "address":
        return str(way.address.interface)
    classes = case.classes.get(way.id, ())
    translated = classes[0].journey.translated if classes else None
    if name == "nat" and translated is not None:
        return f"to {translated.ip}:{translated.port} by {translated.rule_text}"
    return ""
