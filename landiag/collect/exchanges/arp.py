"""Who claimed which address by ARP."""

from __future__ import annotations

from msgspec import Struct

from landiag.collect.exchanges.transcript import decode


class Owner(Struct, frozen=True):
    """An address, and every MAC address that claimed it, in the order in which they answered."""

    address: str
    macs: tuple[str, ...]


class ArpAnswers(Struct, frozen=True):
    """The transcript of ``arp``. ``error`` names why nobody could be asked (``EPERM`` without root)."""

    asked: int
    owners: tuple[Owner, ...]
    error: str | None = None


def parse_arp(text: str) -> ArpAnswers:
    """The transcript that ``arp`` wrote. Raises ParseError."""
    return decode(text, ArpAnswers)
