"""Addresses that a host cannot tell apart: where its rules, routes, links and units draw their lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from landiag.firewall.engine.pieces import mentioned_edges
from landiag.fleet.hosts import Host
from landiag.model.facts import IPAddress, IPNetwork, Neighbour, Unknown
from landiag.model.host import Facts


class Classes:
    """The classes of addresses of one family, as one host tells them apart.

    ``edges`` is None where the host may compare parts of addresses: there each address is a class.
    """

    __slots__ = ("edges",)

    def __init__(self, host: Host, version: int) -> None:
        facts = host.facts
        mentioned = None
        if facts is not None and not isinstance(facts.ruleset, Unknown):
            mentioned = mentioned_edges(facts.ruleset, version)
        if facts is None or mentioned is None:
            known = facts is None or isinstance(facts.ruleset, Unknown)
            self.edges: list[int] | None = [] if known else None
            return
        networks = [*_networks(facts), *_listed(host)]
        mine = {
            edge for one in networks if one.version == version for edge in (int(one[0]), int(one[-1]) + 1)
        }
        singles = {int(one) for one in (*host.own, *_told_apart(facts)) if one.version == version}
        self.edges = sorted({*mentioned, *mine, *singles, *(one + 1 for one in singles)})

    def of(self, address: int) -> int:
        """The class of an address; classes of several families are counted apart."""
        return address if self.edges is None else bisect_right(self.edges, address)

    def speakers(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Cut a span of addresses into classes: each as its first and its last address."""
        inside = [] if self.edges is None else [one for one in self.edges if first < one <= last]
        for edge in (*inside, last + 1):
            yield first, edge - 1
            first = edge


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


def _told_apart(facts: Facts) -> Iterator[IPAddress]:
    """Neighbours that fare differently from those beside them: fixed entries, our own hardware addresses, and those
    that were heard on a link whose network they are not of."""
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    macs = {one.mac for one in known if one.mac}
    networks = {one.name: [address.network for address in one.addresses] for one in known}
    for entry in () if isinstance(facts.neighbours, Unknown) else facts.neighbours:
        if _is_odd(entry, macs, networks.get(entry.device, [])):
            yield entry.address


def _is_odd(entry: Neighbour, macs: set[str], networks: list[IPNetwork]) -> bool:
    beside = any(entry.address in one for one in networks)
    return "PERMANENT" in entry.states or entry.mac in macs or not (beside or entry.address.is_link_local)
