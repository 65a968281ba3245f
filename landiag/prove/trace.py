"""What ``nft -a monitor trace`` prints, read back: which packet met which rule, and where it was last seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from landiag.model.regex import regex
from landiag.prove import TABLE
from landiag.prove.script import ANSWER, SYN

_LINE = regex(r"trace id ([0-9a-f]+) (\S+) (\S+) (\S+) (packet:|rule|unknown rule|verdict|policy) ?(.*)")
_RULE = regex(r"(.*?)(?: ?# handle (\d+))? \(verdict (.+)\)$")
_UNKNOWN_RULE = regex(r"handle (\d+) \(verdict (.+)\)$")
_STOPS = ("drop", "stolen", "queue")


class Event(Struct, frozen=True):
    """One line. ``kind`` is ``packet rule verdict policy``; ``verdict`` is what follows from a rule or policy.

    ``text`` is the rule, or the packet, as nft prints it; ``handle`` its number, where it is told. ``line`` is
    the whole line without the packet's number.
    """

    packet: str
    family: str
    table: str
    chain: str
    kind: str
    text: str
    verdict: str = ""
    handle: int | None = None
    line: str = ""

    @property
    def is_marker(self) -> bool:
        """Whether it happened in one of our own chains."""
        return self.table == TABLE and self.family in ("inet", "netdev")

    @property
    def stops(self) -> bool:
        """Whether the packet went no further."""
        return self.kind in ("rule", "policy") and self.verdict.split(" ")[0] in _STOPS


def parse_trace(lines: Iterable[str]) -> tuple[Event, ...]:
    """Read what the monitor printed; lines of another kind are left out."""
    joined: list[str] = []
    for line in lines:
        if line.startswith("trace id ") or not joined:
            joined.append(line.strip())
        else:
            joined[-1] += " " + line.strip()
    return tuple(event for event in map(_parse_line, joined) if event is not None)


def _parse_line(whole: str) -> Event | None:
    found = _LINE.match(whole)
    if found is None:
        return None
    packet, family, table, chain, kind, rest = found.groups()
    line = whole.removeprefix(f"trace id {packet} ").strip()
    place = (packet, family, table, chain)
    if kind == "rule" and (rule := _RULE.match(rest)):
        handle = int(rule[2]) if rule[2] else None
        return Event(*place, "rule", rule[1].strip(), rule[3], handle, line)
    if kind == "unknown rule" and (unknown := _UNKNOWN_RULE.match(rest)):
        return Event(*place, "rule", "", unknown[2], int(unknown[1]), line)
    if kind in ("policy", "verdict"):
        return Event(*place, kind, f"{kind} {rest.strip()}", rest.strip(), None, line)
    return Event(*place, "packet", rest, line=line) if kind == "packet:" else None


def events_of(events: Sequence[Event], which: str) -> tuple[Event, ...]:
    """Those of the packets that our own rules have marked as the SYN, or as its answer."""
    marked = {event.packet for event in events if event.is_marker and event.text.split(" ")[1:2] == [which]}
    return tuple(event for event in events if event.packet in marked)


def is_concluded(events: Sequence[Event]) -> bool:
    """Whether nothing more need be waited for: the SYN was stopped by a rule, or its answer has come to an end."""
    answers = events_of(events, ANSWER)
    return any(event.stops for event in (*events_of(events, SYN), *answers))
