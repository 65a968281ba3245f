"""Values that are compared after a mask, as ranges of the values themselves."""

from __future__ import annotations

from landiag.model.operands import Ranges

MAX_HOLES = 8
"""So many bits a mask may leave out between others: each of them doubles the ranges."""


def unmasked(ranges: Ranges, mask: int | None, width: int) -> Ranges | None:
    """The values of ``width`` bits that lie in the ranges after the mask; None where those are too many ranges."""
    if mask is None:
        return ranges
    block = mask & -mask
    if mask == 0:
        return None
    holes = (1 << width) - 1 & ~(mask | block - 1)
    if holes:
        return _with_holes(ranges, holes, block)
    spans = ((-(-low // block) * block, high // block * block + block - 1) for low, high in ranges)
    return tuple((low, high) for low, high in spans if low <= high)


def _with_holes(ranges: Ranges, holes: int, block: int) -> Ranges | None:
    """The values whose other bits are one of a few, whatever the bits in the holes of a mask are."""
    if holes.bit_count() > MAX_HOLES or any(low != high for low, high in ranges):
        return None
    found, free = [], holes
    while True:
        found += [
            (low | free, (low | free) + block - 1) for low, _ in ranges if not low & (holes | block - 1)
        ]
        if not free:
            return tuple(sorted(found))
        free = (free - 1) & holes
