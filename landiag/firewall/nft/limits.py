"""Limits of nft: ``limit``, ``ct count`` and ``quota``, alone or at the elements of a set (libnftables-json(5))."""

from __future__ import annotations

from collections.abc import Mapping

from landiag.firewall.nft.types import Json
from landiag.model.chance import Limited
from landiag.model.limits import FULL_PACKET, Limit, LimitKind
from landiag.model.match import Always, Match, UnknownKind, UnknownMatch

LIMITS = frozenset({"limit", "quota", "ct count"})

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_BYTES = {"bytes": 1, "kbytes": 1024, "mbytes": 1024 * 1024}
_BURST = 5
"""The burst of a rate where none is given (nft(8))."""
_SMALLEST = 28
"""Bytes of the smallest packet that is counted: the headers of IPv4 and of UDP."""


def lower_limit(name: str, inner: Json, text: str) -> Match:
    """The condition of one limit, as a rule writes it or its table declares it."""
    if isinstance(inner, Mapping):
        if name == "quota":
            return _quota(inner, text)
        if name == "ct count" and inner.get("val") == 0:
            return Always(bool(inner.get("inv")), text)  # a connection counts itself
        found = _count(inner) if name == "ct count" else _rate(inner)
        if found is not None:
            return Limited(found, text)
    return UnknownMatch(text, UnknownKind.LIMIT)


def _rate(inner: Mapping[str, Json]) -> Limit | None:
    rate, burst, seconds = inner.get("rate"), inner.get("burst", _BURST), _SECONDS.get(str(inner.get("per")))
    if not isinstance(rate, int) or not isinstance(burst, int) or seconds is None:
        return None
    over, unit = bool(inner.get("inv")), inner.get("rate_unit", "packets")
    if unit == "packets":
        return Limit(LimitKind.RATE, rate / seconds, float(burst or _BURST), over=over)
    size, more = _BYTES.get(str(unit)), _BYTES.get(str(inner.get("burst_unit", "bytes")))
    if size is None or more is None:
        return None
    # The kernel's bucket of bytes holds the rate beside the burst (nft_limit_init).
    bucket = (rate * size + (burst if "burst" in inner else 0) * more) / FULL_PACKET
    return Limit(LimitKind.RATE, rate * size / seconds / FULL_PACKET, bucket, over=over, roughly=True)


def _quota(inner: Mapping[str, Json], text: str) -> Match:
    """What is left of a quota; one that no packet fits into says the same of every packet (nft_overquota)."""
    size, used = inner.get("val", inner.get("bytes")), inner.get("used", 0)
    unit, used_unit = (_BYTES.get(str(inner.get(key, "bytes"))) for key in ("val_unit", "used_unit"))
    if not isinstance(size, int) or not isinstance(used, int) or unit is None or used_unit is None:
        return UnknownMatch(text, UnknownKind.LIMIT)
    left, over = size * unit - used * used_unit, bool(inner.get("inv"))
    if left <= _SMALLEST:
        return Always(over, text)
    return Limited(Limit(LimitKind.VOLUME, float(left), over=over), text)


def _count(inner: Mapping[str, Json]) -> Limit | None:
    number = inner.get("val")
    if not isinstance(number, int):
        return None
    return Limit(LimitKind.CONCURRENT, float(number), over=bool(inner.get("inv")))
