"""The lists of ``-m recent``: addresses that were seen, as /proc/net/xt_recent shows them (xt_recent.c)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from landiag.firewall.ipt.options import Option, Setting
from landiag.model.action import Remember
from landiag.model.facts import File, ParseError
from landiag.model.match import Always, UnknownKind, UnknownMatch
from landiag.model.operands import Field
from landiag.model.ruleset import Step
from landiag.model.sets import ElementSet, InSet, Key

_NAMED = re.compile(rb"-m recent [^\n]*?--name ([\w-]+)")
_ENTRY = re.compile(r"src=(\S+) ttl: \d+ last_seen: \d+ oldest_pkt: \d+(?: \d+(?:, \d+)*)?")
_WHOLE = ("255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
MOST_LISTS = 16
FOLDER = "/proc/net/xt_recent/"


def list_sources(texts: Iterable[bytes]) -> dict[str, File]:
    """The lists that rules name, each with the file that shows it."""
    names = dict.fromkeys(name.decode() for text in texts for name in _NAMED.findall(text))
    return {name: File(f"{FOLDER}{name}") for name in list(names)[:MOST_LISTS]}


def key_of(name: str) -> str:
    """Under which name a list stands among the sets of ipset, none of which has a space in its name."""
    return f"recent {name}"


def parse_list(name: str, text: str) -> ElementSet:
    """One list. Raises ParseError."""
    elements: list[tuple[Key, object]] = []
    for line in text.splitlines():
        entry = _ENTRY.fullmatch(line.strip())
        if entry is None:
            raise ParseError(f"{line[:60]!r} is no entry of a list of recent addresses")
        elements.append((_key(entry[1]), True))
    return ElementSet(name, lambda: elements, dynamic=True)


def _key(address: str) -> Key:
    try:
        number = int(ip_address(address))
    except ValueError as error:
        raise ParseError(f"{address[:60]!r} is no address") from error
    return ((number, number),)


def ask_list(options: Sequence[Option], setting: Setting, text: str) -> Sequence[Step]:
    """What a rule asks of a list, and what it leaves in it; how long ago an address was seen is not known."""
    given = {option.name: option for option in options}
    name = given["--name"].value if "--name" in given else "DEFAULT"
    found = None if setting.sets is None else setting.sets.get(key_of(name))
    if found is None or ("--mask" in given and given["--mask"].value not in _WHOLE):
        return _unread(given, text)
    operands = (Field(f"{setting.family} {'daddr' if '--rdest' in given else 'saddr'}"),)
    if "--set" in given:
        return [Remember(operands, found), *_unread(given, text)]
    asked = next(given[one] for one in ("--rcheck", "--update", "--remove") if one in given)
    is_timed = "--seconds" in given or "--rttl" in given
    if is_timed and asked.negated:
        return [UnknownMatch(text, UnknownKind.LIMIT)]
    steps: list[Step] = [InSet(operands, found, text, asked.negated)]
    if is_timed:
        steps.append(UnknownMatch(text, UnknownKind.LIMIT))
    return [*steps, Remember(operands, found, delete=True)] if "--remove" in given else steps


def _unread(given: dict[str, Option], text: str) -> Sequence[Step]:
    """Recording an address always succeeds; what is asked depends on earlier packets."""
    if "--set" in given:
        return [Always(not given["--set"].negated, text)]
    return [UnknownMatch(text, UnknownKind.LIMIT)]
