"""How large a packet may be on the way to an address."""

from __future__ import annotations

from msgspec import Struct

from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.transcript import decode


class PathMtu(Struct, frozen=True):
    """What sizes of IP packets come back, in bytes.

    ``passes`` is the largest that was answered, None when not even the smallest was (then nothing is known).
    ``vanishes`` is the smallest that was not, None when the largest passes. ``reports`` are the ICMP errors
    that said so: a path that shrinks and reports it works; one that shrinks in silence is a black hole.
    """

    address: str
    asked: int
    passes: int | None
    vanishes: int | None = None
    reports: tuple[IcmpError, ...] = ()

    @property
    def is_black_hole(self) -> bool:
        """Whether small packets pass and large ones vanish without a word."""
        return self.passes is not None and self.vanishes is not None and not self.reports


def parse_path_mtu(text: str) -> PathMtu:
    """The transcript that ``path_mtu`` wrote. Raises ParseError."""
    return decode(text, PathMtu)
