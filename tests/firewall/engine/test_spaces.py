"""Sets of packets, against sets of points counted one by one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

import pytest

from landiag.firewall.engine.deal import Deal
from landiag.firewall.engine.fronts import TANGLED, Ended, History
from landiag.firewall.engine.lens import Lens
from landiag.firewall.engine.nodes import Space, holds
from landiag.firewall.engine.ranges import common, complement, normal
from landiag.firewall.engine.spaces import Axis, Box, Point, Universe
from landiag.firewall.engine.tables import Table
from landiag.model.ruleset import Chain

TOPS = (15, 15, 3, 3)


@pytest.fixture
def universe() -> Universe:
    made = Universe(4)
    made.tops = TOPS
    made.full = made.box(())
    return made


def points() -> Iterator[Point]:
    return product(*(range(top + 1) for top in TOPS))


def members(space: Space) -> set[Point]:
    return {point for point in points() if holds(space, point)}


def a_box(random: Random) -> Box:
    box = []
    for top in TOPS:
        spans = [
            sorted((random.randint(0, top), random.randint(0, top))) for _ in range(random.randint(1, 2))
        ]
        box.append(None if random.random() < 0.4 else normal([(low, high) for low, high in spans], top))
    return tuple(box)


def is_in(box: Box, point: Point) -> bool:
    return all(
        ranges is None or any(low <= value <= high for low, high in ranges)
        for ranges, value in zip(box, point, strict=True)
    )


@pytest.mark.parametrize("seed", range(40))
def test_operations_are_those_of_sets(universe: Universe, seed: int) -> None:
    random = Random(seed)
    space = universe.full
    for _ in range(3):
        box, before = a_box(random), members(space)
        inside, outside = universe.split(space, box)
        assert members(inside) == {point for point in before if is_in(box, point)}
        assert members(outside) == before - members(inside)
        space = random.choice((inside, outside))
    other = universe.unite([universe.box(a_box(random)) for _ in range(3)])
    left, right = members(space), members(other)
    assert members(universe.intersect(space, other)) == left & right
    assert members(universe.subtract(space, other)) == left - right
    assert members(universe.unite([space, other])) == left | right
    assert universe.count(other) == len(right)


@pytest.mark.parametrize("seed", range(20))
def test_boxes_are_disjoint_and_make_the_set(universe: Universe, seed: int) -> None:
    random = Random(seed)
    space = universe.unite([universe.box(a_box(random)) for _ in range(4)])
    found = [{point for point in points() if is_in(box, point)} for box in universe.boxes(space)]
    assert sum(map(len, found)) == len(set().union(*found)) == universe.count(space)


@pytest.mark.parametrize("seed", range(20))
def test_many_are_united_as_two_by_two(universe: Universe, seed: int) -> None:
    random = Random(seed)
    spaces = [universe.box(a_box(random)) for _ in range(9)]
    spaces += [universe.split(spaces[0], (None, *a_box(random)[1:]))[0] for _ in range(6)]
    assert members(universe.unite(spaces)) == set().union(*map(members, spaces))


def test_ranges() -> None:
    assert normal([(5, 9), (0, 3), (4, 4), (20, 30)], 25) == ((0, 9), (20, 25))
    assert complement(((0, 9), (20, 25)), 25) == ((10, 19),)
    assert complement((), 3) == ((0, 3),)
    assert common(((0, 9),), ((5, 12), (14, 20))) == ((5, 9),)
    assert common(None, ((1, 2),)) == ((1, 2),)


@pytest.mark.parametrize("seed", range(40))
def test_dealing_is_splitting_one_by_one(universe: Universe, seed: int) -> None:
    random = Random(seed)
    space = universe.unite([universe.box(a_box(random)) for _ in range(3)])
    deal = Deal(universe, space)
    for _ in range(12):
        box = a_box(random)[: random.randrange(5)]
        inside, space = universe.split(space, box)
        assert deal.take(box) == inside
        assert deal.rest() == space
        assert deal.is_over == (space is None)


@pytest.mark.parametrize("other", ["accept", TANGLED])
@pytest.mark.parametrize("is_odd", [True, False])
def test_of_two_classes_of_a_chain_one_is_what_the_other_leaves(
    universe: Universe, other: str, is_odd: bool
) -> None:
    """Whichever lies in more pieces. Packets that are tangled are no class, and nothing is what they leave."""
    odd = [universe.box((((at, at),),)) for at in (1, 3, 5)]
    rest = [universe.subtract(universe.full, universe.unite(odd))]
    mine, others = (odd, rest) if is_odd else (rest, odd)
    chain = Chain("nftables", "inet", "t", "in")
    ended: dict[History, list[Ended]] = {
        ("drop",): [Ended(chain, None, space) for space in mine],
        (other,): [Ended(chain, None, space) for space in others],
    }
    table = Table(universe.full, ended, {}, frozenset(), is_lasting=True, constants=frozenset())
    found = table.find(Lens(universe, (1 if is_odd else 0, 0, 0, 0), frozenset(Axis)))
    assert found is not None
    assert members(found.space) == members(universe.unite(mine))
    assert (
        found.others is None if other == TANGLED else members(found.others) == members(universe.unite(others))
    )
    assert table.find(Lens(universe, (0 if is_odd else 1, 0, 0, 0), frozenset(Axis))) is not found
