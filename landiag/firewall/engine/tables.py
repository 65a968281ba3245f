"""What a sweep has found in a chain: which packets fare alike there, and for whom that holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.fronts import TANGLED, Class, Ended, History
from landiag.firewall.engine.lens import Lens, read
from landiag.firewall.engine.nodes import Space, holds
from landiag.firewall.engine.spaces import Axis
from landiag.model.packet import Value


class Table(Struct):
    """What a sweep has found: the classes, and what the fields had to be for it (name, value, axis)."""

    ended: Mapping[History, list[Ended]]
    reads: Mapping[str, tuple[Value, Axis | None]]
    names: frozenset[str]
    is_lasting: bool
    constants: frozenset[int]
    classes: dict[History, Class] = field(default_factory=dict)

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
        if any(holds(end.space, point) for end in self.ended.get((TANGLED,), ())):
            return None
        for history, ends in self.ended.items():
            if any(holds(end.space, point) for end in ends):
                return self._class(history, ends, lens)
        return None

    def _class(self, history: History, ends: Sequence[Ended], lens: Lens) -> Class:
        found = self.classes.get(history)
        if found is None:
            universe = lens.universe
            whole = universe.unite([end.space for end in ends])
            found = self.classes[history] = Class(universe.subtract(whole, self.tangled(lens)), tuple(ends))
            others = [one for one in self.ended if one != history]
            if len(others) == 1 and others[0] != (TANGLED,):
                found.others = self._class(others[0], self.ended[others[0]], lens).space
        return found

    def tangled(self, lens: Lens) -> Space:
        """The packets of which nobody can say who fares alike."""
        return lens.universe.unite([end.space for end in self.ended.get((TANGLED,), ())])
