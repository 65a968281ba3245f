"""A recorded host as facts at once: what ``gather`` reads in rounds, without a thread and without an exchange.

Many hosts have the same rules. Where a memory of rulesets is given, equal ones are compiled once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from landiag.checks import systems
from landiag.collect import linux
from landiag.collect.machine import MACHINE, Machine, parse_machine
from landiag.collect.systems import Collector, collector_of, first_sources
from landiag.firewall import linux as firewall
from landiag.firewall.ipt.recent import FOLDER
from landiag.firewall.sources import MORE, SOURCES
from landiag.firewall.ufw import USER_RULES, USER_RULES6
from landiag.model.facts import Reading, ReadStatus, Source, Unknown, parse_reading
from landiag.model.host import Facts
from landiag.model.recording import Recording
from landiag.model.regex import regex
from landiag.model.ruleset import Ruleset

Rulesets = dict[bytes, Ruleset]
"""The rulesets that were compiled, by what was read of them."""

LISTS = f"file:{FOLDER}"
_OF_RULES = tuple(one.name for one in (*SOURCES, *MORE, USER_RULES, USER_RULES6))
_COUNTED = regex(rb'"packets": ?\d+, ?"bytes": ?\d+|\[\d+:\d+\]|^#.*$', re.MULTILINE)
"""What differs between two readings of the same rules: counters, and the comments with dates of iptables-save."""


class Replayed(Struct, frozen=True):
    """A recorded host: who it is, what is known of it, and what that was parsed from."""

    machine: Machine
    facts: Facts
    readings: Mapping[str, Reading]


def read_facts(recording: Recording) -> Facts | Unknown:
    """The facts of a recording; Unknown where not even the machine is described."""
    found = replay_host(recording.readings)
    return found if isinstance(found, Unknown) else found.facts


def replay_host(recorded: Mapping[str, Reading], rulesets: Rulesets | None = None) -> Replayed | Unknown:
    """Parse what was read of a host. What its recording lacks is unknown ("not recorded")."""
    machine = parse_reading(_find(recorded, MACHINE), parse_machine)
    if isinstance(machine, Unknown):
        return machine
    readings = {MACHINE.name: _find(recorded, MACHINE)}
    _add(readings, recorded, (*first_sources(machine.os), *systems.sources(machine)))
    system = collector_of(machine.os)
    if machine.os == "linux" and rulesets is not None:
        facts = _parse_sharing(system, readings, recorded, machine, rulesets)
    else:
        facts = _parse(system, readings, recorded, machine)
    if machine.os == "linux":
        inside = linux.plan_namespaces(readings)
        if any(one.name in recorded for one in inside):
            _add(readings, recorded, inside)
            facts = linux.add_namespaces(facts, readings)
    return Replayed(machine, facts, {**recorded, **readings})


def _parse(
    system: Collector, readings: dict[str, Reading], recorded: Mapping[str, Reading], machine: Machine
) -> Facts:
    facts = system.parse_facts(readings, machine)
    _add(readings, recorded, system.plan(facts, readings))
    facts = system.complete_facts(facts, readings)
    asked = system.plan_owners(facts)
    _add(readings, recorded, asked)
    return system.complete_facts(facts, readings) if asked else facts


def _parse_sharing(
    system: Collector,
    readings: dict[str, Reading],
    recorded: Mapping[str, Reading],
    machine: Machine,
    rulesets: Rulesets,
) -> Facts:
    """The same for Linux, with a ruleset that was compiled already where the rules are equal."""
    facts = system.parse_facts(_without_rules(readings), machine)
    _add(readings, recorded, system.plan(facts, readings))
    facts = system.complete_facts(facts, _without_rules(readings))
    key = digest_rules(readings)
    if key not in rulesets:
        rulesets[key] = firewall.add_origins(firewall.parse_ruleset(readings), readings)
    return replace(facts, ruleset=rulesets[key])


def _without_rules(readings: Mapping[str, Reading]) -> dict[str, Reading]:
    return {name: reading for name, reading in readings.items() if name not in _OF_RULES}


def digest_rules(readings: Mapping[str, Reading]) -> bytes:
    """What two hosts have in common whose rules were read as the same, counters apart."""
    digest = hashlib.blake2b(digest_size=16)
    for name in (*_OF_RULES, *sorted(name for name in readings if name.startswith(LISTS))):
        reading = readings.get(name)
        status, data = ("-", b"") if reading is None else (reading.status.value, reading.data)
        text = _COUNTED.sub(b"", data)
        digest.update(f"{name} {status} {len(text)}\n".encode() + text)
    return digest.digest()


def _add(readings: dict[str, Reading], recorded: Mapping[str, Reading], sources: Iterable[Source]) -> None:
    readings.update({one.name: _find(recorded, one) for one in sources if one.name not in readings})


def _find(recorded: Mapping[str, Reading], source: Source) -> Reading:
    known = recorded.get(source.name)
    return known or Reading(source.name, ReadStatus.NOT_RECORDED, detail="it was not recorded")
