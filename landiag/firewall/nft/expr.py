"""Expressions and matches of `nft -j`, lowered to operands and matches (libnftables-json(5))."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from landiag.firewall.nft import types
from landiag.firewall.nft.sets import Sets, lower_set
from landiag.firewall.nft.types import Json, Type, Typed
from landiag.model.facts import ParseError
from landiag.model.match import (
    Bits,
    Computed,
    Constant,
    Cuts,
    Draw,
    Field,
    Fields,
    InRanges,
    Match,
    Names,
    Operand,
    Or,
    UnknownMatch,
)
from landiag.model.packet import ABSENT, Value
from landiag.model.sets import ElementSet, FromMap, InSet, Key

SMALL_SET = 6
FRAGMENT_BITS = 0xBFFF


def sole(value: Json) -> tuple[str, Json]:
    """The only key of an object with its value."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, inner),) = value.items()
        return str(name), inner
    raise ParseError(f"{_short(value)} is not one statement or expression")


def _short(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _inner(value: Json) -> dict[str, Json]:
    if isinstance(value, dict):
        return value
    raise ParseError(f"{_short(value)} is not an object")


def lower_expression(value: Json, sets: Sets) -> Typed:
    """Any expression that has one value for a packet."""
    if isinstance(value, int | str):
        return _constant(value)
    name, inner = sole(value)
    lower = _LOWER.get(name)
    if lower is not None:
        return lower(_inner(inner))
    if name in ("&", "|", "^", "<<", ">>"):
        return _binary(name, inner, sets)
    if name == "map":
        return _map(_inner(inner), sets)
    if name in ("numgen", "jhash", "symhash"):
        return _draw(name, _inner(inner))
    return Typed(Constant(None), types.NUMBER)


def _draw(name: str, inner: dict[str, Json]) -> Typed:
    """A number by chance, in turns, or by a hash: each one for a share of connections."""
    modulus, offset = inner.get("mod"), inner.get("offset") or 0
    if not isinstance(modulus, int) or not isinstance(offset, int) or modulus < 1:
        return Typed(Constant(None), types.NUMBER)
    return Typed(Draw(f"{name} {inner.get('mode', '')}".strip(), modulus, offset), types.NUMBER)


def _constant(value: int | str) -> Typed:
    if isinstance(value, int):
        return Typed(Constant(int(value)), types.NUMBER)
    for kind in (types.NUMBER, types.IPV4, types.ETHER):
        try:
            return Typed(Constant(types.scalar(value, kind)), kind)
        except ParseError:
            continue
    return Typed(Constant(None), types.NUMBER)


def _payload(inner: dict[str, Json]) -> Typed:
    if "base" in inner:
        base, offset, length = inner.get("base"), inner.get("offset"), inner.get("len")
        if base not in ("nh", "th") or not isinstance(offset, int) or not isinstance(length, int):
            return Typed(Constant(None), types.NUMBER)
        name = _PORTS.get((base, offset, length), f"@{base},{offset},{length}")
        return Typed(Field(name), Type(length))
    protocol, field = inner.get("protocol"), inner.get("field")
    if not isinstance(protocol, str) or not isinstance(field, str):
        raise ParseError(f"{_short(inner)} is not a payload")
    kind = types.PAYLOAD_TYPES.get((protocol, field), types.PORT)
    return Typed(Field(f"{protocol} {field}"), kind)


_PORTS: Mapping[tuple[Json, int, int], str] = {("th", 0, 16): "th sport", ("th", 16, 16): "th dport"}


def _meta(inner: dict[str, Json]) -> Typed:
    known = types.META_TYPES.get(str(inner.get("key")))
    if known is None:
        return Typed(Constant(None), types.NUMBER)
    name, kind = known
    return Typed(Field(name), kind)


def _ct(inner: dict[str, Json]) -> Typed:
    key, direction = str(inner.get("key")), inner.get("dir")
    kind = types.CT_TYPES.get(key)
    if kind is None:
        return Typed(Constant(None), types.NUMBER)
    return Typed(Field(f"ct {direction} {key}" if direction else f"ct {key}"), kind)


def _fib(inner: dict[str, Json]) -> Typed:
    flags, result = inner.get("flags"), inner.get("result")
    words = flags if isinstance(flags, list) else [flags]
    kind = {"type": types.FIBTYPE, "oifname": types.NAME, "oif": types.NAME}.get(str(result))
    if kind is None:
        return Typed(Constant(None), types.NUMBER)
    return Typed(Field(f"fib {' '.join(str(word) for word in words)} {result}"), kind)


def _header(inner: dict[str, Json]) -> Typed:
    """An IP option: a plain packet has none, and one of the other IP version cannot have any."""
    if "field" in inner:
        return Typed(Constant(ABSENT), types.NUMBER)
    return Typed(Bits(Field("ip version"), 0), types.NUMBER)


def _exthdr(inner: dict[str, Json]) -> Typed:
    """An extension header of IPv6, likewise."""
    if "field" in inner:
        return Typed(Constant(ABSENT), types.NUMBER)
    return Typed(Bits(Field("ip6 version"), 0), types.NUMBER)


_LOWER = {"payload": _payload, "meta": _meta, "ct": _ct, "fib": _fib, "ip option": _header, "exthdr": _exthdr}


def _binary(operator: str, inner: Json, sets: Sets) -> Typed:
    if not isinstance(inner, list) or len(inner) < 2:
        raise ParseError(f"{_short(inner)} are not two operands")
    left = lower_expression(inner[0], sets)
    for part in inner[1:]:
        left = _combine(operator, left, part, sets)
    return left


def _combine(operator: str, left: Typed, right: Json, sets: Sets) -> Typed:
    constant = _known(right, left.kind)
    if constant is None:
        other = lower_expression(right, sets)
        if operator in ("&", "|", "^"):
            return Typed(Or(left.operand, other.operand, operator), left.kind)
        return Typed(Constant(None), left.kind)
    top = (1 << left.kind.bits) - 1
    operand = left.operand
    if operator == "&":
        return Typed(_masked(operand, constant), left.kind)
    if operator == "|":
        return Typed(Bits(operand, top & ~constant, constant), left.kind)
    if operator == "^":
        return Typed(Bits(operand, top, constant), left.kind)
    return Typed(Bits(operand, top, 0, constant if operator == "<<" else -constant), left.kind)


def _masked(operand: Operand, mask: int) -> Operand:
    if operand == Field("ip frag-off") and mask & ~FRAGMENT_BITS == 0:
        return Bits(Field("ip fragment"), mask)
    return Bits(operand, mask)


def _known(value: Json, kind: Type) -> int | None:
    try:
        number = types.scalar(value, kind)
    except ParseError:
        return None
    return number if isinstance(number, int) else None


def _map(inner: dict[str, Json], sets: Sets) -> Typed:
    keys = lower_key(inner.get("key"), sets)
    elements = lower_set(inner.get("data"), keys, sets)
    return Typed(FromMap(operands(keys), elements), types.NUMBER)


def lower_key(value: Json, sets: Sets) -> list[Typed]:
    """The parts of a key: several for a concatenation."""
    if isinstance(value, dict) and isinstance(value.get("concat"), list):
        return [lower_expression(part, sets) for part in value["concat"]]
    return [lower_expression(value, sets)]


def operands(keys: Sequence[Typed]) -> tuple[Operand, ...]:
    """What a set looks up. Interfaces are known by name, also where the kernel compares their index."""
    return tuple(_BY_NAME.get(key.operand, key.operand) for key in keys)


_BY_NAME: Mapping[Operand, Operand] = {Field("iif"): Field("iifname"), Field("oif"): Field("oifname")}


def lower_match(inner: Json, text: str, sets: Sets) -> Match:
    """A ``match`` statement. What is not understood is an unknown match with its text."""
    try:
        return _match(_inner(inner), text, sets)
    except ParseError:
        return UnknownMatch(text)


def _match(inner: dict[str, Json], text: str, sets: Sets) -> Match:
    operator, right = inner.get("op", "=="), inner.get("right")
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
