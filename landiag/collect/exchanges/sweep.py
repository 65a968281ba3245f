"""Which hosts of a network answered."""

from __future__ import annotations

from msgspec import Struct

from landiag.collect.exchanges.transcript import decode


class Sweep(Struct, frozen=True):
    """The transcript of ``sweep``: who answered. The neighbour table, read after it, knows more."""

    network: str
    asked: int
    answered: tuple[str, ...]
    error: str | None = None


def parse_sweep(text: str) -> Sweep:
    """The transcript that ``sweep`` wrote. Raises ParseError."""
    return decode(text, Sweep)
