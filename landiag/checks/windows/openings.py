"""Windows Firewall: the rule that opens a port, and what takes away those that block it, tried in the model.

That each helps is tried; what else it lets in is not, so that none counts as verified.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network

from landiag.checks import words
from landiag.checks.case import Case
from landiag.checks.fixes.names import free_name
from landiag.collect.windows_state import ConnectionProfile
from landiag.firewall.windows.neighbours import for_neighbours
from landiag.firewall.windows.policy import FirewallRule, Policy, ProfileRule, Store
from landiag.firewall.windows.registry import parse_rule_string
from landiag.journey.journey import Journey, follow_through
from landiag.journey.ways import Way
from landiag.model.report import Fix
from landiag.model.ruleset import Verdict


def ask_admin(port: int) -> Fix:
    """Where Group Policy ignores rules of this computer, only its administrator can help."""
    step = (
        f"Ask who administers this computer for an inbound rule for TCP port {port} (Group Policy or Intune)."
    )
    return Fix("Ask the administrator", needs="user-action", steps=(step,))


def ask_for_rules(store: Store) -> Fix:
    """A policy makes Windows ignore every rule: the switch on this computer is greyed out."""
    step = (
        f"Ask who administers this computer to let inbound rules count again: {store.value} sets 'block all incoming "
        "connections', which nobody can clear on this computer."
    )
    return Fix("Ask the administrator", needs="user-action", steps=(step,))


def ask_about(rule: FirewallRule) -> Fix:
    """A rule that this computer did not make blocks: only its administrator can take it away."""
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
    port = way.typed_port(case.port)
    return (
        f"v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile={profile}|LPort={port}|{addresses}"
        f"Name=landiag: TCP {port}|"
    )


def _remote(way: Way, journey: Journey) -> str:
    source = journey.packet.source
    return "LocalSubnet" if source is None or source in way.network else str(ip_network(source))


def whom(way: Way, journey: Journey) -> str:
    """Name those that a rule lets in."""
    remote = _remote(way, journey)
    return "clients of the local subnet" if remote == "LocalSubnet" else f"the client {journey.packet.source}"


def _opening_commands(case: Case, policy: Policy, way: Way, journey: Journey) -> tuple[str, str]:
    port = way.typed_port(case.port)
    name = free_name(f"landiag-tcp-{port}", (rule.identity for rule in policy.rules))
    profile = (journey.packet.profile or "public").title()
    return (
        f"New-NetFirewallRule -Name '{name}' -DisplayName 'landiag: TCP {port}' -Direction Inbound -Action Allow "
        f"-Protocol TCP -LocalPort {port} -RemoteAddress {_remote(way, journey)} -Profile {profile}",
        f"Remove-NetFirewallRule -Name '{name}'",
    )


def openings(case: Case, policy: Policy, way: Way, journey: Journey) -> tuple[Fix, ...]:
    """The fix that lets these clients in; empty where it would not help."""
    add, remove = _opening_commands(case, policy, way, journey)
    if not _is_mended(case, policy, journey, (), opening_rule(case, way, journey)):
        return ()
    return (
        Fix(
            f"Let {whom(way, journey)} in to port {way.typed_port(case.port)} (PowerShell as administrator)",
            (add,),
            (remove,),
            needs="root",
            steps=(words.ELEVATE,),
        ),
    )


def _is_mended(
    case: Case, policy: Policy, journey: Journey, without: Iterable[FirewallRule], opening: str | None
) -> bool:
    """Whether the conversation passes once rules are gone and one is added, worked out in the model."""
    changed = _without(policy, without)
    if opening is not None:
        changed.rules.append(parse_rule_string("landiag", opening))
    if journey.packet.source is None:  # a client of whom nothing is known but that it is a neighbour
        changed = for_neighbours(changed)
    return follow_through(case.facts, changed.lower(), journey.packet).verdict is Verdict.ACCEPT


def _without(policy: Policy, rules: Iterable[FirewallRule]) -> Policy:
    gone = {id(rule) for rule in rules}
    changed = Policy(
        [rule for rule in policy.rules if id(rule) not in gone], dict(policy.settings), has_rules=True
    )
    changed.gaps = list(policy.gaps)
    return changed


def make_private(network: ConnectionProfile) -> Fix:
    """Tell Windows that the network of a way in is private; an interface without one stays public."""
    which = (
        f"-InterfaceIndex {network.index}" if network.index else f"-InterfaceAlias {quoted(network.alias)}"
    )
    set_to = f"Set-NetConnectionProfile {which} -NetworkCategory"
    return Fix(
        "Or tell Windows that this network is private (PowerShell as administrator)",
        (f"{set_to} Private",),
        (f"{set_to} Public",),
        needs="root",
        steps=(words.ELEVATE,),
        risk="only at home or at work: a private network may find this computer and use what it shares",
    )


def unblock(case: Case, policy: Policy, way: Way, journey: Journey, rule: FirewallRule) -> tuple[Fix, ...]:
    """The fix that takes away every rule that blocks these clients, and lets them in where no rule does then."""
    blocks = _blocks(case, policy, journey, rule)
    if any(one.store is not Store.LOCAL for one in blocks):
        return (ask_about(next(one for one in blocks if one.store is not Store.LOCAL)),)
    commands = [_take_away(one) for one in blocks]
    undo = [_put_back(one) for one in blocks]
    opening: str | None = None
    if not _is_mended(case, policy, journey, blocks, None):
        opening = opening_rule(case, way, journey)
        add, remove = _opening_commands(case, policy, way, journey)
        commands.append(add)
        undo.append(remove)
    rules = "the rules that block" if len(blocks) > 1 else "the rule that blocks"
    verb = "Remove" if all(one.is_prompt_block for one in blocks) else "Switch off"
    what = f"and let {whom(way, journey)} in " if opening else ""
    return (
        Fix(
            f"{verb} {rules} {what}(PowerShell as administrator)",
            tuple(dict.fromkeys(commands)),
            tuple(dict.fromkeys(undo)),
            needs="root",
            steps=(words.ELEVATE,),
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


def quoted(text: str) -> str:
    """A text as PowerShell takes it to the letter."""
    return "'" + text.replace("'", "''") + "'"


_WILDCARDS = frozenset("[]*?`")


def _by_name(verb: str, identity: str) -> str:
    """A cmdlet for the rule of this very name: brackets and stars in it would be patterns behind -Name."""
    if _WILDCARDS & set(identity):
        return f"Get-NetFirewallRule | Where-Object Name -eq {quoted(identity)} | {verb}-NetFirewallRule"
    return f"{verb}-NetFirewallRule -Name {quoted(identity)}"


def _take_away(rule: FirewallRule) -> str:
    """Remove what a prompt left behind; only switch off what somebody wrote, which comes back as it was."""
    if rule.is_prompt_block:
        return _by_name("Remove", rule.identity)
    return _switch("Disable", rule)


def _put_back(rule: FirewallRule) -> str:
    return _recreate(rule) if rule.is_prompt_block else _switch("Enable", rule)


def _switch(verb: str, rule: FirewallRule) -> str:
    if rule.is_named:
        return _by_name(verb, rule.identity)
    only = "Where-Object { $_.Direction -eq 'Inbound' -and $_.Action -eq 'Block' }"
    return f"Get-NetFirewallRule | Where-Object DisplayName -eq {quoted(rule.title)} | {only} | {verb}-NetFirewallRule"


def _recreate(rule: FirewallRule) -> str:
    """Write a prompt's block rule anew: a program, TCP or UDP as its name says, every port."""
    profiles = ",".join(sorted(name.title() for name in rule.profiles)) if rule.profiles else "Any"
    protocol = next((word for word in ("UDP", "TCP") if rule.identity.upper().startswith(word)), "Any")
    program = f" -Program {quoted(rule.program)}" if rule.program else ""
    return (
        f"New-NetFirewallRule -Name {quoted(rule.identity)} -DisplayName {quoted(rule.title)} -Direction Inbound "
        f"-Action Block -Protocol {protocol}{program} -Profile {profiles}"
    )
