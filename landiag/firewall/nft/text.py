"""`nft -j` statements written as nft(8) text, for people: `nft -j` gives a rule's meaning but not its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from landiag.firewall.nft.types import Json

QUOTED = frozenset({"iifname", "oifname", "iif", "oif", "ibrname", "obrname", "helper"})
BARE_META = frozenset({
    "iif", "iifname", "iiftype", "iifgroup", "oif", "oifname", "oiftype", "oifgroup", "ibrname", "obrname",
})  # fmt: skip


def write_rule(statements: Sequence[Json]) -> str:
    """A whole rule."""
    return " ".join(text for text in map(write_statement, statements) if text)


def write_statement(statement: Json) -> str:
    """One statement."""
    if not isinstance(statement, dict) or len(statement) != 1:
        return str(statement)
    ((name, inner),) = statement.items()
    if inner is None:
        return str(name)
    if name in ("limit", "quota", "synproxy", "counter") and isinstance(inner, str):
        return f'{name} name "{inner}"'
    if name == "match" and isinstance(inner, dict):
        return _match(inner)
    if name in ("jump", "goto") and isinstance(inner, dict):
        return f"{name} {inner.get('target')}"
    if name in ("snat", "dnat", "redirect", "masquerade", "tproxy") and isinstance(inner, dict):
        return _nat(str(name), inner)
    write = _WRITERS.get(str(name))
    return write(inner) if write is not None and isinstance(inner, dict) else f"{name} {write_value(inner)}"


def _match(inner: dict[str, Json]) -> str:
    operator = inner.get("op", "==")
    middle = "" if operator in ("==", "in") else f" {operator}"
    left = inner.get("left")
    right = write_value(inner.get("right"), quoted=_is_name(left))
    if inner.get("right") is True or inner.get("right") is False:
        right = "exists" if inner.get("right") else "missing"
    if operator == "==" and isinstance(left, dict) and "&" in left:
        middle = " =="
    return f"{write_value(left)}{middle} {right}"


def _is_name(left: Json) -> bool:
    if not isinstance(left, dict):
        return False
    inner = left.get("meta") or left.get("ct")
    key = inner.get("key") if isinstance(inner, dict) else None
    return isinstance(key, str) and key in QUOTED


def _counter(inner: dict[str, Json]) -> str:
    return f"counter packets {inner.get('packets')} bytes {inner.get('bytes')}"


def _log(inner: dict[str, Json]) -> str:
    return " ".join(["log", *(f"{key} {_quote(value)}" for key, value in inner.items())])


def _quote(value: Json) -> str:
    return f'"{value}"' if isinstance(value, str) else write_value(value)


def _limit(inner: dict[str, Json]) -> str:
    over = "over " if inner.get("inv") else ""
    unit = f" {inner['rate_unit']}" if "rate_unit" in inner else ""
    burst = f" burst {inner['burst']} packets" if inner.get("burst") not in (None, 0, 5) else ""
    return f"limit rate {over}{inner.get('rate')}{unit}/{inner.get('per')}{burst}"


def _ct_count(inner: dict[str, Json]) -> str:
    return f"ct count {'over ' if inner.get('inv') else ''}{inner.get('val')}"


def _reject(inner: dict[str, Json]) -> str:
    words = [str(inner[key]) for key in ("type", "expr") if key in inner]
    return (
        "reject" if words == ["icmpx", "port-unreachable"] or not words else f"reject with {' '.join(words)}"
    )


def _mangle(inner: dict[str, Json]) -> str:
    return f"{write_value(inner.get('key'))} set {write_value(inner.get('value'))}"


def _vmap(inner: dict[str, Json]) -> str:
    return f"{write_value(inner.get('key'))} vmap {write_value(inner.get('data'))}"


def _nat(name: str, inner: dict[str, Json]) -> str:
    family = f" {inner['family']}" if "family" in inner else ""
    address = write_value(inner["addr"]) if "addr" in inner else ""
    if ":" in address and "port" in inner:
        address = f"[{address}]"
    port = f":{write_value(inner['port'])}" if "port" in inner else ""
    flags = inner.get("flags")
    words = flags if isinstance(flags, list) else [flags] if flags else []
    to = f" to {address}{port}" if address or port else ""
    return " ".join([f"{name}{family}{to}", *map(str, words)])


def _set(inner: dict[str, Json]) -> str:
    statements = inner.get("stmt")
    bound = " " + " ".join(map(write_statement, statements)) if isinstance(statements, list) else ""
    return f"{inner.get('op')} {inner.get('set')} {{ {write_value(inner.get('elem'))}{bound} }}"


def _xt(inner: dict[str, Json]) -> str:
    return f"xt {inner.get('type')} {_quote(inner.get('name'))}"


_WRITERS = {
    "counter": _counter, "log": _log, "limit": _limit, "ct count": _ct_count, "reject": _reject, "mangle": _mangle,
    "vmap": _vmap, "set": _set, "xt": _xt,
}  # fmt: skip


def write_value(value: Json, *, quoted: bool = False) -> str:
    """One expression or value."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return f'"{value}"' if quoted and not value.startswith("@") else value
    if isinstance(value, list):
        return ",".join(write_value(part, quoted=quoted) for part in value)
    if isinstance(value, dict) and len(value) == 1:
        ((name, inner),) = value.items()
        return _expression(str(name), inner, quoted=quoted)
    if isinstance(value, dict):
        return " ".join(f"{key} {write_value(part)}" for key, part in value.items())
    return "" if value is None else str(value)


def _expression(name: str, inner: Json, *, quoted: bool) -> str:
    if isinstance(inner, list):
        return _several(name, inner, quoted=quoted)
    if inner is None:
        return name
    if not isinstance(inner, dict):
        return f"{name} {write_value(inner)}"
    if name == "prefix":
        return f"{inner.get('addr')}/{inner.get('len')}"
    if name in _EXPRESSIONS:
        return _EXPRESSIONS[name](inner)
    if name == "meta":
        key = str(inner.get("key"))
        return key if key in BARE_META else f"meta {key}"
    if name == "ct":
        return " ".join(str(inner[key]) for key in ("dir", "key") if key in inner).join(("ct ", ""))
    if name == "map":
        return f"{write_value(inner.get('key'))} map {write_value(inner.get('data'))}"
    if name == "elem":
        return write_value(inner.get("val"), quoted=quoted)
    if name in ("jump", "goto"):
        return f"{name} {inner.get('target')}"
    return " ".join([name, *(write_value(part) for part in inner.values())])


def _drawn(name: str) -> Callable[[dict[str, Json]], str]:
    def write(inner: dict[str, Json]) -> str:
        of = [write_value(inner[key]) for key in ("mode", "expr") if key in inner]
        more = [f"{key} {inner[key]}" for key in ("mod", "seed", "offset") if inner.get(key) is not None]
        return " ".join([name, *of, *more])

    return write


def _fib(inner: dict[str, Json]) -> str:
    flags = inner.get("flags")
    return f"fib {' . '.join(map(str, flags if isinstance(flags, list) else [flags]))} {inner.get('result')}"


def _payload(inner: dict[str, Json]) -> str:
    if "base" in inner:
        return f"@{inner.get('base')},{inner.get('offset')},{inner.get('len')}"
    return f"{inner.get('protocol')} {inner.get('field')}"


_EXPRESSIONS: Mapping[str, Callable[[dict[str, Json]], str]] = {
    "payload": _payload,
    "fib": _fib,
    **{name: _drawn(name) for name in ("jhash", "symhash", "numgen")},
}


def _several(name: str, parts: list[Json], *, quoted: bool) -> str:
    if name == "range":
        return "-".join(map(write_value, parts))
    if name == "concat":
        return " . ".join(write_value(part, quoted=quoted) for part in parts)
    if name == "set":
        return f"{{ {', '.join(_element(part, quoted=quoted) for part in parts)} }}"
    return f" {name} ".join(map(write_value, parts))


def _element(part: Json, *, quoted: bool) -> str:
    if isinstance(part, list) and len(part) == 2:
        return f"{write_value(part[0], quoted=quoted)} : {write_value(part[1])}"
    return write_value(part, quoted=quoted)
