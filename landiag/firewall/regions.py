"""What a firewall does with all packets at once: regions, each with its verdict and the rule that decides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_interface

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.command import saved_around
from landiag.firewall.engine.explore import MAX_RUNS, Around, Explorer, Told, parts
from landiag.firewall.engine.nat import address_of
from landiag.firewall.engine.nodes import Space
from landiag.firewall.engine.ranges import normal
from landiag.firewall.engine.spaces import MAX_PORT, Axis, Box, Universe
from landiag.firewall.engine.surroundings import AnywhereSurroundings
from landiag.firewall.engine.uncollected import uncollected
from landiag.model.facts import IPNetwork
from landiag.model.operands import Ranges
from landiag.model.packet import IPAddress, Packet
from landiag.model.ruleset import Ruleset, TraceLine, Verdict

OTHER = "*"
"""Stands for every interface that no rule names; ``eth*`` for those that only a pattern matches."""

MAX_INTERFACES = 64

MAX_ALL_RUNS = 1500
"""So many packets speak for all others at most, whatever the protocol and the interface; see ``MAX_RUNS``."""

UNICAST: Mapping[int, Ranges] = {
    4: ((1 << 24, (127 << 24) - 1), (128 << 24, (224 << 24) - 1)),
    6: ((2, (0xFF << 120) - 1),),
}
"""The addresses that a host can have as its own."""

HOOKS = ("ingress", "prerouting", "input", "forward")


class Scope(Struct):
    """What is asked: which packets.

    ``interfaces`` are the names by which packets come in; None: whatever rules name, and any other. ``own`` are
    the addresses that they are sent to; None: every address that a host can have.
    """

    packet: Packet
    protocols: tuple[str, ...] = ("tcp", "udp")
    versions: tuple[int, ...] = (4, 6)
    interfaces: tuple[str, ...] | None = None
    own: tuple[IPAddress, ...] | None = None
    sources: IPNetwork | None = None
    ports: Ranges | None = None
    around: Around | None = None
    most_runs: int = MAX_ALL_RUNS

    @classmethod
    def of_saved(cls, ruleset: Ruleset, packet: Packet) -> Scope:
        """What a saved ruleset is asked: of the IP versions that it has rules for, all packets to its host.

        Rules of Windows and pf know their own addresses by the packet's ``interface_addresses`` alone.
        """
        own = tuple(ip_interface(text).ip for text in packet.interface_addresses) or None
        own = own if packet.destination is None else (packet.destination,)
        if own is None and is_linux(ruleset):
            packet = replace(packet, destination=address_of(UNICAST[4][0][0], 4))
        interfaces = None if packet.in_interface is None else (packet.in_interface,)
        versions = _versions(ruleset) if own is None else tuple(sorted({one.version for one in own}))
        return cls(packet, versions=versions, interfaces=interfaces, own=own)


def _versions(ruleset: Ruleset) -> tuple[int, ...]:
    """The IP versions that a ruleset has rules for; both where it has none at all."""
    families = {4: "ip", 6: "ip6"}
    found = [one for one, family in families.items() if any(ruleset.hooked(hook, family) for hook in HOOKS)]
    return tuple(found or families)


def narrowed(
    scope: Scope, protocols: tuple[str, ...], ports: Ranges | None, sources: IPNetwork | None
) -> Scope:
    """The same with fewer protocols, ports and sources."""
    versions = scope.versions if sources is None else tuple(v for v in scope.versions if v == sources.version)
    return replace(scope, protocols=protocols, ports=ports, sources=sources, versions=versions)


class Region(Struct, frozen=True):
    """Packets of one kind that one rule decides about. ``interfaces`` are those by which they come in; None: any."""

    protocol: str
    version: int
    interfaces: tuple[str, ...] | None
    space: Space
    verdict: Verdict
    decided_by: TraceLine | None = None
    lines: tuple[TraceLine, ...] = ()


class Cell(Struct):
    """A region of the packets that come in by one interface."""

    told: Told
    space: Space
    decided_by: TraceLine | None

    @property
    def verdict(self) -> Verdict:
        """What becomes of them."""
        return self.told.verdict


class Kind(Struct, frozen=True):
    """Packets of one protocol and IP version that come in by one interface."""

    version: int
    protocol: str
    interface: str


class Regions(Struct):
    """Every packet that was asked for, in disjoint regions."""

    scope: Scope
    universes: Mapping[int, Universe]
    cells: dict[Kind, tuple[Cell, ...]] = field(default_factory=dict)
    runs: int = 0

    def asked(self, version: int) -> Box:
        """The values that were asked for on each axis."""
        return box_of(self.scope, version)

    def space(self, kind: Kind, verdict: Verdict) -> Space:
        """The packets of a kind that meet a verdict."""
        cells = [cell.space for cell in self.cells.get(kind, ()) if cell.verdict is verdict]
        return self.universes[kind.version].unite(cells)

    def interfaces(self, version: int, protocol: str) -> tuple[str, ...]:
        """The interfaces that were told apart."""
        return tuple(
            kind.interface for kind in self.cells if (kind.version, kind.protocol) == (version, protocol)
        )


def is_linux(ruleset: Ruleset) -> bool:
    """Whether its rules are those of a Linux host."""
    return all(key[0] == "nftables" or key[0].startswith("iptables") for key in ruleset.tables)


def find_regions(
    ruleset: Ruleset, scope: Scope, names: Iterable[str] = (), beside: Regions | None = None
) -> Regions:
    """Find what the ruleset does with every packet of a scope. ``names`` are interfaces to tell apart besides.

    Sets of packets can be compared with those of the regions ``beside`` it.
    """
    universes = {version: Universe(version) for version in scope.versions}
    found = Regions(scope, universes if beside is None else beside.universes)
    with uncollected():
        for version in scope.versions:
            for protocol in scope.protocols:
                _find_kind(ruleset, found, version, protocol, names)
    return found


def _find_kind(ruleset: Ruleset, found: Regions, version: int, protocol: str, names: Iterable[str]) -> None:
    scope = found.scope
    waiting = sorted({OTHER, *names}) if scope.interfaces is None else list(scope.interfaces)
    told: dict[str, tuple[Cell, ...]] = {}
    while waiting and len(told) < MAX_INTERFACES:
        name = waiting.pop(0)
        explorer = _explorer(ruleset, found, Kind(version, protocol, name))
        told[name] = tuple(_cells(explorer, min(MAX_RUNS, max(1, scope.most_runs - found.runs))))
        found.runs += explorer.runs
        if scope.interfaces is None:
            fresh = explorer.names - {*told, *waiting, "lo", "", OTHER}
            waiting += sorted(fresh)
    for name in sorted(told):
        found.cells[Kind(version, protocol, name)] = told[name]


def _explorer(ruleset: Ruleset, found: Regions, kind: Kind) -> Explorer:
    scope = found.scope
    universe = found.universes[kind.version]
    asked = universe.box(box_of(scope, kind.version))
    return Explorer(ruleset, around_of(ruleset, scope), template(scope, kind), universe, asked)


def around_of(ruleset: Ruleset, scope: Scope) -> Around:
    """What is known of the host around a ruleset when its regions are found."""
    if scope.around is None and scope.own is None and is_linux(ruleset):
        return AnywhereSurroundings
    return scope.around or saved_around(ruleset)


def _cells(explorer: Explorer, max_runs: int) -> Iterator[Cell]:
    for told in explorer.explore(max_runs):
        for space, line in parts(told, explorer.universe):
            yield Cell(told, space, line)


def template(scope: Scope, kind: Kind) -> Packet:
    """The packet of a kind, whose addresses and ports are of no account."""
    packet = scope.packet
    version, first = kind.version, box_of(scope, kind.version)
    own = first[Axis.DESTINATION]
    packet = replace(
        packet, protocol=kind.protocol, ip_version=version, source=address_of(1, version),
        destination=address_of(own[0][0], version) if own else None,
        in_interface=kind.interface, destination_port=1, flags=frozenset({"syn"} if kind.protocol == "tcp" else ()),
    )  # fmt: skip
    return replace(packet, length=80) if version == 6 and packet.length == 60 else packet


def box_of(scope: Scope, version: int) -> Box:
    """What a scope asks for on each axis, None where the packets have no such thing."""
    top = (1 << (32 if version == 4 else 128)) - 1
    sources: Ranges = ((0, top),)
    if scope.sources is not None:
        sources = ((int(scope.sources[0]), int(scope.sources[-1])),)
    own: Ranges | None = None if scope.packet.destination is None else UNICAST[version]
    if scope.own:
        own = normal([(int(one), int(one)) for one in scope.own if one.version == version], top)
    return (sources, scope.ports or ((0, MAX_PORT),), own, ((0, MAX_PORT),))


def list_regions(found: Regions) -> tuple[Region, ...]:
    """The regions; packets that come in by several interfaces and fare alike are in one."""
    regions: list[Region] = []
    for version in found.scope.versions:
        for protocol in found.scope.protocols:
            regions += _joined(found, version, protocol)
    return tuple(regions)


def _joined(found: Regions, version: int, protocol: str) -> Iterator[Region]:
    universe = found.universes[version]
    names = found.interfaces(version, protocol)
    alike: dict[object, dict[str, list[Cell]]] = {}
    for name in names:
        for cell in found.cells[Kind(version, protocol, name)]:
            alike.setdefault(_key(cell), {}).setdefault(name, []).append(cell)
    for by_name in alike.values():
        groups: dict[Space, list[str]] = {}
        for name, cells in by_name.items():
            groups.setdefault(universe.unite([cell.space for cell in cells]), []).append(name)
        first = next(iter(by_name.values()))[0]
        lines = () if first.told.told is None else first.told.told.lines
        for space, several in groups.items():
            interfaces = None if len(several) == len(names) else tuple(several)
            yield Region(protocol, version, interfaces, space, first.verdict, first.decided_by, lines)


def _key(cell: Cell) -> tuple[object, ...]:
    line = cell.decided_by
    if line is None:
        return (cell.verdict,)
    chain = line.chain
    place = None if chain is None else (chain.key, chain.name)
    return (cell.verdict, line.hook, place, line.rule.position if line.rule else None, line.rule_text)


class Opens(Struct, frozen=True):
    """What a change opens: the packets that are accepted for certain after it and were not before.

    ``doubt`` are those of which nobody can tell any more, or for the first time. ``is_whole`` is False where the
    comparison was ended by its bound.
    """

    regions: tuple[Region, ...] = ()
    doubt: tuple[Region, ...] = ()
    is_whole: bool = True


def what_opens(before: Ruleset, after: Ruleset, scope: Scope) -> Opens:
    """Compare two rulesets over every packet of a scope, in both directions of its conversation.

    Packets that were perhaps accepted and now are for certain count as opened.
    """
    old, new = find_both(before, after, scope)
    opened: list[tuple[Kind, Space]] = []
    doubt: list[tuple[Kind, Space]] = []
    for kind in new.cells:
        universe = new.universes[kind.version]
        for grown, verdict in ((opened, Verdict.ACCEPT), (doubt, Verdict.UNKNOWN)):
            more = universe.subtract(new.space(kind, verdict), old.space(kind, verdict))
            grown.append((kind, more))
    return Opens(
        tuple(_by_kind(opened, Verdict.ACCEPT, new)),
        tuple(_by_kind(doubt, Verdict.UNKNOWN, new)),
        is_whole=max(old.runs, new.runs) < scope.most_runs,
    )


def find_both(
    before: Ruleset, after: Ruleset, scope: Scope, old_scope: Scope | None = None
) -> tuple[Regions, Regions]:
    """The regions of two rulesets, told apart by the interfaces that either names."""
    asked = old_scope or scope
    old = find_regions(before, asked)
    new = find_regions(after, scope, _names(old), old)
    more = _names(new) - _names(old)
    return (find_regions(before, asked, _names(new), old) if more else old), new


def _names(found: Regions) -> set[str]:
    return {kind.interface for kind in found.cells} - {OTHER}


def _by_kind(spaces: Sequence[tuple[Kind, Space]], verdict: Verdict, found: Regions) -> Iterator[Region]:
    groups: dict[tuple[int, str, Space], list[str]] = {}
    for kind, space in spaces:
        if space is not None:
            groups.setdefault((kind.version, kind.protocol, space), []).append(kind.interface)
    for (version, protocol, space), names in groups.items():
        every = len(names) == len(found.interfaces(version, protocol))
        yield Region(protocol, version, None if every else tuple(names), space, verdict)


def digest(found: Regions) -> str:
    """A digest of what a firewall does: equal for rulesets that do the same, however they are written."""
    hashed = hashlib.sha256()
    for version in found.scope.versions:
        for protocol in found.scope.protocols:
            for line in _meaning(found, version, protocol):
                hashed.update(line.encode())
    return hashed.hexdigest()


def _meaning(found: Regions, version: int, protocol: str) -> Iterator[str]:
    """What becomes of the packets of each interface; those that fare like any other are not told."""
    said = {
        name: _spelled(found, Kind(version, protocol, name)) for name in found.interfaces(version, protocol)
    }
    for name in sorted(said):
        usual = max((other for other in said if _covers(other, name)), key=len, default=None)
        if usual is None or said[usual] != said[name]:
            yield f"{version} {protocol} {name} {said[name]}\n"


def _covers(pattern: str, name: str) -> bool:
    return pattern.endswith("*") and pattern != name and name.rstrip("*").startswith(pattern[:-1])


def _spelled(found: Regions, kind: Kind) -> str:
    universe = found.universes[kind.version]
    return " ".join(
        f"{verdict.value} {list(universe.boxes(found.space(kind, verdict)))}" for verdict in Verdict
    )
