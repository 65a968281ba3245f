"""The statements of an `nft -j` rule, lowered to steps: matches and actions in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from landiag.firewall.nft import types
from landiag.firewall.nft.expr import lower_match
from landiag.firewall.nft.key import lower_expression, lower_key, operands, sole
from landiag.firewall.nft.limits import LIMITS, lower_limit
from landiag.firewall.nft.plain import lower_plain
from landiag.firewall.nft.sets import Sets, guess_span, lower_set, verdict_action
from landiag.firewall.nft.text import write_statement
from landiag.firewall.nft.types import Json
from landiag.model.action import (
    RESET,
    Assign,
    Chosen,
    Dispatch,
    Divert,
    NatKind,
    Opaque,
    Proxy,
    Queued,
    Remember,
    Stop,
    Target,
    Translate,
    Untrack,
    Verdict,
)
from landiag.model.facts import ParseError
from landiag.model.match import InRanges, UnknownKind, UnknownMatch
from landiag.model.operands import Constant, Field
from landiag.model.packet import COMMON_OPTIONS
from landiag.model.ruleset import Step
from landiag.model.sets import FromMap

HARMLESS = frozenset({
    "counter", "log", "last", "comment", "ct helper", "ct timeout", "ct expectation", "secmark", "flow",
    "dup", "audit", "continue",
})  # fmt: skip
HARMLESS_TARGETS = frozenset({
    "LOG", "NFLOG", "ULOG", "TRACE", "CHECKSUM", "AUDIT", "CLASSIFY", "LED", "RATEEST", "IDLETIMER", "SECMARK",
    "CONNSECMARK", "TEE", "ACCOUNT",
})  # fmt: skip


def lower_rule(statements: Sequence[Json], sets: Sets) -> tuple[Step, ...]:
    """All steps of a rule."""
    steps: list[Step] = []
    for statement in statements:
        plain = lower_plain(statement) if isinstance(statement, dict) and "match" in statement else None
        steps += lower_statement(statement, sets) if plain is None else (plain,)
    return tuple(steps)


def lower_statement(statement: Json, sets: Sets) -> Sequence[Step]:
    """The steps of one statement; one that is not understood is unknown, with its text."""
    if statement in ("notrack", "masquerade"):
        statement = {statement: None}
    if not isinstance(statement, dict) or len(statement) != 1:
        return [] if isinstance(statement, str) and statement in HARMLESS else [Opaque(str(statement))]
    name, inner = sole(statement)
    if name in HARMLESS:
        return []
    action = verdict_action(statement)
    if action is not None:
        return [action]
    text = write_statement(statement)
    if name == "match":
        return [lower_match(inner, text, sets)]
    if name in LIMITS:
        return [lower_limit(name, _declared(name, inner, sets), text)]
    lower = _LOWER.get(name)
    try:
        return lower(inner, text, sets) if lower is not None else [Opaque(text)]
    except ParseError:
        return [Opaque(text)]


def _declared(name: str, inner: Json, sets: Sets) -> Json:
    """A limit as it is declared, where a rule names it."""
    return sets.limits.get((name, inner)) if isinstance(inner, str) else inner


def _object(inner: Json) -> dict[str, Json]:
    return inner if isinstance(inner, dict) else {}


IS_TCP = InRanges("meta l4proto", ((6, 6),), "meta l4proto tcp")
IS_VERSION = {
    "icmp": InRanges("meta protocol", ((0x0800, 0x0800),), "meta protocol ip"),
    "icmpv6": InRanges("meta protocol", ((0x86DD, 0x86DD),), "meta protocol ip6"),
}
"""What nft compares before it rejects in these ways, without listing it (its stmt_evaluate_reject)."""


def _reject(inner: Json, text: str, sets: Sets) -> list[Step]:  # noqa: ARG001
    options = _object(inner)
    kind, expression = options.get("type"), options.get("expr")
    if kind == RESET:
        return [IS_TCP, Stop(Verdict.REJECT, RESET)]
    stop = Stop(Verdict.REJECT, f"{kind or 'icmpx'} {expression or 'port-unreachable'}")
    return [IS_VERSION[kind], stop] if kind in IS_VERSION else [stop]


def _vmap(inner: Json, text: str, sets: Sets) -> list[Step]:  # noqa: ARG001
    options = _object(inner)
    keys = lower_key(options.get("key"), sets)
    return [Dispatch(operands(keys), lower_set(options.get("data"), keys, sets))]


def _mangle(inner: Json, text: str, sets: Sets) -> list[Step]:  # noqa: ARG001
    options = _object(inner)
    key = lower_expression(options.get("key"), sets).operand
    if not isinstance(key, Field):
        return []
    kind = types.NUMBER
    key_types = [typed for name, typed in _KINDS if name == key.name]
    if key_types:
        kind = key_types[0]
    value = options.get("value")
    try:
        operand = Constant(types.scalar(value, kind)) if isinstance(value, str) else None
    except ParseError:
        operand = Constant(None)
    return [Assign(key.name, operand or lower_expression(value, sets).operand)]


_KINDS = [(f"{protocol} {name}", kind) for (protocol, name), kind in types.PAYLOAD_TYPES.items()]


def _nat(kind: NatKind) -> Callable[[Json, str, Sets], Sequence[Step]]:
    def lower(inner: Json, text: str, sets: Sets) -> list[Step]:  # noqa: ARG001
        options = _object(inner)
        version = {"ip": 4, "ip6": 6}.get(str(options.get("family")))
        address, port = options.get("addr"), options.get("port")
        if version is None and isinstance(address, str):
            version = 6 if ":" in address else 4
        target = _target(address, port, sets)
        is_prefix = "prefix" in str(options.get("type_flags"))
        flags = str(options.get("flags"))
        return [Translate(kind, target, version, is_prefix, "persistent" in flags, "random" in flags)]

    return lower


def _target(address: Json, port: Json, sets: Sets) -> Target | Chosen:
    if not _computed(address) and not _computed(port):
        addresses = None if address is None else _numbers(address)
        return Target(addresses, None if port is None else _numbers(port))
    if port is None and address is not None:
        found = lower_expression(address, sets).operand
        if isinstance(found, FromMap):
            return Chosen(operands=found.operands, elements=found.elements)
    return Chosen(
        None if address is None else lower_expression(address, sets).operand,
        None if port is None else lower_expression(port, sets).operand,
    )


def _computed(value: Json) -> bool:
    return isinstance(value, dict) and not ("range" in value or "prefix" in value)


def _numbers(value: Json) -> tuple[int, int]:
    low, high = guess_span(value, None)
    if isinstance(low, int) and isinstance(high, int):
        return (low, high)
    raise ParseError(f"{value!r} is not an address or a port")


def _tproxy(inner: Json, text: str, sets: Sets) -> list[Step]:  # noqa: ARG001
    options = _object(inner)
    version = {"ip": 4, "ip6": 6}.get(str(options.get("family")))
    address, port = (
        None if options.get(name) is None else lower_expression(options[name], sets).operand
        for name in ("addr", "port")
    )
    return [Divert(address, port, version)]


def _notrack(inner: Json, text: str, sets: Sets) -> list[Step]:  # noqa: ARG001
    return [Untrack()]


def _set(inner: Json, text: str, sets: Sets) -> list[Step]:
    options = _object(inner)
    element = options.get("elem")
    if isinstance(element, dict) and isinstance(element.get("elem"), dict):
        element = element["elem"].get("val")
    keys = lower_key(element, sets)
    elements = lower_set(options.get("set"), keys, sets)
    elements.dynamic = True
    steps: list[Step] = [Remember(operands(keys), elements, options.get("op") == "delete")]
    bound = options.get("stmt")
    limits = [pair for one in bound for pair in _object(one).items()] if isinstance(bound, list) else []
    steps += [lower_limit(name, value, text) for name, value in limits if name in LIMITS]
    if len(steps) == 1 and options.get("op") == "add" and elements.doubtful:
        steps.append(UnknownMatch(text, UnknownKind.LIMIT))
    return steps


def _map(inner: Json, text: str, sets: Sets) -> list[Step]:  # noqa: ARG001
    """Fill a map: what it holds for a key is no longer known."""
    lower_set(_object(inner).get("map"), [], sets).doubtful = True
    return []


def _meter(inner: Json, text: str, sets: Sets) -> list[Step]:  # noqa: ARG001
    statement = _object(_object(inner).get("stmt"))
    return [lower_limit(name, value, text) for name, value in statement.items() if name in LIMITS]


def _synproxy(inner: Json, text: str, sets: Sets) -> list[Step]:  # noqa: ARG001
    return [Proxy(text)]


def _reset(inner: Json, text: str, sets: Sets) -> list[Step]:  # noqa: ARG001
    """Take an option out of the segment: only of some it is asked whether they are there."""
    name = str(_object(_object(inner).get("tcp option")).get("name"))
    return [Assign(f"tcp option {name}", Constant(0))] if name in COMMON_OPTIONS else []


def _queue(inner: Json, text: str, sets: Sets) -> list[Step]:  # noqa: ARG001
    """Queue 0 where none is named."""
    told = _object(inner) if isinstance(inner, dict) else {}
    first, last = _queues(told.get("num", 0))
    flags = told.get("flags", [])
    return [Queued(first, last, bypass="bypass" in (flags if isinstance(flags, list) else [flags]))]


def _queues(number: object) -> tuple[int, int]:
    """A queue, or a range of them; an expression may choose any."""
    match _object(number).get("range") if isinstance(number, dict) else [number, number]:
        case [int(first), int(last)]:
            return first, last
    return 0, 65535


def _xt(inner: Json, text: str, sets: Sets) -> list[Step]:  # noqa: ARG001
    """An iptables extension: only its name is known here, its parameters are in iptables-save."""
    options = _object(inner)
    name = str(options.get("name"))
    if options.get("type") == "match":
        return [] if name == "comment" else [UnknownMatch(text)]
    if name in HARMLESS_TARGETS:
        return []
    if name == "REJECT":
        return [Stop(Verdict.REJECT)]
    if name in _XT_NAT:
        everywhere = Target((0, (1 << 128) - 1), (0, 65535))
        return [Translate(_XT_NAT[name], everywhere)]
    return [Opaque(text)]


_XT_NAT = {
    "DNAT": NatKind.DNAT,
    "SNAT": NatKind.SNAT,
    "REDIRECT": NatKind.REDIRECT,
    "MASQUERADE": NatKind.MASQUERADE,
}

_LOWER: Mapping[str, Callable[[Json, str, Sets], Sequence[Step]]] = {
    "reject": _reject,
    "vmap": _vmap,
    "mangle": _mangle,
    "dnat": _nat(NatKind.DNAT),
    "redirect": _nat(NatKind.REDIRECT),
    "snat": _nat(NatKind.SNAT),
    "masquerade": _nat(NatKind.MASQUERADE),
    "notrack": _notrack,
    "reset": _reset,
    "tproxy": _tproxy,
    "set": _set,
    "map": _map,
    "meter": _meter,
    "queue": _queue,
    "synproxy": _synproxy,
    "xt": _xt,
}
