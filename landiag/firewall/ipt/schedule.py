"""``-m time`` of iptables-extensions(8): when a rule is in force."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Callable, Iterable, Sequence
from time import strptime

from landiag.firewall.ipt.operands import hold
from landiag.firewall.ipt.options import Option, Setting
from landiag.model.clock import DAY, Schedule
from landiag.model.facts import ParseError
from landiag.model.match import Match
from landiag.model.strict import integer

_OPTIONS = {
    "--timestart": 1, "--timestop": 1, "--datestart": 1, "--datestop": 1, "--weekdays": 1, "--monthdays": 1,
    "--contiguous": 0, "--kerneltz": 0, "--utc": 0,
}  # fmt: skip
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LAST = (1 << 31) - 1
"""The last second that a rule can name; iptables-save writes it where none was given."""


def schedule(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
    """Dates, times and days, in UTC unless ``--kerneltz``."""
    hold(options, _OPTIONS)
    given = {option.name: option for option in options}
    values = {name: option.value for name, option in given.items() if option.values}
    text = " ".join(["-m time", *(option.text for option in options)])
    found = Schedule(
        dates=(_date(values.get("--datestart"), 0), _date(values.get("--datestop"), _LAST)),
        daytime=(_second(values.get("--timestart"), 0), _second(values.get("--timestop"), DAY - 1)),
        weekdays=_chosen(given.get("--weekdays"), range(7), _weekday),
        monthdays=_chosen(given.get("--monthdays"), range(1, 32), integer),
        contiguous="--contiguous" in given,
        by_kernel_zone="--kerneltz" in given,
        text=text,
    )
    return [found]


def _date(word: str | None, default: int) -> int:
    if word is None:
        return default
    for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"):
        try:
            return timegm(strptime(word, form))
        except ValueError:
            continue
    raise ParseError(f"{word!r} is no date")


def _second(word: str | None, default: int) -> int:
    if word is None:
        return default
    hours, minutes, seconds = ([integer(part) for part in word.split(":")] + [0, 0])[:3]
    return hours * 3600 + minutes * 60 + seconds


def _weekday(word: str) -> int:
    """A day by its name or number; 7 is Sunday, too."""
    if word.isdigit():
        return integer(word) % 7
    if word[:3].lower() not in _DAYS:
        raise ParseError(f"{word!r} is no day")
    return _DAYS.index(word[:3].lower())


def _chosen(option: Option | None, everything: Iterable[int], read: Callable[[str], int]) -> frozenset[int]:
    """The days that an option names; behind ``!`` all others, without it all."""
    if option is None:
        return frozenset(everything)
    named = frozenset(read(word) for word in option.value.split(","))
    return frozenset(everything) - named if option.negated else named
