"""Conditions on the clock: the kernel's own comparisons, in the zones in which they are written."""

from __future__ import annotations

from calendar import timegm

import pytest

from landiag.firewall.ipt.options import Option, Setting
from landiag.firewall.ipt.schedule import schedule
from landiag.firewall.nft.clock import lower_time
from landiag.model.clock import CLOCK, OFFSET
from landiag.model.facts import ParseError
from landiag.model.packet import Value

EAST = 2 * 3600
MONDAY = (2026, 11, 30)


def at(
    hour: int, minute: int = 0, *, offset: int | None = 0, day: tuple[int, int, int] = MONDAY
) -> dict[str, Value]:
    return {CLOCK: timegm((*day, hour, minute, 0)), OFFSET: offset}


@pytest.mark.parametrize(
    ("operator", "right", "fields", "expected"),
    [
        ("==", {"range": ["08:00", "18:00"]}, at(8), True),
        ("==", {"range": ["08:00", "18:00"]}, at(18, 1), False),
        ("!=", {"range": ["08:00", "18:00"]}, at(18, 1), True),
        ("==", {"range": ["08:00", "18:00"]}, at(7, offset=EAST), True),
        ("==", {"range": ["08:00", "18:00"]}, at(17, offset=EAST), False),
        (">=", "22:00", at(21, offset=EAST), True),
        (">=", "22:00", at(19, offset=EAST), False),
        ("<", "22:00:30", at(22), True),
        ("==", "22:00", at(22, offset=None), None),
    ],
)
def test_hours_are_compared_in_utc(
    operator: str, right: object, fields: dict[str, Value], expected: bool | None
) -> None:
    assert lower_time("hour", operator, right, "").test(fields) is expected


@pytest.mark.parametrize(
    ("operator", "right", "fields", "expected"),
    [
        ("==", "Monday", at(12), True),
        ("==", {"set": ["Tuesday", "Sunday"]}, at(12), False),
        ("!=", {"range": ["Monday", "Friday"]}, at(12), False),
        ("==", "Monday", at(23, offset=EAST), None),
        ("<=", "Monday", at(12), True),
    ],
)  # fmt: skip
def test_days_of_a_kernel_whose_zone_is_not_told(
    operator: str, right: object, fields: dict[str, Value], expected: bool | None
) -> None:
    assert lower_time("day", operator, right, "").test(fields) is expected


@pytest.mark.parametrize(
    ("right", "expected"),
    [("2026-12-01 00:00:00", True), ("2026-11-30 00:00:00", False), ("2026-11-30 12:30:00", None)],
)
def test_dates(right: str, expected: bool | None) -> None:
    assert lower_time("time", "<", right, "").test(at(12)) is expected


@pytest.mark.parametrize("right", ["noon", "8", {"range": ["08:00"]}, "@hours"])
def test_what_is_no_time_is_an_error(right: object) -> None:
    with pytest.raises(ParseError):
        lower_time("hour", "==", right, "")


def scheduled(text: str, fields: dict[str, Value]) -> bool | None:
    options = []
    for word in text.split():
        if word.startswith("--"):
            options.append(Option(word, ()))
        elif word != "!":
            options[-1] = Option(options[-1].name, (word,), "!" in text)
    (found,) = schedule(options, Setting(4))
    return found.test(fields)


@pytest.mark.parametrize(
    ("text", "fields", "expected"),
    [
        ("--timestart 08:00:00 --timestop 18:00:00", at(12), True),
        ("--timestart 08:00:00 --timestop 18:00:00", at(19), False),
        ("--timestart 22:00 --timestop 06:00", at(3), True),
        ("--timestart 22:00 --timestop 06:00 --weekdays Sun --contiguous", at(3), True),
        ("--timestart 22:00 --timestop 06:00 --weekdays Sun", at(3), False),
        ("--weekdays Mon,Tue", at(3), True),
        ("! --weekdays Mon,Tue", at(3), False),
        ("--monthdays 1,2", at(3), False),
        ("--datestart 2026-12-01 --datestop 2038-01-19T03:14:07", at(3), False),
        ("--timestart 08:00 --timestop 18:00", at(12, offset=None), True),
        ("--timestart 08:00 --timestop 18:00 --kerneltz", at(12, offset=None), None),
        ("--timestart 08:00 --timestop 18:00 --kerneltz", at(17, offset=EAST), None),
        ("--timestart 08:00 --timestop 18:00 --kerneltz", at(12, offset=EAST), True),
    ],
)
def test_schedules(text: str, fields: dict[str, Value], expected: bool | None) -> None:
    assert scheduled(text, fields) is expected
