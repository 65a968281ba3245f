"""Where the networks that a host knows begin and end: between them addresses fare alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network

from landiag.journey.inside import facts_inside
from landiag.journey.remember import remember
from landiag.model.facts import IPNetwork, Route, Unknown
from landiag.model.host import Facts


def _networks(facts: Facts) -> Iterator[IPNetwork]:
    """Every network besides those of routes that tells addresses apart."""
    if not isinstance(facts.policy_rules, Unknown):
        for rule in facts.policy_rules:
            yield from (network for network in (rule.source, rule.destination) if network is not None)
    if not isinstance(facts.interfaces, Unknown):
        for interface in facts.interfaces:
            for address in interface.addresses:
                yield from (address.network, ip_network(address.ip))


def _ends(networks: Iterable[IPNetwork]) -> Mapping[int, frozenset[int]]:
    """The first value of networks, and the first behind them, by IP version."""
    ends: dict[int, set[int]] = {4: set(), 6: set()}
    for network in networks:
        first, free = int(network.network_address), network.max_prefixlen - network.prefixlen
        ends[network.version] |= {first, first + (1 << free)}
    return {version: frozenset(found) for version, found in ends.items()}


@remember
def _ends_of_routes(routes: Iterable[Route]) -> Mapping[int, frozenset[int]]:
    """There may be tens of thousands, and facts that share them."""
    return _ends(route.destination for route in routes)


@remember
def edges_of(facts: Facts) -> Mapping[int, tuple[int, ...]]:
    """Where networks that tell addresses apart begin and end, in order; those of containers among them."""
    found: list[Mapping[int, Iterable[int]]] = [_ends(_networks(facts))]
    if not isinstance(facts.routes, Unknown):
        found.append(_ends_of_routes(facts.routes))
    if not isinstance(facts.namespaces, Unknown):
        found += [edges_of(facts_inside(facts, one)) for one in facts.namespaces]
    return {version: tuple(sorted(set[int]().union(*(one[version] for one in found)))) for version in (4, 6)}
