"""An opening as a rule of the model, and the ruleset that it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from landiag.model.action import Stop, Verdict
from landiag.model.facts import IPAddress, IPNetwork
from landiag.model.match import InRanges, Match, Names
from landiag.model.ruleset import Chain, Rule, Ruleset


class Opening(Struct, frozen=True):
    """What is to pass: TCP from ``clients`` to ``port`` and back.

    ``is_answer`` when it is the server's answer that was stopped. ``asked_port`` is the port that clients type,
    where NAT has changed it to ``port``, or to one of the ``others``. ``device`` is the interface by which they come;
    None where nobody knows. ``client`` is one of them, whose packet was stopped. ``server`` is the address that they
    ask, where what is for other machines passes by the same rules; None where nothing else does.
    """

    clients: IPNetwork
    port: int
    is_answer: bool = False
    asked_port: int | None = None
    device: str | None = None
    client: IPAddress | None = None
    others: tuple[int, ...] = ()
    server: IPAddress | None = None

    @property
    def is_translated(self) -> bool:
        """Whether NAT changes the port that clients type."""
        return bool(self.others) or self.port != self.client_port

    @property
    def each(self) -> tuple[Opening, ...]:
        """One opening for each port to which NAT may change it."""
        return tuple(replace(self, port=port, others=()) for port in (self.port, *self.others))

    @property
    def client_port(self) -> int:
        """The port that clients type."""
        return self.asked_port or self.port

    @property
    def is_ipv6(self) -> bool:
        """Whether the clients use IPv6."""
        return self.clients.version == 6


def insert_rule(
    ruleset: Ruleset,
    chain: Chain,
    name: str,
    index: int,
    opening: Opening,
    device: str | None = None,
    *,
    is_original: bool = False,
) -> Ruleset | None:
    """Insert the opening's rule (for one interface) into a chain of the same table; None where that is not there.

    ``is_original``: the rule asks for the port that clients type, as connection tracking knows it.
    """
    chains = ruleset.tables.get(chain.key, {})
    target = chains.get(name)
    if target is None:
        return None
    rules: Sequence[Rule] = (
        *target.rules[:index],
        opening_rule(opening, device, is_original=is_original),
        *target.rules[index:],
    )
    changed: Mapping[str, Chain] = {**chains, name: replace(target, rules=rules)}
    return ruleset.with_tables({**ruleset.tables, chain.key: changed})


def without_translation(ruleset: Ruleset) -> Ruleset:
    """The same rules with every nat chain unhooked: what would become of a packet that nothing translates."""
    tables = {
        key: {name: _unhooked(chain) for name, chain in chains.items()}
        for key, chains in ruleset.tables.items()
    }
    return ruleset.with_tables(tables)


def without_rule(ruleset: Ruleset, chain: Chain, rule: Rule) -> Ruleset:
    """The same rules without one of a chain."""
    chains = ruleset.tables[chain.key]
    rules = tuple(one for one in chains[chain.name].rules if one.position != rule.position)
    changed: Mapping[str, Chain] = {**chains, chain.name: replace(chains[chain.name], rules=rules)}
    return ruleset.with_tables({**ruleset.tables, chain.key: changed})


def _unhooked(chain: Chain) -> Chain:
    is_nat = chain.hook is not None and chain.hook.kind == "nat"
    return replace(chain, hook=None) if is_nat else chain


def opening_rule(opening: Opening, device: str | None = None, *, is_original: bool = False) -> Rule:
    """Make the rule of the model that accepts exactly what the opening says, by one interface where it is given."""
    family = "ip6" if opening.is_ipv6 else "ip"
    side = "daddr" if opening.is_answer else "saddr"
    port_field = "tcp sport" if opening.is_answer else "tcp dport"
    ports = ((opening.client_port,) * 2,) if is_original else tuple((one.port,) * 2 for one in opening.each)
    if is_original:
        port_field = "ct original proto-dst"
    low, high = int(opening.clients[0]), int(opening.clients[-1])
    matches: tuple[Match, ...] = (
        InRanges(f"{family} {side}", ((low, high),), f"{family} {side} {opening.clients}"),
        InRanges(port_field, ports, f"{port_field} {', '.join(str(one) for one, _ in ports)}"),
    )
    if is_original:
        matches = (InRanges("meta l4proto", ((_TCP, _TCP),), "meta l4proto tcp"), *matches)
    if opening.server is not None:
        own = f"{family} {'saddr' if opening.is_answer else 'daddr'}"
        matches += (InRanges(own, ((int(opening.server),) * 2,), f"{own} {opening.server}"),)
    if device is not None:
        matches += (Names("iifname", frozenset((device,)), text=f"iifname {device}"),)
    return Rule(
        0,
        f"the rule of the fix: {' '.join(one.text for one in matches)} accept",
        (*matches, Stop(Verdict.ACCEPT)),
    )


_TCP = 6
"""The number of TCP in IP (RFC 9293)."""
