"""Addresses that are told apart on every host: by what they are, and by how near they are to the packet's own."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_network

from landiag.firewall.engine.gaps import Edges, Gaps, cut, span_of
from landiag.model.facts import IPInterface
from landiag.model.packet import IPAddress

NEIGHBOURHOOD = {4: 24, 6: 64}


@lru_cache(maxsize=256)
def edges_near(address: IPAddress) -> Gaps:
    """An address, its neighbourhood, and what is first and last there."""
    near = ip_network(f"{address}/{NEIGHBOURHOOD[address.version]}", strict=False)
    own = int(address)
    return cut((span_of(near), *((one, one) for one in (own, int(near[-1])))), "near")


@lru_cache(maxsize=256)
def edges_of(interfaces: tuple[IPInterface, ...]) -> Edges:
    """Addresses of an interface, their networks, and what is first and last there."""
    ends = {int(one) for own in interfaces for one in (own.network[0], own.network[-1], own.ip)}
    spans = [span_of(own.network) for own in interfaces]
    return (cut((*spans, *((one, one) for one in ends)), "own"),) if interfaces else ()


SPECIAL_EDGES = {
    4: cut(map(span_of, map(ip_network, ("0.0.0.0/32", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4",
                                         "255.255.255.255/32"))), "special"),
    6: cut(map(span_of, map(ip_network, ("::/128", "::1/128", "::ffff:127.0.0.0/104", "ff00::/8"))), "special"),
}  # fmt: skip
"""Unspecified, loopback and multicast addresses, and broadcast."""
