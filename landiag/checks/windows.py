"""Windows: its firewall by profile and program, and other firewalls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_network

from msgspec.structs import replace

from landiag.checks.case import Answer, Case, answer, milder, not_applicable
from landiag.collect import windows as collected
from landiag.collect.windows_state import ConnectionProfile, parse_state
from landiag.firewall.windows.policy import PROFILES, FirewallRule, Policy, ProfileRule, Store
from landiag.firewall.windows.registry import parse_rule_string
from landiag.journey.journey import Journey, follow_through
from landiag.journey.ways import Way
from landiag.model.facts import Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import Verdict

_SOURCE = "Windows Firewall"
_DETAIL = "Clients wait and time out: Windows answers nothing on ports that its firewall closes."


def check_firewall(case: Case) -> Answer:
    """Check what Windows Firewall, and any other that registered itself, do with the clients' conversation."""
    if case.way is None:
        return not_applicable("no way in")
    policy = collected.parse_policy(case.readings)
    if isinstance(policy, Unknown):
        return answer([_unreadable(policy)], "")
    findings = list(_check_way(case, policy, case.way))
    codes = {finding.code for finding in findings}
    for way in case.ways[1:]:
        findings += [
            milder(one, str(way.ip)) for one in _check_way(case, policy, way) if one.code not in codes
        ]
    others = list(_other_firewalls(case))
    if others:
        findings = [
            replace(one, outcome=Outcome.WARNS) if one.outcome is Outcome.BLOCKS else one for one in findings
        ]
    return answer(
        [*others, *findings],
        f"Windows Firewall lets clients pass ({case.way.interface.profile or 'any'} profile)",
    )


def _unreadable(policy: Unknown) -> Finding:
    key = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
    return Finding(
        code="firewall-unreadable",
        outcome=Outcome.UNKNOWN,
        title=f"Windows Firewall could not be read: {policy.reason}",
        detail="Without its rules nobody can say whether it lets clients pass.",
        evidence=(Evidence(policy.source, policy.reason),),
        fixes=(Fix("Show its rules", (f'reg query "{key}"',), needs="user-action"),),
    )


def _other_firewalls(case: Case) -> Iterator[Finding]:
    state = parse_state(case.readings)
    if isinstance(state, Unknown):
        return
    for product in state.products:
        if product.on is not False:
            yield Finding(
                code="other-firewall",
                outcome=Outcome.UNKNOWN,
                title=f"{product.name} is the firewall of this computer: its rules cannot be read",
                detail="Where another firewall has taken over, the rules of Windows Firewall may not count.",
                evidence=(Evidence("root/SecurityCenter2 FirewallProduct", product.name),),
                fixes=(
                    Fix(
                        f"Allow the port in {product.name}",
                        needs="user-action",
                        steps=(
                            f"In {product.name}, allow incoming TCP connections to port {case.port} from the local "
                            "network, for the program that listens.",
                        ),
                    ),
                ),
            )


def _check_way(case: Case, policy: Policy, way: Way) -> Iterator[Finding]:
    for one in case.classes.get(way.id, ())[:1]:
        journey = one.journey
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
    missing = []
    if journey.packet.profile is None:
        missing.append("the network profile of the interface (Get-NetConnectionProfile)")
    if journey.packet.program is None:
        missing.append("the program that listens")
    what = " and ".join(missing) or "conditions that are not known here"
    return Finding(
        code="firewall-unreadable",
        outcome=Outcome.UNKNOWN,
        title=f"Whether Windows Firewall lets clients pass hangs on {what}",
        detail="The outcome hangs on the rules below.",
        evidence=tuple(Evidence(_SOURCE, f"input: {line.rule_text}") for line in lines),
        fixes=(Fix("Show the network profile", ("Get-NetConnectionProfile",), needs="user-action"),)
        if journey.packet.profile is None
        else (),
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
        return _shields_up(way, profile, text)
    other = _allowed_elsewhere(case, policy, journey)
    if other is not None:
        return _wrong_profile(case, policy, way, journey, other)
    ignored = settings.merges_local is False
    detail = _DETAIL
    if settings.notifies is False:
        detail += " Its prompt is switched off here: it blocks new programs without a word."
    if ignored:
        detail += " Group Policy makes Windows ignore the rules that are set on this computer."
    return Finding(
        code="firewall-drops",
        outcome=Outcome.BLOCKS,
        title=f"No rule of Windows Firewall lets clients in to port {case.port} in the {profile} profile",
        detail=detail,
        evidence=(Evidence(_SOURCE, f"input: {text}"),),
        fixes=(_ask_admin(case.port),) if ignored else _openings(case, policy, way, journey),
        paths=(way.id,),
    )


def _shields_up(way: Way, profile: str, text: str) -> Finding:
    step = (
        f"In Windows Security > Firewall & network protection > {profile.title()} network, clear 'Blocks all incoming "
        "connections, including those in the list of allowed apps'."
    )
    return Finding(
        code="firewall-drops",
        outcome=Outcome.BLOCKS,
        title=f"Windows Firewall blocks all incoming connections in the {profile} profile, whatever its rules say",
        detail=_DETAIL,
        evidence=(Evidence(_SOURCE, f"input: {text}"),),
        fixes=(Fix("Let the rules count again", needs="user-action", steps=(step,)),),
        paths=(way.id,),
    )


def _ask_admin(port: int) -> Fix:
    step = (
        f"Ask who administers this computer for an inbound rule for TCP port {port} (Group Policy or Intune)."
    )
    return Fix("Ask the administrator", needs="user-action", steps=(step,))


def _ask_about(rule: FirewallRule) -> Fix:
    step = (
        f"Ask who administers this computer to take the rule '{rule.title}' away, which comes by {rule.store.value}: "
        "as long as it blocks, no other rule helps."
    )
    return Fix("Ask the administrator", needs="user-action", steps=(step,))


def opening_rule(case: Case, way: Way, journey: Journey) -> str:
    """The narrowest rule that lets these clients in, as a FirewallRules string."""
    profile = (journey.packet.profile or "public").title()
    remote = _remote(way, journey)
    addresses = (
        "RA4=LocalSubnet|RA6=LocalSubnet|" if remote == "LocalSubnet" else f"RA{way.ip.version}={remote}|"
    )
    return (
        f"v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile={profile}|LPort={case.port}|{addresses}"
        f"Name=landiag: TCP {case.port}|"
    )


def _remote(way: Way, journey: Journey) -> str:
    source = journey.packet.source
    return "LocalSubnet" if source is None or source in way.network else str(ip_network(source))


def _whom(way: Way, journey: Journey) -> str:
    remote = _remote(way, journey)
    return "clients of the local subnet" if remote == "LocalSubnet" else f"the client {journey.packet.source}"


def _opening_commands(case: Case, way: Way, journey: Journey) -> tuple[str, str]:
    name = f"landiag-tcp-{case.port}"
    profile = (journey.packet.profile or "public").title()
    return (
        f"New-NetFirewallRule -Name '{name}' -DisplayName 'landiag: TCP {case.port}' -Direction Inbound -Action Allow "
        f"-Protocol TCP -LocalPort {case.port} -RemoteAddress {_remote(way, journey)} -Profile {profile}",
        f"Remove-NetFirewallRule -Name '{name}'",
    )


def _openings(case: Case, policy: Policy, way: Way, journey: Journey) -> tuple[Fix, ...]:
    add, remove = _opening_commands(case, way, journey)
    mended = _is_mended(case, policy, journey, (), opening_rule(case, way, journey))
    if mended is False:
        return ()
    return (
        Fix(
            f"Let {_whom(way, journey)} in to port {case.port} (PowerShell as administrator)",
            (add,),
            (remove,),
            needs="root",
            verified=mended or None,
        ),
    )


def _is_mended(
    case: Case, policy: Policy, journey: Journey, without: Iterable[FirewallRule], opening: str | None
) -> bool:
    """Whether the conversation passes once rules are gone and one is added, worked out in the model."""
    changed = _without(policy, without)
    if opening is not None:
        changed.rules.append(parse_rule_string("landiag", opening))
    return follow_through(case.facts, changed.lower(), journey.packet).verdict is Verdict.ACCEPT


def _without(policy: Policy, rules: Iterable[FirewallRule]) -> Policy:
    gone = {id(rule) for rule in rules}
    changed = Policy(
        [rule for rule in policy.rules if id(rule) not in gone], dict(policy.settings), has_rules=True
    )
    changed.gaps = list(policy.gaps)
    return changed


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
    fixes = list(_openings(case, policy, way, journey))
    if profile == "public" and other == "private":
        fixes.append(_make_private(way))
    return Finding(
        code="firewall-profile",
        outcome=Outcome.BLOCKS,
        title=f"Port {case.port} is allowed in the {other} profile, but {way.interface.name}{named} is {profile}",
        detail=_DETAIL,
        evidence=(Evidence(_SOURCE, f"input: {journey.decided_by.rule_text if journey.decided_by else ''}"),),
        fixes=tuple(fixes),
        paths=(way.id,),
    )


def _network_of(case: Case, way: Way) -> ConnectionProfile | None:
    state = parse_state(case.readings)
    if isinstance(state, Unknown):
        return None
    return next((one for one in state.profiles if one.alias == way.interface.name), None)


def _make_private(way: Way) -> Fix:
    set_to = f"Set-NetConnectionProfile -InterfaceIndex {way.interface.index} -NetworkCategory"
    return Fix(
        "Or tell Windows that this network is private (PowerShell as administrator)",
        (f"{set_to} Private",),
        (f"{set_to} Public",),
        needs="root",
        risk="only at home or at work: a private network may find this computer and use what it shares",
    )


def _blocked_by_rule(case: Case, policy: Policy, way: Way, journey: Journey, rule: FirewallRule) -> Finding:
    profile = journey.packet.profile or "public"
    is_program = rule.program is not None
    asked = " (left behind by a prompt that was answered with Cancel)" if rule.is_prompt_block else ""
    who = rule.program if is_program else f"port {case.port}"
    return Finding(
        code="firewall-blocks-program" if is_program else "firewall-drops",
        outcome=Outcome.BLOCKS,
        title=f"Windows Firewall blocks {who} in the {profile} profile: rule '{rule.title}'{_origin(rule)}{asked}",
        detail=f"{_DETAIL} A block wins over every rule that allows.",
        evidence=(Evidence(_SOURCE, f"input: {rule.text}"),),
        fixes=_unblock(case, policy, way, journey, rule),
        paths=(way.id,),
    )


def _origin(rule: FirewallRule) -> str:
    return "" if rule.store is Store.LOCAL else f" of {rule.store.value}"


def _unblock(case: Case, policy: Policy, way: Way, journey: Journey, rule: FirewallRule) -> tuple[Fix, ...]:
    blocks = _blocks(case, policy, journey, rule)
    if any(one.store is not Store.LOCAL for one in blocks):
        return (_ask_about(next(one for one in blocks if one.store is not Store.LOCAL)),)
    commands = [_take_away(one) for one in blocks]
    undo = [_put_back(one) for one in blocks]
    opening: str | None = None
    if not _is_mended(case, policy, journey, blocks, None):
        opening = opening_rule(case, way, journey)
        add, remove = _opening_commands(case, way, journey)
        commands.append(add)
        undo.append(remove)
    mended = _is_mended(case, policy, journey, blocks, opening)
    rules = "the rules that block" if len(blocks) > 1 else "the rule that blocks"
    verb = "Remove" if all(one.is_prompt_block for one in blocks) else "Switch off"
    what = f"and let {_whom(way, journey)} in " if opening else ""
    return (
        Fix(
            f"{verb} {rules} {what}(PowerShell as administrator)",
            tuple(dict.fromkeys(commands)),
            tuple(dict.fromkeys(undo)),
            needs="root",
            verified=mended or None,
        ),
    )


def _blocks(
    case: Case, policy: Policy, journey: Journey, rule: FirewallRule | None
) -> tuple[FirewallRule, ...]:
    """Every rule that must go: the one that decided, its twin, and those that would decide after them."""
    found: list[FirewallRule] = []
    while rule is not None:
        decided = rule
        more = [one for one in policy.rules if _is_same(one, decided) or _is_twin(one, decided)]
        if not any(all(one is not old for old in found) for one in more):
            break
        found += [one for one in more if all(one is not old for old in found)]
        line = follow_through(case.facts, _without(policy, found).lower(), journey.packet).decided_by
        after = line.rule.source if line is not None and isinstance(line.rule, ProfileRule) else None
        rule = after if after is not None and after.action == "block" else None
    return tuple(found)


def _is_same(one: FirewallRule, other: FirewallRule) -> bool:
    """Whether both are one rule of one store, perhaps read twice."""
    return (one.identity, one.store, one.text) == (other.identity, other.store, other.text)


def _is_twin(one: FirewallRule, other: FirewallRule) -> bool:
    """The rule for UDP that the same cancelled prompt made."""
    same = (one.program or "").lower() == (other.program or "").lower()
    return same and one.is_prompt_block and other.is_prompt_block and one.profiles == other.profiles


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _take_away(rule: FirewallRule) -> str:
    """Remove what a prompt left behind; only switch off what somebody wrote, which comes back as it was."""
    if rule.is_prompt_block:
        return f"Remove-NetFirewallRule -Name {_quoted(rule.identity)}"
    return _switch("Disable", rule)


def _put_back(rule: FirewallRule) -> str:
    return _recreate(rule) if rule.is_prompt_block else _switch("Enable", rule)


def _switch(verb: str, rule: FirewallRule) -> str:
    if rule.is_named:
        return f"{verb}-NetFirewallRule -Name {_quoted(rule.identity)}"
    only = "Where-Object { $_.Direction -eq 'Inbound' -and $_.Action -eq 'Block' }"
    return f"Get-NetFirewallRule -DisplayName {_quoted(rule.title)} | {only} | {verb}-NetFirewallRule"


def _recreate(rule: FirewallRule) -> str:
    """Write a prompt's block rule anew: a program, TCP or UDP as its name says, every port."""
    profiles = ",".join(sorted(name.title() for name in rule.profiles)) if rule.profiles else "Any"
    protocol = next((word for word in ("UDP", "TCP") if rule.identity.upper().startswith(word)), "Any")
    program = f" -Program {_quoted(rule.program)}" if rule.program else ""
    return (
        f"New-NetFirewallRule -Name {_quoted(rule.identity)} -DisplayName {_quoted(rule.title)} -Direction Inbound "
        f"-Action Block -Protocol {protocol}{program} -Profile {profiles}"
    )
