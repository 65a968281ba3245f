"""Every packet filter of a Linux host: what to read, and how the texts make one ruleset."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.build import build_ruleset
from landiag.firewall.ipt.ebtables import Lines, parse_ebtables_save
from landiag.firewall.ipt.ipset import parse_ipset_save
from landiag.firewall.ipt.parse import parse_iptables_save
from landiag.firewall.ipt.recent import CLOCK, list_sources, read_lists
from landiag.firewall.ipt.table import IptTable
from landiag.firewall.nft.listing import parse_listing
from landiag.firewall.nft.parse import NftTable, parse_nft_json
from landiag.firewall.sources import (
    ALWAYS_THERE,
    EBTABLES,
    IP6TABLES,
    IPSET,
    IPTABLES,
    LEGACY,
    LEGACY6,
    MORE,
    NAMES,
    NAMES6,
    NF_TABLES,
    NFT,
    NFT_TEXT,
    QUEUES,
    SOURCES,
    inner_sources,
)
from landiag.firewall.ufw import USER_RULES, USER_RULES6, label_files
from landiag.model.facts import Command, File, ParseError, Reading, ReadStatus, Source, Unknown, parse_reading
from landiag.model.regex import regex
from landiag.model.ruleset import Ruleset
from landiag.model.sets import ElementSet

T = TypeVar("T")


class _Parts(Struct):
    """What was read of each backend, and what could not be."""

    nft: list[NftTable] = field(default_factory=list)
    nft_iptables: dict[tuple[str, str], IptTable] = field(default_factory=dict)
    legacy: list[IptTable] = field(default_factory=list)
    sets: Mapping[str, ElementSet] | None = None
    frames: Lines = field(default_factory=dict)
    gaps: list[Unknown] = field(default_factory=list)


def parse_ruleset(readings: Mapping[str, Reading]) -> Ruleset:
    """Everything that was read of a Linux host's firewalls, as one ruleset.

    A source that is absent from ``readings`` was not needed. One that failed is a gap of the ruleset, and so
    is one that was not understood; iptables-nft is none, because `nft` shows its rules too: those whose
    extensions it hides are unknown one by one.
    """
    parts = _Parts()
    if not _has_no_tables(readings):
        parts.nft = _parse(readings, NFT.name, parts, lambda r: parse_nft_json(r.data)) or []
    _complete(readings, parts)
    for name, version in ((IPTABLES.name, 4), (IP6TABLES.name, 6)):
        tables = _parse(readings, name, parts, _saved(version), gap=False) or []
        parts.nft_iptables.update({(table.family, table.name): table for table in tables})
    parts.frames = (
        _parse(readings, EBTABLES.name, parts, lambda r: parse_ebtables_save(r.text), gap=False) or {}
    )
    for name, version, names in ((LEGACY.name, 4, NAMES), (LEGACY6.name, 6, NAMES6)):
        parts.legacy += _parse(readings, name, parts, _saved(version)) or []
        _look_for_legacy(readings, name, names, parts)
    parts.sets = _parse(readings, IPSET.name, parts, lambda r: parse_ipset_save(r.text), gap=False)
    texts = _texts(readings)
    lists = read_lists(readings, texts)
    parts.sets = {**(parts.sets or {}), **lists} if lists else parts.sets
    gaps = tuple(parts.gaps)
    built = build_ruleset(parts.nft, parts.nft_iptables, parts.legacy, parts.sets, gaps, texts, parts.frames)
    return dataclasses.replace(built, queue_readers=read_queues(readings))


def read_queues(readings: Mapping[str, Reading]) -> frozenset[int] | None:
    """The queues of packets that a program reads; None where nobody could look."""
    reading, proc = readings.get(QUEUES.name), readings.get(ALWAYS_THERE.name)
    if reading is None or proc is None or proc.status is not ReadStatus.OK:
        return None
    if reading.status is ReadStatus.MISSING:
        return frozenset()
    found = parse_reading(reading, _parse_queues)
    return None if isinstance(found, Unknown) else found


def _parse_queues(text: str) -> frozenset[int]:
    rows = [line.split() for line in text.splitlines()]
    if not all(len(row) == _QUEUE_COLUMNS and row[0].isdecimal() for row in rows):
        raise ParseError("not a list of queues")
    return frozenset(int(row[0]) for row in rows)


_QUEUE_COLUMNS = 9
"""How many numbers the kernel writes for each queue (nfnetlink_queue.c, seq_show)."""


def parse_inner(readings: Mapping[str, Reading], pid: int, name: str) -> Ruleset | None:
    """The rules of another network namespace; None where nobody asked for them, or the tools are not there."""
    not_asked = (ReadStatus.NOT_RECORDED, ReadStatus.MISSING)
    named = {own: readings.get(source.name) for own, source in inner_sources(pid, name).items()}
    there = {own: one for own, one in named.items() if one is not None and one.status not in not_asked}
    return parse_ruleset(there) if there else None


def _texts(readings: Mapping[str, Reading]) -> tuple[bytes, ...]:
    """What was read of the rules at first."""
    return tuple(readings[one.name].data for one in SOURCES if one.name in readings)


def _saved(version: int) -> Callable[[Reading], list[IptTable]]:
    def parse(reading: Reading) -> list[IptTable]:
        text = reading.text
        return parse_iptables_save(text, version) if "*" in text else []

    return parse


def _parse(
    readings: Mapping[str, Reading],
    name: str,
    parts: _Parts,
    parse: Callable[[Reading], T],
    *,
    gap: bool = True,
) -> T | None:
    reading = readings.get(name)
    if reading is None or reading.status is ReadStatus.NOT_LOADED:
        return None
    if reading.status is ReadStatus.MISSING and name != NFT.name:
        return None
    if reading.status is not ReadStatus.OK:
        problem = reading.detail or reading.status.value
    else:
        try:
            return parse(reading)
        except ParseError as error:
            problem = f"its output was not understood: {error}"
    if gap:
        parts.gaps.append(Unknown(problem, name, reading.again))
    return None


def _has_no_tables(readings: Mapping[str, Reading]) -> bool:
    """Whether the kernel itself says that no table of nf_tables is loaded, where nft is not there to say it."""
    nft, asked = readings.get(NFT.name), readings.get(NF_TABLES.name)
    if (
        nft is None
        or nft.status is not ReadStatus.MISSING
        or asked is None
        or asked.status is not ReadStatus.OK
    ):
        return False
    try:
        found = json.loads(asked.text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("tables") == []


def _look_for_legacy(readings: Mapping[str, Reading], name: str, names: File, parts: _Parts) -> None:
    """Where iptables-legacy is not installed, the kernel still tells whether its tables are in use."""
    reading, listed = readings.get(name), readings.get(names.name)
    if reading is None or reading.status is not ReadStatus.MISSING or listed is None:
        return
    proc = readings.get(ALWAYS_THERE.name)
    if listed.status is not ReadStatus.OK and proc is not None and proc.status is not ReadStatus.OK:
        text = (
            f"{name} is not installed, and /proc, which shows whether its tables are in use, cannot be read"
        )
        parts.gaps.append(Unknown(text, name))
    if listed.status is ReadStatus.OK and listed.text.strip():
        tables = ", ".join(listed.text.split())
        parts.gaps.append(Unknown(f"the tables {tables} are in use, but {name} is not installed", name))


def _complete(readings: Mapping[str, Reading], parts: _Parts) -> None:
    """Add what only the text listing shows: which tables are dormant, and the devices of ingress chains."""
    reading = readings.get(NFT_TEXT.name)
    if reading is None or reading.status is not ReadStatus.OK:
        return
    try:
        listing = parse_listing(reading.text)
    except ParseError:
        return  # as where it was not read: whose packets such chains see is not known
    for table in parts.nft:
        key = (table.family, table.name)
        if table.dormant is None and key in listing.tables:
            table.dormant = key in listing.dormant
        for name, chain in table.chains.items():
            if chain.hook is not None and chain.hook.devices is None:
                devices = listing.devices.get((*key, name))
                table.chains[name] = replace(chain, hook=replace(chain.hook, devices=devices))


ASKS_FOR_SOCKETS = (b'"tproxy"', b'"socket"', b"-j TPROXY ", b"-m socket ")
"""Words of rules that look for a socket; words alone are found many times faster than by one expression."""
TABLE_FLAGS = regex(rb'"table": ?\{[^{}]*"flags"')
HIDES_FRAMES = (b'"bridge"', b'"xt"')
"""Words that both stand in what `nft -j` lists where it hides something of a bridge's rules."""
DEVICE_CHAIN = regex(rb'"chain": ?\{[^{}]*"hook": ?"(?:in|e)gress"[^{}]*\}')
"""Where some versions of `nft -j` hide something: flags of tables, and device chains without their devices."""


def plan(readings: Mapping[str, Reading]) -> tuple[Source, ...]:
    """What the first round makes worth reading: what `nft -j` hides, and how ufw numbers its rules.

    Where nft is not installed, the kernel is asked whether any table is loaded.
    """
    is_ufw = any(b"ufw-user-input" in readings[one.name].data for one in SOURCES if one.name in readings)
    reading = readings.get(NFT.name)
    is_missing = reading is not None and reading.status is ReadStatus.MISSING
    tables = (NF_TABLES,) if is_missing else ()
    is_hidden = reading is not None and all(word in reading.data for word in HIDES_FRAMES)
    frames = (EBTABLES,) if is_hidden else ()
    named = tuple(list_sources(_texts(readings)).values())
    lists: tuple[Source, ...] = (*named, CLOCK) if named else ()
    ufw = (USER_RULES, USER_RULES6) if is_ufw else ()
    return (*_plan_text(readings), *tables, *frames, *lists, *ufw)


def is_more(readings: Mapping[str, Reading]) -> bool:
    """Whether the second round has read more of the rules than the first."""
    more: tuple[Source, ...] = (*MORE, *list_sources(_texts(readings)).values())
    return any(one.name in readings for one in more)


def asks_for_sockets(readings: Mapping[str, Reading]) -> bool:
    """Whether rules hand packets to other sockets, or ask for their options: then those are worth reading."""
    return any(word in text for text in _texts(readings) for word in ASKS_FOR_SOCKETS)


def _plan_text(readings: Mapping[str, Reading]) -> tuple[Command, ...]:
    """Some versions of `nft -j` hide which tables are dormant, and the devices of ingress chains."""
    reading = readings.get(NFT.name)
    if reading is None:
        return ()
    hides = TABLE_FLAGS.search(reading.data) is not None or any(
        b'"dev"' not in chain for chain in DEVICE_CHAIN.findall(reading.data)
    )
    return (NFT_TEXT,) if hides else ()


def add_origins(ruleset: Ruleset, readings: Mapping[str, Reading]) -> Ruleset:
    """Add what ufw calls its rules, where its files were read."""
    read = (readings[one.name] for one in (USER_RULES, USER_RULES6) if one.name in readings)
    origins = label_files(reading.text for reading in read if reading.status is ReadStatus.OK)
    return dataclasses.replace(ruleset, origins=origins) if origins else ruleset
