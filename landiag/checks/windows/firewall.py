"""Windows: its firewall by profile and program, and other firewalls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PureWindowsPath

from msgspec.structs import replace

from landiag.checks.case import Answer, Case, answer, milder, no_way_in
from landiag.checks.windows.openings import ask_admin, ask_for_rules, make_private, openings, unblock
from landiag.checks.windows.others import other_firewalls, stopping_tunnels
from landiag.collect import windows as collected
from landiag.collect.windows_state import RULES_KEY, ConnectionProfile, parse_state
from landiag.firewall.windows.policy import FirewallRule, Policy, ProfileRule, Store
from landiag.firewall.windows.settings import PROFILES
from landiag.journey.journey import Journey, follow_through
from landiag.journey.ways import Way
from landiag.model.causes.cause import Cause
from landiag.model.causes.firewall import FIREWALL_BLOCKS_PROGRAM, FIREWALL_DROPS, FIREWALL_PROFILE
from landiag.model.facts import Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import Verdict
from landiag.model.terms import Symptom

_SOURCE = "Windows Firewall"
_DETAIL = "Other devices wait, then time out: Windows answers nothing on ports that its firewall closes."


def check_firewall(case: Case) -> Answer:
    """Check what Windows Firewall, and any other that is seen, do with the clients' conversation."""
    if case.way is None:
        return no_way_in(case)
    policy = collected.parse_policy(case.readings)
    if isinstance(policy, Unknown):
        return answer([_unreadable(policy)], "")
    findings = list(_check_way(case, policy, case.way))
    codes = {finding.code for finding in findings}
    for way in case.ways[1:]:
        findings += [
            milder(one, str(way.ip)) for one in _check_way(case, policy, way) if one.code not in codes
        ]
    others = list(other_firewalls(case))
    if others:
        findings = [
            replace(one, outcome=Outcome.WARNS) if one.outcome is Outcome.BLOCKS else one for one in findings
        ]
    return answer(
        [*others, *findings, *stopping_tunnels(case)],
        f"Windows Firewall lets other devices in ({case.way.interface.profile or 'any'} profile)",
    )


def _unreadable(policy: Unknown) -> Finding:
    return Finding(
        code="firewall-unreadable",
        outcome=Outcome.UNKNOWN,
        title=f"Whether Windows Firewall lets other devices in: it could not be read ({policy.reason})",
        detail="Its rules are needed to tell.",
        evidence=(Evidence(policy.source, policy.reason),),
        fixes=(Fix("Show its rules", (f'reg query "{RULES_KEY}"',), needs="user-action"),),
    )


def _check_way(case: Case, policy: Policy, way: Way) -> Iterator[Finding]:
    for one in case.classes.get(way.id, ())[:1]:
        yield from judge_way(case, policy, way, one.journey)


def judge_way(case: Case, policy: Policy, way: Way, journey: Journey) -> Iterator[Finding]:
    """Say what stops a conversation, or leaves it open."""
    if journey.verdict is Verdict.DROP:
        found = _blocked(case, policy, way, journey)
        yield (
            replace(found, code="firewall-unreadable", outcome=Outcome.UNKNOWN)
            if _is_blind(case, journey)
            else found
        )
    elif journey.verdict is Verdict.UNKNOWN:
        yield _undecided(way, journey)


def _is_blind(case: Case, journey: Journey) -> bool:
    """Whether profile or program are missing because nobody could look: then the rule to change is not known."""
    facts = case.facts
    unseen = isinstance(facts.sockets, Unknown) or isinstance(facts.processes, Unknown)
    return journey.packet.profile is None or (journey.packet.program is None and unseen)


def _undecided(way: Way, journey: Journey) -> Finding:
    lines = [line for line in journey.unknown if line.chain is not None][:4]
    packet, missing, shows = journey.packet, list[str](), list[str]()
    if packet.profile is None:
        missing.append("the network profile of the interface (Get-NetConnectionProfile)")
        shows.append("Get-NetConnectionProfile")
    if packet.program is None:
        missing.append("the program that listens")
    if packet.source is None and packet.destination is None:
        missing.append("the addresses of Windows (Get-NetIPAddress)")
        shows.append("Get-NetIPAddress")
    what = " and ".join(missing) or "conditions that can't be seen here"
    return Finding(
        code="firewall-unreadable",
        outcome=Outcome.UNKNOWN,
        title=f"Whether Windows Firewall lets other devices in: it depends on {what}",
        evidence=tuple(Evidence(_SOURCE, f"input: {line.rule_text}") for line in lines),
        fixes=(Fix("Show what is missing", tuple(shows), needs="user-action"),) if shows else (),
        paths=(way.id,),
    )


def _blocked(case: Case, policy: Policy, way: Way, journey: Journey) -> Finding:
    line = journey.decided_by
    rule = line.rule.source if line is not None and isinstance(line.rule, ProfileRule) else None
    text = line.rule_text if line is not None else ""
    profile = journey.packet.profile or "public"
    if rule is not None:
        return _blocked_by_rule(case, policy, way, journey, rule)
    settings = policy.effective(profile)
    if settings.blocks_all is True:
        return _shields_up(way, profile, text, policy.ignores_rules_by(profile))
    other = _allowed_elsewhere(case, policy, journey)
    if other is not None:
        return _wrong_profile(case, policy, way, journey, other)
    ignored = settings.merges_local is False
    detail = _DETAIL
    if settings.notifies is False:
        detail += " Its prompt is switched off here: it blocks new programs without a word."
    if ignored:
        detail += " Group Policy makes Windows ignore the rules that are set on this computer."
    port = way.typed_port(case.port)
    title = f"Windows Firewall blocks port {port}: no rule opens it on {profile} networks"
    fixes = (ask_admin(port),) if ignored else openings(case, policy, way, journey)
    return _stopped(FIREWALL_DROPS, way, title, text, fixes, detail)


def _stopped(
    cause: Cause, way: Way, title: str, text: str, fixes: tuple[Fix, ...], detail: str = _DETAIL
) -> Finding:
    """What Windows Firewall stops, it drops without a word; ``text`` is the rule, or the setting that decides."""
    return Finding(
        code=cause.code,
        outcome=Outcome.BLOCKS,
        symptom=Symptom.TIMEOUT,
        title=title,
        detail=detail,
        evidence=(Evidence(_SOURCE, f"input: {text}"),),
        fixes=fixes,
        paths=(way.id,),
    )


def _shields_up(way: Way, profile: str, text: str, store: Store | None) -> Finding:
    """All rules are ignored: by a switch of this computer, or by a policy, which takes that switch away."""
    step = (
        f"In Windows Security > Firewall & network protection > {profile.title()} network, clear 'Blocks all incoming "
        "connections, including those in the list of allowed apps'."
    )
    fix = Fix("Let the rules count again", needs="user-action", steps=(step,))
    if store not in (Store.LOCAL, None):
        fix = ask_for_rules(store)
    title = f"Windows Firewall blocks all incoming connections on {profile} networks, whatever its rules say"
    return _stopped(FIREWALL_DROPS, way, title, text, (fix,))


def _allowed_elsewhere(case: Case, policy: Policy, journey: Journey) -> str | None:
    """Another profile in which the same conversation would pass by a rule."""
    for profile in PROFILES:
        if profile != journey.packet.profile and policy.effective(profile).enabled is True:
            packet = replace(journey.packet, profile=profile)
            found = follow_through(case.facts, policy.lower(), packet)
            decided = found.decided_by.rule if found.decided_by is not None else None
            if found.verdict is Verdict.ACCEPT and isinstance(decided, ProfileRule):
                return profile
    return None


def _wrong_profile(case: Case, policy: Policy, way: Way, journey: Journey, other: str) -> Finding:
    profile = journey.packet.profile or "public"
    network = _network_of(case, way)
    named = f" (network {network.network})" if network is not None and network.network else ""
    fixes = list(openings(case, policy, way, journey))
    if profile == "public" and other == "private" and network is not None:
        fixes.append(make_private(network))
    where = f"{way.interface.name}{named} is {'a domain network' if profile == 'domain' else profile}"
    title = f"Windows Firewall allows port {way.typed_port(case.port)} on {other} networks only, but {where}"
    text = journey.decided_by.rule_text if journey.decided_by else ""
    return _stopped(FIREWALL_PROFILE, way, title, text, tuple(fixes))


def _network_of(case: Case, way: Way) -> ConnectionProfile | None:
    state = parse_state(case.readings)
    if isinstance(state, Unknown):
        return None
    return next((one for one in state.profiles if one.alias == way.interface.name), None)


def _blocked_by_rule(case: Case, policy: Policy, way: Way, journey: Journey, rule: FirewallRule) -> Finding:
    profile = journey.packet.profile or "public"
    is_program = rule.program is not None
    who = f"port {way.typed_port(case.port)}" if rule.program is None else PureWindowsPath(rule.program).name
    named = f"rule '{rule.title}'{_origin(rule)}"
    why = f"its prompt was cancelled ({named})" if rule.is_prompt_block else named
    title = f"Windows Firewall blocks {who} on {profile} networks: {why}"
    cause = FIREWALL_BLOCKS_PROGRAM if is_program else FIREWALL_DROPS
    fixes = unblock(case, policy, way, journey, rule)
    return _stopped(
        cause, way, title, rule.text, fixes, f"{_DETAIL} A block wins over every rule that allows."
    )


def _origin(rule: FirewallRule) -> str:
    return "" if rule.store is Store.LOCAL else f" of {rule.store.value}"
