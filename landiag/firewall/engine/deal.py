"""A set of packets that is dealt out, box by box, in the order of rules: each gets what is left of its own."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from landiag.firewall.engine.nodes import Space, cut, extend, instead, piece_of
from landiag.firewall.engine.spaces import Box, Universe

Memo = dict[int, tuple[Space, Space]]
"""What of a set over the further axes lies in a box, and what does not; no set is forgotten meanwhile."""


class Deal:
    """What is left of a set. Taking a box costs by the pieces that it meets, not by all that there are.

    ``met`` is how many those were, of the last box.
    """

    def __init__(self, universe: Universe, space: Space) -> None:
        assert isinstance(space, tuple)
        self.met = 0
        self._memos: dict[Box, Memo] = {}
        self._universe = universe
        self._starts: list[int] = list(space[0])
        self._kids: list[Space] = list(space[1])

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return self._kids == [None]

    def rest(self) -> Space:
        """What is left."""
        return self._universe.node(0, self._starts, self._kids)

    def take(self, box: Box) -> Space:
        """Take what is left in a box."""
        self.met = 0
        while box and box[-1] is None:
            box = box[:-1]
        top = self._universe.tops[0]
        ranges = (box[0] if box else None) or ((0, top),)
        memo = self._memos.setdefault(box[1:], {id(None): (None, None)})
        if len(ranges) == 1 and (found := self._take_from_one(*ranges[0], box, memo)) is not None:
            return found[0]
        taken: tuple[list[int], list[Space]] = ([], [])
        after = 0
        for low, high in ranges:
            if after < low:
                extend(*taken, (after,), (None,))
            starts, kids = cut((self._starts, self._kids), low, high)
            self.met += len(starts)
            inside, outside = self._universe.split_kids(kids, box, 1, memo)
            extend(*taken, starts, inside)
            self._put(low, high, starts, outside)
            after = high + 1
        if after <= top:
            extend(*taken, (after,), (None,))
        return self._universe.node(0, *taken)

    def _take_from_one(self, low: int, high: int, box: Box, memo: Memo) -> tuple[Space] | None:
        """Take from one piece whose neighbours stay others than what is left of it; None where it is not so plain."""
        starts, kids = self._starts, self._kids
        at = piece_of(starts, low, high, self._universe.tops[0])
        if at is None:
            return None
        (inside,), (outside,) = self._universe.split_kids((kids[at],), box, 1, memo)
        if inside is None:
            return (None,)
        found = instead((starts, kids), at, low, high, outside)
        if found is None:
            return None
        first, starts[first : at + 1], kids[first : at + 1] = found
        self.met = 1
        return (self._universe.node(0, (0, low, high + 1), (None, inside, None)),)

    def _put(self, low: int, high: int, starts: Sequence[int], kids: Sequence[Space]) -> None:
        """Put other pieces where those from one value to another were, and join them to their neighbours."""
        first, last = bisect_right(self._starts, low) - 1, bisect_right(self._starts, high) - 1
        if self._starts[first] == low and first:
            first -= 1
        new: tuple[list[int], list[Space]] = ([], [])
        if self._starts[first] < low:
            extend(*new, (self._starts[first],), (self._kids[first],))
        extend(*new, starts, kids)
        if high < self._universe.tops[0]:
            if last + 1 < len(self._starts) and self._starts[last + 1] == high + 1:
                last += 1
            extend(*new, (high + 1,), (self._kids[last],))
        self._starts[first : last + 1], self._kids[first : last + 1] = new
