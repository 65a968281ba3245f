"""Matches: conditions on a packet's fields that are true, false or unknown (None).

A field that the packet does not have makes a match false, negated or not, as the kernel does when it cannot
load what a rule compares. A field nobody knows makes it unknown, unless every value gives the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from landiag.model.limits import Limit
from landiag.model.masks import unmasked
from landiag.model.operands import Cuts, Draw, Fields, Operand, Ranges
from landiag.model.packet import ABSENT, AnythingBut, Value, Within


class UnknownKind(str, Enum):
    """Why a condition cannot be foreseen.

    The model lacks it, it could not be read, it depends on what came before (a rate, a counter), or it holds for
    a share of connections by design (chance, taking turns), or for some clients each time and for others never (a hash
    of their addresses).
    """

    UNMODELLED = "unmodelled"
    UNREADABLE = "unreadable"
    LIMIT = "limit"
    SHARE = "share"
    CHOICE = "choice"


class Doubt(Struct, frozen=True):
    """Why nobody can foresee whether a condition holds.

    ``share`` is the part of connections for which it does (SHARE), ``limit`` what is counted (LIMIT); None where
    that is not known. ``holds`` is False for what comes of the others, for which the condition does not hold.
    """

    kind: UnknownKind
    text: str
    share: float | None = None
    limit: Limit | None = None
    holds: bool = True

    @property
    def is_foreseen(self) -> bool:
        """Whether it is known how many connections meet it: then all that can happen does."""
        return self.kind is UnknownKind.SHARE or (self.limit is not None and self.limit.tells_share)


class Match:
    """A condition on a packet. ``text`` is how the rule writes it."""

    __slots__ = ()
    text: str

    def test(self, fields: Fields) -> bool | None:
        """Whether it holds; None when that cannot be known."""
        raise NotImplementedError

    def doubt(self, fields: Fields) -> Doubt:  # noqa: ARG002
        """Why it cannot be known, where ``test`` says None."""
        return Doubt(UnknownKind.UNMODELLED, self.text)

    def cuts(self, fields: Fields) -> Cuts | None:  # noqa: ARG002
        """Where its answer may change; None when that can be anywhere."""
        return None


def join_cuts(several: Iterable[Cuts | None]) -> Cuts | None:
    """Where one of several answers may change."""
    found: dict[str, list[int]] = {}
    for cuts in several:
        if cuts is None:
            return None
        for name, values in cuts.items():
            found.setdefault(name, []).extend(values)
    return found


def edges_of(ranges: Ranges) -> tuple[int, ...]:
    """The first value of each range, and the first behind it."""
    return tuple(edge for low, high in ranges for edge in (low, high + 1))


_WIDTHS = {"ip saddr": 32, "ip daddr": 32, "ip6 saddr": 128, "ip6 daddr": 128}


class InRanges(Match, Struct, frozen=True):
    """An integer field (after ``mask``) lies in one of the ranges, both ends included."""

    field: str
    ranges: Ranges
    text: str = ""
    negated: bool = False
    mask: int | None = None

    def test(self, fields: Fields) -> bool | None:
        """Compare the field."""
        value = fields[self.field]
        if value.__class__ is not int:
            return False if value is ABSENT else _compare(value, self)
        if self.mask is not None:
            value &= self.mask
        for low, high in self.ranges:
            if low <= value <= high:
                return not self.negated
        return self.negated

    def cuts(self, fields: Fields) -> Cuts | None:  # noqa: ARG002
        """The ends of the ranges."""
        ranges = self.values
        return None if ranges is None else {self.field: edges_of(ranges)}

    @property
    def values(self) -> Ranges | None:
        """The field's own values that lie in the ranges after the mask; None where those are too many ranges."""
        return unmasked(self.ranges, self.mask, _WIDTHS.get(self.field, 16))


def _compare(value: Value, match: InRanges) -> bool | None:
    """Compare a number of which only the bounds are known."""
    if not isinstance(value, Within) or match.mask is not None:
        return None
    if any(low <= value.low and value.high <= high for low, high in match.ranges):
        return not match.negated
    if all(high < value.low or value.high < low for low, high in match.ranges):
        return match.negated
    return None


class Computed(Match, Struct, frozen=True):
    """A computed integer lies in one of the ranges."""

    operand: Operand
    ranges: Ranges
    text: str = ""
    negated: bool = False

    def test(self, fields: Fields) -> bool | None:
        """Compute and compare."""
        value = self.operand.value(fields)
        if not isinstance(value, int):
            return False if value is ABSENT else None
        return self.holds(value)

    def holds(self, value: int) -> bool:
        """Whether it holds where the operand has this value."""
        return any(low <= value <= high for low, high in self.ranges) is not self.negated

    def doubt(self, fields: Fields) -> Doubt:
        """The share of numbers for which it holds, where one is drawn."""
        if not isinstance(self.operand, Draw):
            return Match.doubt(self, fields)
        held = sum(self.holds(number) for number in self.operand.numbers)
        return Doubt(UnknownKind.SHARE, self.text, held / self.operand.modulus)


class Names(Match, Struct, frozen=True):
    """A name is one of ``names`` or begins with one of ``prefixes``."""

    field: str
    names: frozenset[str]
    prefixes: tuple[str, ...] = ()
    text: str = ""
    negated: bool = False

    def test(self, fields: Fields) -> bool | None:
        """Compare the name."""
        value = fields[self.field]
        if isinstance(value, str):
            found = value in self.names or (bool(self.prefixes) and value.startswith(self.prefixes))
            return found is not self.negated
        if value is ABSENT:
            return False
        if isinstance(value, int):  # no interface at all (fib ... oif)
            return self.negated
        if "" in self.prefixes:
            return not self.negated
        if isinstance(value, AnythingBut) and not self.prefixes and self.names <= value.names:
            return self.negated
        return None

    def cuts(self, fields: Fields) -> Cuts:  # noqa: ARG002
        """Names are no numbers."""
        return {}


class AnyOf(Match, Struct, frozen=True):
    """At least one of the matches holds (or, negated, none)."""

    matches: tuple[Match, ...]
    text: str = ""
    negated: bool = False

    def test(self, fields: Fields) -> bool | None:
        """Join the answers; one unknown leaves the whole unknown unless another decides."""
        answers = [match.test(fields) for match in self.matches]
        if True in answers:
            return not self.negated
        return None if None in answers else self.negated

    def doubt(self, fields: Fields) -> Doubt:
        """That of the matches that are not known."""
        return _doubt_among(self.matches, fields, self.text)

    def cuts(self, fields: Fields) -> Cuts | None:
        """Those of its matches."""
        return join_cuts(match.cuts(fields) for match in self.matches)


class AllOf(Match, Struct, frozen=True):
    """All of the matches hold (or, negated, not all)."""

    matches: tuple[Match, ...]
    text: str = ""
    negated: bool = False

    def test(self, fields: Fields) -> bool | None:
        """Join the answers; one false decides."""
        answers = [match.test(fields) for match in self.matches]
        if False in answers:
            return self.negated
        return None if None in answers else not self.negated

    def doubt(self, fields: Fields) -> Doubt:
        """That of the matches that are not known."""
        return _doubt_among(self.matches, fields, self.text)

    def cuts(self, fields: Fields) -> Cuts | None:
        """Those of its matches."""
        return join_cuts(match.cuts(fields) for match in self.matches)


class Always(Match, Struct, frozen=True):
    """Holds for every packet, or for none."""

    answer: bool = True
    text: str = ""

    def test(self, fields: Fields) -> bool | None:  # noqa: ARG002
        """The same for all."""
        return self.answer

    def cuts(self, fields: Fields) -> Cuts:  # noqa: ARG002
        """Nowhere."""
        return {}


class UnknownMatch(Match, Struct, frozen=True):
    """A condition that cannot be evaluated; its text says what it is."""

    text: str
    kind: UnknownKind = UnknownKind.UNMODELLED

    def test(self, fields: Fields) -> bool | None:  # noqa: ARG002
        """Unknown."""
        return None

    def doubt(self, fields: Fields) -> Doubt:  # noqa: ARG002
        """What kind of condition it is."""
        return Doubt(self.kind, self.text)


def _doubt_among(matches: tuple[Match, ...], fields: Fields, text: str) -> Doubt:
    """The doubt of the only match that is not known; of several, the one of which least is known."""
    order = tuple(UnknownKind)
    doubts = [match.doubt(fields) for match in matches if match.test(fields) is None]
    if len(doubts) == 1:
        return replace(doubts[0], share=None)
    return Doubt(min((one.kind for one in doubts), key=order.index, default=UnknownKind.UNMODELLED), text)
