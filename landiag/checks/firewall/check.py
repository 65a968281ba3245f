"""What do the firewalls of this machine do with the client's conversation?"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from landiag.checks import systems
from landiag.checks.case import Answer, Case, answer, milder, no_way_in
from landiag.checks.firewall import bans, direct, lasting, stored
from landiag.checks.firewall.bypasses import check_bypasses
from landiag.checks.firewall.doubts import check_limits, unknown, unread_rules, unreadable
from landiag.checks.firewall.inner_rules import check_inner_rules
from landiag.checks.firewall.kernel_ends import explain_end, is_by_kernel
from landiag.checks.firewall.opening import best_proposal, fixes, is_mended, proven
from landiag.checks.firewall.rule_words import evidence_of, place, reason, source_of, stopper
from landiag.checks.firewall.searching import search_fixes
from landiag.checks.listening import sandbox
from landiag.checks.listening.redirected import exceptions_from_translation
from landiag.firewall.opened import without_translation
from landiag.firewall.owners import Owner, find_owner
from landiag.firewall.proposal import Proposal
from landiag.journey.hardware import are_named_let_in
from landiag.journey.journey import Journey, follow_through
from landiag.journey.ways import Way
from landiag.model.facts import Source, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.route import RouteKind
from landiag.model.ruleset import Ruleset, TraceLine, Verdict
from landiag.model.settings import setting_path, typed_setting
from landiag.model.stages import BACK, SEARCH, stage_of_stop
from landiag.model.terms import Symptom

_DETAILS = {
    "firewall-drops": "Other devices wait, then time out.",
    "firewall-rejects": "Other devices are refused at once ('connection refused' or 'no route to host').",
    "firewall-drops-replies": "The client's packets arrive and are answered, and the answers do not leave.",
}

MAX_STOPS = 6
"""How many rules in a row are shown: people mend one, run again, and meet the next."""


def plan(case: Case) -> tuple[Source, ...]:
    """Ask what other systems need, systemd for the units that hold the port's sockets, fail2ban, firewalld."""
    return (
        *systems.plan(case),
        *sandbox.plan(case),
        *bans.plan(case),
        *direct.plan(case),
        *stored.plan(case),
        *lasting.plan(case),
    )


def plan_after(case: Case) -> tuple[Source, ...]:
    """Ask firewalld for the services that it has stored."""
    return (*stored.plan_after(case), *lasting.plan_after(case))


def check(case: Case) -> Answer:
    """Check every rule that the conversation meets, for each way in; the first way blocks, the others warn."""
    elsewhere = systems.firewall_answer(case)
    if elsewhere is not None:
        return elsewhere
    ruleset = case.facts.ruleset
    if case.way is None:
        return no_way_in(case)
    if isinstance(ruleset, Unknown):
        return answer([unreadable(case, (ruleset,))], "")
    findings = list(_check_way(case, ruleset, case.way))
    decisive = frozenset(finding.code for finding in findings)
    for way in case.ways[1:]:
        others = _check_way(case, ruleset, way, told=decisive)
        findings += [milder(finding, str(way.ip)) for finding in others]
    findings += _check_singled_out(case, ruleset, case.way)
    findings += check_limits(case, ruleset, case.way)
    findings += _check_exposure(case, ruleset, case.way)
    findings += lasting.check_lasting(case, case.way)
    findings += check_bypasses(case, case.way)
    findings += check_inner_rules(case, case.way)
    findings += sandbox.check(case)
    findings += systems.more_firewalls(case)
    return answer(findings, _summary(case, ruleset))


def _summary(case: Case, ruleset: Ruleset) -> str:
    classes = case.classes.get(case.way.id, ()) if case.way else ()
    met = {line.chain.key for one in classes for line in one.journey.lines if line.chain is not None}
    if not ruleset.tables:
        return "no rules loaded"
    if not met:
        return f"none of the {len(ruleset.tables)} tables stops port {case.port}"
    tables = ", ".join(sorted({f"{family} {table}" for _, family, table in met}))
    return f"lets other devices in ({tables})"


def _check_way(
    case: Case, ruleset: Ruleset, way: Way, told: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """Name what stops the ordinary clients of a way: those of its largest class. ``told`` are codes to leave out."""
    for one in case.classes.get(way.id, ())[:1]:
        whose = _whose(case, way)
        for finding in _check_journey(case, ruleset, way, one.journey, told):
            is_told = whose and finding.outcome is Outcome.BLOCKS
            yield replace(finding, title=f"{finding.title}, from {whose}") if is_told else finding


_SPARED = 0.33
"""Where a rule lets so large a part of the clients pass, those that it stops are named."""


def _whose(case: Case, way: Way) -> str:
    """Whom a rule stops that lets many others pass; empty where it stops nearly all."""
    classes = case.classes.get(way.id, ())
    if are_named_let_in(case.facts, classes[0].journey.packet):
        return "devices whose hardware addresses its rules don't name"
    spared = sum(one.size for one in classes if one.fares_well)
    if spared < _SPARED * sum(one.size for one in classes):
        return ""
    return (
        classes[0].addresses if len(classes[0].pieces) <= _FEW else "some addresses of the network, not all"
    )


_FEW = 3
"""So many pieces of the network are named one by one."""


def _check_singled_out(case: Case, ruleset: Ruleset, way: Way) -> Iterator[Finding]:
    """Warn of clients that fare worse than the ordinary ones: banned addresses, for example."""
    ordinary, *others = case.classes.get(way.id, ()) or (None,)
    if ordinary is None or ordinary.journey.verdict is not Verdict.ACCEPT:
        return
    for one in others:
        for finding in _check_journey(case, ruleset, way, one.journey):
            mild = milder(finding, one.addresses)
            yield replace(mild, outcome=Outcome.WARNS, clients=one.spans)


def _check_exposure(case: Case, ruleset: Ruleset, way: Way) -> Iterator[Finding]:
    """Warn where a translation leads clients past rules that would stop them: docker's ports pass by ufw."""
    ordinary = next(iter(case.classes.get(way.id, ())), None)
    if (
        ordinary is None
        or ordinary.journey.translated is None
        or ordinary.journey.translated.keeps_port
        or ordinary.journey.verdict is not Verdict.ACCEPT
    ):
        return
    straight = follow_through(case.facts, without_translation(ruleset), ordinary.journey.packet)
    line = straight.decided_by
    if straight.verdict not in (Verdict.DROP, Verdict.REJECT) or line is None:
        return
    owner = find_owner(ruleset, line, straight.lines)
    yield Finding(
        code="firewall-bypassed",
        outcome=Outcome.WARNS,
        title=f"Port {case.port} is open although {owner.text} would stop other devices: a translation leads past it",
        detail="Published container ports are translated before the rules for this machine's own ports are asked.",
        evidence=(
            Evidence("the translation", ordinary.journey.translated.rule_text),
            Evidence(source_of(line), f"{place(line)}: {line.rule_text}"),
        ),
        fixes=(
            Fix(
                "Close it, if it was not meant",
                needs="user-action",
                steps=(
                    f"Publish the port for this machine only (-p 127.0.0.1:{case.port}:...), or stop clients in the"
                    " chain DOCKER-USER, which docker leaves to you.",
                ),
            ),
        ),
        paths=(way.id,),
    )


def _check_journey(
    case: Case, ruleset: Ruleset, way: Way, journey: Journey, told: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """Name what stops a conversation, rule after rule: each is opened in the model to see the next.

    What a fix opens takes long to find: a finding that has been told for another way needs none.
    """
    current, seen = journey, ruleset
    for _ in range(MAX_STOPS):
        if current.verdict is Verdict.ACCEPT:
            break
        if current.verdict is Verdict.UNKNOWN or current.decided_by is None:
            yield from (one for one in unknown(case, way, seen, current) if one.code not in told)
            break
        if current.decided_by.route is RouteKind.MARTIAN and "port-redirected" not in told:
            yield _sent_to_loopback(case, way, current)
        if current.decided_by.route is not None:  # what routes decide is explained where routes are
            yield from (one for one in unread_rules(case, way, seen) if one.code not in told)
            break
        proposal, following = best_proposal(case, way, seen, current, current.decided_by)
        finding = _blocks(case, way, seen, current, current.decided_by, proposal, following)
        if finding.code not in told:
            yield proven(case, way, seen, current, proposal, following, finding)
        if following is None or proposal is None or proposal.ruleset is None:
            break
        if is_mended(current, following) is False:
            break  # the next turn would tell the same again
        current, seen = following, proposal.ruleset


def _sent_to_loopback(case: Case, way: Way, journey: Journey) -> Finding:
    """A translation to a loopback address: the kernel takes that from outside only with route_localnet."""
    setting = f"net.ipv4.conf.{way.interface.name}.route_localnet"
    rules = [line for line in journey.lines if line.rule is not None and line.hook == "prerouting"]
    evidence = [Evidence(source_of(line), f"{place(line)}: {line.rule_text}") for line in rules[-1:]]
    return Finding(
        code="port-redirected",
        outcome=Outcome.BLOCKS,
        title=f"A rule sends port {case.port} to 127.0.0.1, which takes nothing from other devices",
        detail="The kernel drops packets that come in for 127.0.0.0/8 (martians), unless route_localnet is set.",
        evidence=(*evidence, Evidence(setting_path(setting), f"{setting} = 0")),
        fixes=(
            *exceptions_from_translation(case, way),
            Fix(
                "Send it to an address that clients may reach",
                needs="user-action",
                steps=(
                    f"Let the server listen on all addresses, and remove the rule, or let it lead to {way.ip}.",
                    f"If it has to be loopback: sysctl -w {typed_setting(setting)}=1 (neighbours then reach such"
                    " services, too).",
                ),
            ),
        ),
        paths=(way.id,),
    )


def _blocks(
    case: Case,
    way: Way,
    ruleset: Ruleset,
    journey: Journey,
    line: TraceLine,
    proposal: Proposal | None,
    following: Journey | None,
) -> Finding:
    code = "firewall-rejects" if journey.verdict is Verdict.REJECT else "firewall-drops"
    code = "firewall-drops-replies" if journey.leg in BACK else code
    owner = bans.owner_of(case, ruleset, journey, line)
    found = Finding(
        code=code,
        outcome=Outcome.BLOCKS,
        title=_say_stop(owner, journey, line),
        detail="" if way.front is not None else _DETAILS[code],  # what is in front has taken the connection
        evidence=evidence_of(line),
        fixes=search_fixes(case, way, ruleset, journey, line)
        or fixes(proposal, is_mended(journey, following)),
        paths=(way.id,),
        stage=stage_of_stop(line.hook, journey.leg),
    )
    return explain_end(case, journey, line, stored.told_of_reload(case, found) if owner.is_stored else found)


def say_stop(case: Case, ruleset: Ruleset, journey: Journey, line: TraceLine) -> str:
    """Say who stops which part of a conversation, and by which rule or default."""
    return _say_stop(bans.owner_of(case, ruleset, journey, line), journey, line)


def _say_stop(owner: Owner, journey: Journey, line: TraceLine) -> str:
    if is_by_kernel(line):
        part = _stopped_part(journey)
        return f"{part[:1].upper()}{part[1:]} get lost: {line.text}"
    verb = "rejects" if journey.verdict is Verdict.REJECT else "drops"
    return f"{stopper(owner)} {verb} {_stopped_part(journey)}{reason(owner, line)}"


def _data_fate(journey: Journey) -> str:
    return "open, then are reset" if journey.sight.symptom is Symptom.RESET else "open, then starve"


def _stopped_part(journey: Journey) -> str:
    port = journey.packet.destination_port
    if journey.leg in BACK:
        return f"the server's answers from port {port}"
    if journey.leg == "data":
        return f"the data of connections to port {port} (they {_data_fate(journey)})"
    if journey.leg in SEARCH:
        return "what clients find this machine by (ARP, or neighbour discovery of IPv6)"
    return f"connections to port {port}"
