"""What came back for a SYN of our own."""

from __future__ import annotations

from msgspec import Struct

from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.transcript import decode


class SynAnswer(Struct, frozen=True):
    """What came back. ``flags`` are letters (``SA``, ``RA``); ``ttl`` is the hop limit it had left."""

    address: str
    port: int
    seen: bool = False
    flags: str | None = None
    ttl: int | None = None
    window: int | None = None
    sender: str | None = None
    icmp: IcmpError | None = None
    error: str | None = None

    def describe(self) -> str:
        """One line for people."""
        if self.icmp is not None:
            return f"ICMP {self.icmp.type}/{self.icmp.code} {self.icmp.word} from {self.sender}"
        return f"flags {self.flags} from {self.sender}, hop limit {self.ttl}, window {self.window}"


def parse_syn(text: str) -> SynAnswer:
    """The transcript that ``syn`` wrote. Raises ParseError."""
    return decode(text, SynAnswer)
