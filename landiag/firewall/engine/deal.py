"""A set of packets that is dealt out, box by box, in the order of rules: each gets what is left of its own."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from landiag.firewall.engine.nodes import Space, cut, extend
from landiag.firewall.engine.spaces import Box, Universe


class Deal:
    """What is left of a set. Taking a box costs by the pieces that it meets, not by all that there are.

    ``met`` is how many those were, of the last box.
    """

    def __init__(self, universe: Universe, space: Space) -> None:
        assert isinstance(space, tuple)
        self.met = 0
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
        while box and box[-1] is None:
            box = box[:-1]
        taken: tuple[list[int], list[Space]] = ([], [])
        top = self._universe.tops[0]
        memo: dict[int, tuple[Space, Space]] = {id(None): (None, None)}
        after = self.met = 0
        for low, high in (box[0] if box else None) or ((0, top),):
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
