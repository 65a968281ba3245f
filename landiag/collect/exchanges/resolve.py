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

    @property
    def is_unknown(self) -> bool:
        """Whether no list and no name server has the name: what they did not answer is no such word."""
        return self.error == "EAI_NONAME"


def parse_resolution(text: str) -> Resolution:
    """The transcript that ``resolve`` wrote. Raises ParseError."""
    return decode(text, Resolution)
