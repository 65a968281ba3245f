"""Addresses as other programs write them: with a zone behind, or none at all."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network

from landiag.model.facts import IPAddress, IPNetwork


@lru_cache(maxsize=4096)  # one address stands in many readings
def parse_ip(text: str) -> IPAddress:
    """An address without its zone (``fe80::1%eth0``). Raises ValueError."""
    return ip_address(text.partition("%")[0])


def ip_or_none(text: str) -> IPAddress | None:
    """An address without its zone; None for anything else."""
    try:
        return parse_ip(text)
    except ValueError:
        return None


def network_or_none(text: str) -> IPNetwork | None:
    """A network, or one address as such; None for anything else."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
