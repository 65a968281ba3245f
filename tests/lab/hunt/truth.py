"""What clients really get, by the contract: an ordinary visit is 8 connections in a second, then one a second."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.hosts import Host

VISIT = Path(__file__).with_name("visit.py")
BURST = 8
MANY = 24  # enough that one of two ends is hardly ever missed

STARTING = 10.0

# A neighbour that does not answer is given up after a second, not after three.
IMPATIENT = "for file in /proc/sys/net/ipv[46]/neigh/*/retrans_time_ms; do echo 300 > $file; done"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the connections of a visit got: each outcome once, HTTP statuses, and the part that was answered."""

    outcomes: frozenset[str]
    statuses: frozenset[int]
    share: float

    @property
    def is_answered(self) -> bool:
        """Whether every connection was answered."""
        return self.outcomes == {"answered"}

    @property
    def symptoms(self) -> frozenset[str]:
        """The outcomes of ``client_sees`` that say this rightly."""
        if len(self.outcomes) > 1:
            return frozenset({"varies"}) if self.share else frozenset({"varies", *self.outcomes})
        return self.outcomes

    def __str__(self) -> str:
        words = [*sorted(self.outcomes), *map(str, sorted(self.statuses))]
        return " ".join(words) + (f" ({self.share:.0%})" if len(self.outcomes) > 1 else "")


def visit(host: Host, address: str, port: int, *, patience: float, random: bool, limited: bool) -> Seen:
    """An ordinary visit from a host; the long part only where limits hold and the burst was answered."""
    seen = burst(host, address, port, count=MANY if random else BURST, patience=patience)
    is_starting = seen.outcomes == {"silent"} or ("silent" in seen.outcomes and not limited)
    if is_starting and not random:
        # A server that has just begun to listen may still be starting its workers, on a machine that is busy.
        return burst(host, address, port, count=BURST, patience=max(patience, STARTING))
    if limited and seen.is_answered:
        return burst(host, address, port, count=10, patience=patience, pause=1.0)
    return seen


def burst(
    host: Host,
    address: str,
    port: int,
    *,
    count: int = 1,
    patience: float = 2.5,
    pause: float = 0,
    name: str = "",
) -> Seen:
    """Connections from a host, all at once or with a pause between them; ``name`` is asked for, else the address."""
    words = f"{VISIT} {address} {port} {count} {patience} {pause} {name}"
    line = f"{IMPATIENT}; exec {sys.executable} -I -S {words}"
    return summarize(json.loads(host.run(line).stdout))


def summarize(visits: Sequence[dict[str, object]]) -> Seen:
    """The connections of a visit as one."""
    outcomes = [str(one["outcome"]) for one in visits]
    statuses = {one["status"] for one in visits if isinstance(one["status"], int)}
    return Seen(frozenset(outcomes), frozenset(statuses), outcomes.count("answered") / len(outcomes))
