"""Holds the answer for all packets at once against the evaluator's for one."""

from __future__ import annotations

from ipaddress import ip_address
from random import Random

from landiag.firewall.engine.explore import Around, Explorer, Told, parts, put_at
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.nodes import Space
from landiag.firewall.engine.ranges import normal
from landiag.firewall.engine.spaces import Axis, Box, Point, Universe
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, TraceLine, Verdict

PARTS = 12
"""So many parts of each class are tried, with a few packets each."""


def a_packet(version: int = 4, protocol: str = "tcp", **more: object) -> Packet:
    values: dict[str, object] = {
        "destination": ip_address("192.168.77.10" if version == 4 else "fd77::10"),
        "in_interface": "eth0",
        "protocol": protocol,
        "flags": frozenset({"syn"} if protocol == "tcp" else ()),
        "source": ip_address("192.168.77.20" if version == 4 else "fd77::20"),
        **more,
    }
    return Packet(5000, **values)  # type: ignore[arg-type]


def explored(
    ruleset: Ruleset, around: Around, packet: Packet, asked: Box = (), max_runs: int = 400
) -> tuple[Universe, list[Told]]:
    """Every class of packets; they are disjoint and all that was asked for."""
    universe = Universe(packet.version)
    if not asked and packet.destination is not None:
        here = int(packet.destination)
        asked = (None, None, ((here, here),))
    space = universe.box(asked)
    told = list(Explorer(ruleset, around, packet, universe, space).explore(max_runs))
    assert sum(universe.count(one.space) for one in told) == universe.count(space)
    assert universe.subtract(space, universe.unite([one.space for one in told])) is None
    return universe, told


def some_points(random: Random, universe: Universe, space: Space, number: int) -> list[Point]:
    """Corners of a set, and packets inside it."""
    boxes = list(universe.boxes(space))
    found = []
    for _ in range(number):
        spans = [random.choice(ranges) for ranges in random.choice(boxes)]
        found.append(tuple(random.choice((low, high, random.randint(low, high))) for low, high in spans))
    return found


def place(line: TraceLine | None) -> tuple[object, ...] | None:
    """Where a line stands."""
    if line is None:
        return None
    chain = line.chain and (line.chain.key, line.chain.name)
    return (line.hook, line.leg, chain, line.rule and line.rule.position, line.rule_text)


def disagreements(
    random: Random, ruleset: Ruleset, around: Around, packet: Packet, asked: Box = (), number: int = 2
) -> list[str]:
    """Packets of which the evaluator says something else than of their class."""
    universe, told = explored(ruleset, around, packet, asked)
    found = []
    for one in told:
        if one.told is None:
            continue
        several = list(parts(one, universe))
        assert universe.unite([space for space, _ in several]) == one.space
        for space, line in random.sample(several, min(PARTS, len(several))):
            for point in some_points(random, universe, space, number):
                moved = put_at(packet, point)
                plain = Follower(ruleset, around(moved)).follow(moved)
                said = (one.verdict, one.told.reject_with, one.told.leg, place(line))
                heard = (plain.verdict, plain.reject_with, plain.leg, place(plain.decided_by))
                if said != heard and not (one.verdict is Verdict.UNKNOWN and point[0] == point[2]):
                    found.append(f"{point}: {said} is told, {heard} is so")
    return found


def ports(*spans: tuple[int, int]) -> Box:
    """All packets to some ports."""
    return tuple(normal(spans, 65535) if axis is Axis.PORT else None for axis in Axis)
