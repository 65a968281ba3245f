"""Every conversation of a kind at once: one packet is followed for all that fare alike, until none is left.

Each verdict is that of the follower for one packet. What it meets on its way (chains, and questions to the routing
tables) bounds the set of packets that it speaks for; for what is left another packet speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.engine.conversation import Conversation
from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.fronts import Ended, on_axis
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.lens import ADDRESSES, PORTS, Lens
from landiag.firewall.engine.nat import address_of
from landiag.firewall.engine.nodes import Space, below, cuts, holds, hull
from landiag.firewall.engine.spaces import Axis, Point, Universe
from landiag.firewall.engine.surroundings import Surroundings
from landiag.firewall.engine.sweep import Sweep
from landiag.firewall.engine.tables import Table
from landiag.firewall.engine.watched import Met, Watched, Watcher
from landiag.model.packet import Packet
from landiag.model.ruleset import Chain, Ruleset, TraceLine, Verdict, policy_text

MAX_RUNS = 400
"""So many packets speak for others at most; what is left then is unknown."""

MAX_WORK = 250_000
"""So many ends of packets, and pieces of what is left, are looked at at most; then what is left is unknown."""

MAX_TABLES = 16
"""So many sweeps of one chain are kept at most."""

MAX_ALONE = 16
"""So many packets speak for themselves alone; then those that are as tangled are left unknown, and the others go on."""

Around = Callable[[Packet], Surroundings]


class Told(Struct):
    """Packets that fare alike, and what becomes of the one that speaks for them.

    ``told`` is None for packets that nobody has spoken for: they were too many kinds. ``tangled`` are those of which,
    like of the one that speaks, nobody can say who fares alike.
    """

    space: Space
    told: Conversation | None
    met: Sequence[Met] = ()
    lens: Lens | None = None
    tangled: Space = None

    @property
    def verdict(self) -> Verdict:
        """What becomes of all of them."""
        return Verdict.UNKNOWN if self.told is None else self.told.verdict


class Explorer(Struct):
    """Explores what a ruleset does with packets that differ on the axes alone. ``packet`` gives all else.

    ``asked`` is the set of all packets that may be asked for. ``notes_headings``: see ``Follower``; it tells more
    packets apart.
    """

    ruleset: Ruleset
    around: Around
    packet: Packet
    universe: Universe
    asked: Space
    tables: dict[tuple[int, str], list[Table]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    constants: set[int] = field(default_factory=set)
    runs: int = 0
    work: int = 0
    notes_headings: bool = True

    def explore(self, max_runs: int = MAX_RUNS) -> Iterator[Told]:
        """Tell what becomes of every packet, those that fare alike together."""
        space, alone = self.asked, 0
        while space is not None and self.runs < max_runs and self.work < MAX_WORK:
            told = self.speak(space)
            self.runs += 1
            self.work += cuts(space)
            alone += told.tangled is not None
            if told.tangled is not None and alone > MAX_ALONE:
                told = Told(told.tangled, None)
            space = self._left(space, told)
            yield told
        if space is not None:
            yield Told(space, None)

    def _left(self, space: Space, told: Told) -> Space:
        """What is left of a set when packets have been told: of two classes that a chain makes, the other one."""
        whole = next((met.group for met in told.met if met.group.space is told.space), None)
        if whole is not None and whole.others is not None and space is self.asked:
            return whole.others
        return self.universe.subtract(space, told.space)

    def speak(self, space: Space, point: Point | None = None) -> Told:
        """Let one packet of a set speak for all that fare like it."""
        point = self._choose(space) if point is None else point
        space = self._apart(space, point)
        told = self._follow(space, point)
        assert told.lens is not None
        chance = [axis for axis in told.lens.open if point[axis] in self.constants]
        if not chance:
            return told
        for axis in chance:
            space = self.universe.split(space, on_axis(axis, ((point[axis],) * 2,)))[0]
        return self._follow(space, point)

    def _apart(self, space: Space, point: Point) -> Space:
        """Where a packet has one value on two axes, it speaks only for those that have it too."""
        for one, other in (ADDRESSES, PORTS):
            if point[one] == point[other]:
                for axis in (one, other):
                    space = self.universe.split(space, on_axis(axis, ((point[axis],) * 2,)))[0]
        return space

    def _follow(self, space: Space, point: Point) -> Told:
        watcher = self.watcher(space, point)
        packet = put_at(self.packet, point)
        around = Watched(self.around(packet), watcher)
        follower = Follower(self.ruleset, around, notes_headings=self.notes_headings)
        told = follower.follow(packet)
        return Told(watcher.space, told, watcher.met, watcher.lens, watcher.tangled)

    def watcher(self, space: Space, point: Point) -> Watcher:
        """What keeps the set of those that a packet of a set speaks for while it is followed."""
        return Watcher(self.table, Lens(self.universe, point, self._open(space)), space, self.asked)

    def _open(self, space: Space) -> frozenset[Axis]:
        """The axes along which a set extends."""
        spread = _spread(space, self.universe)
        return frozenset(axis for axis in Axis if spread[axis] is None)

    def _choose(self, space: Space) -> Point:
        """Choose who speaks: a packet whose values are its own, so that none is taken for another axis."""
        box = next(iter(self.universe.boxes(space)))
        spans = [max(ranges, key=lambda span: span[1] - span[0]) for ranges in box]
        point = [low + min((high - low) // 2, TYPICAL[axis]) for axis, (low, high) in enumerate(spans)]
        for one, other in (ADDRESSES, PORTS):
            if point[one] != point[other]:
                continue
            for axis in (one, other):
                low, high = spans[axis]
                if low < high:
                    point[axis] += 1 if point[axis] < high else -1
                    break
        return tuple(point)

    def table(self, chain: Chain, fields: PacketFields, hook: str, lens: Lens) -> Table:
        """Who fares alike in a chain; a sweep is made once for packets that are alike in all it asks for."""
        known = self.tables.setdefault((id(chain), hook), [])
        for table in known:
            if table.is_for(fields, lens):
                return table
        table = Sweep(lens=lens, ruleset=self.ruleset, hook=hook, asked=self.asked).run(chain, fields)
        self.work += sum(map(len, table.ended.values()))
        self.names |= table.names
        self.constants |= table.constants
        if table.is_lasting:
            known.append(table)
            del known[:-MAX_TABLES]
        return table


TYPICAL = (99, 4999, 10, 39_999)
"""How far from the beginning of a piece the packet stands that speaks for it, on each axis."""


def put_at(packet: Packet, point: Point) -> Packet:
    """The packet with the values of a point."""
    version = packet.version
    has_ports = packet.protocol in ("tcp", "udp", "sctp", "dccp", "udplite")
    moved = replace(packet, source=address_of(point[Axis.SOURCE], version))
    if packet.destination is not None:
        moved = replace(moved, destination=address_of(point[Axis.DESTINATION], version))
    if has_ports:
        moved = replace(moved, destination_port=point[Axis.PORT], source_port=point[Axis.SOURCE_PORT])
    return moved


def _spread(space: Space, universe: Universe) -> list[int | None]:
    """For each axis its only value; None where there are several."""
    found: list[int | None] = []
    nodes: list[Space] = [] if space is None else [space]
    for top in universe.tops:
        hulls = {hull(node, top) for node in nodes}
        low, high = next(iter(hulls), (0, 0))
        found.append(low if len(hulls) == 1 and low == high else None)
        nodes = below(nodes)
    return found


def parts(told: Told, universe: Universe) -> Iterator[tuple[Space, TraceLine | None]]:
    """Those that fare alike by the line that decides about them."""
    if told.told is None or told.lens is None or told.told.decided_by is None:
        yield told.space, None if told.told is None else told.told.decided_by
        return
    line = told.told.decided_by
    met = _where(told, line)
    if met is None:
        yield told.space, line
        return
    others = universe.subtract(met.group.space, told.space)
    for end in met.group.ends:
        space = universe.subtract(end.space, others)
        if space is not None:
            yield space, line if _same(end, line) else _by(end, line)


def _by(end: Ended, line: TraceLine) -> TraceLine:
    """The line for packets that another rule of the chain, or its policy, ends in the same way."""
    text = policy_text(end.chain.policy) if end.rule is None else ""
    return replace(line, rule=end.rule, chain=end.chain, text=text)


def _where(told: Told, line: TraceLine) -> Met | None:
    """The chain in which a line has decided; None where it ends no walk."""
    assert told.lens is not None
    for met in told.met:
        if met.leg != line.leg or met.hook != line.hook:
            continue
        for end in met.group.ends:
            if _same(end, line) and holds(end.space, told.lens.point):
                return met
    return None


def _same(end: Ended, line: TraceLine) -> bool:
    """Whether a line is that of the rule (or policy) by which packets end; some rules are made anew for each packet."""
    if line.chain is None:
        return False
    if end.chain is not line.chain and (end.chain.key, end.chain.name) != (line.chain.key, line.chain.name):
        return False
    if end.rule is None or line.rule is None:
        return end.rule is line.rule
    if end.rule is line.rule:
        return True
    return end.rule.position == line.rule.position and end.rule.text == line.rule.text
