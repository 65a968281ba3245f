"""What came back for echo requests."""

from __future__ import annotations

from msgspec import Struct

from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.transcript import decode


class Ping(Struct, frozen=True):
    """What came back for echo requests. ``rtts`` in seconds, one a reply, in the order they came.

    ``method`` is ``datagram``, ``raw``, ``command`` or ``none``; ``errors`` are the ICMP errors that came
    instead; ``error`` names what this machine itself said (``EMSGSIZE``, ``ENETUNREACH``...).
    """

    address: str
    method: str
    sent: int
    rtts: tuple[float, ...] = ()
    errors: tuple[IcmpError, ...] = ()
    error: str | None = None
    size: int = 56

    @property
    def received(self) -> int:
        """How many replies came."""
        return len(self.rtts)

    @property
    def loss(self) -> float | None:
        """The share of requests without a reply, 0 to 1; None when none was sent."""
        return None if self.sent == 0 else 1 - min(1.0, self.received / self.sent)


def parse_ping(text: str) -> Ping:
    """The transcript that ``ping`` wrote. Raises ParseError."""
    return decode(text, Ping)
