"""What a watch records, one JSON object a line: its conclusions are a pure function of these events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from landiag.model.facts import ParseError


class Begin(Struct, frozen=True, tag="begin", tag_field="event"):
    """The watch begins. ``at`` is seconds since the epoch, as everywhere. ``traced``: drop reasons are read."""

    at: float
    port: int
    traced: bool = False


class Segment(Struct, frozen=True, tag="segment", tag_field="event", omit_defaults=True):
    """One TCP segment from or to the watched port, with the fields that firewalls look at.

    ``outgoing`` is True for what this machine sends. ``flags`` are the header's own bits. ``data`` counts the
    payload's bytes; ``head`` is its beginning where that is an HTTP status line. ``mac`` is the sender's, None
    where the link has none. ``kind`` is ``host broadcast multicast other`` for what comes in.
    """

    at: float
    interface: str
    outgoing: bool
    source: str
    source_port: int
    destination: str
    destination_port: int
    flags: int
    sequence: int
    acknowledged: int = 0
    data: int = 0
    head: str = ""
    mac: str | None = None
    kind: str = "host"
    ttl: int = 64
    length: int = 60
    dscp: int = 0


class Refusal(Struct, frozen=True, tag="icmp", tag_field="event"):
    """An ICMP error about a connection to or from the watched port; the last four fields are those it quotes."""

    at: float
    interface: str
    outgoing: bool
    sender: str
    kind: int
    code: int
    source: str
    source_port: int
    destination: str
    destination_port: int


class Question(Struct, frozen=True, tag="neighbour", tag_field="event"):
    """An ARP request or a neighbour solicitation: who has ``target``?; or its answer (``is_answer``), by it."""

    at: float
    interface: str
    outgoing: bool
    sender: str
    target: str
    is_answer: bool = False


class Drop(Struct, frozen=True, tag="drop", tag_field="event"):
    """The kernel freed a packet: the reason and the function that it gives (tracepoint skb:kfree_skb).

    It names no address: ``version`` (4 or 6) and the time must do.
    """

    at: float
    reason: str
    place: str
    version: int


class Counters(Struct, frozen=True, tag="counters", tag_field="event"):
    """Counters of the kernel, by nstat(8)'s names, and of firewall rules, by their text."""

    at: float
    values: Mapping[str, int]


class HalfOpen(Struct, frozen=True, tag="half-open", tag_field="event"):
    """The connections that the kernel has answered and that are not complete: ``ADDRESS PORT`` of the clients."""

    at: float
    clients: tuple[str, ...]


class Reading(Struct, frozen=True, tag="reading", tag_field="event"):
    """The machine is being read again: conclusions wait a moment for the facts."""

    at: float


class Facts(Struct, frozen=True, tag="facts", tag_field="event"):
    """The machine as it was read again: a recording (``landiag.recording/1``) of what has changed."""

    at: float
    recording: dict[str, Any] = field(default_factory=dict)


class Maker(Struct, frozen=True, tag="maker", tag_field="event"):
    """Who made the device with this hardware address, by the list of prefixes that is installed here."""

    at: float
    mac: str
    name: str


class End(Struct, frozen=True, tag="end", tag_field="event"):
    """The watch ends. ``lost`` counts packets that came faster than they were read."""

    at: float
    lost: int = 0


Event = Begin | Segment | Refusal | Question | Drop | Counters | HalfOpen | Reading | Facts | Maker | End

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Event)


def encode_event(event: Event) -> bytes:
    """Write an event as one line of JSON."""
    return _ENCODER.encode(event) + b"\n"


def parse_events(text: str) -> Iterable[Event]:
    """Read recorded events, line by line. Raises ParseError that names the line."""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            yield _DECODER.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ParseError(f"line {number} of the events is damaged: {error}") from error
