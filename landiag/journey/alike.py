"""Journeys of many ports: those that nothing on the way tells apart share one.

What a packet meets bounds the ports that it speaks for, as it does where all packets are asked at once (explore).
"""

from __future__ import annotations

from functools import partial

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.engine.explore import Explorer
from landiag.firewall.engine.spaces import Axis, Universe
from landiag.journey.journey import Journey, follow, follow_through
from landiag.journey.surroundings import HostSurroundings
from landiag.model.facts import Socket, Unknown
from landiag.model.host import Facts
from landiag.model.operands import Ranges
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset


class _Shared(Struct):
    """A journey, and the ports that it speaks for."""

    journey: Journey
    ports: Ranges


class _Kind(Struct):
    """Attempts that differ in their port alone."""

    explorer: Explorer
    shared: list[_Shared] = field(default_factory=list)

    def find(self, port: int) -> Journey | None:
        """The journey of a port, where it is known."""
        found = (one for one in self.shared if any(low <= port <= high for low, high in one.ports))
        one = next(found, None)
        return None if one is None else _moved(one.journey, port)


class Alike(Struct):
    """Follows attempts on one machine. Facts may differ in their sockets, which are those of the port alone."""

    _kinds: dict[object, _Kind] = field(default_factory=dict)

    def follow(self, facts: Facts, packet: Packet) -> Journey | Unknown:
        """Follow the attempt that a packet begins, or tell what is known of it."""
        port, ruleset = packet.destination_port, facts.ruleset
        if (
            isinstance(ruleset, Unknown)
            or port is None
            or packet.source is None
            or packet.destination is None
        ):
            return follow(facts, packet)
        key = (replace(packet, destination_port=None), _sockets_of_any(facts, port))
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = _Kind(_explorer(facts, ruleset, packet))
        return kind.find(port) or _learn(kind, facts, ruleset, packet)


def _sockets_of_any(facts: Facts, port: int) -> object:
    """The sockets but for what is each one's own."""
    if isinstance(facts.sockets, Unknown):
        return facts.sockets
    return tuple(replace(one, port=_number(one, port), inode=None, pids=()) for one in facts.sockets)


def _number(socket: Socket, port: int) -> int:
    return 0 if socket.port == port else socket.port


def _explorer(facts: Facts, ruleset: Ruleset, packet: Packet) -> Explorer:
    universe = Universe(packet.version)
    assert packet.source is not None
    assert packet.destination is not None
    fixed = {
        Axis.SOURCE: int(packet.source),
        Axis.DESTINATION: int(packet.destination),
        Axis.SOURCE_PORT: packet.source_port or 0,
    }
    asked = universe.box(tuple(((fixed[axis],) * 2,) if axis in fixed else None for axis in Axis))
    return Explorer(ruleset, partial(HostSurroundings, facts), packet, universe, asked)


def _learn(kind: _Kind, facts: Facts, ruleset: Ruleset, packet: Packet) -> Journey:
    explorer, port = kind.explorer, packet.destination_port or 0
    (box,) = explorer.universe.boxes(explorer.asked)
    point = tuple(port if axis is Axis.PORT else box[axis][0][0] for axis in Axis)
    watcher = explorer.watcher(explorer.asked, point)
    journey = follow_through(facts, ruleset, packet, watcher)
    ports: Ranges = next(iter(explorer.universe.boxes(watcher.space)))[Axis.PORT]
    if port in explorer.constants or port == packet.source_port or not _is_plain(journey):
        ports = ((port, port),)
    kind.shared.append(_Shared(journey, ports))
    return journey


def _is_plain(journey: Journey) -> bool:
    """Whether the packet comes out at this machine's own sockets, as it was sent, or not at all."""
    sent = journey.packet
    return all(
        one.local is True
        and one.translated is None
        and (one.packet.destination, one.packet.destination_port) == (sent.destination, sent.destination_port)
        for one in journey.arrivals
    )


def _moved(journey: Journey, port: int) -> Journey:
    """The journey of an attempt at another port that fares the same."""
    arrivals = tuple(
        replace(one, packet=replace(one.packet, destination_port=port)) for one in journey.arrivals
    )
    return replace(journey, packet=replace(journey.packet, destination_port=port), arrivals=arrivals)
