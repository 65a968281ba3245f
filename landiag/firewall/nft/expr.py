"""Expressions and matches of `nft -j`, lowered to operands and matches (libnftables-json(5))."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from landiag.firewall.nft import types
from landiag.firewall.nft.clock import lower_time, time_key
from landiag.firewall.nft.key import lower_key, object_of, operands
from landiag.firewall.nft.sets import Sets, lower_set
from landiag.firewall.nft.types import Json, Typed
from landiag.model.facts import ParseError
from landiag.model.match import Computed, InRanges, Match, Names, UnknownMatch
from landiag.model.operands import Bits, Cuts, Field, Fields, Operand
from landiag.model.packet import ABSENT, Value
from landiag.model.sets import ElementSet, InSet, Key

SMALL_SET = 6


def lower_match(inner: Json, text: str, sets: Sets) -> Match:
    """A ``match`` statement. What is not understood is an unknown match with its text."""
    try:
        return _match(object_of(inner), text, sets)
    except ParseError:
        return UnknownMatch(text)


def _match(inner: dict[str, Json], text: str, sets: Sets) -> Match:
    operator, right = inner.get("op", "=="), inner.get("right")
    timed = time_key(inner.get("left"))
    if timed is not None:
        return lower_time(timed, str(operator), right, text)
    keys = lower_key(inner.get("left"), sets)
    negated = operator == "!="
    if _is_set(right):
        if operator not in ("==", "!=", "in"):
            return UnknownMatch(text)
        elements = lower_set(right, keys, sets)
        return _in_set(keys, elements, text, negated=negated, anonymous=isinstance(right, dict))
    if len(keys) != 1:
        return _concatenation(keys, right, text, negated=negated)
    return _single(keys[0], str(operator), right, text)


def _is_set(right: Json) -> bool:
    return (isinstance(right, dict) and "set" in right) or (isinstance(right, str) and right.startswith("@"))


def _concatenation(keys: Sequence[Typed], right: Json, text: str, *, negated: bool) -> Match:
    parts = right.get("concat") if isinstance(right, dict) else None
    if not isinstance(parts, list) or len(parts) != len(keys):
        return UnknownMatch(text)
    key: Key = tuple(types.span(part, typed.kind) for part, typed in zip(parts, keys, strict=True))
    elements = ElementSet("", lambda: [(key, True)])
    return InSet(operands(keys), elements, text, negated)


def _in_set(
    keys: Sequence[Typed], elements: ElementSet, text: str, *, negated: bool, anonymous: bool
) -> Match:
    if anonymous and len(keys) == 1 and isinstance(keys[0].operand, Field) and not elements.doubtful:
        found = elements.elements
        if len(found) <= SMALL_SET:
            return _few(keys[0], [key[0] for key, _ in found], text, negated=negated)
    return InSet(operands(keys), elements, text, negated)


def _few(key: Typed, spans: Sequence[tuple[object, object]], text: str, *, negated: bool) -> Match:
    if key.kind.is_name:
        return _names(key, [str(low) for low, _ in spans], text, negated=negated)
    ranges = tuple((int(str(low)), int(str(high))) for low, high in spans)
    return _ranges(key, ranges, text, negated=negated)


def _single(key: Typed, operator: str, right: Json, text: str) -> Match:
    if isinstance(right, bool):
        return Computed(Present(key.operand), ((int(right), int(right)),), text, operator == "!=")
    if operator in ("in", "!"):
        bits = types.scalar(right, key.kind)
        if not isinstance(bits, int):
            return UnknownMatch(text)
        masked = Typed(Bits(key.operand, bits), key.kind)
        return _ranges(masked, ((1, bits),), text, negated=operator == "!")
    if operator in ("<", ">", "<=", ">="):
        return _ordered(key, operator, right, text)
    if operator not in ("==", "!="):
        return UnknownMatch(text)
    low, high = types.span(right, key.kind)
    if isinstance(low, str) or isinstance(high, str):
        return _names(key, [str(low)], text, negated=operator == "!=")
    return _ranges(key, ((low, high),), text, negated=operator == "!=")


class Present(Operand, Struct, frozen=True):
    """1 where the operand has a value that is not zero (``exists``), 0 where it is missing."""

    operand: Operand

    def value(self, fields: Fields) -> Value:
        """Whether it is there."""
        value = self.operand.value(fields)
        if value is ABSENT:
            return ABSENT
        if isinstance(value, int):
            return int(value != 0)
        return 1 if isinstance(value, str) else None

    def cuts(self, fields: Fields) -> Cuts | None:
        """Where a number is zero, and where that which it is made of changes."""
        if isinstance(self.operand, Field):
            return {self.operand.name: (0, 1)}
        return self.operand.cuts(fields)


def _ordered(key: Typed, operator: str, right: Json, text: str) -> Match:
    kind = types.NUMBER if key.kind.is_name else key.kind
    edge = types.scalar(right, kind)
    if not isinstance(edge, int):
        return UnknownMatch(text)
    return _ranges(
        Typed(key.operand, kind), types.everything_but(operator, edge, kind.bits), text, negated=False
    )


def _ranges(key: Typed, ranges: tuple[tuple[int, int], ...], text: str, *, negated: bool) -> Match:
    operand = key.operand
    if isinstance(operand, Field):
        return InRanges(operand.name, ranges, text, negated)
    if (
        isinstance(operand, Bits)
        and isinstance(operand.operand, Field)
        and not operand.xor
        and not operand.shift
    ):
        return InRanges(operand.operand.name, ranges, text, negated, operand.mask)
    return Computed(operand, ranges, text, negated)


def _names(key: Typed, names: Sequence[str], text: str, *, negated: bool) -> Match:
    if not isinstance(key.operand, Field):
        return UnknownMatch(text)
    name = key.operand.name
    if name in ("iif", "oif"):
        if all(word.isdigit() for word in names):
            return InRanges(name, tuple((int(word), int(word)) for word in names), text, negated)
        name += "name"
    exact = frozenset(word for word in names if not word.endswith("*"))
    prefixes = tuple(word[:-1] for word in names if word.endswith("*"))
    return Names(name, exact, prefixes, text, negated)
