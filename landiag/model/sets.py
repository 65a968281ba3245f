"""Sets and maps of a firewall, looked up and never scanned.

An element is a tuple of ranges, one for each part of the key (a concatenation has several parts). A lookup
answers with the positions of the elements that hold the packet's values: by hash for single values, by
bisection for ranges, by joining bit masks for concatenations.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct, field

from landiag.model.facts import ParseError
from landiag.model.match import Match
from landiag.model.operands import Cuts, Field, Fields, Operand
from landiag.model.packet import ABSENT, Value

Key = tuple["Span", ...]
Span = tuple[int, int] | tuple[str, str]


def bits(mask: int) -> Iterable[int]:
    """The positions of the bits set in a mask, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class RangeIndex:
    """Which of many ranges hold a value."""

    __slots__ = ("_cache", "_exact", "_names", "_prefixes", "_ranges", "_starts")

    def __init__(self, spans: Iterable[tuple[Span, int]]) -> None:
        self._exact: dict[int | str, list[int]] = {}
        self._prefixes: list[tuple[str, int]] = []
        self._ranges: list[tuple[int, int, int]] = []
        for (low, high), position in spans:
            if isinstance(low, int) and isinstance(high, int):
                if low == high:
                    self._exact.setdefault(low, []).append(position)
                else:
                    self._ranges.append((low, high, position))
            elif isinstance(low, str):
                if low.endswith("*"):
                    self._prefixes.append((low[:-1], position))
                else:
                    self._exact.setdefault(low, []).append(position)
        self._ranges.sort()
        self._starts = sorted({edge for low, high, _ in self._ranges for edge in (low, high + 1)})
        self._cache: dict[int, tuple[int, ...]] = {}

    def positions(self, value: int | str) -> Sequence[int]:
        """The positions of the ranges that hold the value, in no order."""
        exact = self._exact.get(value, ())
        if isinstance(value, str):
            return [*exact, *(at for prefix, at in self._prefixes if value.startswith(prefix))]
        if not self._ranges:
            return exact
        return [*exact, *self._segment(bisect_right(self._starts, value))]

    def mask(self, value: int | str) -> int:
        """The same as a bit mask."""
        mask = 0
        for position in self.positions(value):
            mask |= 1 << position
        return mask

    def edges(self) -> set[int]:
        """Every value at which an answer may change: starts of ranges, and the values after their ends."""
        values = {value for value in self._exact if isinstance(value, int)}
        return {*values, *(value + 1 for value in values), *self._starts}

    def _segment(self, segment: int) -> tuple[int, ...]:
        found = self._cache.get(segment)
        if found is None:
            found = () if segment == 0 else self._scan(self._starts[segment - 1])
            self._cache[segment] = found
        return found

    def _scan(self, start: int) -> tuple[int, ...]:
        end = bisect_right(self._ranges, (start, 1 << 129, 0))
        if self._disjoint():
            last = self._ranges[end - 1] if end else None
            return (last[2],) if last is not None and last[1] >= start else ()
        return tuple(position for _, high, position in self._ranges[:end] if high >= start)

    def _disjoint(self) -> bool:
        known = self._cache.get(-1)
        if known is None:
            pairs = zip(self._ranges, self._ranges[1:], strict=False)
            known = (1,) if all(left[1] < right[0] for left, right in pairs) else ()
            self._cache[-1] = known
        return bool(known)


class Lookup(Struct):
    """What a set says of a key: the data of the elements that hold it; ``certain`` when that is known.

    Certain without data: not in the set. Uncertain: perhaps in it, with one of these data.
    """

    certain: bool
    data: tuple[object, ...] = ()


NOT_THERE = Lookup(certain=True)
MAYBE = Lookup(certain=False)


class ElementSet(Struct):
    """A set or map with its elements, parsed when it is first looked up.

    ``load`` gives (key, data) pairs; data is True in a set, an Action in a verdict map, else a tuple of
    ranges; None marks an exception (ipset's nomatch). ``dynamic`` sets are filled by packets. ``doubtful``:
    finding an element does not settle it, because a limit or quota is bound to the elements. ``kinds`` and
    ``version`` are those of an ipset: what its keys are made of, and of which IP version; ``members`` are the
    sets of a list of sets. ``is_unreadable``: an element was not understood, so that anything may be in it.
    """

    name: str
    load: Callable[[], Sequence[tuple[Key, object]]]
    dynamic: bool = False
    doubtful: bool = False
    kinds: tuple[str, ...] = ()
    version: int | None = None
    members: tuple[ElementSet, ...] = ()
    is_unreadable: bool = False
    _elements: Sequence[tuple[Key, object]] | None = None
    _indexes: list[RangeIndex] = field(default_factory=list)

    @property
    def elements(self) -> Sequence[tuple[Key, object]]:
        """Every key with its data."""
        if self._elements is None:
            try:
                self._elements = self.load()
            except ParseError:
                self.is_unreadable, self._elements = True, ()
            width = max((len(key) for key, _ in self._elements), default=0)
            self._indexes = [
                RangeIndex((key[part], at) for at, (key, _) in enumerate(self._elements) if part < len(key))
                for part in range(width)
            ]
        return self._elements

    @property
    def indexes(self) -> list[RangeIndex]:
        """One index for each part of the key; none for an empty set."""
        _ = self.elements
        return self._indexes

    def lookup(self, values: Sequence[Value]) -> Lookup:
        """Look one key up. Values that are not known match perhaps; absent ones must be handled before."""
        elements, indexes = self.elements, self._indexes
        if not elements:
            return MAYBE if self.is_unreadable else NOT_THERE
        if len(indexes) == 1 and isinstance(values[0], int | str):
            return self._answer(indexes[0].positions(values[0]), certain=True)
        mask, certain = -1, True
        for value, index in zip(values, indexes, strict=False):
            if isinstance(value, int | str):
                mask &= index.mask(value)
            else:
                certain = False
        if mask == -1:
            return Lookup(certain=False, data=tuple({id(data): data for _, data in elements}.values()))
        return self._answer(list(bits(mask)), certain=certain)

    def _answer(self, positions: Sequence[int], *, certain: bool) -> Lookup:
        if not positions:
            return NOT_THERE
        elements = self.elements
        if len(positions) == 1 or not certain:
            found = tuple(elements[position][1] for position in positions)
        else:
            found = (min((elements[position] for position in positions), key=_width)[1],)
        if certain and found[0] is None:
            return NOT_THERE
        return Lookup(certain and not self.doubtful, found)


def _width(element: tuple[Key, object]) -> int:
    """How much a key holds: the narrowest of several that hold a value decides."""
    return sum(high - low for low, high in element[0] if isinstance(low, int) and isinstance(high, int))


def values_of(operands: Sequence[Operand], fields: Fields) -> list[Value] | None:
    """The values of a key; None when the packet lacks one of them."""
    values = [operand.value(fields) for operand in operands]
    return None if ABSENT in values else values


def cuts_of(operands: Sequence[Operand], elements: ElementSet, fields: Fields) -> Cuts | None:
    """Where what a set says of a key may change; None where a part of the key is computed."""
    found: dict[str, set[int]] = {}
    for operand, index in zip(operands, elements.indexes, strict=False):
        if isinstance(operand, Field):
            found.setdefault(operand.name, set()).update(index.edges())
        elif operand.cuts(fields) != {}:
            return None
    return {name: tuple(edges) for name, edges in found.items()}


class InSet(Match, Struct, frozen=True):
    """The values of the operands are in the set (or, negated, not)."""

    operands: tuple[Operand, ...]
    elements: ElementSet
    text: str = ""
    negated: bool = False

    def test(self, fields: Fields) -> bool | None:
        """Look the packet's values up."""
        values = values_of(self.operands, fields)
        if values is None:
            return False
        found = self.elements.lookup(values)
        if not found.certain:
            return None
        return bool(found.data) is not self.negated

    def cuts(self, fields: Fields) -> Cuts | None:
        """The edges of the elements."""
        return cuts_of(self.operands, self.elements, fields)


class FromMap(Operand, Struct, frozen=True):
    """The value that a map gives for the key; ABSENT when the key is not in it."""

    operands: tuple[Operand, ...]
    elements: ElementSet

    def value(self, fields: Fields) -> Value:
        """Look the packet's values up."""
        values = values_of(self.operands, fields)
        if values is None:
            return ABSENT
        found = self.elements.lookup(values)
        if not found.certain:
            return None
        if not found.data:
            return ABSENT
        return single(found.data[0])

    def cuts(self, fields: Fields) -> Cuts | None:
        """The edges of the elements."""
        return cuts_of(self.operands, self.elements, fields)


def single(data: object) -> Value:
    """The one value that data of a map are; None where they are several."""
    if isinstance(data, tuple) and len(data) == 1:
        ((low, high),) = data
        if low == high and isinstance(low, int | str):
            return low
    return None
