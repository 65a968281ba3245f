"""``python -m tests.firewall.agreement --packets 1000000``: regions against the evaluator for one packet.

The rulesets are those of the corpus where it lies beside the checkout, and generated ones. Each random packet is
looked up in the regions and followed by itself: verdict, rule and way of rejection must be the same. Packets of
which the regions tell nothing (too many kinds) are counted, and judged no further. Exit 1 where any differs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from msgspec import Struct, field

from landiag.firewall.engine.explore import put_at
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.nodes import Space, holds, pieces
from landiag.firewall.engine.spaces import Axis, Point, Universe
from landiag.firewall.regions import Cell, Regions, find_regions
from landiag.firewall.saved import parse_saved
from landiag.firewall.saved_file import SavedFile
from landiag.firewall.scope import Kind, Scope, around_of, template
from landiag.model.facts import ParseError
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, Verdict
from landiag.model.sets import RangeIndex
from tests.firewall.engine.test_decidable import an_nft_ruleset, ruleset_text
from tests.firewall.regions import place
from tests.firewall.rules import saved

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
PATTERNS = (
    "linux_iptables/*.rules", "linux_nft_json/**/*.json", "linux_ufw/*", "pf/**/*", "windows_netsh/*.txt",
    "windows_registry/*", "windows_powershell/*",
)  # fmt: skip
LARGEST = 60_000
"""Larger files of the corpus are left out: regions of one take the time of many others."""

MOST_RUNS = 150
"""So many packets speak for others of a ruleset at most."""

MOST_EDGES = 400
"""So many values are remembered of an axis."""

SHOWN = 3


def corpus_rulesets() -> Iterator[tuple[str, Ruleset]]:
    """Saved rulesets of real machines that are read, and that have a rule."""
    for pattern in PATTERNS:
        for path in sorted(CORPUS.glob(pattern)):
            if not path.is_file() or path.stat().st_size > LARGEST:
                continue
            try:
                ruleset = parse_saved([SavedFile(path.name, path.read_bytes())], lambda _: None)
            except ParseError:
                continue
            if any(chain.rules for chain in ruleset.chains()):
                yield str(path.relative_to(CORPUS)), ruleset


def generated(seed: int) -> tuple[str, Ruleset]:
    """A ruleset of what the kernel's tests have, too."""
    if seed % 2:
        return f"nft {seed}", an_nft_ruleset(Random(seed))
    version = 6 if seed % 3 == 0 else 4
    return f"iptables {seed}", saved(
        ruleset_text(seed, version), "iptables-save" if version == 4 else "ip6tables-save"
    )


def list_rulesets(number: int, seed: int) -> Iterator[tuple[str, Ruleset]]:
    """So many rulesets: a third at least are generated."""
    found = list(corpus_rulesets())
    Random(seed).shuffle(found)
    found = found[: number * 2 // 3]
    yield from found
    yield from (generated(seed * 1000 + at) for at in range(number - len(found)))


class Table(Struct):
    """The regions of packets of one kind, to be looked up, and the values at which they change."""

    cells: tuple[Cell, ...]
    by_source: RangeIndex
    edges: tuple[list[int], ...]

    @classmethod
    def of(cls, found: Regions, kind: Kind) -> Table:
        """Of the regions of a kind."""
        universe, cells = found.universes[kind.version], found.cells[kind]
        spans = [
            ((low, high), at)
            for at, cell in enumerate(cells)
            for low, high, kid in pieces(cell.space, universe.tops[Axis.SOURCE])
            if kid is not None
        ]
        edges: tuple[set[int], ...] = tuple(set() for _ in Axis)
        for cell in cells:
            _collect(cell.space, 0, edges)
        return cls(cells, RangeIndex(spans), tuple(sorted(one) for one in edges))

    def find(self, point: Point) -> list[Cell]:
        """The regions that hold a packet: exactly one."""
        found = (self.cells[at] for at in self.by_source.positions(point[Axis.SOURCE]))
        return [cell for cell in found if holds(cell.space, point)]


def _collect(space: Space, axis: int, edges: tuple[set[int], ...]) -> None:
    if isinstance(space, tuple) and len(edges[axis]) < MOST_EDGES:
        edges[axis].update(space[0])
        for kid in {id(kid): kid for kid in space[1]}.values():
            _collect(kid, axis + 1, edges)


def a_point(random: Random, universe: Universe, asked: Space, table: Table) -> Point:
    """A packet that is asked for; half of its values lie where something changes."""
    while True:
        point = tuple(_value(random, universe.tops[axis], table.edges[axis]) for axis in Axis)
        if holds(asked, point):
            return point
        boxes = list(universe.boxes(asked))
        destinations = random.choice(random.choice(boxes)[Axis.DESTINATION])
        point = (*point[:2], random.randint(*destinations), point[3])
        if holds(asked, point):
            return point


def _value(random: Random, top: int, edges: list[int]) -> int:
    if random.random() < 0.5:
        return random.randint(0, top)
    return max(0, min(top, random.choice(edges) + random.choice((-1, 0, 0, 1))))


class Tally(Struct):
    """What was compared."""

    packets: int = 0
    untold: int = 0
    differences: list[str] = field(default_factory=list)


def compare(name: str, ruleset: Ruleset, random: Random, number: int) -> Tally:
    """Compare so many packets of one ruleset."""
    scope = Scope.of_saved(ruleset, Packet())
    scope.most_runs = MOST_RUNS
    found = find_regions(ruleset, scope)
    tables = {kind: Table.of(found, kind) for kind in found.cells}
    tally, around = Tally(), around_of(ruleset, scope)
    for _ in range(number if tables else 0):
        kind = random.choice(list(tables))
        universe = found.universes[kind.version]
        point = a_point(random, universe, universe.box(found.asked(kind.version)), tables[kind])
        packet = put_at(template(scope, kind), point)
        plain = Follower(ruleset, around(packet)).follow(packet)
        heard = (plain.verdict, plain.reject_with, plain.leg, place(plain.decided_by))
        cells = tables[kind].find(point)
        tally.packets += 1
        said = [_said(cell) for cell in cells]
        if len(cells) == 1 and _is_open(cells[0], point, plain.verdict):
            tally.untold += 1
        elif said != [heard]:
            tally.differences.append(f"{name}: {kind} {point}: {said} is told, {heard} is so")
    return tally


def _is_open(cell: Cell, point: Point, verdict: Verdict) -> bool:
    """Whether nothing more is told: too many kinds; or the packet claims to come from the very address that it goes to.

    Of those, what is unknown of others may be known, and another rule may say the same.
    """
    is_own = point[Axis.SOURCE] == point[Axis.DESTINATION]
    return cell.told.told is None or (is_own and cell.verdict in (Verdict.UNKNOWN, verdict))


def _said(cell: Cell) -> object:
    told = cell.told.told
    return None if told is None else (cell.verdict, told.reject_with, told.leg, place(cell.decided_by))


_RULESETS: list[tuple[str, Ruleset]] = []  # read before the processes begin


def _one(work: tuple[int, int, int]) -> tuple[str, Tally, float]:
    at, seed, number = work
    name, ruleset = _RULESETS[at]
    began = time.monotonic()
    return name, compare(name, ruleset, Random(f"{seed} {name}"), number), time.monotonic() - began


def main() -> int:
    """Compare, ruleset by ruleset."""
    parser = argparse.ArgumentParser(prog="python -m tests.firewall.agreement")
    parser.add_argument("--packets", type=int, default=30_000)
    parser.add_argument("--rulesets", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="rulesets whose names begin so")
    options = parser.parse_args()
    found = list_rulesets(options.rulesets, options.seed)
    _RULESETS.extend(one for one in found if one[0].startswith(options.only))
    each = -(-options.packets // max(1, len(_RULESETS)))
    works = [(at, options.seed, each) for at in range(len(_RULESETS))]
    packets = untold = differences = 0
    slowest: list[tuple[float, str]] = []
    with multiprocessing.get_context("fork").Pool(options.processes) as pool:
        for name, tally, seconds in pool.imap_unordered(_one, works):
            packets, untold = packets + tally.packets, untold + tally.untold
            differences += len(tally.differences)
            slowest = sorted([*slowest, (seconds, name)])[-3:]
            for text in tally.differences[:SHOWN]:
                print(text, flush=True)
            print(f"\r{packets} packets, {differences} differ", end="", file=sys.stderr, flush=True)
    print(
        f"\n{packets} packets over {len(_RULESETS)} rulesets: {differences} differ;"
        f" of {untold} the regions tell nothing"
    )
    print("slowest:", ", ".join(f"{name} {seconds:.0f} s" for seconds, name in reversed(slowest)))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
