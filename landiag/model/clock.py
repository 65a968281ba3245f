"""Conditions on the time of day, the day and the date, as the machine's clock stood when it was read."""

from __future__ import annotations

from datetime import datetime, timezone

from msgspec import Struct

from landiag.model.match import Match
from landiag.model.operands import Fields

CLOCK, OFFSET = "clock", "utc offset"
"""The fields: seconds since the epoch, and by how many seconds the machine's zone is ahead of UTC."""

DAY = 86_400
Spans = tuple[tuple[int | None, int | None], ...]
"""Both ends included; None where a span is open."""

_SUMMER = 3600
"""By how much a zone may be ahead more or less at another time of the year."""


def _is_in(value: int, spans: Spans) -> bool:
    return any((low is None or low <= value) and (high is None or value <= high) for low, high in spans)


def _agreed(answers: set[bool]) -> bool | None:
    return answers.pop() if len(answers) == 1 else None


def _read(fields: Fields) -> tuple[int, int] | None:
    clock, offset = fields[CLOCK], fields[OFFSET]
    return (clock, offset) if isinstance(clock, int) and isinstance(offset, int) else None


class TimeOfDay(Match, Struct, frozen=True):
    """The time of day lies in one of the spans: seconds of the machine's zone, which are compared in UTC."""

    spans: Spans
    text: str = ""
    negated: bool = False

    def test(self, fields: Fields) -> bool | None:
        """Compare as the kernel does: nft has told it the ends in UTC (nft_meta_hour)."""
        read = _read(fields)
        if read is None:
            return None
        clock, offset = read
        ends = ((_shifted(low, offset), _shifted(high, offset)) for low, high in self.spans)
        return _is_in(clock % DAY, tuple(ends)) is not self.negated


def _shifted(second: int | None, offset: int) -> int | None:
    return None if second is None else (second - offset) % DAY


class DayOfWeek(Match, Struct, frozen=True):
    """The day is one of these, Sunday is 0; of the zone that the kernel was told, which may be UTC."""

    days: frozenset[int]
    text: str = ""
    negated: bool = False

    def test(self, fields: Fields) -> bool | None:
        """Compare in both zones (nft_meta_weekday)."""
        read = _read(fields)
        if read is None:
            return None
        clock, offset = read
        return _agreed({(weekday(one) in self.days) is not self.negated for one in (clock, clock + offset)})


def weekday(second: int) -> int:
    """The day of the week of a second since the epoch, which was a Thursday; Sunday is 0."""
    return (second // DAY + 4) % 7


class Date(Match, Struct, frozen=True):
    """The date lies in one of the spans: seconds since the epoch, in the machine's zone."""

    spans: Spans
    text: str = ""
    negated: bool = False

    def test(self, fields: Fields) -> bool | None:
        """Compare; within an hour of an end, summer time may decide."""
        read = _read(fields)
        if read is None:
            return None
        now = sum(read)
        return _agreed(
            {_is_in(one, self.spans) is not self.negated for one in (now - _SUMMER, now, now + _SUMMER)}
        )


class Schedule(Match, Struct, frozen=True):
    """``-m time``: dates, time of day, days of the week and of the month at once (xt_time.c).

    All in UTC; ``by_kernel_zone`` by the zone that the kernel was told, which may be UTC, too. ``contiguous``: what
    begins before midnight belongs to that day, behind midnight too.
    """

    dates: tuple[int, int]
    daytime: tuple[int, int] = (0, DAY - 1)
    weekdays: frozenset[int] = frozenset(range(7))
    monthdays: frozenset[int] = frozenset(range(1, 32))
    contiguous: bool = False
    by_kernel_zone: bool = False
    text: str = ""

    def test(self, fields: Fields) -> bool | None:
        """Compare the clock."""
        clock, offset = fields[CLOCK], fields[OFFSET]
        if not isinstance(clock, int):
            return None
        if not self.by_kernel_zone:
            return self._holds(clock)
        if not isinstance(offset, int):
            return None
        return _agreed({self._holds(clock), self._holds(clock + offset)})

    def _holds(self, now: int) -> bool:
        second, (start, stop) = now % DAY, self.daytime
        is_in = start <= second <= stop if start < stop else second >= start or second <= stop
        if not is_in or not self.dates[0] <= now <= self.dates[1]:
            return False
        day = now - DAY if self.contiguous and start >= stop and second <= stop else now
        return weekday(day) in self.weekdays and _monthday(day) in self.monthdays


def _monthday(second: int) -> int:
    return datetime.fromtimestamp(second, timezone.utc).day
