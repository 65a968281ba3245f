"""Ranges of the values of one axis."""

from __future__ import annotations

from collections.abc import Iterable

from landiag.model.operands import Ranges


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
