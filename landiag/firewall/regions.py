"""What a firewall does with all packets at once: regions, each with its verdict and the rule that decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.engine.explore import MAX_RUNS, Explorer, Told, parts
from landiag.firewall.engine.nodes import Space
from landiag.firewall.engine.spaces import Box, Universe
from landiag.firewall.engine.uncollected import uncollected
from landiag.firewall.scope import OTHER, Kind, Scope, around_of, box_of, template
from landiag.model.ruleset import Ruleset, TraceLine, Verdict

MAX_INTERFACES = 64


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


class Regions(Struct):
    """Every packet that was asked for, in disjoint regions."""

    scope: Scope
    universes: Mapping[int, Universe]
    cells: dict[Kind, tuple[Cell, ...]] = field(default_factory=dict)
    runs: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether somebody has spoken for every packet."""
        return all(cell.told.told is not None for cells in self.cells.values() for cell in cells)

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


def find_regions(
    ruleset: Ruleset,
    scope: Scope,
    names: Iterable[str] = (),
    beside: Regions | None = None,
    within: Mapping[Kind, Space] | None = None,
) -> Regions:
    """Find what the ruleset does with every packet of a scope. ``names`` are interfaces to tell apart besides.

    Sets of packets can be compared with those of the regions ``beside`` it. ``within``: only these packets are asked
    about; those of an interface that it does not name are those of any other.
    """
    universes = {version: Universe(version) for version in scope.versions}
    found = Regions(scope, universes if beside is None else beside.universes)
    with uncollected():
        for version in scope.versions:
            for protocol in scope.protocols:
                _find_kind(ruleset, found, version, protocol, names, within)
    return found


def _find_kind(
    ruleset: Ruleset,
    found: Regions,
    version: int,
    protocol: str,
    names: Iterable[str],
    within: Mapping[Kind, Space] | None,
) -> None:
    scope = found.scope
    waiting = sorted({OTHER, *names}) if scope.interfaces is None else list(scope.interfaces)
    told: dict[str, tuple[Cell, ...]] = {}
    while waiting and len(told) < MAX_INTERFACES:
        name = waiting.pop(0)
        explorer = _explorer(ruleset, found, Kind(version, protocol, name), within)
        told[name] = tuple(_cells(explorer, min(MAX_RUNS, max(1, scope.most_runs - found.runs))))
        found.runs += explorer.runs
        if scope.interfaces is None:
            fresh = explorer.names - {*told, *waiting, "lo", "", OTHER}
            waiting += sorted(fresh)
    for name in sorted(told):
        found.cells[Kind(version, protocol, name)] = told[name]


def _explorer(ruleset: Ruleset, found: Regions, kind: Kind, within: Mapping[Kind, Space] | None) -> Explorer:
    scope = found.scope
    universe = found.universes[kind.version]
    if within is None:
        asked = universe.box(box_of(scope, kind.version))
    else:
        asked = within[kind] if kind in within else within[replace(kind, interface=OTHER)]
    return Explorer(
        ruleset, around_of(ruleset, scope), template(scope, kind), universe, asked, notes_headings=False
    )


def _cells(explorer: Explorer, max_runs: int) -> Iterator[Cell]:
    for told in explorer.explore(max_runs):
        bare = replace(told, met=(), lens=None)  # the sets of every chain on the way are not kept
        for space, line in parts(told, explorer.universe):
            yield Cell(bare, space, line)


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
