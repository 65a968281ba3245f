"""What is in any of many sets of packets, put together without taking them two by two."""

from __future__ import annotations

from collections.abc import Sequence

from landiag.firewall.engine.nodes import Node, Space, copy, extend, hull, inner, pieces


class Unions:
    """Unites sets over axes that run from 0 to ``tops``."""

    tops: tuple[int, ...]

    def node(self, axis: int, starts: Sequence[int], kids: Sequence[Space]) -> Space:
        """The set with some pieces along an axis."""
        raise NotImplementedError

    def either(self, left: Space, right: Space, axis: int) -> Space:
        """What is in any of two sets over the axes from one on."""
        raise NotImplementedError

    def unite(self, spaces: Sequence[Space], axis: int = 0) -> Space:
        """What is in any of many."""
        several: list[Space] = list({id(space): space for space in spaces if space is not None}.values())
        if len(several) < 2:
            return several[0] if several else None
        if len(several) > 2:
            several = self._side_by_side(self._cut_alike(several, axis), axis)
        if len(several) == 1:
            return several[0]
        if len(several) == 2:
            return self.either(several[0], several[1], axis)
        return self._unite_many(several, axis)

    def _cut_alike(self, spaces: Sequence[Space], axis: int) -> list[Space]:
        """Sets that are cut at the same values in one: piece by piece."""
        alike: dict[Sequence[int], list[Node]] = {}
        for space in spaces:
            assert isinstance(space, tuple)
            alike.setdefault(space[0], []).append(space)
        return [
            several[0] if len(several) == 1 else self._made(axis, starts, self._columns(several, axis + 1))
            for starts, several in alike.items()
        ]

    def _columns(self, nodes: Sequence[Node], axis: int) -> list[Space]:
        """For each piece what is in any of the nodes there."""
        columns = list(zip(*(node[1] for node in nodes), strict=True))
        keys = [frozenset(map(id, column)) for column in columns]
        united = {
            key: self.unite(column, axis) for key, column in dict(zip(keys, columns, strict=True)).items()
        }
        return list(map(united.__getitem__, keys))

    def _side_by_side(self, spaces: Sequence[Space], axis: int) -> list[Space]:
        """Sets that do not overlap along the axis in one, and the others as they are.

        Most rules of long rulesets name a source each, and many of them do the same.
        """
        top, widest = self.tops[axis], self.tops[axis] // len(spaces)
        starts: list[int] = []
        kids: list[Space] = []
        others: list[Space] = []
        after = 0
        for low, high, at in sorted((*hull(space, top), at) for at, space in enumerate(spaces)):
            if low < after or high - low > widest:
                others.append(spaces[at])
                continue
            if after < low:
                starts.append(after)
                kids.append(None)
            copy(starts, kids, *inner(spaces[at]))
            after = high + 1
        if after <= top:
            starts.append(after)
            kids.append(None)
        return [*others, self.node(axis, starts, kids)] if after else others

    def _unite_many(self, spaces: Sequence[Space], axis: int) -> Space:
        """Walk along the axis, with the pieces of all sets that are there."""
        top = self.tops[axis]
        found = [piece for space in spaces for piece in pieces(space, top) if piece[2] is not None]
        changes: dict[int, list[tuple[int, Space]]] = {0: []}
        for low, high, kid in found:
            changes.setdefault(low, []).append((1, kid))
            changes.setdefault(high + 1, []).append((-1, kid))
        changes.pop(top + 1, None)
        here: dict[int, tuple[int, Space]] = {}
        memo: dict[frozenset[int], Space] = {frozenset(): None}
        starts = sorted(changes)
        kids: list[Space] = []
        for edge in starts:
            for more, kid in changes[edge]:
                count = here.get(id(kid), (0,))[0] + more
                here[id(kid)] = (count, kid)
                if not count:
                    del here[id(kid)]
            kids.append(self._all_of(here, axis + 1, memo))
        return self._made(axis, starts, kids)

    def _all_of(
        self, here: dict[int, tuple[int, Space]], axis: int, memo: dict[frozenset[int], Space]
    ) -> Space:
        if len(here) == 1:
            return next(iter(here.values()))[1]
        key = frozenset(here)
        if key not in memo:
            memo[key] = self.unite([kid for _, kid in here.values()], axis)
        return memo[key]

    def _made(self, axis: int, starts: Sequence[int], kids: Sequence[Space]) -> Space:
        made: tuple[list[int], list[Space]] = ([], [])
        extend(*made, starts, kids)
        return self.node(axis, *made)
