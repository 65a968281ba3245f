"""The firewalls of macOS, FreeBSD and OpenBSD as their tools tell them: pf, and macOS' application firewall."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from landiag.collect import bsd_net
from landiag.collect.bsd_sources import (
    IFCONFIG,
    MAC_ALF,
    PF_ANCHORS,
    PF_CONF,
    PF_INFO,
    PF_INTERFACES,
    PF_NAT,
    PF_RULES,
    PF_TABLES,
)
from landiag.firewall.alf import Alf, Signature, lower_alf, parse_alf, parse_signature
from landiag.firewall.other_systems import join_rulesets
from landiag.firewall.pf import PfSystem, PfText, parse_listing, parse_pf
from landiag.firewall.pf.addresses import TableContent, parse_network, table_content
from landiag.firewall.pf.compare import is_loaded_from
from landiag.firewall.pf.syntax import Name
from landiag.model.facts import ParseError, Reading, ReadStatus, Source, Unknown, parse_reading
from landiag.model.regex import regex
from landiag.model.ruleset import Ruleset

Readings = Mapping[str, Reading]
T = TypeVar("T")

_SAFE_NAME = regex(r"^[A-Za-z0-9_.:][A-Za-z0-9_.:/@+-]*$")


def parsed(readings: Readings, source: Source, parse: Callable[[str], T]) -> T | Unknown:
    """Parse a reading. Nothing at all is not an answer."""
    reading = readings.get(source.name)
    if reading is None:
        return Unknown("it was not read", source.name)
    if reading.says_nothing:
        return Unknown("it ended well and said nothing", reading.source, reading.remedy)
    return parse_reading(reading, parse)


def parse_ruleset(readings: Readings, os: str) -> Ruleset | Unknown:
    """pf, and on macOS the application firewall with it."""
    parts = [read_pf(readings).lower()]
    if os == "macos":
        parts.append(lower_alf(read_alf(readings), read_signatures(readings)))
    return join_rulesets(parts)


def read_alf(readings: Readings) -> Alf:
    """What socketfilterfw said, flag by flag. What could not be read is left open."""
    alf = Alf()
    for source in MAC_ALF:
        part = parsed(readings, source, parse_alf)
        if not isinstance(part, Unknown):
            alf = alf.under(part)
        elif source.name in ("alf-getblockall", "alf-listapps"):
            alf = alf.under(
                Alf(problems=(f"socketfilterfw {source.argv[1]} could not be read: {part.reason}",))
            )
    return alf


def read_signatures(readings: Readings) -> Mapping[str, Signature]:
    """Who signed the programs that were asked about."""
    found = {}
    for name, reading in readings.items():
        if not name.startswith("codesign "):
            continue
        program = name.removeprefix("codesign ")
        if reading.status is ReadStatus.OK:
            try:
                found[program] = parse_signature(reading.text)
            except ParseError:
                unsigned = "not signed at all" in reading.detail
                if unsigned:
                    found[program] = Signature.NONE
    return found


def read_pf(readings: Readings) -> PfSystem:
    """What pfctl said: its state, the main rules, the anchors and the tables."""
    groups = parsed(readings, IFCONFIG, bsd_net.parse_groups)
    system = PfSystem(groups={} if isinstance(groups, Unknown) else groups)
    info = parsed(readings, PF_INFO, parse_pf)
    if isinstance(info, Unknown):
        system.doubt = f"whether pf is on could not be read: {info.reason}"
    else:
        system.texts.append(info)
        if info.enabled is False:
            return system
    for source in (PF_NAT, PF_RULES):
        reading = readings.get(source.name)
        if reading is not None and source is PF_RULES and reading.says_nothing:
            system.gaps.append("pf is on, and pfctl -s rules ended well and said nothing")
        elif reading is not None and reading.status is ReadStatus.OK:
            text = parse_listing(reading.text)
            text.shows_rules = text.shows_rules or source is PF_RULES
            system.texts.append(text)
        else:
            reason = reading.detail if reading is not None else "it was not read"
            system.gaps.append(f"{source.name} could not be read: {reason}")
    _add_skipped(system, readings.get(PF_INTERFACES.name))
    _add_contents(system, readings)
    system.gaps += _strange_names(readings)
    return system


def _add_contents(system: PfSystem, readings: Readings) -> None:
    """The rules of anchors and the addresses of tables, each asked for by its name."""
    for name, reading in readings.items():
        kind, _, rest = name.partition(" ")
        if kind in ("pf-rules", "pf-nat") and rest:
            _add_anchor(system, rest, reading)
        elif kind == "pf-table" and reading.status is ReadStatus.OK:
            content = _table(reading.text)
            if content is not None:
                system.tables[rest] = content


def _add_anchor(system: PfSystem, anchor: str, reading: Reading) -> None:
    """One that was listed and not asked is a misread name: nobody knows which one was meant."""
    if reading.status is ReadStatus.NOT_RECORDED:
        system.gaps.append(f"the list of anchors names {anchor!r}, whose rules were not recorded")
    elif reading.status is not ReadStatus.OK:
        system.unread.append(anchor)
    else:
        listed = parse_listing(reading.text)
        if listed.problems:
            system.unread.append(anchor)
        system.anchors[anchor] = [*system.anchors.get(anchor, ()), *listed.rules]


def read_pf_conf(readings: Readings) -> PfText | None:
    """/etc/pf.conf, where it could be read and the loaded rules are its own; None otherwise."""
    rules = readings.get(PF_RULES.name)
    configured = parsed(readings, PF_CONF, parse_pf)
    if isinstance(configured, Unknown) or rules is None or rules.status is not ReadStatus.OK:
        return None
    return configured if is_loaded_from(parse_listing(rules.text), configured) else None


def _strange_names(readings: Readings) -> list[str]:
    """Listings of anchors or tables that hold what is no name: nobody knows what was not asked for then."""
    return [
        f"{source.name} holds {word!r}, which is no name"
        for source in (PF_ANCHORS, PF_TABLES)
        if (reading := readings.get(source.name)) is not None and reading.status is ReadStatus.OK
        for line in reading.text.splitlines()
        if (word := line.strip()) and "ALTQ" not in line and not _SAFE_NAME.match(word)
    ]


def _add_skipped(system: PfSystem, reading: Reading | None) -> None:
    """``set skip on`` stands in no rule: only the list of interfaces shows it."""
    if reading is None or reading.status is ReadStatus.NOT_RECORDED:
        return
    if reading.status is ReadStatus.OK:
        system.texts.append(PfText(skip=bsd_net.parse_skipped(reading.text)))
    else:
        system.doubt = system.doubt or f"which interfaces pf skips could not be read: {reading.detail}"


_TABLE_LINE = regex(r"\s*(!?)((?:\d+(?:\.\d+){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:%\w+)?)(?:/\d+)?)\s*")


def _table(text: str) -> TableContent | None:
    """The addresses of a table as pfctl shows them, one a line; None where a line is none."""
    names = []
    for line in text.splitlines():
        found = _TABLE_LINE.fullmatch(line)
        if found is None or parse_network(found[2]) is None:
            return None
        names.append(Name(found[2], found[1] == "!"))
    return table_content(names, complete=True)


def names_in(readings: Readings, source: Source) -> list[str]:
    """The names that a listing of anchors or tables shows; odd ones are left out, never passed on."""
    reading = readings.get(source.name)
    if reading is None or reading.status is not ReadStatus.OK:
        return []
    words = (line.strip() for line in reading.text.splitlines() if line.strip() and "ALTQ" not in line)
    return [word for word in dict.fromkeys(words) if _SAFE_NAME.match(word)]
