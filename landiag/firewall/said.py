"""Ports and addresses of many packets, as people write them."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import summarize_address_range
from itertools import islice

from landiag.firewall.engine.nat import address_of
from landiag.firewall.engine.ranges import common, complement, normal
from landiag.firewall.engine.spaces import MAX_PORT
from landiag.model.facts import IPAddress, IPNetwork
from landiag.model.operands import Ranges

SHOWN = 12
"""So many networks, ports or rules are named in one line of a page."""


def say_ports(ports: Ranges) -> str:
    """Ports as people write them: ``22, 5000-5010``, ``every port but 25``."""
    others = complement(ports, MAX_PORT)
    if not others:
        return "every port"
    if sum(high - low + 1 for low, high in others) <= MAX_PORT // 2 and len(others) < len(ports):
        return f"every port but {_listed(others)}"
    return _listed(ports)


def _listed(ports: Ranges) -> str:
    return some_of([str(low) if low == high else f"{low}-{high}" for low, high in ports], "ranges")


def say_sources(sources: Ranges, version: int) -> str:
    """Addresses as networks: ``192.168.77.0/24, 10.0.0.5``."""
    networks = []
    for low, high in sources[: SHOWN + 1]:
        networks += _say_span(address_of(low, version), address_of(high, version))
    return some_of(networks, "networks")


FEW = 3
"""So many networks are named for a span of addresses; where it takes more, its ends are."""


def _say_span(first: IPAddress, last: IPAddress) -> list[str]:
    networks: list[IPNetwork] = list(islice(summarize_address_range(first, last), FEW + 1))
    if len(networks) > FEW:
        return [f"{first}-{last}"]
    return [str(one[0]) if one.num_addresses == 1 else str(one) for one in networks]


def some_of(words: Sequence[str], what: str) -> str:
    """A list of words; where they are many, the first and how many more there are."""
    if len(words) <= SHOWN:
        return ", ".join(words)
    return f"{', '.join(words[:SHOWN])} and {len(words) - SHOWN} more {what}"


def say_who(sources: Ranges, asked: Ranges, version: int, top: int) -> str:
    """Who reaches a port: ``anywhere``, ``anywhere but 10.0.0.0/8``, networks; the shorter way to say it."""
    if sources == asked:
        return "anywhere"
    others = normal(
        [span for low, high in complement(sources, top) for span in _within(low, high, asked)], top
    )
    if sum(high - low for low, high in others) < sum(high - low for low, high in sources):
        return f"anywhere but {say_sources(others, version)}"
    return say_sources(sources, version)


def _within(low: int, high: int, asked: Ranges) -> Ranges:
    return common(((low, high),), asked) or ()
