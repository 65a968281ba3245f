"""The left side of nft's matches: payload, meta, ct, fib and what is computed of them, lowered to operands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from landiag.firewall.nft import types
from landiag.firewall.nft.sets import Sets, lower_set
from landiag.firewall.nft.types import Json, Type, Typed
from landiag.model.facts import ParseError
from landiag.model.operands import Bits, Constant, Draw, Field, Operand, Or
from landiag.model.packet import ABSENT, COMMON_OPTIONS
from landiag.model.sets import FromMap

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


def object_of(value: Json) -> dict[str, Json]:
    """The members of an object; raises ParseError where a value is none."""
    if isinstance(value, dict):
        return value
    raise ParseError(f"{_short(value)} is not an object")


def lower_expression(value: Json, sets: Sets) -> Typed:
    """Any expression that has one value for a packet."""
    if isinstance(value, int | str):
        return _constant(value)
    name, inner = sole(value)
    if name in _LOWER:
        return lower_field(name, object_of(inner))
    if name in ("&", "|", "^", "<<", ">>"):
        return _binary(name, inner, sets)
    if name == "map":
        return _map(object_of(inner), sets)
    if name in ("numgen", "jhash", "symhash"):
        return _draw(name, object_of(inner))
    return Typed(Constant(None), types.NUMBER)


def lower_field(name: str, inner: dict[str, Json]) -> Typed:
    """What a packet or its connection carries; rules ask for the same few things over and over."""
    values = inner.values()
    if all(isinstance(value, str) for value in values):
        return _lower_once(name, tuple(inner), tuple(values))
    return _LOWER[name](inner)


@lru_cache
def _lower_once(name: str, keys: tuple[str, ...], values: tuple[Json, ...]) -> Typed:
    return _LOWER[name](dict(zip(keys, values, strict=True)))


def _draw(name: str, inner: dict[str, Json]) -> Typed:
    """A number by chance, in turns, or by a hash: each one for a share of connections."""
    modulus, offset = inner.get("mod"), inner.get("offset") or 0
    if not isinstance(modulus, int) or not isinstance(offset, int) or modulus < 1:
        return Typed(Constant(None), types.NUMBER)
    text = f"{name} {inner.get('mode', '')}".strip()
    if name != "jhash":
        return Typed(Draw(text, modulus, offset), types.NUMBER)
    seed = inner.get("seed")
    known = seed if isinstance(seed, int) else None
    return Typed(Draw(text, modulus, offset, _hashed(inner.get("expr")), known), types.NUMBER)


def _hashed(expression: Json) -> tuple[tuple[Operand, int], ...]:
    """What a hash is taken of; empty where the bytes of a part are not known."""
    name, inner = sole(expression) if isinstance(expression, dict) else ("", None)
    parts = inner if name == "concat" and isinstance(inner, list) else [expression]
    lowered = [(part, lower_expression(part, Sets())) for part in parts]
    known = all(isinstance(part, dict) and sole(part)[0] == "payload" for part, _ in lowered)
    return tuple((one.operand, one.kind.bits // 8) for _, one in lowered) if known else ()


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


def _tcp_option(inner: dict[str, Json]) -> Typed:
    """An option of TCP: of the segment size bounds are known, of others whether they are there at all."""
    name, field = inner.get("name"), inner.get("field")
    if field is None:
        return Typed(Field(f"tcp option {name}") if name in COMMON_OPTIONS else Constant(None), types.NUMBER)
    is_size = name == "maxseg" and field == "size"
    return Typed(Field("tcp option maxseg size") if is_size else Constant(None), types.NUMBER)


def _socket(inner: dict[str, Json]) -> Typed:
    """An option of the socket that takes the packet; a packet without a socket has none."""
    key = str(inner.get("key"))
    return Typed(
        Field(f"socket {key}") if key in ("transparent", "wildcard") else Constant(None), types.NUMBER
    )


_LOWER = {
    "payload": _payload,
    "meta": _meta,
    "ct": _ct,
    "fib": _fib,
    "ip option": _header,
    "exthdr": _exthdr,
    "socket": _socket,
    "tcp option": _tcp_option,
}


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
