"""The comparisons that long rulesets are made of: a port or an address with one value, lowered in one step."""

from __future__ import annotations

from collections.abc import Mapping

from landiag.firewall.nft import types
from landiag.firewall.nft.types import Json, Type
from landiag.model.facts import ParseError
from landiag.model.match import InRanges

_PROTOCOLS = ("tcp", "udp", "th", "sctp", "dccp")
_FIELDS: Mapping[tuple[Json, Json], tuple[str, Type]] = {
    **{(one, side): (f"{one} {side}", types.PORT) for one in _PROTOCOLS for side in ("sport", "dport")},
    **{
        (one, side): (f"{one} {side}", types.PAYLOAD_TYPES[one, side])
        for one in ("ip", "ip6") for side in ("saddr", "daddr")
    },
}  # fmt: skip


def lower_plain(statement: Json) -> InRanges | None:
    """The match of a statement that compares a port or an address with one value; None for all others.

    It is the one that ``lower_match`` would make.
    """
    try:
        inner = statement["match"]  # type: ignore[index]
        payload, right = inner["left"]["payload"], inner["right"]
        name, kind = _FIELDS[payload["protocol"], payload["field"]]
        number = right if right.__class__ is int else _parse_address(right, kind)
        is_plain = inner["op"] == "==" and len(inner) == 3 and len(payload) == 2
        is_alone = len(statement) == 1 and len(inner["left"]) == 1  # type: ignore[arg-type]
    except (KeyError, TypeError, ParseError):
        return None
    return InRanges(name, ((number, number),), f"{name} {right}") if is_plain and is_alone else None


def _parse_address(word: Json, kind: Type) -> int:
    if isinstance(word, str) and ("." in word or ":" in word):
        return kind.parse(word)
    raise ParseError(f"{word!r} is no address")
