"""The narrowest opening for what a rule stops: the commands in the owner's own words, and the changed model.

Every proposal is applied to the model and evaluated before anybody sees it. Nothing here disables, flushes or
resets a firewall or changes a default policy: one rule, for one port, from one network, put where it counts.
"""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.entrance import find_entrance
from landiag.firewall.lifting import BANNING, lift_ban
from landiag.firewall.opened import Opening, insert_rule, opening_rule
from landiag.firewall.own_settings import by_hand, open_by_setting
from landiag.firewall.owners import Manager, Owner
from landiag.firewall.proposal import Proposal
from landiag.model.changes import IptablesRule, NftRule, UfwRule
from landiag.model.changes_firewalld import POLICY_PREFIX, FirewalldDirectRule, FirewalldRule
from landiag.model.direct import DirectRule
from landiag.model.match import AnyOf, InRanges, Names
from landiag.model.ruleset import Chain, Rule, Ruleset, TraceLine

_IPTABLES_TABLES = frozenset(("filter", "raw", "mangle", "security"))


def propose(ruleset: Ruleset, owner: Owner, decided_by: TraceLine, opening: Opening) -> tuple[Proposal, ...]:
    """Propose openings for what a line of the trace stopped, the best first; empty where nothing narrow helps."""
    chain = decided_by.chain
    if chain is None:
        return ()
    is_edge = opening.server is not None and decided_by.hook in _EDGES
    if not is_edge:
        opening = replace(opening, server=None)
    first = _propose_at(ruleset, owner, decided_by, opening)
    # Where the rule before the decision is never met (a goto leads around it), the chain's begin is the place.
    if first is not None and owner.manager is Manager.UFW and chain.backend.startswith("iptables"):
        return (first, _beside_ufw(ruleset, decided_by, chain, opening))
    begin = next(iter(chain.rules), None)
    if first is None or begin is None or owner.manager not in (Manager.NFTABLES, Manager.IPTABLES):
        return () if first is None else (first,)
    others = [_propose_at(ruleset, owner, replace(decided_by, rule=begin), opening)]
    if is_edge:  # behind a translation the packet has another address than clients ask
        others.append(_propose_at(ruleset, owner, decided_by, replace(opening, server=None)))
    return (first, *(one for one in others if one is not None))


def _propose_at(ruleset: Ruleset, owner: Owner, decided_by: TraceLine, opening: Opening) -> Proposal | None:
    chain = decided_by.chain
    if chain is None:
        return None
    by_setting = open_by_setting(owner, opening)
    if by_setting is not None:
        return by_setting
    if owner.manager is Manager.UFW and not opening.is_answer and decided_by.hook in _UFW_CHAINS:
        return _ufw(ruleset, chain, opening, decided_by.hook)
    if owner.direct is not None:
        return _direct(ruleset, chain, owner.direct, owner.direct_index, opening)
    if owner.manager is Manager.FIREWALLD and not opening.is_answer:
        return _firewalld(ruleset, owner, opening)
    if owner.manager in BANNING:
        return _lift(owner, decided_by, opening)
    if owner.manager is Manager.DOCKER and "DOCKER-USER" in ruleset.tables.get(chain.key, {}):
        return _docker(ruleset, chain, opening)
    if owner.manager not in (Manager.NFTABLES, Manager.IPTABLES, Manager.UFW):
        return by_hand(owner, opening)
    entrance = find_entrance(ruleset, decided_by)
    if entrance is not None:
        chain, rule = entrance
        decided_by = replace(decided_by, chain=chain, rule=rule)
    if chain.backend.startswith("iptables") and chain.table in _IPTABLES_TABLES:
        return _iptables(ruleset, decided_by, chain, opening)
    return _nft(ruleset, decided_by, chain, opening) if chain.backend == "nftables" else None


def _title(who: str, opening: Opening) -> str:
    what = "answers from" if opening.is_answer else "connections to"
    return f"Let {who} pass {what} port {opening.client_port} for {opening.clients}"


_UFW_CHAINS = ("input", "forward")
"""Where ufw has rules of its user for what clients send: to this machine, or through it (``ufw route``)."""


def _ufw(ruleset: Ruleset, chain: Chain, opening: Opening, hook: str) -> Proposal | None:
    """The rule before all others; for one interface alone where ufw has a rule for the same clients and port.

    It adds no rule that differs from another by its action alone, wherever that stands (ufw's UFWRule.match).
    """
    name = f"ufw6-user-{hook}" if opening.is_ipv6 else f"ufw-user-{hook}"
    target = ruleset.tables.get(chain.key, {}).get(name)
    there = () if target is None else tuple(_conditions(rule) for rule in target.rules)
    for device in dict.fromkeys((None, opening.device)):
        if not any(_conditions(opening_rule(one, device)) in there for one in opening.each):
            changes = tuple(
                UfwRule(str(one.clients), one.port, device, is_routed=hook == "forward")
                for one in opening.each
            )
            after = insert_rule(ruleset, chain, name, 0, opening, device)
            return Proposal(_title("ufw", opening), changes, ruleset=after)
    step = (
        f"ufw has a rule for {opening.clients} and port {opening.port} already, behind the one that decides: "
        "delete it (ufw status numbered), then allow it before all others (ufw prepend allow ...)."
    )
    return Proposal(_title("ufw", opening), steps=(step,))


def _beside_ufw(ruleset: Ruleset, decided_by: TraceLine, chain: Chain, opening: Opening) -> Proposal:
    """Where no rule of ufw's user helps (before.rules, a chain that was flushed): a rule that ufw doesn't know."""
    file = "/etc/ufw/before6.rules" if opening.is_ipv6 else "/etc/ufw/before.rules"
    return replace(_iptables(ruleset, decided_by, chain, opening), keep=f"write the rule into {file} as well")


def _conditions(rule: Rule) -> frozenset[object]:
    """The addresses, ports and interfaces that a rule asks for; those of connection tracking and counters left out."""
    found: set[object] = set()
    for step in rule.steps:
        one = step.matches[0] if isinstance(step, AnyOf) and len(step.matches) == 1 else step
        if isinstance(one, InRanges) and one.field not in ("meta l4proto", "ct state"):
            found.add((one.field, one.ranges, one.negated))
        elif isinstance(one, Names):
            found.add((one.field, one.names, one.prefixes, one.negated))
    return frozenset(found)


def _firewalld(ruleset: Ruleset, owner: Owner, opening: Opening) -> Proposal | None:
    if not owner.place:
        return None
    zone, clients = owner.place, str(opening.clients)
    policy = zone.removeprefix(POLICY_PREFIX)
    lasting = (False,) if owner.is_stored else (False, True)
    what = f"zone {zone}" if policy == zone else f"policy {policy}"
    return Proposal(
        _title(f"the {what} of firewalld", opening),
        tuple(
            FirewalldRule(zone, clients, one.port, permanent) for one in opening.each for permanent in lasting
        ),
        ruleset=_open_zone(ruleset, zone, opening),
    )


def _direct(ruleset: Ruleset, chain: Chain, rule: DirectRule, index: int, opening: Opening) -> Proposal:
    """A direct rule before all of the same priority, now and for firewalld's next start."""
    changes = tuple(
        FirewalldDirectRule(
            rule.version,
            rule.table,
            rule.chain,
            rule.priority - 1,
            str(opening.clients),
            one.port,
            is_answer=opening.is_answer,
            permanent=permanent,
        )
        for one in opening.each
        for permanent in (False, True)
    )
    after = insert_rule(ruleset, chain, chain.name, index, opening)
    return Proposal(_title("the direct rules of firewalld", opening), changes, ruleset=after)


def _open_zone(ruleset: Ruleset, zone: str, opening: Opening) -> Ruleset | None:
    for key, chains in ruleset.tables.items():
        for name in (f"filter_IN_{zone}_pre", f"filter_IN_{zone}_log", f"IN_{zone}_pre", f"IN_{zone}_log"):
            if name in chains and key[1] in ("inet", "ip6" if opening.is_ipv6 else "ip"):
                return insert_rule(ruleset, chains[name], name, 0, opening)
    return None


def _lift(owner: Owner, decided_by: TraceLine, opening: Opening) -> Proposal:
    found = None if opening.client is None else lift_ban(owner, decided_by, opening.client)
    return by_hand(owner, opening) if found is None else Proposal(found[0], told=found[1])


def _docker(ruleset: Ruleset, chain: Chain, opening: Opening) -> Proposal:
    change = IptablesRule(
        _program(chain, opening),
        "filter",
        "DOCKER-USER",
        str(opening.clients),
        opening.client_port,
        position=1,
        is_answer=opening.is_answer,
        is_original=True,
    )
    return Proposal(
        _title("docker's chain for your own rules", opening),
        (change,),
        ruleset=insert_rule(ruleset, chain, "DOCKER-USER", 0, opening, is_original=True),
    )


def except_from_translation(ruleset: Ruleset, line: TraceLine, opening: Opening) -> Proposal | None:
    """Keep a port as it is before the rule that translates it; None where no rule of nftables or iptables does.

    An accept in a nat chain ends that chain's say; packet filters are asked as before.
    """
    chain = line.chain
    if chain is None or line.rule is None:
        return None
    make = {"nftables": _nft, "iptables-nft": _iptables, "iptables-legacy": _iptables}.get(chain.backend)
    if make is None:
        return None
    title = f"Keep connections from {opening.clients} to port {opening.port} out of that translation"
    return replace(make(ruleset, line, chain, opening), title=title)


def _program(chain: Chain, opening: Opening) -> str:
    name = "ip6tables" if opening.is_ipv6 else "iptables"
    return f"{name}-{chain.backend.removeprefix('iptables-')}"


def _iptables(ruleset: Ruleset, decided_by: TraceLine, chain: Chain, opening: Opening) -> Proposal:
    index = len(chain.rules) if decided_by.rule is None else decided_by.rule.position - 1
    is_original = _asks_for_original(ruleset, decided_by, chain, opening)
    opening = opening if is_original else _as_seen(opening, decided_by.hook)
    changes = tuple(
        IptablesRule(
            _program(chain, opening),
            chain.table,
            chain.name,
            str(opening.clients),
            one.port,
            position=None if decided_by.rule is None else index + 1,
            is_answer=opening.is_answer,
            is_original=is_original,
            server="" if opening.server is None else str(opening.server),
        )
        for one in _told(opening, is_original=is_original)
    )
    after = insert_rule(ruleset, chain, chain.name, index, opening, is_original=is_original)
    return Proposal(_title("iptables", opening), changes, ruleset=after)


def _nft(ruleset: Ruleset, decided_by: TraceLine, chain: Chain, opening: Opening) -> Proposal:
    rule = decided_by.rule
    is_last = rule is None or rule.handle is None
    index = len(chain.rules) if rule is None or rule.handle is None else rule.position - 1
    is_original = _asks_for_original(ruleset, decided_by, chain, opening)
    opening = opening if is_original else _as_seen(opening, decided_by.hook)
    changes = tuple(
        NftRule(
            chain.family,
            chain.table,
            chain.name,
            str(opening.clients),
            one.port,
            is_answer=opening.is_answer,
            before=None if is_last or rule is None else rule.handle,
            is_original=is_original,
            server="" if opening.server is None else str(opening.server),
        )
        for one in _told(opening, is_original=is_original)
    )
    after = insert_rule(ruleset, chain, chain.name, index, opening, is_original=is_original)
    return Proposal(_title("nftables", opening), changes, ruleset=after)


def _told(opening: Opening, *, is_original: bool) -> tuple[Opening, ...]:
    """One opening for each rule that is told: one for all, where it asks for the port that clients type."""
    return (replace(opening, port=opening.client_port, others=()),) if is_original else opening.each


def _as_seen(opening: Opening, hook: str) -> Opening:
    """The opening by the ports that a packet itself has there: at the edges it has the one that clients type."""
    return replace(opening, port=opening.client_port, others=()) if hook in _EDGES else opening


_EDGES = ("ingress", "egress", "prerouting")
"""Where what is for this machine and what it only passes on go by the same rules."""


_CONNTRACK_BEGINS = -200
"""The priority from which on a packet's connection is known (NF_IP_PRI_CONNTRACK)."""


def _asks_for_original(ruleset: Ruleset, decided_by: TraceLine, chain: Chain, opening: Opening) -> bool:
    """Whether the port that clients type is known there though NAT changes it: then nothing else is opened.

    Connection tracking begins in prerouting and in output; what stands before it sees the packet's own ports.
    """
    if not opening.is_translated or decided_by.hook in ("ingress", "egress"):
        return False
    if decided_by.hook not in ("prerouting", "output"):
        return True
    hooks = (one.hook for one in ruleset.tables.get(chain.key, {}).values())
    priorities = [one.priority for one in hooks if one is not None and one.name == decided_by.hook]
    return bool(priorities) and min(priorities) > _CONNTRACK_BEGINS
