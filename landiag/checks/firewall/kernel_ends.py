"""What the kernel itself ends because of what rules have done to a packet before: time to live, sockets, addresses."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.firewall.rule_words import place, source_of
from landiag.checks.fixes.fix import fix_by
from landiag.journey.journey import LOOSE, Journey, follow
from landiag.journey.links import life_setting
from landiag.model.action import Assign, Divert, Proxy, Untrack
from landiag.model.changes import Sysctl
from landiag.model.facts import Unknown
from landiag.model.report import Evidence, Finding, Fix
from landiag.model.ruleset import Step, TraceLine
from landiag.model.settings import setting_path
from landiag.model.terms import Symptom

_LIVES = ("ip ttl", "ip6 hoplimit")
_USUAL = 64


def is_by_kernel(line: TraceLine) -> bool:
    """Whether no rule and no route ends the packet."""
    return line.chain is None and line.route is None and bool(line.text)


def explain_end(case: Case, journey: Journey, line: TraceLine, finding: Finding) -> Finding:
    """Add which rule or setting has led to an end that is the kernel's own, and what to do about it."""
    if not is_by_kernel(line):
        return finding
    if any(isinstance(step, Proxy) for one in journey.lines for step in one.steps):
        return _explain_proxy(case, journey, finding)
    deeds = (_sets_life, _hands_over, _takes_from_connection)
    cause = next((one for does in deeds for one in _doing(journey, does)), None)
    if cause is not None:
        step = f"Take this out, or let it leave port {case.port} alone: {cause.rule_text}"
        fix = Fix("Change the rule", needs="user-action", steps=(step,))
        evidence = Evidence(source_of(cause), f"{place(cause)}: {cause.rule_text}")
        return replace(finding, evidence=(evidence, *finding.evidence), fixes=(fix,))
    return _explain_life(case, journey, finding) if line.hook == "postrouting" else finding


def _explain_proxy(case: Case, journey: Journey, finding: Finding) -> Finding:
    """SYNPROXY sees the client's ACK only where connection tracking takes up no connection in its midst."""
    value = case.facts.sysctls.get(LOOSE, "1")
    strict = follow(replace(case.facts, sysctls={**case.facts.sysctls, LOOSE: "0"}), journey.packet)
    if value == "0" or isinstance(strict, Unknown) or strict.sight.symptom is not Symptom.ANSWERED:
        return finding
    evidence = Evidence(setting_path(LOOSE), f"{LOOSE} = {value}")
    fix = fix_by(
        "Have connection tracking take up no connection in its midst", Sysctl(LOOSE, value, "0"),
        risk="all whom SYNPROXY answers get in then, from other networks too",
    )  # fmt: skip
    return replace(finding, evidence=(evidence, *finding.evidence), fixes=(fix,))


def _explain_life(case: Case, journey: Journey, finding: Finding) -> Finding:
    """Name what gives answers too short a life: their route, or a setting."""
    back = journey.way_back
    route = None if back is None else back.route
    if route is not None and route.hop_limit is not None:
        to = "default" if route.destination.prefixlen == 0 else str(route.destination)
        evidence = Evidence("ip route", f"{to} dev {route.device}: hoplimit {route.hop_limit}")
        step = f"Set the route ({to}) again without hoplimit {route.hop_limit}."
        fix = Fix("Let packets by that route live as long as is usual", needs="user-action", steps=(step,))
        return replace(finding, evidence=(evidence, *finding.evidence), fixes=(fix,))
    setting = life_setting(journey.packet.version, None if back is None else back.device)
    value = case.facts.sysctls.get(setting, "")
    if not value.isdigit() or int(value) >= _USUAL:
        return finding
    evidence = Evidence(setting_path(setting), f"{setting} = {value}")
    fix = fix_by("Let packets live as long as is usual", Sysctl(setting, value, str(_USUAL)))
    return replace(finding, evidence=(evidence, *finding.evidence), fixes=(fix,))


def _doing(journey: Journey, does: Callable[[Step], bool]) -> list[TraceLine]:
    """The rules that were met and do something."""
    return [one for one in journey.lines if one.rule is not None and any(map(does, one.rule.steps))]


def _sets_life(step: Step) -> bool:
    return isinstance(step, Assign) and step.field in _LIVES


def _hands_over(step: Step) -> bool:
    return isinstance(step, Divert)


def _takes_from_connection(step: Step) -> bool:
    """Whether a rule keeps a packet out of its connection: untracked, or tracked in another zone."""
    return isinstance(step, Untrack) or (isinstance(step, Assign) and step.field == "ct zone")
