"""Limits of rules, and whether an ordinary visit stays below them.

An ordinary visit is what a browser does: eight connections within one second from one client, then one a second
for ten seconds. Sources: iptables-extensions(8) limit, hashlimit, connlimit, recent; nft(8) limit, ct count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum

from msgspec import Struct

BURST, SECONDS = 8, 10
"""Connections within the first second of a visit, and for how long one a second follows."""

RETRIES = (0.0, 1.0, 3.0, 7.0)
"""When a client sends its SYN again, in seconds after the first (tcp_retries: 1 s, doubled each time)."""

PATIENCE = 10.0
"""Seconds that a client waits for its connection."""

FULL_PACKET = 1500
"""Bytes of a packet at most, where bytes are limited and packets are counted."""

VOLUME = 20_000_000
"""Bytes that an ordinary visit stays below, with the images of its pages."""


class LimitKind(str, Enum):
    """What is counted: packets over time, connections at one time, packets within a window of time, or bytes in all."""

    RATE = "rate"
    CONCURRENT = "concurrent"
    HITS = "hits"
    VOLUME = "volume"


class Limit(Struct, frozen=True):
    """A limit. ``over``: its condition holds for what exceeds it, else for what stays below.

    ``amount`` is packets a second (RATE), connections (CONCURRENT), packets within ``seconds`` (HITS) or bytes
    (VOLUME). ``burst`` is how many packets may come at once (RATE). ``roughly``: bytes were taken for full packets,
    so that nobody knows what exceeds it.
    """

    kind: LimitKind
    amount: float
    burst: float = 5.0
    over: bool = False
    seconds: float = 0.0
    roughly: bool = False

    @property
    def tells_share(self) -> bool:
        """Whether it is known which part of a visit exceeds it."""
        return not self.roughly and self.kind is not LimitKind.VOLUME

    def admits(self, packets: int = 1) -> bool:
        """Whether nothing of an ordinary visit exceeds it; ``packets`` are those of each connection that it counts."""
        if self.kind is LimitKind.CONCURRENT:
            return self.amount >= BURST
        if self.kind is LimitKind.HITS:
            return self._most_hits(packets) < self.amount
        if self.kind is LimitKind.VOLUME:
            return self.amount >= VOLUME
        return self.served(retries=False, packets=packets) == 1.0

    def served(self, *, retries: bool, packets: int = 1) -> float:
        """The part of an ordinary visit's connections that stay below, 0 to 1.

        ``retries``: what exceeds it is dropped, so that the client tries again; a rejected client does not.
        """
        if self.kind is LimitKind.CONCURRENT:
            return min(1.0, self.amount / BURST)
        if self.kind is LimitKind.HITS:
            count = sum(1 for _ in visit())
            return min(1.0, max(0.0, (self.amount - 1) / packets) / count)
        return self._served_by_rate(retries=retries, packets=packets)

    def turned_away(self) -> float:
        """The part of an ordinary visit's connections that exceed it at one of their tries, 0 to 1.

        What stays below gets no answer, so that the client tries again. Of connections at one time those that were
        turned away are still counted then (__nf_conncount_add stops at the connection itself).
        """
        if self.kind is LimitKind.CONCURRENT:
            return float(self.amount < BURST)
        bucket, hits, away = _Bucket(self.burst, self.amount), list[float](), set[int]()
        for at, number in _tries(RETRIES):
            if number in away:
                continue
            hits.append(at)
            within = sum(1 for one in hits if not self.seconds or at - one <= self.seconds)
            exceeds = within >= self.amount if self.kind is LimitKind.HITS else not bucket.takes(1, at)
            if exceeds:
                away.add(number)
        return len(away) / (BURST + SECONDS)

    def _most_hits(self, packets: int) -> int:
        times = list(visit())
        window = self.seconds or float("inf")
        return max(sum(packets for one in times if 0 <= last - one <= window) for last in times)

    def _served_by_rate(self, *, retries: bool, packets: int) -> float:
        """A connection is served when one of its tries finds a token for each of its packets."""
        bucket, served = _Bucket(self.burst, self.amount), set[int]()
        for at, number in _tries(RETRIES if retries else RETRIES[:1]):
            if number not in served and bucket.takes(packets, at):
                served.add(number)
        return len(served) / (BURST + SECONDS)


class _Bucket:
    """A bucket of ``burst`` tokens that fills with ``rate`` a second; each packet takes one."""

    def __init__(self, burst: float, rate: float) -> None:
        self._tokens, self._burst, self._rate, self._now = burst, burst, rate, 0.0

    def takes(self, packets: int, at: float) -> bool:
        """Take a token for each packet at a time, where there are as many."""
        self._tokens = min(self._burst, self._tokens + (at - self._now) * self._rate)
        self._now = at
        if self._tokens < packets:
            return False
        self._tokens -= packets
        return True


def _tries(delays: Sequence[float]) -> list[tuple[float, int]]:
    """When the connections of a visit are tried, each by its number."""
    return sorted(
        (start + delay, number)
        for number, start in enumerate(visit())
        for delay in delays
        if delay < PATIENCE
    )


def visit() -> Iterator[float]:
    """When the connections of an ordinary visit begin, in seconds."""
    yield from (number / BURST for number in range(BURST))
    yield from (1.0 + number for number in range(SECONDS))
