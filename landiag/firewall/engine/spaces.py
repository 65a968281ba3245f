"""Sets of packets: unions of boxes over a few axes, as decision diagrams of intervals.

A set is None (empty), or a node: the first value of each piece of an axis (the first is 0), and for each piece the
set over the axes that follow; behind the last axis stands True. Nodes behind the first axis are kept once, so that
equal sets are the same object and work on them is done once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Literal

from landiag.model.operands import Ranges

Space = tuple | bool | None  # type: ignore[type-arg]
"""A set of packets: None, True behind the last axis, or (starts, kids)."""

Box = tuple[Ranges | None, ...]
"""For each axis the ranges that it may have, in order; None for any. Axes that are left out may have any value."""

Point = tuple[int, ...]


class Axis(IntEnum):
    """What packets of a set differ in, in the order in which sets are built."""

    SOURCE = 0
    PORT = 1
    DESTINATION = 2
    SOURCE_PORT = 3


Operation = Literal["and", "or", "sub"]

MAX_PORT = 65535


class Universe:
    """The sets over axes that run from 0 to ``tops``."""

    def __init__(self, version: int) -> None:
        address = (1 << (32 if version == 4 else 128)) - 1
        self.tops: Point = (address, MAX_PORT, address, MAX_PORT)
        self._known: dict[tuple[object, ...], Space] = {}
        self.full = self.box(())

    def box(self, box: Box) -> Space:
        """The set of the packets in a box."""
        space: Space = True
        for axis in reversed(range(len(self.tops))):
            ranges = box[axis] if axis < len(box) else None
            starts: list[int] = []
            kids: list[Space] = []
            after = 0
            for low, high in ((0, self.tops[axis]),) if ranges is None else ranges:
                if after < low:
                    _append(starts, kids, (after,), (None,))
                _append(starts, kids, (low,), (space,))
                after = high + 1
            if after <= self.tops[axis]:
                _append(starts, kids, (after,), (None,))
            space = self._node(axis, starts, kids)
        return space

    def _node(self, axis: int, starts: Sequence[int], kids: Sequence[Space]) -> Space:
        if len(kids) == 1 and kids[0] is None:
            return None
        node = (tuple(starts), tuple(kids))
        if axis == 0:
            return node
        return self._known.setdefault((axis, node[0], *map(id, kids)), node)

    def split(self, space: Space, box: Box) -> tuple[Space, Space]:
        """What of a set lies in a box, and what does not."""
        while box and box[-1] is None:
            box = box[:-1]
        return self._split(space, box, 0, {})

    def _split(
        self, space: Space, box: Box, axis: int, memo: dict[int, tuple[Space, Space]]
    ) -> tuple[Space, Space]:
        if not isinstance(space, tuple) or axis == len(box):
            return space, None
        found = memo.get(id(space))
        if found is None:
            ranges = box[axis]
            whole = ((0, self.tops[axis]),) if ranges is None else ranges
            found = memo[id(space)] = self._split_axis(space, box, axis, whole, memo)
        return found

    def _split_axis(
        self, space: Space, box: Box, axis: int, ranges: Ranges, memo: dict[int, tuple[Space, Space]]
    ) -> tuple[Space, Space]:
        inside: tuple[list[int], list[Space]] = ([], [])
        outside: tuple[list[int], list[Space]] = ([], [])
        after = 0
        for low, high in ranges:
            if after < low:
                _append(*inside, (after,), (None,))
                _copy(*outside, *_cut(space, after, low - 1))
            starts, kids = _cut(space, low, high)
            parts = [self._split(kid, box, axis + 1, memo) for kid in kids]
            _append(*inside, starts, [part[0] for part in parts])
            _append(*outside, starts, [part[1] for part in parts])
            after = high + 1
        if after <= self.tops[axis]:
            _append(*inside, (after,), (None,))
            _copy(*outside, *_cut(space, after, self.tops[axis]))
        return self._node(axis, *inside), self._node(axis, *outside)

    def intersect(self, left: Space, right: Space) -> Space:
        """What is in both."""
        return self._apply("and", left, right, 0, {})

    def subtract(self, left: Space, right: Space) -> Space:
        """What is in the first and not in the second."""
        return self._apply("sub", left, right, 0, {})

    def unite(self, spaces: Sequence[Space], axis: int = 0) -> Space:
        """What is in any of many."""
        several = list({id(space): space for space in spaces if space is not None}.values())
        if len(several) < 2:
            return several[0] if several else None
        if len(several) == 2:
            return self._apply("or", several[0], several[1], axis, {})
        return self._unite_many(several, axis)

    def _unite_many(self, spaces: Sequence[Space], axis: int) -> Space:
        """Walk along the axis, with the pieces of all sets that are there."""
        top = self.tops[axis]
        found = [
            (low, high, kid) for space in spaces for low, high, kid in pieces(space, top) if kid is not None
        ]
        begins: dict[int, list[Space]] = {}
        ends: dict[int, list[Space]] = {}
        for low, high, kid in found:
            begins.setdefault(low, []).append(kid)
            ends.setdefault(high + 1, []).append(kid)
        here: dict[int, list[Space]] = {}
        memo: dict[frozenset[int], Space] = {}
        starts: list[int] = []
        kids: list[Space] = []
        for edge in sorted({0, *begins, *(end for end in ends if end <= top)}):
            for gone in ends.get(edge, ()):
                here[id(gone)].pop()
            for come in begins.get(edge, ()):
                here.setdefault(id(come), []).append(come)
            for gone in ends.get(edge, ()):
                if not here.get(id(gone), True):
                    del here[id(gone)]
            key = frozenset(here)
            if key not in memo:
                memo[key] = self.unite([several[0] for several in here.values()], axis + 1)
            _append(starts, kids, (edge,), (memo[key],))
        return self._node(axis, starts, kids)

    def _apply(
        self, operation: Operation, left: Space, right: Space, axis: int, memo: dict[tuple[int, int], Space]
    ) -> Space:
        if left is right:
            return None if operation == "sub" else left
        if left is None or right is None:
            return _with_nothing(operation, left, right)
        found = memo.get((id(left), id(right)), False)
        if found is False:
            found = memo[id(left), id(right)] = self._merge(operation, left, right, axis, memo)
        return found

    def _merge(
        self, operation: Operation, left: Space, right: Space, axis: int, memo: dict[tuple[int, int], Space]
    ) -> Space:
        """Walk the one with fewer pieces; where it is empty, the pieces of the other are taken over or left out."""
        assert isinstance(left, tuple)
        assert isinstance(right, tuple)
        is_swapped = len(right[0]) < len(left[0])
        few, many = (right, left) if is_swapped else (left, right)
        starts: list[int] = []
        kids: list[Space] = []
        for low, high, kid in pieces(few, self.tops[axis]):
            if kid is None and (operation == "and" or (operation == "sub" and not is_swapped)):
                _append(starts, kids, (low,), (None,))
                continue
            there, others = _cut(many, low, high)
            if kid is None:
                _copy(starts, kids, there, others)
                continue
            pairs = [(other, kid) if is_swapped else (kid, other) for other in others]
            parts = [self._apply(operation, one, two, axis + 1, memo) for one, two in pairs]
            _append(starts, kids, there, parts)
        return self._node(axis, starts, kids)

    def count(self, space: Space, axis: int = 0) -> int:
        """How many packets a set holds."""
        if not isinstance(space, tuple):
            return int(bool(space))
        return sum(
            (high - low + 1) * self.count(kid, axis + 1) for low, high, kid in pieces(space, self.tops[axis])
        )

    def boxes(self, space: Space, axis: int = 0) -> Iterator[tuple[Ranges, ...]]:
        """Disjoint boxes that make a set: on each axis the ranges that have the same further axes together."""
        if space is None:
            return
        if not isinstance(space, tuple):
            yield ()
            return
        alike: dict[int, tuple[Space, list[tuple[int, int]]]] = {}
        for low, high, kid in pieces(space, self.tops[axis]):
            if kid is not None:
                alike.setdefault(id(kid), (kid, []))[1].append((low, high))
        for kid, ranges in alike.values():
            for rest in self.boxes(kid, axis + 1):
                yield (tuple(ranges), *rest)


def _with_nothing(operation: Operation, left: Space, right: Space) -> Space:
    if operation == "and":
        return None
    return left if operation == "sub" or right is None else right


def _append(starts: list[int], kids: list[Space], more: Sequence[int], others: Sequence[Space]) -> None:
    """Add pieces at the end; those that go on like the piece before are no pieces of their own."""
    for start, kid in zip(more, others, strict=True):
        if not kids or kids[-1] is not kid:
            starts.append(start)
            kids.append(kid)


def _copy(starts: list[int], kids: list[Space], more: Sequence[int], others: Sequence[Space]) -> None:
    """Add pieces of one node, whose neighbours differ already."""
    at = 1 if kids and kids[-1] is others[0] else 0
    starts += more[at:]
    kids += others[at:]


def _cut(space: Space, low: int, high: int) -> tuple[Sequence[int], Sequence[Space]]:
    """The pieces of a node from one value to another."""
    assert isinstance(space, tuple)
    starts, kids = space
    first, last = bisect_right(starts, low) - 1, bisect_right(starts, high) - 1
    if first == last:
        return (low,), (kids[first],)
    return (low, *starts[first + 1 : last + 1]), kids[first : last + 1]


def pieces(space: Space, top: int) -> Iterator[tuple[int, int, Space]]:
    """The pieces of a node: first value, last value, and the set over the further axes."""
    assert isinstance(space, tuple)
    starts, kids = space
    for at, kid in enumerate(kids):
        yield starts[at], starts[at + 1] - 1 if at + 1 < len(starts) else top, kid


def holds(space: Space, point: Iterable[int]) -> bool:
    """Whether a set holds a packet."""
    for value in point:
        if not isinstance(space, tuple):
            return False
        starts, kids = space
        space = kids[bisect_right(starts, value) - 1]
    return space is True


def complement(ranges: Ranges, top: int) -> Ranges:
    """The other values of an axis."""
    found, after = [], 0
    for low, high in ranges:
        if after < low:
            found.append((after, low - 1))
        after = high + 1
    if after <= top:
        found.append((after, top))
    return tuple(found)


def normal(ranges: Iterable[tuple[int, int]], top: int) -> Ranges:
    """Ranges in order, joined where they touch, cut at the axis' ends."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        first, last = max(low, 0), min(high, top)
        if first > last:
            continue
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def common(left: Ranges | None, right: Ranges | None) -> Ranges | None:
    """The values that both allow; None for any."""
    if left is None or right is None:
        return left if right is None else right
    if len(left) == 1 and len(right) == 1:
        low, high = max(left[0][0], right[0][0]), min(left[0][1], right[0][1])
        return ((low, high),) if low <= high else ()
    found = [
        (max(low, first), min(high, last))
        for low, high in left
        for first, last in right
        if max(low, first) <= min(high, last)
    ]
    return tuple(found)
