"""Addresses that a host cannot tell apart: where its rules, routes, links and units draw their lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from ipaddress import ip_network

from msgspec import Struct

from landiag.firewall.engine.by_port import ANY, ports_met
from landiag.firewall.engine.gaps import Gaps, Span, cut, span_of
from landiag.firewall.engine.mentions import Mentions, mentioned
from landiag.fleet.hosts import Host
from landiag.journey.hardware import named_hardware
from landiag.model.facts import IPAddress, IPNetwork, Unknown
from landiag.model.host import Facts
from landiag.model.neighbour import Neighbour
from landiag.model.operands import Ranges
from landiag.model.packet import CLIENT_PORT
from landiag.model.ruleset import Ruleset

Place = int | tuple[object, ...]
"""A class of addresses."""

_OWN_KINDS = tuple(
    ip_network(one)
    for one in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/127", "fe80::/10",
                "ff00::/8")
)  # fmt: skip
"""Networks whose addresses no host treats like others, whatever its rules say."""


class Own(Struct, frozen=True):
    """How all else than its own rules tells a host's addresses of a family apart, whatever the port."""

    gaps: Gaps = Gaps()
    masks: frozenset[int] = frozenset()


def own_classes(host: Host, version: int) -> Own:
    """What routes, links, units and containers tell apart."""
    facts = host.facts
    if facts is None or isinstance(facts.ruleset, Unknown):
        return Own()
    inside = [mentioned(one, version) for one in _rulesets_inside(facts)]
    networks = (*_OWN_KINDS, *_networks(facts), *_listed(host))
    spans = {span_of(one) for one in networks if one.version == version}
    singles = (*host.own, *_told_apart(facts))
    spans |= {(int(one), int(one)) for one in singles if one.version == version}
    gaps = cut(spans.union(*(one.spans for one in inside)), "own")
    return Own(gaps, frozenset().union(*(one.masks for one in inside)))


class Classes:
    """The classes of addresses of one family, as one host tells them apart.

    An address is of the class of all that lie in the same mentioned spans and are the same under every mentioned mask.
    Rules that cannot concern a connection to the ``port`` tell no address apart; None: any port.
    """

    __slots__ = ("_masks", "_own", "_rules", "of")

    def __init__(self, host: Host, version: int, port: int | None = None, own: Own | None = None) -> None:
        facts, own = host.facts, own_classes(host, version) if own is None else own
        rules = Mentions()
        if facts is not None and not isinstance(facts.ruleset, Unknown):
            rules = mentioned(facts.ruleset, version, _ports_met(host, facts.ruleset, port))
        self._masks = tuple(rules.masks | own.masks)
        self._rules, self._own = rules.gaps, own.gaps
        self.of = _place_of(rules.gaps, own.gaps, self._masks)
        """The class of an address; classes of several families are counted apart."""

    def speakers(self, first: int, last: int) -> Iterator[Span]:
        """Cut a span of addresses into such as are of one class: each as its first and its last address."""
        for edge in range(first + 1, last + 1) if self._masks else self._inside(first, last):
            yield first, edge - 1
            first = edge
        yield first, last

    def _inside(self, first: int, last: int) -> list[int]:
        """The edges after the first address, as far as the last."""
        parts = ((gaps, bisect_right(gaps.edges, first)) for gaps in (self._rules, self._own))
        return sorted(
            {edge for gaps, start in parts for edge in gaps.edges[start : bisect_right(gaps.edges, last)]}
        )


def _place_of(rules: Gaps, own: Gaps, masks: tuple[int, ...]) -> Callable[[int], Place]:
    """A function that finds the class of an address; it is asked twice for each of millions of cells."""
    edges, names, own_edges, own_names = rules.edges, rules.names, own.edges, own.names

    def of(address: int) -> Place:
        return names[bisect_right(edges, address)] ^ own_names[bisect_right(own_edges, address)]

    def of_masked(address: int) -> Place:
        return (of(address), *(address & mask for mask in masks))

    return of_masked if masks else of


def _ports_met(host: Host, ruleset: Ruleset, port: int | None) -> Ranges:
    """The ports to which packets of a connection go, on their way there and back."""
    if port is None:
        return ANY
    landings = [way.landing.port for way in host.ways if way.landing is not None]
    return ports_met(ruleset, (port, CLIENT_PORT, *landings))


def _rulesets_inside(facts: Facts) -> Iterator[Ruleset]:
    """Those of containers, which clients meet behind the host's own."""
    for namespace in () if isinstance(facts.namespaces, Unknown) else facts.namespaces:
        if namespace.ruleset is not None:
            yield namespace.ruleset


def _networks(facts: Facts) -> Iterator[IPNetwork]:
    """Every network that routes, policy rules and links name."""
    for route in () if isinstance(facts.routes, Unknown) else facts.routes:
        yield route.destination
    for rule in () if isinstance(facts.policy_rules, Unknown) else facts.policy_rules:
        yield from (one for one in (rule.source, rule.destination) if one is not None)
    for interface in () if isinstance(facts.interfaces, Unknown) else facts.interfaces:
        yield from (address.network for address in interface.addresses)
    for namespace in () if isinstance(facts.namespaces, Unknown) else facts.namespaces:
        for route in () if isinstance(namespace.routes, Unknown) else namespace.routes:
            yield route.destination


def _listed(host: Host) -> Iterator[IPNetwork]:
    for lists in host.lists.values():
        yield from (*lists.allow, *lists.deny)
    for policy in () if isinstance(host.policies, Unknown) else host.policies:
        yield from (policy.source, policy.destination)


def _told_apart(facts: Facts) -> Iterator[IPAddress]:
    """Neighbours that fare differently from those beside them: fixed entries, our own hardware addresses, and those
    that were heard on a link whose network they are not of; all, where rules name hardware addresses."""
    is_each = not isinstance(facts.ruleset, Unknown) and named_hardware(facts.ruleset) != frozenset()
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    macs = {one.mac for one in known if one.mac}
    networks = {one.name: [address.network for address in one.addresses] for one in known}
    for entry in () if isinstance(facts.neighbours, Unknown) else facts.neighbours:
        if is_each or _is_odd(entry, macs, networks.get(entry.device, [])):
            yield entry.address


def _is_odd(entry: Neighbour, macs: set[str], networks: list[IPNetwork]) -> bool:
    beside = any(entry.address in one for one in networks)
    return "PERMANENT" in entry.states or entry.mac in macs or not (beside or entry.address.is_link_local)
