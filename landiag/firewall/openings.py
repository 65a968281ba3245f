"""The narrowest opening for what a rule stops: the commands in the owner's own words, and the changed model.

Every proposal is applied to the model and evaluated before anybody sees it. Nothing here disables, flushes or
resets a firewall or changes a default policy: one rule, for one port, from one network, put where it counts.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.owners import Manager, Owner
from landiag.model.action import Stop, Verdict
from landiag.model.facts import IPNetwork
from landiag.model.match import InRanges, Match
from landiag.model.ruleset import Chain, Rule, Ruleset, TraceLine

_INCOMING = ("ingress", "prerouting", "input", "forward")

_IPTABLES_TABLES = frozenset(("filter", "raw", "mangle", "security"))


class Opening(Struct, frozen=True):
    """What is to pass: TCP from ``clients`` to ``port`` and back.

    ``is_answer`` when it is the server's answer that was stopped. ``asked_port`` is the port that clients type,
    where NAT has changed it to ``port``.
    """

    clients: IPNetwork
    port: int
    is_answer: bool = False
    asked_port: int | None = None

    @property
    def is_ipv6(self) -> bool:
        """Whether the clients use IPv6."""
        return self.clients.version == 6


class Proposal(Struct, frozen=True):
    """Commands and what they make of the ruleset. ``ruleset`` is None where that cannot be evaluated."""

    title: str
    commands: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    ruleset: Ruleset | None = None


def propose(ruleset: Ruleset, owner: Owner, decided_by: TraceLine, opening: Opening) -> tuple[Proposal, ...]:
    """Propose openings for what a line of the trace stopped, the best first; empty where nothing narrow helps."""
    chain = decided_by.chain
    if chain is None:
        return ()
    first = _propose_at(ruleset, owner, decided_by, opening)
    # Where the rule before the decision is never met (a goto leads around it), the chain's begin is the place.
    begin = next(iter(chain.rules), None)
    if first is None or begin is None or owner.manager not in (Manager.NFTABLES, Manager.IPTABLES):
        return () if first is None else (first,)
    other = _propose_at(ruleset, owner, replace(decided_by, rule=begin), opening)
    return (first,) if other is None else (first, other)


def _propose_at(ruleset: Ruleset, owner: Owner, decided_by: TraceLine, opening: Opening) -> Proposal | None:
    chain = decided_by.chain
    if chain is None:
        return None
    if owner.manager is Manager.UFW and not opening.is_answer and decided_by.hook == "input":
        return _ufw(ruleset, chain, opening)
    if owner.manager is Manager.FIREWALLD and not opening.is_answer:
        return _firewalld(ruleset, owner, opening)
    if owner.manager is Manager.FAIL2BAN:
        return _fail2ban(owner, opening)
    if owner.manager is Manager.DOCKER and "DOCKER-USER" in ruleset.tables.get(chain.key, {}):
        return _docker(ruleset, chain, opening)
    if owner.manager not in (Manager.NFTABLES, Manager.IPTABLES, Manager.UFW):
        return _by_hand(owner)
    if chain.backend.startswith("iptables") and chain.table in _IPTABLES_TABLES:
        return _iptables(ruleset, decided_by, chain, opening)
    return _nft(ruleset, decided_by, chain, opening) if chain.backend == "nftables" else None


def _title(who: str, opening: Opening) -> str:
    what = "answers from" if opening.is_answer else "connections to"
    return f"Let {who} pass {what} port {opening.asked_port or opening.port} for {opening.clients}"


def _ufw(ruleset: Ruleset, chain: Chain, opening: Opening) -> Proposal:
    rule = f"allow from {opening.clients} to any port {opening.port} proto tcp"
    prefix = "ufw6" if opening.is_ipv6 else "ufw"
    changed = insert_rule(ruleset, chain, f"{prefix}-user-input", 0, opening)
    return Proposal(
        _title("ufw", opening),
        commands=(f"ufw prepend {rule}",),
        undo=(f"ufw delete {rule}",),
        ruleset=changed,
    )


def _firewalld(ruleset: Ruleset, owner: Owner, opening: Opening) -> Proposal | None:
    if not owner.detail:
        return None
    family = "ipv6" if opening.is_ipv6 else "ipv4"
    # A rule with a negative priority comes before every deny rule of the zone (firewalld.richlanguage(5)).
    rule = (
        f'rule priority="-100" family="{family}" source address="{opening.clients}" '
        f'port port="{opening.port}" protocol="tcp" accept'
    )
    zone = shlex.quote(f"--zone={owner.detail}")
    add, remove = shlex.quote(f"--add-rich-rule={rule}"), shlex.quote(f"--remove-rich-rule={rule}")
    return Proposal(
        _title(f"the zone {owner.detail} of firewalld", opening),
        commands=(f"firewall-cmd {zone} {add}", f"firewall-cmd --permanent {zone} {add}"),
        undo=(f"firewall-cmd {zone} {remove}", f"firewall-cmd --permanent {zone} {remove}"),
        ruleset=_open_zone(ruleset, owner.detail, opening),
    )


def _open_zone(ruleset: Ruleset, zone: str, opening: Opening) -> Ruleset | None:
    for key, chains in ruleset.tables.items():
        for name in (f"filter_IN_{zone}_pre", f"filter_IN_{zone}_log", f"IN_{zone}_pre", f"IN_{zone}_log"):
            if name in chains and key[1] in ("inet", "ip6" if opening.is_ipv6 else "ip"):
                return insert_rule(ruleset, chains[name], name, 0, opening)
    return None


def _fail2ban(owner: Owner, opening: Opening) -> Proposal | None:
    if opening.clients.num_addresses > 1 or not owner.detail:
        return _by_hand(owner)
    client = opening.clients.network_address
    jail = shlex.quote(owner.detail)
    return Proposal(
        f"Lift the ban of {client} in fail2ban's jail {owner.detail}",
        commands=(f"fail2ban-client set {jail} unbanip {client}",),
        undo=(f"fail2ban-client set {jail} banip {client}",),
    )


def _docker(ruleset: Ruleset, chain: Chain, opening: Opening) -> Proposal:
    asked = opening.asked_port or opening.port
    side = "-d" if opening.is_answer else "-s"
    rule = f"DOCKER-USER {side} {opening.clients} -p tcp -m conntrack --ctorigdstport {asked} -j ACCEPT"
    program = _program(chain, opening)
    return Proposal(
        _title("docker's chain for your own rules", opening),
        commands=(f"{program} -I {rule}",),
        undo=(f"{program} -D {rule}",),
        ruleset=insert_rule(ruleset, chain, "DOCKER-USER", 0, opening),
    )


def _by_hand(owner: Owner) -> Proposal:
    return Proposal(
        f"Allow the port in {owner.manager.value}'s own settings",
        steps=(
            f"{owner.manager.value} writes its rules itself, and would overwrite others: allow the local network,"
            " or this port, in its settings.",
        ),
    )


def _program(chain: Chain, opening: Opening) -> str:
    name = "ip6tables" if opening.is_ipv6 else "iptables"
    return f"{name}-{chain.backend.removeprefix('iptables-')}"


def _iptables(ruleset: Ruleset, decided_by: TraceLine, chain: Chain, opening: Opening) -> Proposal:
    table = "" if chain.table == "filter" else f" -t {chain.table}"
    ends = ("-d", "--sport") if opening.is_answer else ("-s", "--dport")
    match = f"{ends[0]} {opening.clients} -p tcp -m tcp {ends[1]} {opening.port} -j ACCEPT"
    program = _program(chain, opening)
    index = len(chain.rules) if decided_by.rule is None else decided_by.rule.position - 1
    add = f"-A {chain.name}" if decided_by.rule is None else f"-I {chain.name} {index + 1}"
    return Proposal(
        _title("iptables", opening),
        commands=(f"{program}{table} {add} {match}",),
        undo=(f"{program}{table} -D {chain.name} {match}",),
        steps=(
            "To keep it after a restart: netfilter-persistent save (Debian), service iptables save (Fedora).",
        ),
        ruleset=insert_rule(ruleset, chain, chain.name, index, opening),
    )


def _nft(ruleset: Ruleset, decided_by: TraceLine, chain: Chain, opening: Opening) -> Proposal:
    family = "ip6" if opening.is_ipv6 else "ip"
    ends = ("daddr", "sport") if opening.is_answer else ("saddr", "dport")
    comment = f"landiag {opening.port}{' answers' if opening.is_answer else ''}"
    match = f'{family} {ends[0]} {opening.clients} tcp {ends[1]} {opening.port} accept comment "{comment}"'
    place = f"{chain.family} {chain.table} {chain.name}"
    rule = decided_by.rule
    if rule is None or rule.handle is None:
        command, index = f"nft add rule {place} {shlex.quote(match)}", len(chain.rules)
    else:
        command = f"nft insert rule {place} position {rule.handle} {shlex.quote(match)}"
        index = rule.position - 1
    # nft deletes by handle only, and the handle is known once the rule is there.
    undo = (
        f"nft -a list chain {place} | sed -n "
        + shlex.quote(f's/.*comment "{comment}" # handle \\([0-9]*\\)$/delete rule {place} handle \\1/p')
        + " | nft -f -"
    )
    return Proposal(
        _title("nftables", opening),
        commands=(command,),
        undo=(undo,),
        steps=("To keep it after a restart, put the rule into /etc/nftables.conf as well.",),
        ruleset=insert_rule(ruleset, chain, chain.name, index, opening),
    )


def insert_rule(ruleset: Ruleset, chain: Chain, name: str, index: int, opening: Opening) -> Ruleset | None:
    """Insert the opening's rule into a chain of the same table; None when that chain is not there."""
    chains = ruleset.tables.get(chain.key, {})
    target = chains.get(name)
    if target is None:
        return None
    rules: Sequence[Rule] = (*target.rules[:index], opening_rule(opening), *target.rules[index:])
    changed: Mapping[str, Chain] = {**chains, name: replace(target, rules=rules)}
    return Ruleset({**ruleset.tables, chain.key: changed}, ruleset.gaps, origins=ruleset.origins)


def without_translation(ruleset: Ruleset) -> Ruleset:
    """The same rules with every nat chain unhooked: what would become of a packet that nothing translates."""
    tables = {
        key: {name: _unhooked(chain) for name, chain in chains.items()}
        for key, chains in ruleset.tables.items()
    }
    return Ruleset(tables, ruleset.gaps, origins=ruleset.origins)


def _unhooked(chain: Chain) -> Chain:
    is_nat = chain.hook is not None and chain.hook.kind == "nat"
    return replace(chain, hook=None) if is_nat else chain


def opening_rule(opening: Opening) -> Rule:
    """Make the rule of the model that accepts exactly what the opening says."""
    family = "ip6" if opening.is_ipv6 else "ip"
    side = "daddr" if opening.is_answer else "saddr"
    port_field = "tcp sport" if opening.is_answer else "tcp dport"
    port = opening.port
    low, high = int(opening.clients[0]), int(opening.clients[-1])
    matches: tuple[Match, ...] = (
        InRanges(f"{family} {side}", ((low, high),), f"{family} {side} {opening.clients}"),
        InRanges(port_field, ((port, port),), f"{port_field} {port}"),
    )
    return Rule(
        0,
        f"the rule of the fix: {matches[0].text} {matches[1].text} accept",
        (*matches, Stop(Verdict.ACCEPT)),
    )
