"""Sets of packets: unions of boxes over a few axes, as decision diagrams of intervals.

A set is None (empty), or a node: the first value of each piece of an axis (the first is 0), and for each piece the
set over the axes that follow; behind the last axis stands True. Nodes behind the first axis are kept once, so that
equal sets are the same object and work on them is done once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Literal

from landiag.firewall.engine.nodes import (
    EMPTY,
    Node,
    Space,
    aligned,
    beside,
    copy,
    cut,
    extend,
    hull,
    instead,
    piece_of,
    pieces,
)
from landiag.firewall.engine.unions import Unions
from landiag.model.operands import Ranges

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

SMALL = 12
"""So many pieces are merged one by one."""

Memo = dict[tuple[int, int], Space]
"""What an operation has made of two nodes already."""


MAX_PORT = 65535


class Universe(Unions):
    """The sets over axes that run from 0 to ``tops``."""

    def __init__(self, version: int) -> None:
        address = (1 << (32 if version == 4 else 128)) - 1
        self.tops: Point = (address, MAX_PORT, address, MAX_PORT)
        self._known: dict[tuple[object, ...], Space] = {}
        self._boxes: dict[int, tuple[Space, tuple[tuple[Ranges, ...], ...]]] = {}
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
                    extend(starts, kids, (after,), (None,))
                extend(starts, kids, (low,), (space,))
                after = high + 1
            if after <= self.tops[axis]:
                extend(starts, kids, (after,), (None,))
            space = self.node(axis, starts, kids)
        return space

    def node(self, axis: int, starts: Sequence[int], kids: Sequence[Space]) -> Space:
        """The set with some pieces along an axis; behind the first axis, equal sets are one."""
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
        if not box or space is None:
            return space, None
        return self._split(space, box, 0, {id(None): (None, None)})

    def split_kids(
        self, kids: Sequence[Space], box: Box, axis: int, memo: dict[int, tuple[Space, Space]]
    ) -> tuple[Sequence[Space], Sequence[Space]]:
        """What of sets over the axes from one on lies in a box, and what does not."""
        if axis >= len(box):
            return kids, [None] * len(kids)
        if len(kids) == 1:
            within, without = memo.get(id(kids[0])) or self._split(kids[0], box, axis, memo)
            return (within,), (without,)
        keys = list(map(id, kids))
        for key, kid in dict(zip(keys, kids, strict=True)).items():
            if key not in memo:
                self._split(kid, box, axis, memo)
        inside, outside = zip(*map(memo.__getitem__, keys), strict=True)
        return inside, outside

    def _split(
        self, space: Space, box: Box, axis: int, memo: dict[int, tuple[Space, Space]]
    ) -> tuple[Space, Space]:
        ranges = box[axis]
        if ranges is not None and len(ranges) == 1:
            found = self._split_one(space, *ranges[0], box, axis, memo)
            if found is not None:
                return found
        inside: tuple[list[int], list[Space]] = ([], [])
        outside: tuple[list[int], list[Space]] = ([], [])
        top, after = self.tops[axis], 0
        for low, high in box[axis] or ((0, top),):
            if after < low:
                extend(*inside, (after,), (None,))
                copy(*outside, *cut(space, after, low - 1))
            starts, kids = cut(space, low, high)
            within, without = self.split_kids(kids, box, axis + 1, memo)
            extend(*inside, starts, within)
            extend(*outside, starts, without)
            after = high + 1
        if after <= top:
            extend(*inside, (after,), (None,))
            copy(*outside, *cut(space, after, top))
        found = memo[id(space)] = self.node(axis, *inside), self.node(axis, *outside)
        return found

    def _split_one(
        self, space: Space, low: int, high: int, box: Box, axis: int, memo: dict[int, tuple[Space, Space]]
    ) -> tuple[Space, Space] | None:
        """The same where it takes from one piece; None where it is not so plain."""
        assert isinstance(space, tuple)
        starts, kids = space
        at = piece_of(starts, low, high, self.tops[axis])
        if at is None:
            return None
        (within,), (without,) = self.split_kids((kids[at],), box, axis + 1, memo)
        new = None if within is None else instead(space, at, low, high, without)
        if new is None:
            return None
        first, new_starts, new_kids = new
        inside = self.node(axis, (0, low, high + 1), (None, within, None))
        outside = self.node(
            axis,
            (*starts[:first], *new_starts, *starts[at + 1 :]),
            (*kids[:first], *new_kids, *kids[at + 1 :]),
        )
        found = memo[id(space)] = inside, outside
        return found

    def intersect(self, left: Space, right: Space) -> Space:
        """What is in both."""
        return self._apply("and", left, right, 0, {})

    def subtract(self, left: Space, right: Space) -> Space:
        """What is in the first and not in the second."""
        return self._apply("sub", left, right, 0, {})

    def either(self, left: Space, right: Space, axis: int) -> Space:
        """What is in any of two sets over the axes from one on."""
        return self._apply("or", left, right, axis, {})

    def _apply(self, operation: Operation, left: Space, right: Space, axis: int, memo: Memo) -> Space:
        if left is right:
            return None if operation == "sub" else left
        if left is None or right is None:
            return _with_nothing(operation, left, right)
        return self._merge(operation, left, right, axis, memo)

    def _merge(self, operation: Operation, left: Space, right: Space, axis: int, memo: Memo) -> Space:
        """Both where the one with fewer pieces has anything; elsewhere the other stays, or nothing does."""
        assert isinstance(left, tuple)
        assert isinstance(right, tuple)
        if len(left[0]) + len(right[0]) <= SMALL:
            return self._merge_small(operation, left, right, axis, memo)
        is_right = len(right[0]) < len(left[0])
        few, many = (right, left) if is_right else (left, right)
        stays = many if operation == "or" or (operation == "sub" and is_right) else EMPTY
        top = self.tops[axis]
        low, high = hull(few, top)
        made: tuple[list[int], list[Space]] = ([], [])
        if low:
            copy(*made, *cut(stays, 0, low - 1))
        starts, lefts, rights = aligned(cut(left, low, high), cut(right, low, high))
        extend(*made, starts, self._pairs(operation, lefts, rights, axis + 1, memo))
        if high < top:
            copy(*made, *cut(stays, high + 1, top))
        return self.node(axis, *made)

    def _merge_small(self, operation: Operation, left: Node, right: Node, axis: int, memo: Memo) -> Space:
        """The same for the many nodes of few pieces: piece by piece."""
        starts: list[int] = []
        kids: list[Space] = []
        for start, one, other in beside(left, right):
            if one is other:
                kid = None if operation == "sub" else one
            elif one is None or other is None:
                kid = _with_nothing(operation, one, other)
            elif (id(one), id(other)) in memo:
                kid = memo[id(one), id(other)]
            else:
                kid = memo[id(one), id(other)] = self._merge(operation, one, other, axis + 1, memo)
            if not kids or kids[-1] is not kid:
                starts.append(start)
                kids.append(kid)
        return self.node(axis, starts, kids)

    def _pairs(
        self, operation: Operation, lefts: Sequence[Space], rights: Sequence[Space], axis: int, memo: Memo
    ) -> list[Space]:
        keys = list(zip(map(id, lefts), map(id, rights), strict=True))
        for key, pair in dict(zip(keys, zip(lefts, rights, strict=True), strict=True)).items():
            if key not in memo:
                memo[key] = self._apply(operation, *pair, axis, memo)
        return list(map(memo.__getitem__, keys))

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
            for rest in self._boxes_below(kid, axis + 1):
                yield (tuple(ranges), *rest)

    def _boxes_below(self, space: Space, axis: int) -> Iterable[tuple[Ranges, ...]]:
        """The same; of the last axes, on which nearly all sets are alike, they are kept."""
        if axis < Axis.DESTINATION:
            return self.boxes(space, axis)
        found = self._boxes.get(id(space))
        if found is None:
            found = self._boxes[id(space)] = space, tuple(self.boxes(space, axis))
        return found[1]


def _with_nothing(operation: Operation, left: Space, right: Space) -> Space:
    if operation == "and":
        return None
    return left if operation == "sub" or right is None else right
