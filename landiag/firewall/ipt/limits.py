"""Matches of iptables that count: limits, and shares of packets (iptables-extensions(8))."""

from __future__ import annotations

from collections.abc import Sequence

from landiag.firewall.ipt.options import Option, Setting
from landiag.firewall.ipt.recent import ask_list, hits_on_list
from landiag.model.chance import Chance, Limited
from landiag.model.facts import ParseError
from landiag.model.limits import FULL_PACKET, Limit, LimitKind
from landiag.model.match import Always, Match, UnknownKind, UnknownMatch
from landiag.model.ruleset import Step

_SECONDS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600,
            "d": 86400, "day": 86400}  # fmt: skip
_BURST = 5.0
"""The burst where none is given, of limit and of hashlimit."""


def limit(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
    """``-m limit``: one bucket for all clients."""
    given = {option.name: option for option in options}
    rate = given.get("--limit")
    burst = float(given["--limit-burst"].value) if "--limit-burst" in given else _BURST
    if rate is None or rate.negated:
        raise ParseError("limit without a rate")
    return [Limited(Limit(LimitKind.RATE, _rate(rate.value), burst), _text("limit", options))]


def hashlimit(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
    """``-m hashlimit``: a bucket for each client, or for whatever its mode names."""
    given = {option.name: option for option in options}
    text = _text("hashlimit", options)
    name = next(
        (one for one in ("--hashlimit-upto", "--hashlimit", "--hashlimit-above") if one in given), None
    )
    if name is None:
        return [UnknownMatch(text, UnknownKind.LIMIT)]
    over = (name == "--hashlimit-above") is not given[name].negated
    number, _, unit = given[name].value.partition("/")
    if number.endswith("b"):
        amount = _bytes(number) / _SECONDS[unit] / FULL_PACKET
        first = (
            _bytes(given["--hashlimit-burst"].value) / FULL_PACKET if "--hashlimit-burst" in given else amount
        )
        return [Limited(Limit(LimitKind.RATE, amount, first, over, roughly=True), text)]
    burst = float(given["--hashlimit-burst"].value) if "--hashlimit-burst" in given else _BURST
    return [Limited(Limit(LimitKind.RATE, _rate(given[name].value), burst, over), text)]


def connlimit(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
    """``-m connlimit``: how many connections a client has at one time."""
    given = {option.name: option for option in options}
    above = given.get("--connlimit-above")
    counted = above or given.get("--connlimit-upto")
    if counted is None:
        raise ParseError("connlimit without a number")
    over = (above is not None) is not counted.negated
    if float(counted.value) == 0:
        return [Always(over, _text("connlimit", options))]  # a connection counts itself
    return [
        Limited(Limit(LimitKind.CONCURRENT, float(counted.value), over=over), _text("connlimit", options))
    ]


def connbytes(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
    """``-m connbytes --connbytes FROM:TO``: how much a connection has carried: nothing when it begins."""
    given = {option.name: option for option in options}
    text, mode = _text("connbytes", options), given["--connbytes-mode"].value
    size = {"bytes": 1, "packets": FULL_PACKET}.get(mode)
    low, _, high = given["--connbytes"].value.partition(":")
    start, end = float(low or 0), float(high or 0)
    if size is None or (start > 0 and 0 < end < start):
        return [UnknownMatch(text, UnknownKind.LIMIT)]
    over = (start > 0) is not given["--connbytes"].negated
    if start == 0 and end == 0:
        return [Always(not given["--connbytes"].negated, text)]
    return [Limited(Limit(LimitKind.VOLUME, (start or end) * size, over=over), text)]


def recent(options: Sequence[Option], setting: Setting) -> Sequence[Step]:
    """``-m recent``: a limit where hits are counted, else a list of addresses."""
    given = {option.name: option for option in options}
    text = _text("recent", options)
    asked = given.get("--update") or given.get("--rcheck")
    if asked is None or asked.negated or "--hitcount" not in given:
        return ask_list(options, setting, text)
    seconds = float(given["--seconds"].value) if "--seconds" in given else 0.0
    hits = float(given["--hitcount"].value)
    return [hits_on_list(options, setting, Limit(LimitKind.HITS, hits, over=True, seconds=seconds), text)]


def statistic(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
    """``-m statistic``: by chance, or every nth packet; of connections in nat, of packets elsewhere."""
    given = {option.name: option for option in options}
    chosen = given.get("--probability") or given.get("--every")
    if chosen is None:
        raise ParseError("statistic without a number")
    number = float(chosen.value)
    share = number if "--probability" in given else 1.0 / number if number else 0.0
    return [Chance(1.0 - share if chosen.negated else share, _text("statistic", options))]


def _bytes(text: str) -> float:
    """``512kb``: bytes (parse_bytes in libxt_hashlimit.c)."""
    number = text.removesuffix("b")
    scale = _SCALES.get(number[-1:], 1)
    return float(number[:-1] if scale > 1 else number) * scale


_SCALES = {"k": 1024, "m": 1024 * 1024}


def _rate(text: str) -> float:
    """``25/sec``: packets a second."""
    number, slash, unit = text.partition("/")
    if slash and unit not in _SECONDS:
        raise ParseError(f"{text!r} is not a rate")
    return float(number) / (_SECONDS[unit] if slash else 1)


def _text(module: str, options: Sequence[Option]) -> str:
    return " ".join(["-m", module, *(option.text for option in options)])
