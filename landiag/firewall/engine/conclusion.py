"""What a conversation comes to, all its packets having been followed."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from landiag.firewall.engine.conversation import Arrival, Conversation, accepting
from landiag.firewall.engine.crossing import Stopped
from landiag.firewall.engine.packets import SYN
from landiag.model.facts import Unknown
from landiag.model.match import Doubt, Match, UnknownKind
from landiag.model.ruleset import TraceLine, Verdict


class Happened(Struct, frozen=True):
    """What was met: the trace, who was stopped, who arrived, and where those were bound for that did not.

    ``passed``: a conversation has come through to its end.
    """

    lines: tuple[TraceLine, ...]
    stops: tuple[Stopped, ...]
    arrivals: tuple[Arrival, ...]
    headings: tuple[Arrival, ...]
    passed: bool


def conclude(gaps: Sequence[Unknown], happened: Happened) -> Conversation:
    """Put what happened into one answer; where rules could not be read (``gaps``), nothing is accepted for certain."""
    lines, stops = happened.lines, happened.stops
    verdicts = {stop.verdict for stop in stops} | ({Verdict.ACCEPT} if happened.passed else set())
    if gaps and Verdict.ACCEPT in verdicts:
        verdicts.add(Verdict.UNKNOWN)
        lines = (*lines, _gap_line(gaps[0]))
    arrivals = happened.arrivals or happened.headings
    has_arrived = bool(happened.arrivals)
    if len(verdicts) == 1 and Verdict.UNKNOWN not in verdicts:
        (verdict,) = verdicts
        last = stops[-1] if stops else None
        decided = last.line if last is not None else accepting(lines)
        kinds = {stop.reject_with for stop in stops}
        kind = kinds.pop() if len(kinds) == 1 and verdict is Verdict.REJECT else None
        leg = last.leg if last else None
        return Conversation(verdict, lines, stops, decided, kind, leg, (), arrivals, has_arrived)
    unknown = tuple(line for line in lines if line.doubts and _does_something(line))
    decided = unknown[0] if unknown else None
    return Conversation(Verdict.UNKNOWN, lines, stops, decided, None, None, unknown, arrivals, has_arrived)


def _gap_line(gap: Unknown) -> TraceLine:
    text = f"rules that could not be read ({gap.source}: {gap.reason})"
    doubts = (Doubt(UnknownKind.UNREADABLE, text),)
    return TraceLine("input", "unknown", None, None, text, SYN, Verdict.UNKNOWN, doubts)


def _does_something(line: TraceLine) -> bool:
    """Whether it matters that a rule may match: one that only counts or logs changes nothing."""
    return line.rule is None or any(not isinstance(step, Match) for step in line.rule.steps)
