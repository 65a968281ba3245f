"""The networks that a host knows: addresses that lie in the same ones fare alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network

from landiag.firewall.engine.gaps import Edges, Gaps, cut, span_of
from landiag.journey.inside import facts_inside
from landiag.model.facts import IPNetwork, Socket, Unknown
from landiag.model.host import Facts
from landiag.model.remember import remember
from landiag.model.route import PolicyRule, Route


def _networks(facts: Facts) -> Iterator[IPNetwork]:
    """Every network besides those of routes that tells addresses apart."""
    if not isinstance(facts.policy_rules, Unknown):
        for rule in facts.policy_rules:
            yield from (network for network in (rule.source, rule.destination) if network is not None)
    if not isinstance(facts.interfaces, Unknown):
        for interface in facts.interfaces:
            for address in interface.addresses:
                yield from (address.network, ip_network(address.ip))


def _by_version(networks: Iterable[IPNetwork], kind: str) -> Mapping[int, Gaps]:
    known = list(networks)
    return {
        version: cut((span_of(one) for one in known if one.version == version), kind) for version in (4, 6)
    }


@remember
def _edges_of_routes(routes: Iterable[Route]) -> Mapping[int, Gaps]:
    """There may be tens of thousands, and facts that share them."""
    return _by_version((route.destination for route in routes), "routes")


def _inside(facts: Facts) -> Iterator[IPNetwork]:
    """Every network that containers know."""
    for namespace in () if isinstance(facts.namespaces, Unknown) else facts.namespaces:
        known = facts_inside(facts, namespace)
        yield from _networks(known)
        if not isinstance(known.routes, Unknown):
            yield from (route.destination for route in known.routes)


@remember
def edges_of(facts: Facts) -> Mapping[int, tuple[Gaps, ...]]:
    """By what networks tell addresses apart; those of containers among them."""
    found = [_by_version((*_networks(facts), *_inside(facts)), "networks")]
    if not isinstance(facts.routes, Unknown):
        found.append(_edges_of_routes(facts.routes))
    return {version: tuple(one[version] for one in found) for version in (4, 6)}


@remember
def edges_of_rules(rules: tuple[PolicyRule, ...]) -> Mapping[int, Edges]:
    """By what networks rules of the routing policy tell addresses apart, by IP version."""
    networks = [one for rule in rules for one in (rule.source, rule.destination) if one is not None]
    return {
        version: (cut((span_of(one) for one in networks if one.version == version), "rules"),)
        for version in (4, 6)
    }


@remember
def edges_of_ports(rules: tuple[PolicyRule, ...], sockets: tuple[Socket, ...]) -> Edges:
    """By what ports the routing policy and sockets that are tied to a device tell packets apart."""
    named = (span for rule in rules for span in (rule.source_ports, rule.destination_ports))
    spans = [span for span in named if span is not None]
    spans += [(one.port, one.port) for one in sockets if one.device is not None]
    return (cut(spans, "ports"),) if spans else ()


@remember
def edges_of_sockets(sockets: tuple[Socket, ...]) -> Edges:
    """By what sockets tell ports apart."""
    return (cut(((socket.port, socket.port) for socket in sockets), "sockets"),) if sockets else ()
