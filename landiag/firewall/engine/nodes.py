"""The pieces of one node of a set of packets: cut, put together, laid beside those of another.

These are called for every piece of every set: what can be done for many pieces at once is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, compress
from operator import is_not

Space = tuple | bool | None  # type: ignore[type-arg]
"""A set of packets: None, True behind the last axis, or (starts, kids)."""

Node = tuple[Sequence[int], Sequence[Space]]
"""The first value of each piece, and the set over the further axes there."""

EMPTY: Node = ((0,), (None,))
"""A node without any packet."""

_NO_PIECE = object()
_END = 1 << 129


def extend(starts: list[int], kids: list[Space], more: Sequence[int], others: Sequence[Space]) -> None:
    """Add pieces at the end; those that go on like the piece before are no pieces of their own."""
    before = kids[-1] if kids else _NO_PIECE
    if len(others) == 1:
        if others[0] is not before:
            starts.append(more[0])
            kids.append(others[0])
        return
    news = list(map(is_not, others, (before, *others)))
    if all(news):
        starts += more
        kids += others
    else:
        starts += compress(more, news)
        kids += compress(others, news)


def copy(starts: list[int], kids: list[Space], more: Sequence[int], others: Sequence[Space]) -> None:
    """Add pieces of one node, whose neighbours differ already."""
    at = 1 if kids and kids[-1] is others[0] else 0
    starts += more[at:]
    kids += others[at:]


def cut(space: Space, low: int, high: int) -> tuple[Sequence[int], Sequence[Space]]:
    """The pieces of a node from one value to another."""
    assert isinstance(space, tuple)
    starts, kids = space
    first, last = bisect_right(starts, low) - 1, bisect_right(starts, high) - 1
    if first == last:
        return (low,), (kids[first],)
    return (low, *starts[first + 1 : last + 1]), kids[first : last + 1]


def piece_of(starts: Sequence[int], low: int, high: int, top: int) -> int | None:
    """The piece that holds all values from one to another; None where several do, or an end of the axis is one."""
    at = bisect_right(starts, low) - 1
    last = starts[at + 1] - 1 if at + 1 < len(starts) else top
    return at if low > 0 and high <= last and high < top else None


def instead(
    node: Node, at: int, low: int, high: int, kid: Space
) -> tuple[int, Sequence[int], Sequence[Space]] | None:
    """What comes from a piece on to the one behind ``at``, where the values from one to another of that piece change.

    The first piece that comes, the starts and the kids; None where they go on like a neighbour.
    """
    starts, kids = node
    first = at + (starts[at] < low)
    goes_on = at + 1 == len(starts) or high + 1 < starts[at + 1]
    if kid is kids[first - 1] or (not goes_on and kid is kids[at + 1]):
        return None
    return (first, (low, high + 1), (kid, kids[at])) if goes_on else (first, (low,), (kid,))


def cuts(space: Space) -> int:
    """Into how many pieces a set is cut along its first axis."""
    return len(space[0]) if isinstance(space, tuple) else 1


def hull(space: Space, top: int) -> tuple[int, int]:
    """The first and the last value at which a node has anything."""
    assert isinstance(space, tuple)
    starts, kids = space
    low = starts[1] if kids[0] is None else 0
    return low, starts[-1] - 1 if kids[-1] is None else top


def inner(space: Space) -> Node:
    """The pieces of a node from the first to the last that has anything."""
    assert isinstance(space, tuple)
    starts, kids = space
    first, end = int(kids[0] is None), len(kids) - int(kids[-1] is None)
    return starts[first:end], kids[first:end]


def aligned(left: Node, right: Node) -> tuple[list[int], list[Space], list[Space]]:
    """The pieces of two nodes, cut where either is; both begin at the same value."""
    starts = sorted({*left[0], *right[0]})
    return starts, _spread(left, starts), _spread(right, starts)


def beside(left: Node, right: Node) -> Iterator[tuple[int, Space, Space]]:
    """The same, one after the other."""
    starts, kids = left
    others_starts, others = right
    at, there, last, end = 0, 0, len(starts) - 1, len(others_starts) - 1
    start = 0
    while True:
        yield start, kids[at], others[there]
        after = starts[at + 1] if at < last else _END
        other = others_starts[there + 1] if there < end else _END
        start = min(after, other)
        if start == _END:
            return
        at += after == start
        there += other == start


def _spread(part: Node, starts: Sequence[int]) -> list[Space]:
    """What a node has at each of the starts, which are its own and others."""
    number = accumulate(map(set(part[0]).__contains__, starts))
    return list(map((None, *part[1]).__getitem__, number))


def pieces(space: Space, top: int) -> Iterator[tuple[int, int, Space]]:
    """The pieces of a node: first value, last value, and the set over the further axes."""
    assert isinstance(space, tuple)
    starts, kids = space
    for at, kid in enumerate(kids):
        yield starts[at], starts[at + 1] - 1 if at + 1 < len(starts) else top, kid


def below(nodes: Iterable[Space]) -> list[Space]:
    """The sets over the further axes that nodes hold, each once."""
    found: dict[int, Space] = {}
    for node in nodes:
        if isinstance(node, tuple):
            found.update(zip(map(id, node[1]), node[1], strict=True))
    found.pop(id(None), None)
    return list(found.values())


def under(space: Space, point: Iterable[int]) -> Space:
    """What a set holds over the further axes, where the first have the values of a point."""
    for value in point:
        if not isinstance(space, tuple):
            return None
        starts, kids = space
        space = kids[bisect_right(starts, value) - 1]
    return space


def holds(space: Space, point: Iterable[int]) -> bool:
    """Whether a set holds a packet."""
    return under(space, point) is True
