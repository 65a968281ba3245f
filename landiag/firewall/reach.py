"""What `landiag firewall --all` answers: which sources reach which ports, as JSON and as a page for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from landiag.firewall.command import line_json
from landiag.firewall.compared import digest
from landiag.firewall.engine.nat import address_of
from landiag.firewall.engine.nodes import Space
from landiag.firewall.engine.ranges import normal
from landiag.firewall.engine.spaces import MAX_PORT, Axis, Box, Universe
from landiag.firewall.owners import find_owner
from landiag.firewall.regions import Cell, Region, Regions, list_regions
from landiag.firewall.said import SHOWN, say_ports, say_who, some_of
from landiag.firewall.scope import OTHER, Kind
from landiag.model.match import UnknownKind
from landiag.model.operands import Ranges
from landiag.model.ruleset import Ruleset, Verdict

SCHEMA = "landiag.reach/1"

MEMORY = 16_384
"""So many addresses are remembered as they are written."""


STOPPED = {Verdict.DROP: "dropped", Verdict.REJECT: "rejected"}


def write_reach(ruleset: Ruleset, found: Regions, *, redacted: bool = False) -> dict[str, Any]:
    """The object of ``firewall --all --json``; ``redacted`` says that it will be."""
    scope = found.scope
    return {
        "schema": SCHEMA,
        "redacted": redacted,
        "asked": {
            "to": _own_texts(found),
            "in": list(scope.interfaces) if scope.interfaces is not None else None,
            "port": [list(span) for span in scope.ports] if scope.ports else None,
            "from": str(scope.sources) if scope.sources is not None else None,
            "protocols": list(scope.protocols),
        },
        "families": list(scope.versions),
        "digest": digest(found),
        "regions": [one for region in list_regions(found) for one in region_json(ruleset, found, region)],
    }


def _own_texts(found: Regions) -> list[str] | None:
    return None if found.scope.own is None else [str(address) for address in found.scope.own]


def region_json(ruleset: Ruleset, found: Regions, region: Region) -> Iterable[dict[str, Any]]:
    """A region as JSON, an object for each of its boxes."""
    line = region.decided_by
    decided = None if line is None else line_json(ruleset, line, region.lines)
    asked = found.asked(region.version)
    for box in found.universes[region.version].boxes(region.space):
        yield {**_box_json(asked, region, box), "verdict": region.verdict.value, "decided_by": decided}


def _box_json(asked: Box, region: Region, box: Box) -> dict[str, Any]:
    """The packets of one box; dimensions that no rule asks for are absent."""
    sources, ports, destinations, source_ports = box
    one: dict[str, Any] = {
        "protocol": region.protocol,
        "family": region.version,
        "ports": [list(span) for span in ports or ()],
        "sources": _addresses(sources, region.version),
    }
    if region.interfaces is not None:
        one["in_interface"] = list(region.interfaces)
    if destinations != asked[Axis.DESTINATION] and asked[Axis.DESTINATION]:
        one["destinations"] = _addresses(destinations, region.version)
    if source_ports != asked[Axis.SOURCE_PORT]:
        one["source_ports"] = [list(span) for span in source_ports or ()]
    return one


def _addresses(ranges: Ranges | None, version: int) -> list[list[str]]:
    return [[_text(low, version), _text(high, version)] for low, high in ranges or ()]


@lru_cache(MEMORY)
def _text(value: int, version: int) -> str:
    """An address in words: regions of one ruleset begin and end at the same few."""
    return str(address_of(value, version))


class Way(Struct, frozen=True):
    """Sources and the ports that they reach. ``where`` names further conditions; empty when there are none."""

    sources: Ranges
    ports: Ranges
    where: str
    size: int


def find_ways(found: Regions, kind: Kind, verdict: Verdict) -> list[Way]:
    """Who reaches what: each port with one set of sources, the widest first."""
    universe, asked = found.universes[kind.version], found.asked(kind.version)
    by_rest: dict[tuple[Ranges | None, ...], list[tuple[Ranges, Ranges]]] = {}
    for box in universe.boxes(found.space(kind, verdict)):
        by_rest.setdefault(box[2:], []).append((box[Axis.SOURCE], box[Axis.PORT]))
    ways = []
    for rest, pairs in by_rest.items():
        for sources, ports in _by_sources(pairs, universe).items():
            size = sum(high - low + 1 for low, high in sources)
            ways.append(Way(sources, ports, _where(rest, asked, kind.version), size))
    return sorted(ways, key=lambda way: (-way.size, way.where, way.sources, way.ports))


def _by_sources(pairs: Sequence[tuple[Ranges, Ranges]], universe: Universe) -> dict[Ranges, Ranges]:
    """The ports of each set of sources, where every port has one set: all from which it is reached."""
    begins: dict[int, list[int]] = {}
    ends: dict[int, list[int]] = {}
    for number, (_, ports) in enumerate(pairs):
        for low, high in ports:
            begins.setdefault(low, []).append(number)
            ends.setdefault(high + 1, []).append(number)
    here: set[int] = set()
    found: dict[frozenset[int], list[tuple[int, int]]] = {}
    edges = sorted({*begins, *ends})
    for edge, after in zip(edges, (*edges[1:], MAX_PORT + 1), strict=False):
        here -= set(ends.get(edge, ()))
        here |= set(begins.get(edge, ()))
        if here:
            found.setdefault(frozenset(here), []).append((edge, after - 1))
    top = universe.tops[Axis.SOURCE]
    ways: dict[Ranges, list[tuple[int, int]]] = {}
    for numbers, spans in found.items():
        sources = normal([span for number in numbers for span in pairs[number][0]], top)
        ways.setdefault(sources, []).extend(spans)
    return {sources: normal(spans, MAX_PORT) for sources, spans in ways.items()}


def _where(rest: tuple[Ranges | None, ...], asked: Box, version: int) -> str:
    destinations, source_ports = rest
    words = []
    if destinations != asked[Axis.DESTINATION] and asked[Axis.DESTINATION]:
        top = (1 << (32 if version == 4 else 128)) - 1
        words.append(f"to {say_who(destinations or (), asked[Axis.DESTINATION] or (), version, top)}")
    if source_ports != asked[Axis.SOURCE_PORT]:
        words.append(f"from source port {say_ports(source_ports or ())}")
    return " ".join(words)


Listening = Mapping[int, str]
"""Who answers at a TCP port; empty where nobody listens."""


def render_page(ruleset: Ruleset, found: Regions, listening: Listening | None = None) -> str:
    """The page for people. ``listening`` is None where the machine's sockets are not known."""
    lines: list[str] = []
    for version in found.scope.versions:
        for protocol in found.scope.protocols:
            for names in alike(found, version, protocol):
                lines += _section(ruleset, found, version, protocol, names, listening)
    return "\n".join(lines) + "\n" if lines else "Nothing was asked: no address of this machine is usable.\n"


def alike(found: Regions, version: int, protocol: str) -> list[tuple[str, ...]]:
    """Interfaces for which the same packets meet the same verdicts."""
    groups: dict[tuple[Space, ...], list[str]] = {}
    for name in found.interfaces(version, protocol):
        spaces = tuple(found.space(Kind(version, protocol, name), verdict) for verdict in Verdict)
        groups.setdefault(spaces, []).append(name)
    return [tuple(names) for names in groups.values()]


def _section(
    ruleset: Ruleset,
    found: Regions,
    version: int,
    protocol: str,
    names: tuple[str, ...],
    listening: Listening | None,
) -> list[str]:
    kind = Kind(version, protocol, names[0])
    every = len(names) == len(found.interfaces(version, protocol))
    ordered = sorted(names, key=lambda name: (name == OTHER, name.endswith("*"), name))
    by = "" if every else f" by {some_of([say_interface(name) for name in ordered], 'interfaces')}"
    lines = [f"{protocol.upper()} over IPv{version}{by}"]
    lines += [_say_way(found, kind, way) for way in find_ways(found, kind, Verdict.ACCEPT)]
    if protocol == "tcp" and listening is not None:
        lines += _say_listeners(found, kind, listening)
    for way in find_ways(found, kind, Verdict.UNKNOWN):
        lines.append(f"  can't tell: {_say_way(found, kind, way).strip()}")
    return [*lines, *_say_doubts(ruleset, found, kind), *_say_rest(ruleset, found, kind), ""]


def say_interface(name: str) -> str:
    """An interface as the page names it."""
    if name == OTHER:
        return "any other interface"
    return f"other interfaces {name}" if name.endswith("*") else name


def _say_way(found: Regions, kind: Kind, way: Way) -> str:
    asked = found.asked(kind.version)[Axis.SOURCE]
    who = say_who(way.sources, asked or (), kind.version, found.universes[kind.version].tops[Axis.SOURCE])
    where = f" {way.where}" if way.where else ""
    return f"  from {who}{where}: {say_ports(way.ports)}"


def _say_listeners(found: Regions, kind: Kind, listening: Listening) -> list[str]:
    """Who answers behind the open ports, and at which open ports nobody listens yet."""
    ports = normal([span for way in find_ways(found, kind, Verdict.ACCEPT) for span in way.ports], MAX_PORT)
    open_there = {
        port: who for port, who in listening.items() if any(low <= port <= high for low, high in ports)
    }
    lines = [f"    {port}: {who}" for port, who in sorted(open_there.items())]
    singles = [low for low, high in ports if low == high and low not in open_there]
    if singles:
        lines.append(f"    {some_of(list(map(str, singles)), 'ports')}: nobody listens yet")
    return lines


def _say_doubts(ruleset: Ruleset, found: Regions, kind: Kind) -> list[str]:
    """On what hangs what nobody can tell: the rules on which most packets do."""
    ranked = _ranked(ruleset, found, kind, (Verdict.UNKNOWN,))
    lines = [f"    it depends on {one.why}" for one in ranked[:SHOWN]]
    return (
        lines
        if len(ranked) <= SHOWN
        else [*lines, f"    and on {len(ranked) - SHOWN} more rules: --json shows them"]
    )


def _say_rest(ruleset: Ruleset, found: Regions, kind: Kind) -> list[str]:
    """Why everything else is stopped: the rules that stop most packets, the one that stops the most of all last."""
    ranked = _ranked(ruleset, found, kind, (Verdict.DROP, Verdict.REJECT))
    told = found.space(kind, Verdict.ACCEPT) or found.space(kind, Verdict.UNKNOWN)
    rest = "everything else" if told or len(ranked) > 1 else "everything"
    lines = [f"  {_what(found, kind, one)}: {one.said}" for one in ranked[1:SHOWN]]
    lines += [f"  {rest}: {one.said}" for one in ranked[:1]]
    return (
        lines
        if len(ranked) <= SHOWN
        else [*lines, f"  and by {len(ranked) - SHOWN} more rules: --json shows them"]
    )


class Decider(Struct):
    """A rule with the packets about which it decides so."""

    verdict: Verdict
    why: str
    size: int = 0
    spaces: list[Space] = field(default_factory=list)

    @property
    def said(self) -> str:
        """What becomes of what it stops, and by whom."""
        return f"{STOPPED[self.verdict]} by {self.why}"

    def boxes(self, universe: Universe) -> Iterator[Box]:
        """These packets."""
        return (box for space in self.spaces for box in universe.boxes(space))


def _ranked(ruleset: Ruleset, found: Regions, kind: Kind, verdicts: tuple[Verdict, ...]) -> list[Decider]:
    """The rules that decide so, those that decide about most packets first."""
    deciders: dict[tuple[Verdict, str], Decider] = {}
    for cell in found.cells[kind]:
        if cell.verdict in verdicts:
            key = (cell.verdict, _why(ruleset, cell))
            one = deciders.setdefault(key, Decider(*key))
            one.size += found.universes[kind.version].count(cell.space)
            one.spaces.append(cell.space)
    return sorted(deciders.values(), key=lambda one: (-one.size, one.verdict, one.why))


def _what(found: Regions, kind: Kind, decider: Decider) -> str:
    """The ports of what a rule stops; that it is a part of what comes there, where it is."""
    universe, cells = found.universes[kind.version], found.cells[kind]
    ports = normal([span for box in decider.boxes(universe) for span in box[Axis.PORT] or ()], MAX_PORT)
    every = normal(found.asked(kind.version)[Axis.PORT] or [(0, MAX_PORT)], MAX_PORT)
    total = sum(universe.count(cell.space) for cell in cells)
    is_whole = decider.size * _width(every) == total * _width(ports)
    return say_ports(ports) if is_whole else f"some of {say_ports(ports)}"


def _width(ports: Ranges) -> int:
    return sum(high - low + 1 for low, high in ports)


def _why(ruleset: Ruleset, cell: Cell) -> str:
    """The rule that decides about packets, and who wrote it."""
    line, told = cell.decided_by, cell.told.told
    if line is None:
        return "no single rule: the packets are of too many kinds"
    if line.chain is None and any(doubt.kind is UnknownKind.UNREADABLE for doubt in line.doubts):
        return line.rule_text
    owner = find_owner(ruleset, line, () if told is None else told.lines).text
    return f"{owner} ({line.rule_text})" if line.rule is None else f"{owner}: {line.rule_text}"
