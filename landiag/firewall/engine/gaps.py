"""Values in classes: those that lie in the same spans are told apart by nothing."""

from __future__ import annotations

from _blake2 import blake2b  # hashlib loads OpenSSL
from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from itertools import accumulate
from operator import xor

from msgspec import Struct, field

from landiag.model.operands import Ranges

Span = tuple[int, int]
"""The first and the last value."""

MOST_TOGETHER = 64
"""A class of more pieces is not put together: where tens of thousands of routes are, that takes too long."""


class Gaps(Struct, frozen=True):
    """Where spans begin and end, in order, and a name for what lies before, between and after: equal names lie in the
    same spans."""

    edges: tuple[int, ...] = ()
    names: tuple[int, ...] = (0,)
    _alike: dict[int, list[Span]] = field(default_factory=dict)

    def alike(self, value: int, top: int) -> Ranges:
        """The values of the same class as one; those around it alone where the class has too many pieces."""
        at = bisect_right(self.edges, value)
        ends = (0, *self.edges, top + 1)
        if not self._alike:
            for name, low, after in zip(self.names, ends, ends[1:], strict=False):
                if low < after:
                    self._alike.setdefault(name, []).append((low, after - 1))
        found = self._alike[self.names[at]]
        return ((ends[at], ends[at + 1] - 1),) if len(found) > MOST_TOGETHER else tuple(found)


Edges = tuple[Gaps, ...]
"""By what an answer tells values apart: where several do, those that are of one class by each fare alike."""


def cut(spans: Iterable[Span], kind: str) -> Gaps:
    """Cut all values at spans. Names of two kinds may be joined by an exclusive or.

    A span has a number by chance, and a gap's name is the exclusive or of those of the spans that it lies in.
    """
    changes: dict[int, int] = {}
    for low, high in set(spans):
        digest = blake2b(f"{kind} {low} {high}".encode(), digest_size=8).digest()
        for edge in (low, high + 1):
            changes[edge] = changes.get(edge, 0) ^ int.from_bytes(digest, "big")
    edges = sorted(changes)
    return Gaps(tuple(edges), tuple(accumulate((changes[edge] for edge in edges), xor, initial=0)))


def span_of(network: IPv4Network | IPv6Network) -> Span:
    """The first and the last address of a network."""
    first = int(network.network_address)
    return first, first + (1 << network.max_prefixlen - network.prefixlen) - 1
