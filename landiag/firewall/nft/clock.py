"""``meta hour``, ``meta day`` and ``meta time`` of `nft -j`: the time, as nft writes it in the machine's zone."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Callable
from time import strptime

from landiag.firewall.nft.types import Json
from landiag.model.clock import Date, DayOfWeek, Spans, TimeOfDay
from landiag.model.facts import ParseError
from landiag.model.match import Match
from landiag.model.strict import integer

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


def time_key(left: Json) -> str | None:
    """Which of the three a match compares; None where it compares something else."""
    meta = left.get("meta") if isinstance(left, dict) else None
    key = meta.get("key") if isinstance(meta, dict) else None
    return key if key in ("hour", "day", "time") else None


def lower_time(key: str, operator: str, right: Json, text: str) -> Match:
    """The condition on the clock. Raises ParseError for what is not understood."""
    if operator not in ("==", "!=", "in", "<", "<=", ">", ">="):
        raise ParseError(f"{operator!r} is no comparison of times")
    if key == "day":
        return _days(operator, right, text)
    read, kind = (_second, TimeOfDay) if key == "hour" else (_date, Date)
    found = [_span(one, read) for one in _several(right)]
    spans: Spans = tuple(found)
    if operator in ("<", "<=", ">", ">="):
        if len(found) != 1 or found[0][0] != found[0][1]:
            raise ParseError(f"{right!r} is not one time")
        spans = (_open(operator, found[0][0]),)
    return kind(spans, text, operator == "!=")


def _open(operator: str, edge: int) -> tuple[int | None, int | None]:
    if operator in ("<", "<="):
        return None, edge - (operator == "<")
    return edge + (operator == ">"), None


def _days(operator: str, right: Json, text: str) -> Match:
    days: set[int] = set()
    for one in _several(right):
        low, high = _span(one, _day)
        days.update(range(low, high + 1))
    if operator in ("<", "<=", ">", ">="):
        first, last = _open(operator, min(days))
        days = {day for day in range(7) if (first or 0) <= day and (last is None or day <= last)}
    return DayOfWeek(frozenset(days), text, operator == "!=")


def _several(right: Json) -> list[Json]:
    inner = right.get("set") if isinstance(right, dict) else None
    return inner if isinstance(inner, list) else [right]


def _span(value: Json, read: Callable[[str], int]) -> tuple[int, int]:
    ends = value.get("range") if isinstance(value, dict) else [value, value]
    if not isinstance(ends, list) or len(ends) != 2:
        raise ParseError(f"{value!r} is no time")
    return read(str(ends[0])), read(str(ends[1]))


def _second(word: str) -> int:
    """``08:00`` and ``08:00:30``, as seconds of the day."""
    parts = [integer(part) for part in word.split(":")]
    if not 2 <= len(parts) <= 3:
        raise ParseError(f"{word!r} is no time of day")
    return sum(part * scale for part, scale in zip(parts, (3600, 60, 1), strict=False))


def _date(word: str) -> int:
    """``2030-01-01 00:00:00``, as seconds since the epoch."""
    try:
        return timegm(strptime(word, "%Y-%m-%d %H:%M:%S"))
    except ValueError as error:
        raise ParseError(f"{word!r} is no date") from error


def _day(word: str) -> int:
    if word.isdigit():
        return integer(word)
    if word.lower() not in _DAYS:
        raise ParseError(f"{word!r} is no day")
    return _DAYS.index(word.lower())
