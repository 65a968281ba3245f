"""What a sweep has found in a chain: which packets fare alike there, and for whom that holds."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.fronts import TANGLED, Class, Ended, History
from landiag.firewall.engine.lens import Lens, read
from landiag.firewall.engine.nodes import Space, cuts, holds
from landiag.firewall.engine.spaces import Axis, Universe
from landiag.model.packet import Value


class Table(Struct):
    """What a sweep has found: the classes, and what the fields had to be for it (name, value, axis)."""

    asked: Space
    ended: Mapping[History, list[Ended]]
    reads: Mapping[str, tuple[Value, Axis | None]]
    names: frozenset[str]
    is_lasting: bool
    constants: frozenset[int]
    classes: dict[History, Class] = field(default_factory=dict)
    spaces: dict[History, Space] = field(default_factory=dict)

    def is_for(self, fields: PacketFields, lens: Lens) -> bool:
        """Whether it was made for such packets."""
        if not self.is_lasting:
            return False
        for name, (value, axis) in self.reads.items():
            now = read(fields, name)
            if lens.axis(name, now) is not axis or (axis is None and now != value):
                return False
        return True

    def find(self, lens: Lens) -> Class | None:
        """The class of the packet that speaks; None where it is tangled."""
        point = lens.point
        if holds(self.tangled(lens.universe), point):
            return None
        for history, ends in self.ended.items():
            if any(holds(end.space, point) for end in ends):
                if history not in self.classes:
                    self.classes[history] = self._class(history, lens.universe)
                return self.classes[history]
        return None

    def _class(self, history: History, universe: Universe) -> Class:
        other = self._other(history)
        others = None if other is None else self._space(other, universe)
        return Class(self._space(history, universe), tuple(self.ended[history]), others)

    def _other(self, history: History) -> History | None:
        """The history of all other packets; None where those have several, or are tangled."""
        others = [one for one in self.ended if one != history]
        return others[0] if len(others) == 1 and others[0] != (TANGLED,) else None

    def _space(self, history: History, universe: Universe) -> Space:
        """All packets with a history."""
        if history not in self.spaces:
            self.spaces[history] = self._put_together(history, universe)
        return self.spaces[history]

    def _put_together(self, history: History, universe: Universe) -> Space:
        """Of two histories the one in more pieces is what the other leaves."""
        if history == (TANGLED,):
            return universe.unite([end.space for end in self.ended[history]])
        other = self._other(history)
        if other is not None and self._pieces(history) > self._pieces(other):
            return universe.subtract(self.asked, self._space(other, universe))
        return universe.subtract(
            universe.unite([end.space for end in self.ended[history]]), self.tangled(universe)
        )

    def _pieces(self, history: History) -> int:
        return sum(cuts(end.space) for end in self.ended[history])

    def tangled(self, universe: Universe) -> Space:
        """The packets of which nobody can say who fares alike."""
        return self._space((TANGLED,), universe) if (TANGLED,) in self.ended else None
