"""Limits of nft: ``limit``, ``ct count`` and ``quota``, alone or at the elements of a set (libnftables-json(5))."""

from __future__ import annotations

from landiag.firewall.nft.types import Json
from landiag.model.chance import Limited
from landiag.model.limits import Limit, LimitKind
from landiag.model.match import Match, UnknownKind, UnknownMatch

LIMITS = frozenset({"limit", "quota", "ct count"})

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_BURST = 5
"""The burst of a rate where none is given (nft(8))."""


def lower_limit(name: str, inner: Json, text: str) -> Match:
    """The condition of one limit; a quota, bytes and named limits depend on what nobody counts here."""
    if isinstance(inner, dict):
        found = _count(inner) if name == "ct count" else _rate(inner) if name == "limit" else None
        if found is not None:
            return Limited(found, text)
    return UnknownMatch(text, UnknownKind.LIMIT)


def _rate(inner: dict[str, Json]) -> Limit | None:
    rate, burst, seconds = inner.get("rate"), inner.get("burst", _BURST), _SECONDS.get(str(inner.get("per")))
    in_packets = inner.get("rate_unit", "packets") == "packets"
    if not isinstance(rate, int) or not isinstance(burst, int) or seconds is None or not in_packets:
        return None
    return Limit(LimitKind.RATE, rate / seconds, float(burst or _BURST), over=bool(inner.get("inv")))


def _count(inner: dict[str, Json]) -> Limit | None:
    number = inner.get("val")
    if not isinstance(number, int):
        return None
    return Limit(LimitKind.CONCURRENT, float(number), over=bool(inner.get("inv")))
