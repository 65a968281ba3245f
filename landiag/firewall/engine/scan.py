"""Rules that are lowered only when a packet may match them.

Most rules of a large ruleset compare an address, a port, a protocol or an interface with one value. Those
comparisons are read from the rule's own text: the first packets scan it, and when more come it is indexed by
value, so that the time for a packet grows with the rules that it may match and not with all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar, overload

from msgspec import Struct, field

from landiag.model.operands import Fields
from landiag.model.packet import ABSENT, Value
from landiag.model.ruleset import Rule, RuleList
from landiag.model.sets import bits

Word = TypeVar("Word", bytes, str)

SCANS = 8
"""After so many scans of a chain it is indexed."""

MEMORY = 100_000_000
"""So many bits an index may take to remember what it has worked out."""

SMALL = 8
"""A chain with at most so many rules is walked whole."""


Wanted = Callable[[Word], frozenset[Word] | None]
"""For a comparison the values with which it holds for a packet; None where nobody knows."""


class Index(Struct, Generic[Word]):
    """For each comparison: with which value the rule at which position makes it."""

    size: int
    made: dict[Word, list[tuple[Word, int]]] = field(default_factory=dict)
    _by_value: dict[Word, tuple[int, dict[Word, list[int]]]] = field(default_factory=dict)
    _left: dict[tuple[Word, frozenset[Word]], int] = field(default_factory=dict)

    def left(self, wanted: Wanted[Word]) -> int:
        """The rules that none of the packet's values rules out, as a mask of positions."""
        mask = (1 << self.size) - 1
        for name in self.made:
            values = wanted(name)
            if values is not None:
                left = self._left.get((name, values))
                mask &= self._rule_out(name, values) if left is None else left
        return mask

    def _rule_out(self, name: Word, values: frozenset[Word]) -> int:
        """The rules that are left when what a comparison asks for has these values."""
        constrained, positions = self._by_value.get(name) or self._sort(name)
        held = 0
        for value in values:
            for position in positions.get(value, ()):
                held |= 1 << position
        left = ~constrained | held
        if len(self._left) * self.size < MEMORY:
            self._left[name, values] = left
        return left

    def _sort(self, name: Word) -> tuple[int, dict[Word, list[int]]]:
        """The rules that make a comparison, as a mask of positions, and those that make it with one value."""
        mark = bytearray(self.size // 8 + 1)
        positions: dict[Word, list[int]] = {}
        for value, at in self.made[name]:
            mark[at // 8] |= 1 << (at % 8)
            positions.setdefault(value, []).append(at)
        found = self._by_value[name] = int.from_bytes(mark, "little"), positions
        return found


class ScannedRules(RuleList, Generic[Word]):
    """A chain's rules as text, each lowered when it is first asked for."""

    __slots__ = ("_built", "_index", "_scans")

    def __init__(self) -> None:
        self._built: dict[int, Rule] = {}
        self._index: Index[Word] | None = None
        self._scans = 0

    def build(self, at: int) -> Rule:
        """Make the rule at an index."""
        raise NotImplementedError

    def comparisons(self, at: int) -> Iterable[tuple[Word, Word]]:
        """The rule's comparisons with one value, as (what, value); all of them must hold for it to match."""
        raise NotImplementedError

    def wanted(self, fields: Fields) -> Wanted[Word]:
        """What the packet has, as the rules write it."""
        raise NotImplementedError

    def is_interface(self, name: Word) -> bool:
        """Whether a comparison is with the name of an interface."""
        raise NotImplementedError

    def interfaces(self, fields: Fields) -> set[str]:
        """The interfaces that rules name which ``candidates`` leaves out for nothing else, of an index."""
        index, wanted = self._indexed(), self.wanted(fields)
        if index is None:
            return set()
        left = index.left(lambda name: None if self.is_interface(name) else wanted(name))
        named = (one for name, made in index.made.items() if self.is_interface(name) for one in made)
        return {self.name(word) for word, at in named if left >> at & 1}

    def name(self, word: Word) -> str:
        """The name of an interface, as it is compared with."""
        raise NotImplementedError

    def may_change(self) -> bool:
        """Whether a rule of the table changes what is compared, so that nothing may be left out."""
        return False

    @overload
    def __getitem__(self, at: int) -> Rule: ...
    @overload
    def __getitem__(self, at: slice) -> list[Rule]: ...
    def __getitem__(self, at: int | slice) -> Rule | list[Rule]:
        """The rule at an index, made when it is first asked for."""
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        if at < 0:
            at += len(self)
        if not 0 <= at < len(self):
            raise IndexError(at)
        return self._rule(at)

    def _rule(self, at: int) -> Rule:
        rule = self._built.get(at)
        if rule is None:
            rule = self._built[at] = self.build(at)
        return rule

    def expect_many(self) -> None:
        """Many packets will be asked for: the index pays from the first on."""
        self._scans = SCANS

    def candidates(self, fields: Fields) -> Iterable[Rule]:
        """The rules that may match, in order."""
        if self._is_whole():
            return self
        wanted = self.wanted(fields)
        index = self._indexed()
        if index is None:
            self._scans += 1
            return self._scan(wanted)
        return map(self._rule, bits(index.left(wanted)))

    def _is_whole(self) -> bool:
        """Whether no rule may be left out, or it would not pay."""
        return len(self) <= SMALL or self.may_change()

    def _indexed(self) -> Index[Word] | None:
        """The index, where it pays."""
        if self._index is None and self._scans >= SCANS and not self._is_whole():
            self._index = self._make_index()
        return self._index

    def _scan(self, wanted: Wanted[Word]) -> Iterator[Rule]:
        known_values: dict[Word, frozenset[Word] | None] = {}
        for at in range(len(self)):
            for name, value in self.comparisons(at):
                if name not in known_values:
                    known_values[name] = wanted(name)
                values = known_values[name]
                if values is not None and value not in values:
                    break
            else:
                yield self[at]

    def _make_index(self) -> Index[Word]:
        index: Index[Word] = Index(len(self))
        for at in range(len(self)):
            for name, value in self.comparisons(at):
                index.made.setdefault(name, []).append((value, at))
        return index


def known(value: Value) -> bool:
    """Whether a field has one known value, or is known to be absent."""
    return value is ABSENT or isinstance(value, int | str)
