"""How far a SYN got: hops, and the ICMP errors that name the routers."""

from __future__ import annotations

from msgspec import Struct

from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.transcript import decode


class Hop(Struct, frozen=True):
    """One hop limit and the ICMP error that it drew, or None. ``arrived``: the target itself answered."""

    limit: int
    icmp: IcmpError | None = None
    arrived: bool = False


class Trace(Struct, frozen=True):
    """The transcript of ``trace``: hops in order, up to the first that the target or a refusal ended.

    ``supported`` is False where the system has no error queue: then nothing was sent.
    """

    address: str
    hops: tuple[Hop, ...]
    supported: bool = True

    @property
    def routers(self) -> tuple[str, ...]:
        """The routers that answered, in order."""
        return tuple(hop.icmp.sender for hop in self.hops if hop.icmp and hop.icmp.sender)


def parse_trace(text: str) -> Trace:
    """The transcript that ``trace`` wrote. Raises ParseError."""
    return decode(text, Trace)
