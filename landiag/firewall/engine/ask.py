"""What matches and sets say of many packets at once: the same for all, or where they say what.

Every answer is that of the match itself, asked for one packet of each piece of an axis that it tells apart; where
its ranges are plain to see, they are taken as they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import prod

from msgspec import Struct, field

from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.fronts import Front, Parts, both, on_axis
from landiag.firewall.engine.lens import Lens, Tangled, Tracked, axes_among, read
from landiag.firewall.engine.nodes import Space
from landiag.firewall.engine.ranges import complement, normal
from landiag.firewall.engine.spaces import Axis, Box, Point
from landiag.model.match import InRanges, Match, Names
from landiag.model.operands import Cuts, Field, Operand, Ranges
from landiag.model.packet import Value
from landiag.model.sets import ElementSet, InSet, Lookup, cuts_of, values_of

MAX_PIECES = 16_384
"""Into how many pieces one match may cut what it is asked of."""


class Questions(Struct):
    """Asks matches and sets, and remembers what was asked: what is found holds for packets that answer alike."""

    lens: Lens
    reads: dict[str, tuple[Value, Axis | None]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    constants: set[int] = field(default_factory=set)
    is_lasting: bool = True

    def axis(self, front: Front, name: str) -> Axis | None:
        """The axis that a field stands for; what is asked is remembered."""
        is_own = name not in front.changed
        if is_own and name in self.reads:
            return self.reads[name][1]
        value = read(front.fields, name)
        axis = self.lens.axis(name, value)
        if is_own:
            self.reads[name] = (value, axis)
        return axis

    def write(self, *values: object) -> None:
        """Remember numbers that rules write into packets: who speaks must not have one of them by chance."""
        for value in values:
            if isinstance(value, tuple):
                self.write(*value)
            elif isinstance(value, int):
                self.constants.add(value)

    def weigh(self, front: Front, match: Match) -> bool | Parts | None:
        """What a match says of the packets of a front: one answer for all, or where it says what."""
        if isinstance(match, InRanges):
            box = self.within(front, match)
            return Parts({True: [box]}) if isinstance(box, tuple) else box
        if isinstance(match, Names):
            self.names |= names_in(match)
            self.axis(front, match.field)
            return match.test(front.fields)
        if isinstance(match, InSet):
            if match.elements.dynamic and (known := self._remembered(front, match)) is not None:
                return known is not match.negated
            if (found := self._plain_set(front, match)) is not None:
                return found
        return self._probe(front, match)

    def within(self, front: Front, match: InRanges) -> Box | bool | None:
        """The packets of a front that lie in the ranges of a match; one answer where it stands for no axis."""
        axis = self.axis(front, match.field)
        return match.test(front.fields) if axis is None else on_axis(axis, self._ranges(match, axis))

    def _ranges(self, match: InRanges, axis: Axis) -> Ranges:
        ranges = match.values
        if ranges is None:
            raise Tangled
        top = self.lens.universe.tops[axis]
        if len(ranges) == 1 and not match.negated and 0 <= ranges[0][0] <= ranges[0][1] <= top:
            return ranges
        ranges = normal(ranges, top)
        return complement(ranges, top) if match.negated else ranges

    def _plain_set(self, front: Front, match: InSet) -> Parts | None:
        """Where a set of plain elements holds the key, element by element; None where it is not so plain."""
        elements = match.elements
        if elements.doubtful or any(not isinstance(operand, Field) for operand in match.operands):
            return None
        axes = [self.axis(front, operand.name) for operand in match.operands if isinstance(operand, Field)]
        values = values_of(match.operands, front.fields)
        known = values is not None and all(isinstance(value, int | str) for value in values)
        open_axes = [axis for axis in axes if axis is not None]
        if not known or not open_axes or len(set(open_axes)) < len(open_axes) or values is None:
            return None
        if any(data is not True for _, data in elements.elements) or elements.is_unreadable:
            return None
        self.names |= names_in(match)
        boxes = list(element_boxes(elements, axes, values, self.lens.universe.tops))
        return Parts({not match.negated: boxes}, match.negated)

    def _probe(self, front: Front, match: Match) -> bool | Parts | None:
        """Ask the match itself, once for each piece into which it cuts the axes that it looks at."""
        tracked = Tracked(front.fields, self.lens)
        answer = match.test(tracked)
        axes = self.note(front, tracked, match)
        if not axes:
            return answer
        found = Parts({})
        for at, box in self.pieces(axes, match.cuts(tracked)):
            answer = match.test(Tracked(front.fields, self.lens, at))
            found.boxes.setdefault(answer, []).append(box)
        return found

    def note(self, front: Front, tracked: Tracked, asks: object) -> dict[str, Axis]:
        """Remember what was asked; returns the names that stand for an axis."""
        for name in sorted(tracked.names):
            self.axis(front, name)
        if not tracked.names.isdisjoint(("iifname", "oifname")):
            self.names |= names_in(asks)
        return axes_among(tracked.names, front.fields, self.lens)

    def pieces(self, axes: Mapping[str, Axis], cuts: Cuts | None) -> Iterator[tuple[dict[Axis, int], Box]]:
        """Cut the axes that fields stand for: for each piece one value on each axis, and the piece as a box."""
        if cuts is None or any(name not in cuts for name in axes):
            raise Tangled
        edges: dict[Axis, set[int]] = {}
        for name, axis in axes.items():
            edges.setdefault(axis, set()).update(cuts[name])
        spans = {axis: spans_of(found, self.lens.universe.tops[axis]) for axis, found in edges.items()}
        if prod(map(len, spans.values())) > MAX_PIECES:
            raise Tangled
        for combination in product(*spans.values()):
            at = {axis: span[0] for axis, span in zip(spans, combination, strict=True)}
            boxes = (on_axis(axis, (span,)) for axis, span in zip(spans, combination, strict=True))
            box: Box = ()
            for bound in boxes:
                box = both(box, bound)
            yield at, box

    def lookups(
        self, front: Front, operands: Sequence[Operand], elements: ElementSet
    ) -> list[tuple[Lookup | None, Front]]:
        """What a set says of the keys of a front's packets; None where they have no such key."""
        tracked = Tracked(front.fields, self.lens)
        values = values_of(operands, tracked)
        axes = self.note(front, tracked, elements)
        if not axes:
            return [(None if values is None else elements.lookup(values), front)]
        groups: dict[object, tuple[Lookup | None, list[Box]]] = {}
        for at, box in self.pieces(axes, cuts_of(operands, elements, tracked)):
            values = values_of(operands, Tracked(front.fields, self.lens, at))
            found = None if values is None else elements.lookup(values)
            key = None if found is None else (found.certain, *map(id, found.data))
            groups.setdefault(key, (found, []))[1].append(box)
        return [
            (found, front.with_space(self.among(front.space, boxes)[0])) for found, boxes in groups.values()
        ]

    def among(self, space: Space, boxes: Sequence[Box]) -> tuple[Space, Space]:
        """What of a set lies in any of several boxes, and what does not."""
        universe = self.lens.universe
        if len(boxes) == 1:
            return universe.split(space, boxes[0])
        whole = universe.unite([universe.box(box) for box in boxes])
        return universe.intersect(space, whole), universe.subtract(space, whole)

    # What packets have left in sets

    def key_of(self, front: Front, operands: Sequence[Operand]) -> tuple[object, ...] | None:
        """A key as it stands for all packets: an axis where its part is one, else the value."""
        tracked = Tracked(front.fields, self.lens)
        values = values_of(operands, tracked)
        axes = self.note(front, tracked, operands)
        if values is None or not axes:
            return None if values is None else tuple(values)
        if not all(isinstance(operand, Field) for operand in operands):
            raise Tangled
        names = [operand.name for operand in operands if isinstance(operand, Field)]
        return tuple(axes.get(name, value) for name, value in zip(names, values, strict=True))

    def _remembered(self, front: Front, match: InSet) -> bool | None:
        """Whether this connection has put the key into a set, or taken it out; None where it has done neither."""
        mine = id(match.elements)
        known = [(there, self._as_axes(key)) for there, key in front.fields.context.remembered.get(mine, [])]
        known += [one[2:] for one in front.history if isinstance(one, tuple) and one[:2] == ("add", mine)]
        if not known:
            return None
        self.is_lasting = False
        key = self.key_of(front, match.operands)
        for there, other in reversed(known):
            if key == other:
                return bool(there)
            if key is not None and any(isinstance(part, Axis) for part in (*key, *other)):
                raise Tangled
        return None

    def _as_axes(self, key: Sequence[Value]) -> tuple[object, ...]:
        """A key that the speaking packet has left, as all others have left it."""
        point = self.lens.point
        return tuple(next((axis for axis in self.lens.open if point[axis] == one), one) for one in key)


class Blind(PacketFields):
    """Fields for choosing the rules that may match any packet of a sweep: what they differ in is unknown."""

    __slots__ = ("_ask", "_fronts")

    def __init__(self, ask: Questions, fronts: Sequence[Front]) -> None:
        dict.__init__(self)
        self.packet = fronts[0].fields.packet
        self.context = fronts[0].fields.context
        self._ask = ask
        self._fronts = fronts

    def __getitem__(self, name: str) -> Value:
        if name == "program" or any(name in one.changed for one in self._fronts):
            return None
        front = self._fronts[0]
        return None if self._ask.axis(front, name) is not None else front.fields[name]


def names_in(asks: object) -> set[str]:
    """The names of interfaces that a match or a set compares with; patterns end in ``*``."""
    if isinstance(asks, Names):
        return {*asks.names, *(f"{prefix}*" for prefix in asks.prefixes)}
    if isinstance(asks, InSet):
        return names_in(asks.elements)
    if isinstance(asks, ElementSet):
        return {part[0] for key, _ in asks.elements for part in key if isinstance(part[0], str)}
    inner = (*getattr(asks, "matches", ()), *getattr(asks, "operands", ()), getattr(asks, "match", None))
    found = {name for one in inner if one is not None for name in names_in(one)}
    elements = getattr(asks, "elements", None)
    plain = {getattr(name, "text", name) for name in getattr(asks, "names", ())}
    return {*found, *plain, *(names_in(elements) if isinstance(elements, ElementSet) else ())}


def element_boxes(
    elements: ElementSet, axes: Sequence[Axis | None], values: Sequence[Value], tops: Point
) -> Iterator[Box]:
    """The elements of a set that fit the parts of a key that all packets have alike, as boxes."""
    merged: dict[tuple[Axis, Box], list[tuple[int, int]]] = {}
    for key, _ in elements.elements:
        spans: dict[Axis, tuple[int, int]] = {}
        for axis, value, (low, high) in zip(axes, values, key, strict=False):
            if axis is not None and isinstance(low, int) and isinstance(high, int):
                spans[axis] = (low, high)
            elif axis is not None or not _is_in(value, low, high):
                break
        else:
            first = min(spans)
            rest: Box = ()
            for axis, span in spans.items():
                rest = both(rest, on_axis(axis, (span,))) if axis != first else rest
            merged.setdefault((first, rest), []).append(spans[first])
    for (first, rest), ranges in merged.items():
        yield both(rest, on_axis(first, normal(ranges, tops[first])))


def _is_in(value: Value, low: int | str, high: int | str) -> bool:
    if isinstance(value, int) and isinstance(low, int) and isinstance(high, int):
        return low <= value <= high
    if isinstance(value, str) and isinstance(low, str):
        return value.startswith(low[:-1]) if low.endswith("*") else value == low
    return False


def spans_of(edges: Iterable[int], top: int) -> list[tuple[int, int]]:
    """The intervals into which edges cut an axis."""
    starts = sorted({0, *(edge for edge in edges if 0 < edge <= top)})
    return list(zip(starts, (*(start - 1 for start in starts[1:]), top), strict=True))
