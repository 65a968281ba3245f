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
_PAYLOAD = {"protocol", "field"}
_MATCH = {"op", "left", "right"}


def lower_plain(inner: Json) -> InRanges | None:
    """The match of a ``match`` statement that compares a port or an address with one value; None for all others.

    It is the one that ``lower_match`` would make.
    """
    if not isinstance(inner, dict) or inner.get("op") != "==" or inner.keys() != _MATCH:
        return None
    left, right = inner["left"], inner["right"]
    payload = left.get("payload") if isinstance(left, dict) and len(left) == 1 else None
    if not isinstance(payload, dict) or payload.keys() != _PAYLOAD:
        return None
    protocol, field = payload["protocol"], payload["field"]
    known = _FIELDS.get((protocol, field)) if isinstance(protocol, str) and isinstance(field, str) else None
    if known is None:
        return None
    name, kind = known
    if right.__class__ is not int:
        if not isinstance(right, str) or not ("." in right or ":" in right):
            return None
        try:
            number = kind.parse(right)
        except ParseError:
            return None
    else:
        number = right
    return InRanges(name, ((number, number),), f"{name} {right}")
