"""The lists of ``-m recent``: addresses that were seen, as /proc/net/xt_recent shows them (xt_recent.c)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address

from msgspec import Struct

from landiag.firewall.ipt.options import Option, Setting
from landiag.model.action import Remember
from landiag.model.chance import Limited
from landiag.model.facts import Command, File, ParseError, Reading, ReadStatus, Unknown, parse_reading
from landiag.model.limits import Limit
from landiag.model.match import Always, Match, UnknownKind, UnknownMatch
from landiag.model.operands import Field, Operand
from landiag.model.recently import CountedHits, Lately, Seen
from landiag.model.regex import regex
from landiag.model.ruleset import Step
from landiag.model.sets import ElementSet, InSet, Key

_NAMED = regex(rb"-m recent [^\n]*?--name ([\w-]+)")
_ENTRY = regex(r"src=(\S+) ttl: \d+ last_seen: \d+ oldest_pkt: \d+((?: \d+(?:, \d+)*)?)")
_JIFFIES = regex(r"now at (\d+) nsecs\s+jiffies: (\d+)\s*")
_RATES = (100, 250, 300, 1000, 24, 32, 48, 64, 128, 200, 256, 512, 1024, 1200)
"""How many jiffies a second may have; the usual ones first."""
_FIRST_JIFFY, _BEFORE_IT = 1 << 32, 300
"""Jiffies begin so many seconds before that number, so that faults of their overflow show (INITIAL_JIFFIES)."""
_WHOLE = ("255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
MOST_LISTS = 16
PROC = "/proc/"
FOLDER = f"{PROC}net/xt_recent/"


CLOCK = Command(
    "kernel-clock", ("grep", "-m", "2", "-E", "^(now at|jiffies:)", f"{PROC}timer_list"), needs_root=True
)
"""The kernel's own clock, by which lists of recent addresses tell times."""


class KernelClock(Struct, frozen=True):
    """How many jiffies there are in a second, and which one it is now."""

    now: int
    rate: int

    def ages(self, stamps: Iterable[int]) -> tuple[float, ...]:
        """How many seconds ago each was."""
        return tuple((self.now - one) / self.rate for one in stamps)


def parse_clock(text: str) -> KernelClock | None:
    """The clock; None where its rate can't be told (in the first minutes). Raises ParseError."""
    found = _JIFFIES.fullmatch(text)
    if found is None:
        raise ParseError("not the head of /proc/timer_list")
    seconds, jiffies = int(found[1]) / 1e9, int(found[2])
    near = [rate for rate in _RATES if _is_near(_FIRST_JIFFY + (seconds - _BEFORE_IT) * rate, jiffies, rate)]
    return KernelClock(jiffies, near[0]) if len(near) == 1 else None


def _is_near(expected: float, jiffies: int, rate: int) -> bool:
    return abs(expected - jiffies) < 2 * rate


def list_sources(texts: Iterable[bytes]) -> dict[str, File]:
    """The lists that rules name, each with the file that shows it."""
    names = dict.fromkeys(name.decode() for text in texts for name in _NAMED.findall(text))
    return {name: File(f"{FOLDER}{name}") for name in list(names)[:MOST_LISTS]}


def read_lists(readings: Mapping[str, Reading], texts: Iterable[bytes]) -> dict[str, ElementSet]:
    """The lists of recent addresses that were read; what is asked of the others is not known."""
    found: dict[str, ElementSet] = {}
    clock = _clock(readings)
    for name, source in list_sources(texts).items():
        reading = readings.get(source.name)
        if reading is not None and reading.status is ReadStatus.OK:
            with suppress(ParseError):
                found[key_of(name)] = parse_list(name, reading.text, clock)
    return found


def _clock(readings: Mapping[str, Reading]) -> KernelClock | None:
    """The kernel's clock; without it nobody knows how long ago an address was seen."""
    reading = readings.get(CLOCK.name)
    known = None if reading is None else parse_reading(reading, parse_clock)
    return None if isinstance(known, Unknown) else known


def key_of(name: str) -> str:
    """Under which name a list stands among the sets of ipset, none of which has a space in its name."""
    return f"recent {name}"


def parse_list(name: str, text: str, clock: KernelClock | None = None) -> ElementSet:
    """One list, with how long ago each address was seen where the clock is known. Raises ParseError."""
    elements: list[tuple[Key, object]] = []
    for line in text.splitlines():
        entry = _ENTRY.fullmatch(line.strip())
        if entry is None:
            raise ParseError(f"{line[:60]!r} is no entry of a list of recent addresses")
        stamps = map(int, entry[2].split(",")) if entry[2] else ()
        elements.append((_key(entry[1]), Seen(None if clock is None else clock.ages(stamps))))
    return ElementSet(name, lambda: elements, dynamic=True)


def _key(address: str) -> Key:
    try:
        number = int(ip_address(address))
    except ValueError as error:
        raise ParseError(f"{address[:60]!r} is no address") from error
    return ((number, number),)


def ask_list(options: Sequence[Option], setting: Setting, text: str) -> Sequence[Step]:
    """What a rule asks of a list, and what it leaves in it."""
    given = {option.name: option for option in options}
    name = given["--name"].value if "--name" in given else "DEFAULT"
    found = None if setting.sets is None else setting.sets.get(key_of(name))
    if found is None or ("--mask" in given and given["--mask"].value not in _WHOLE):
        return _unread(given, text)
    operands = (Field(f"{setting.family} {'daddr' if '--rdest' in given else 'saddr'}"),)
    if "--set" in given:
        return [Remember(operands, found), *_unread(given, text)]
    asked = next((given[one] for one in ("--rcheck", "--update", "--remove") if one in given), None)
    if asked is None:
        return _unread(given, text)
    if "--rttl" in given:
        return (
            [InSet(operands, found, text), UnknownMatch(text, UnknownKind.LIMIT)]
            if not asked.negated
            else [UnknownMatch(text, UnknownKind.LIMIT)]
        )
    steps: list[Step] = [_asked(given, operands, found, text, is_negated=asked.negated)]
    return [*steps, Remember(operands, found, delete=True)] if "--remove" in given else steps


def _asked(
    given: Mapping[str, Option],
    operands: tuple[Operand, ...],
    found: ElementSet,
    text: str,
    *,
    is_negated: bool,
) -> Match:
    """Whether the address is on the list; where a rule says so, since when, and how often it was seen."""
    hits = int(given["--hitcount"].value) if "--hitcount" in given else 1
    seconds = float(given["--seconds"].value) if "--seconds" in given else float("inf")
    if "--hitcount" not in given and "--seconds" not in given:
        return InSet(operands, found, text, is_negated)
    return Lately(operands, found, seconds, hits, text, is_negated)


def hits_on_list(options: Sequence[Option], setting: Setting, limit: Limit, text: str) -> Match:
    """A limit of hits, with those that the list has already."""
    steps = ask_list(options, setting, text)
    lately = next((one for one in steps if isinstance(one, Lately)), None)
    return Limited(limit, text) if lately is None else CountedHits(limit, text, listed=lately)


def _unread(given: dict[str, Option], text: str) -> Sequence[Step]:
    """Recording an address always succeeds; what is asked depends on earlier packets."""
    if "--set" in given:
        return [Always(not given["--set"].negated, text)]
    return [UnknownMatch(text, UnknownKind.LIMIT)]
