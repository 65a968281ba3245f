"""How the walk through one hook ends, how likely, and on which doubts that hangs."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.engine.fields import PacketFields
from landiag.model.action import Translate
from landiag.model.limits import Limit
from landiag.model.match import Doubt, UnknownKind
from landiag.model.packet import Value
from landiag.model.ruleset import Chain, Rule, TraceLine, Verdict

Doubts = tuple[Doubt, ...]

MOST_DOUBTS = 64
"""On how many conditions a person can be told that something hangs; all kinds of them are kept beyond that."""

_AND_MORE = Doubt(UnknownKind.UNMODELLED, "which of very many conditions hold")


class End(Struct):
    """One way in which a walk can end: the verdict, the line that says so, and the packet as it is then.

    ``doubts`` say on what it hangs; ``share`` is the part of connections that end so, None where nobody knows.
    """

    verdict: Verdict
    line: TraceLine
    fields: PacketFields
    reject_with: str | None = None
    translate: Translate | None = None
    doubts: Doubts = ()
    share: float | None = 1.0


class Next(Enum):
    """Where a walk goes after a rule."""

    RULE = "the next rule"
    CALLER = "back to the chain that jumped here"
    GONE = "it has ended"


class Met(Struct):
    """What a rule has shown of itself so far: on what it hangs, the limits it stays below, what it did."""

    chain: Chain
    rule: Rule
    doubts: Doubts = ()
    limits: tuple[Limit, ...] = ()
    done: list[str] = field(default_factory=list)

    @property
    def certain(self) -> bool:
        """Whether the packet meets it for certain."""
        return not self.doubts


def gather(doubts: Doubts, more: Doubts) -> Doubts:
    """All these doubts, each once: thousands of rules that nobody can tell must not each repeat those before."""
    for doubt in more:
        if doubt not in doubts:
            doubts = _gather_one(doubts, doubt)
    return doubts


def _gather_one(doubts: Doubts, doubt: Doubt) -> Doubts:
    if len(doubts) < MOST_DOUBTS or all(doubt.kind is not one.kind for one in doubts):
        return (*doubts, doubt)
    return doubts if _AND_MORE in doubts else (*doubts, _AND_MORE)


def share_of(doubts: Doubts) -> float | None:
    """The part of connections that meet all of these conditions; None where one of them is not known."""
    share: float | None = 1.0
    for doubt in doubts:
        share = times(share, doubt.share)
    return share


def unlike(doubts: Doubts) -> Doubts:
    """What the packets hang on for which a limit does not hold."""
    return tuple(doubt if doubt.limit is None else replace(doubt, holds=False) for doubt in doubts)


def times(one: float | None, other: float | None) -> float | None:
    """A share of a share."""
    return None if one is None or other is None else one * other


def minus(one: float | None, other: float | None) -> float | None:
    """What is left of a share; None where one of them is not known."""
    return None if one is None or other is None else max(0.0, one - other)


def shown(value: Value) -> str:
    """A value of a field as a trace shows it."""
    return hex(value) if isinstance(value, int) else "unknown"
