"""What connection attempts met: their outcomes, and the transcript of ``connect``."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.transcript import decode


class TcpOutcome(str, Enum):
    """What came back for a SYN."""

    CONNECTED = "connected"
    REFUSED = "refused"  # RST: nobody listens, or a firewall that answers like that
    REJECTED = "rejected"  # an ICMP error, see ``icmp``
    NO_ANSWER = "no-answer"
    UNREACHABLE = "unreachable"  # this machine could not send: see ``error``
    FAILED = "failed"  # this machine refused to try: see ``error``

    @property
    def words(self) -> str:
        """As people read it."""
        return self.value.replace("-", " ")


class Connect(Struct, frozen=True):
    """How one connection attempt ended. ``error`` is the errno's name; ``local`` the source address."""

    outcome: TcpOutcome
    seconds: float
    error: str | None = None
    icmp: IcmpError | None = None
    local: str | None = None


class PortResult(Struct, frozen=True):
    """One port of one address, and how the attempt ended."""

    address: str
    port: int
    connect: Connect


class Connects(Struct, frozen=True):
    """The transcript of ``connect``: one result a port, in the order asked."""

    results: tuple[PortResult, ...]


def parse_connects(text: str) -> Connects:
    """The transcript that ``connect`` wrote. Raises ParseError."""
    return decode(text, Connects)
