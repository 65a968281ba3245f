"""What of the rules could not be judged: unread, not modelled, drawn by lot, limited."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.firewall.opening import best_proposal, fixes, proven
from landiag.checks.firewall.rule_words import place, source_of, who
from landiag.checks.firewall.searching import search_fixes
from landiag.collect.hints import Hint, parse_hints
from landiag.firewall.owners import Owner, find_owner
from landiag.journey.journey import LOOSE, Journey
from landiag.journey.ways import Way
from landiag.model.action import Proxy
from landiag.model.facts import ReadStatus, Unknown
from landiag.model.match import InRanges, UnknownKind
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import Ruleset, TraceLine, Verdict
from landiag.model.settings import setting_path
from landiag.model.stages import stage_of_stop
from landiag.model.terms import Leg, Symptom


def unknown(case: Case, way: Way, ruleset: Ruleset, journey: Journey) -> Iterator[Finding]:
    """Say what leaves the verdict open: a limit, a rule that is not modelled, or what could not be read."""
    lines = [line for line in journey.unknown if line.route is None]
    doubts = [doubt for line in lines for doubt in line.doubts]
    yield from unread_rules(case, way, ruleset)
    limits = [line for line in lines if line.limited]
    if limits and all(doubt.kind is UnknownKind.LIMIT and doubt.is_foreseen for doubt in doubts):
        limited = _limited(way, find_owner(ruleset, limits[0], journey.lines), limits[0], journey)
        yield _with_opening(case, way, ruleset, journey, limits[0], limited)
        return
    if doubts and all(doubt.is_foreseen for doubt in doubts):
        if journey.sight.symptom is not Symptom.ANSWERED:
            yield from _drawn(case, way, ruleset, journey)
        return
    rules = [line for line in lines if line.rule is not None]
    asked = (line for line in journey.lines if line.leg == Leg.QUESTION and line.verdict is Verdict.DROP)
    line = next((one for one in asked if one.chain), None)
    if not rules and line is not None:
        yield replace(_questions_dropped(way, line), fixes=search_fixes(case, way, ruleset, journey, line))
        return
    if rules or (not ruleset.gaps and doubts):
        yield _not_modelled(case, way, rules)


def unread_rules(case: Case, way: Way, ruleset: Ruleset) -> Iterator[Finding]:
    """Say that rules could not be read; nothing where all were."""
    if ruleset.gaps:
        yield replace(unreadable(case, ruleset.gaps), paths=(way.id,))


def _drawn(case: Case, way: Way, ruleset: Ruleset, journey: Journey) -> Iterator[Finding]:
    """Rules that stop a share of connections, by chance or in turns."""
    stops = [stop for stop in journey.stops if stop.line.rule is not None and stop.doubts]
    if not stops:
        return
    line, owner = stops[0].line, find_owner(ruleset, stops[0].line, journey.lines)
    found = Finding(
        code="firewall-rejects" if stops[0].verdict is Verdict.REJECT else "firewall-drops",
        outcome=Outcome.BLOCKS,
        title=f"The firewall stops a part of the connections to port {journey.packet.destination_port} "
        f"({who(owner, line)})",
        detail="The rule draws lots or counts: some connections pass, others do not.",
        evidence=(Evidence(source_of(line), f"{place(line)}: {line.rule_text}"),),
        paths=(way.id,),
        stage=stage_of_stop(line.hook, journey.leg),
        symptom=journey.sight.symptom,
    )
    yield _with_opening(case, way, ruleset, journey, line, found)


def _with_opening(
    case: Case, way: Way, ruleset: Ruleset, journey: Journey, line: TraceLine, finding: Finding
) -> Finding:
    """The same with what leads clients past a rule that stops a part of them, where all of them pass then."""
    if finding.outcome is not Outcome.BLOCKS:
        return finding
    proposal, following = best_proposal(case, way, ruleset, journey, line)
    if following is None or following.verdict is not Verdict.ACCEPT:
        return finding
    opened = tuple(replace(fix, risk=fix.risk or _NO_LIMIT) for fix in fixes(proposal, mended=True))
    return proven(case, way, ruleset, journey, proposal, following, replace(finding, fixes=opened))


_NO_LIMIT = "connections from that network then pass, however many there are"


def _limited(way: Way, owner: Owner, line: TraceLine, journey: Journey) -> Finding:
    """A limit that an ordinary visit exceeds blocks; what comes of it is what the client sees."""
    is_fine = journey.sight.symptom is Symptom.ANSWERED
    return Finding(
        code="rate-limited",
        outcome=Outcome.WARNS if is_fine else Outcome.BLOCKS,
        title=f"The firewall lets only so many connections in, and stops the rest ({who(owner, line)})",
        detail="An ordinary visit stays below; many clients at once may not."
        if is_fine
        else "Clients connect at first, then fail: pages with many parts and several clients meet it soon.",
        evidence=(Evidence(source_of(line), f"{place(line)}: {line.rule_text}"),),
        paths=(way.id,),
        stage=stage_of_stop(line.hook, journey.leg),
        symptom=journey.sight.symptom,
    )


def check_limits(case: Case, ruleset: Ruleset, way: Way) -> Iterator[Finding]:
    """Warn of limits that an ordinary visit stays below: many clients at once may not."""
    for one in case.classes.get(way.id, ())[:1]:
        if one.journey.verdict is Verdict.ACCEPT:
            for line in [line for line in one.journey.lines if line.limits][:1]:
                yield _limited(way, find_owner(ruleset, line, one.journey.lines), line, one.journey)


def _questions_dropped(way: Way, line: TraceLine) -> Finding:
    """Clients are not answered who has the address; a packet of our own to them tells them all the same."""
    return Finding(
        code="firewall-drops",
        outcome=Outcome.UNKNOWN,
        title="Whether other devices find this machine: the firewall drops their questions for its address (ARP, ND)",
        detail="They know it only after this machine itself has asked for theirs, and forget it again.",
        evidence=(Evidence(source_of(line), f"{place(line)}: {line.rule_text}"),),
        paths=(way.id,),
        stage=stage_of_stop(line.hook, line.leg),
    )


_PLAIN = (
    "Whether the firewall lets other devices in: it decides by something that can't be foreseen",
    "Such rules ask for a limit, the time, the packet's content or another program.",
)
_BY_DEVICE = (
    "Whether the firewall lets a device in: it decides by the device's hardware address",
    "Name the device that fails (--peer and its address), after it has tried: its hardware address is then known here.",
)
_PROXY = (
    "Whether other devices get in: SYNPROXY answers for the server, and what it sends on to it isn't followed",
    "It works where the clients' first packets are not tracked, net.netfilter.nf_conntrack_tcp_loose is 0, and the"
    " rules let in what it sends to the server by lo.",
)
"""Of what can't be foreseen: the title, and what it takes."""


def _asks_who(line: TraceLine) -> bool:
    """Whether a rule asks for the hardware address that a packet comes from."""
    return any(isinstance(step, InRanges) and step.field == "ether saddr" for step in line.steps)


def _is_proxy(line: TraceLine) -> bool:
    return any(isinstance(step, Proxy) for step in line.steps)


def _not_modelled(case: Case, way: Way, rules: list[TraceLine]) -> Finding:
    evidence = [Evidence(source_of(line), f"{place(line)}: {line.rule_text}") for line in rules[:3]]
    title, detail = _PLAIN
    if rules and all(map(_asks_who, rules)):
        title, detail = _BY_DEVICE
    if any(map(_is_proxy, rules)):
        title, detail = _PROXY
        evidence.append(Evidence(setting_path(LOOSE), f"{LOOSE} = {case.facts.sysctls.get(LOOSE)}"))
    return Finding(
        code="firewall-unreadable",
        outcome=Outcome.UNKNOWN,
        title=title,
        detail=detail,
        evidence=tuple(evidence),
        paths=(way.id,),
        stage=stage_of_stop(rules[0].hook, rules[0].leg) if rules else None,
    )


def unreadable(case: Case, gaps: tuple[Unknown, ...]) -> Finding:
    """Say what could not be read, what it probably is, and the command that makes it certain."""
    again = f"sudo {case.machine.landiag} {case.asks_again}"
    hint, detail = _hint(case), ""
    if case.machine.info.privileged or _was_too_slow(case, gaps[0]):
        title, detail = "The firewall could not be read", f"{gaps[0].source}: {gaps[0].reason}."
        again = gaps[0].remedy or again
    else:
        title = "The firewall rules can only be read as root"
        detail = "" if hint is None else f"Probably {hint.text}."
    evidence = tuple(Evidence(gap.source, gap.reason) for gap in gaps)
    return Finding(
        code="firewall-unreadable",
        outcome=Outcome.UNKNOWN,
        title=title,
        detail=detail,
        evidence=((Evidence(hint.source, hint.text),) if hint else ()) + evidence,
        fixes=(Fix("Look again as root", (again.removeprefix("sudo "),), needs="root"),),
    )


def _was_too_slow(case: Case, gap: Unknown) -> bool:
    """Whether time was short, not rights."""
    reading = case.readings.get(gap.source)
    return reading is not None and reading.status is ReadStatus.TIMED_OUT


def _hint(case: Case) -> Hint | None:
    return next(iter(parse_hints(case.readings)), None)


def likely_cause(case: Case) -> str | None:
    """Name the code that what anybody may read points to, where the rules themselves could not be read."""
    ruleset = case.facts.ruleset
    if not isinstance(ruleset, Unknown) and not ruleset.gaps:
        return None
    hint = _hint(case)
    return None if hint is None else hint.code
