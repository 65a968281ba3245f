"""Entries of the ARP and ND caches, from ``ip -j neigh`` (ip-neighbour(8))."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from landiag.collect.jsontext import mac_at, parse_objects
from landiag.model.addresses import ip_or_none
from landiag.model.facts import Command, IPAddress, ParseError
from landiag.model.neighbour import Neighbour
from landiag.model.strict import only_keys, only_words

NEIGHBOURS = Command("ip-neighbours", ("ip", "-j", "neigh", "show"))
_KEYS = frozenset({
    "dst", "dev", "lladdr", "state", "router", "proxy", "managed", "extern_learn", "extern_valid", "offload", "probes",
    "refcnt", "used", "confirmed", "updated", "protocol", "vlan", "vni", "nhid", "vrf", "type", "use",
})  # fmt: skip
_STATES = frozenset(
    ("PERMANENT", "NOARP", "REACHABLE", "STALE", "NONE", "INCOMPLETE", "DELAY", "PROBE", "FAILED")
)


def parse_neighbours(text: str) -> tuple[Neighbour, ...]:
    """Parse ``ip -j neigh show``: the ARP and ND caches."""
    try:
        return tuple(_parse_neighbour(item) for item in parse_objects(text) if item)
    except (KeyError, TypeError, ValueError) as error:
        raise ParseError(f"not the output of ip -j neigh: {type(error).__name__} {error}") from error


def _parse_neighbour(item: dict[str, Any]) -> Neighbour:
    only_keys(item, _KEYS, "a neighbour")
    states = tuple(item.get("state", ()))
    only_words(states, _STATES, "a neighbour's states")
    return Neighbour(ip_address(item["dst"]), str(item["dev"]), mac_at(item, "lladdr"), states)


PROXIES = Command("ip-neighbours-proxy", ("ip", "-4", "neigh", "show", "proxy"))
"""The addresses of others for which this machine answers on a link, one a line."""


def parse_proxies(text: str) -> frozenset[IPAddress]:
    """Parse ``ip neigh show proxy``. Raises ParseError."""
    found = [ip_or_none(line.partition(" ")[0]) for line in text.splitlines()]
    if None in found:
        raise ParseError("not a list of addresses")
    return frozenset(one for one in found if one is not None)
