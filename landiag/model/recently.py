"""Lists of addresses with the times at which each was seen: whether one was seen lately."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from landiag.model.chance import Limited
from landiag.model.match import Doubt, Match, UnknownKind
from landiag.model.operands import Cuts, Fields, Operand
from landiag.model.sets import ElementSet, cuts_of, values_of

GRACE = 30.0
"""Seconds from the look at the list to the client's attempt: what is no longer recent by then is not foreseen."""


class Seen(Struct, frozen=True):
    """How many seconds ago an address was seen, each time; None where nobody can tell."""

    ages: tuple[float, ...] | None = None

    def is_recent(self, seconds: float, hits: int) -> bool | None:
        """Whether it was seen so often within that time (xt_recent.c, recent_mt)."""
        if self.ages is None:
            return None
        if sum(age + GRACE <= seconds for age in self.ages) >= hits:
            return True
        return None if sum(age <= seconds for age in self.ages) >= hits else False


class Lately(Match, Struct, frozen=True):
    """The address is on the list, and was seen ``hits`` times within ``seconds``."""

    operands: tuple[Operand, ...]
    elements: ElementSet
    seconds: float
    hits: int = 1
    text: str = ""
    negated: bool = False

    def test(self, fields: Fields) -> bool | None:
        """Look the address up."""
        values = values_of(self.operands, fields)
        if values is None:
            return False
        found = self.elements.lookup(values)
        if found.certain and not found.data:
            return self.negated
        said = _said(found.data, self.seconds, self.hits) if found.certain else None
        return None if said is None else said is not self.negated

    def doubt(self, fields: Fields) -> Doubt:  # noqa: ARG002
        """How long ago it was."""
        return Doubt(UnknownKind.LIMIT, self.text)

    def cuts(self, fields: Fields) -> Cuts | None:
        """The addresses on the list."""
        return cuts_of(self.operands, self.elements, fields)


def _said(data: Sequence[object], seconds: float, hits: int) -> bool | None:
    (seen,) = data
    return seen.is_recent(seconds, hits) if isinstance(seen, Seen) else None


class CountedHits(Limited, Struct, frozen=True, kw_only=True):
    """A limit of hits that an address has perhaps reached already."""

    listed: Lately

    def test(self, fields: Fields) -> bool | None:
        """Whether the list tells it, else whether an ordinary visit stays below."""
        return True if self.listed.test(fields) else super().test(fields)

    def cuts(self, fields: Fields) -> Cuts | None:
        """The addresses on the list."""
        return self.listed.cuts(fields)
