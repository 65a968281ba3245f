"""One client's attempt as its packets were seen."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from msgspec import Struct, field

from landiag.watch.events import (
    Drop,
    Refusal,
    Segment,
)
from landiag.watch.packets import ACK, FIN, RST, SYN

NO_ANSWER = 0.5
"""Seconds after a SYN when it counts as not answered: the kernel answers in microseconds."""

KNOWN_DROP = 0.2
"""Seconds after a SYN when a reason of the kernel is enough."""

FACTS_PATIENCE = 2.5
"""Seconds after a SYN until when a conclusion waits for the machine to be read again: a busy one takes its time."""

SILENCE = 2.0
"""Seconds that a server has to answer data; a client that says nothing is given half of it."""

KEPT_SECONDS = 60.0
Key: TypeAlias = tuple[str, int, str]
"""What an attempt is known by: the client's address and port, and the address that it asked."""


class Observed(str, Enum):
    """What was seen of one attempt."""

    CONNECTED = "connected"
    SILENT = "silent"
    REFUSED = "refused"
    REJECTED = "rejected"
    NO_ANSWER = "no-answer"
    ANSWER_UNTAKEN = "answer-untaken"
    UNFOUND = "unfound"


class Flow(Struct):
    """One connection attempt: a client's address and port, and all that was seen of it.

    ``interfaces`` are those on which its SYN came in, in order (a bridge shows it after its port);
    ``answered_by`` those by which the SYN-ACK left. ``arrivals`` are the times of its SYNs.
    """

    syn: Segment
    interfaces: list[str]
    arrivals: list[float]
    answered_by: list[str] = field(default_factory=list)
    answered_at: float | None = None
    completed_at: float | None = None
    asked_at: float | None = None
    asked_until: int = 0
    taken: bool = False
    replied_at: float | None = None
    head: str = ""
    reset_at: float | None = None
    left_at: float | None = None
    hung_up: bool = False
    ended_at: float | None = None
    refusal: Refusal | None = None
    half_open: bool = False
    sought_at: float | None = None
    concluded: Observed | None = None
    late: bool = False

    @property
    def first(self) -> float:
        """When its first SYN came."""
        return self.arrivals[0]

    @property
    def interface(self) -> str:
        """The interface that has the address, where a bridge and its port both showed the packet."""
        return self.interfaces[-1]


def who(flow: Flow, maker: str) -> str:
    """The client, and who made its device: its hardware address stands beside it in the JSON."""
    return f"{flow.syn.source} ({maker})" if maker else flow.syn.source


class Seen(Struct, frozen=True):
    """One attempt as it was concluded: the flow as it then was, and what the kernel said meanwhile.

    ``rises`` are the counters that went up since the attempt before. ``is_late`` where it corrects an earlier
    conclusion about the same flow.
    """

    flow: Flow
    observed: Observed
    at: float
    drops: tuple[Drop, ...]
    rises: dict[str, int]
    is_late: bool = False


def is_syn(segment: Segment) -> bool:
    """Whether a segment opens a connection."""
    return segment.flags & (SYN | ACK | RST | FIN) == SYN


def is_unanswered(flow: Flow) -> bool:
    """Whether nothing came back for the client's SYN."""
    return flow.answered_at is None and flow.refusal is None and flow.reset_at is None


def is_over(flow: Flow) -> bool:
    """Whether one side has ended a complete connection on which the server has said nothing.

    A client that has asked and closes its own half may still be waiting for the answer.
    """
    if flow.hung_up or flow.reset_at is not None or flow.ended_at is not None:
        return True
    return flow.left_at is not None and flow.asked_at is None


def from_client(flow: Flow, segment: Segment) -> None:
    """Count a segment of the client's."""
    if segment.flags & RST:
        flow.left_at, flow.hung_up = flow.left_at or segment.at, True
        return
    if segment.flags & ACK and flow.answered_at is not None:
        flow.completed_at = flow.completed_at or segment.at
    if segment.data and flow.asked_at is None:
        flow.asked_at = segment.at
        flow.asked_until = (segment.sequence + segment.data) & 0xFFFFFFFF
    if segment.flags & FIN:
        flow.left_at = flow.left_at or segment.at


def after(one: int, other: int) -> bool:
    """Whether a sequence number is the other or comes after it (RFC 9293, section 3.4)."""
    return (one - other) & 0xFFFFFFFF < 0x80000000
