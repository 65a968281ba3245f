"""Conditions that a part of all connections meets: by lot, or below a limit."""

from __future__ import annotations

from msgspec import Struct

from landiag.model.limits import Limit
from landiag.model.match import Doubt, Match, UnknownKind
from landiag.model.operands import Fields


class Chance(Match, Struct, frozen=True):
    """Holds for a share of connections: by chance, or in turns."""

    share: float
    text: str = ""

    def test(self, fields: Fields) -> bool | None:  # noqa: ARG002
        """Unknown, unless it holds always or never."""
        return None if 0.0 < self.share < 1.0 else self.share >= 1.0

    def doubt(self, fields: Fields) -> Doubt:  # noqa: ARG002
        """The share."""
        return Doubt(UnknownKind.SHARE, self.text, self.share)


VISIT = "visit"
"""The field that says how many packets each connection of an ordinary visit has sent; None for a single packet."""


class Limited(Match, Struct, frozen=True):
    """A limit: known where the packet belongs to an ordinary visit that stays below it."""

    limit: Limit
    text: str = ""

    def test(self, fields: Fields) -> bool | None:
        """Whether the condition holds for everything that an ordinary visit sends."""
        packets = fields[VISIT]
        if not isinstance(packets, int) or not self.limit.admits(packets):
            return None
        return not self.limit.over

    def doubt(self, fields: Fields) -> Doubt:  # noqa: ARG002
        """The limit."""
        return Doubt(UnknownKind.LIMIT, self.text, limit=self.limit)
