"""What the system resolver said of a name."""

from __future__ import annotations

from msgspec import Struct

from landiag.collect.exchanges.transcript import decode


class Resolution(Struct, frozen=True):
    """What the system resolver said. ``error`` names the failure; ``timed-out`` when it did not answer."""

    name: str
    addresses: tuple[str, ...]
    seconds: float
    error: str | None = None


def parse_resolution(text: str) -> Resolution:
    """The transcript that ``resolve`` wrote. Raises ParseError."""
    return decode(text, Resolution)
