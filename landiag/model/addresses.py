"""Addresses as other programs write them: with a zone behind, without zeros, or none at all."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address, ip_network

from landiag.model.facts import IPAddress, IPNetwork
from landiag.model.regex import regex

_HARDWARE = regex(r"[0-9a-f]{1,2}(?:[: -][0-9a-f]{1,2}){5,}", re.IGNORECASE)


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


def gateway_or_none(text: str) -> IPAddress | None:
    """A route's gateway; None for a word (``link#4``, ``On-link``). ValueError for a number that is no address."""
    gateway = ip_or_none(text)
    if gateway is None and _NUMBER.fullmatch(text):
        raise ValueError(f"not an address: {text[:60]!r}")
    return gateway


_NUMBER = regex(r"[\d.]+|[0-9a-fA-F.]*:[0-9a-fA-F:.]*(?:%\S*)?")


def network_or_none(text: str) -> IPNetwork | None:
    """A network, or one address as such; None for anything else."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def mac_or_none(text: str) -> str | None:
    """A hardware address as landiag writes it (``00:1a:2b:3c:4d:5e``); None for anything else."""
    if not _HARDWARE.fullmatch(text):
        return None
    return ":".join(byte.zfill(2) for byte in re.split("[: -]", text.lower()))
