"""Many packets by one ruleset: what one of them has met answers for all that fare like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.command import (
    Around,
    Judge,
    Judged,
    judged_json,
    line_json,
    packet_json,
    saved_around,
    translated_to,
)
from landiag.firewall.engine.explore import Explorer, Told, parts
from landiag.firewall.engine.nodes import Space, holds, pieces
from landiag.firewall.engine.pieces import IPNetwork
from landiag.firewall.engine.spaces import Axis, Point, Universe
from landiag.model.packet import IPAddress, Packet
from landiag.model.ruleset import Ruleset, Verdict
from landiag.model.sets import RangeIndex

MAX_KINDS = 2000
"""So many kinds of packets are remembered; then all are forgotten, so that memory stays bounded."""

_PORTS = frozenset({"tcp", "udp"})


class Brief(Struct):
    """The answer for one packet without its trace, as JSON has it."""

    verdict: Verdict
    document: dict[str, Any]


class _Part(Struct):
    space: Space
    decided_by: dict[str, Any] | None


class _Known(Struct):
    """Packets that fare alike: which, what becomes of them, and by which rule."""

    told: Told
    parts: list[_Part]
    by_source: RangeIndex
    translated: dict[str, Any] | None

    def find(self, point: Point) -> _Part | None:
        """The part of a packet that is one of them."""
        found = (self.parts[at] for at in self.by_source.positions(point[Axis.SOURCE]))
        return next((part for part in found if holds(part.space, point)), None)


class Bulk(Struct):
    """Judges a stream of packets by one ruleset."""

    ruleset: Ruleset
    around: Around | None = None
    network: IPNetwork | None = None
    own: Sequence[IPAddress] = ()
    _known: dict[Packet, list[_Known]] = field(default_factory=dict)
    _explorers: dict[Packet, Explorer] = field(default_factory=dict)
    _universes: dict[int, Universe] = field(default_factory=dict)
    _asked: dict[Packet, Brief] = field(default_factory=dict)
    _kinds: int = 0

    def judge(self, packet: Packet) -> Brief:
        """Judge one packet. One without a source speaks for the ordinary clients, see ``Judge``."""
        if packet.source is None or packet.protocol not in _PORTS or None in (
            packet.destination_port, packet.source_port,
        ):  # fmt: skip
            return self._plain(packet)
        kind = replace(
            packet, source=None, source_port=None, destination_port=None, ip_version=packet.version
        )
        point = self._point(packet)
        for known in self._known.get(kind, ()):
            if holds(known.told.space, point):
                return self._brief(packet, known, point)
        return self._brief(packet, self._learn(kind, packet, point), point)

    def whole(self, packet: Packet) -> Judged:
        """Judge one packet with its trace."""
        return Judge(self.ruleset, self.around or saved_around(self.ruleset), self.network, self.own).judge(
            packet
        )

    def _plain(self, packet: Packet) -> Brief:
        found = self._asked.get(packet)
        if found is None:
            judged = self.whole(packet)
            found = Brief(judged.told.verdict, judged_json(self.ruleset, judged, with_trace=False))
            if len(self._asked) < MAX_KINDS:
                self._asked[packet] = found
        return found

    @staticmethod
    def _point(packet: Packet) -> Point:
        assert packet.source is not None
        destination = 0 if packet.destination is None else int(packet.destination)
        return (int(packet.source), packet.destination_port or 0, destination, packet.source_port or 0)

    def _learn(self, kind: Packet, packet: Packet, point: Point) -> _Known:
        self._kinds += 1
        if self._kinds > MAX_KINDS:
            self._known, self._explorers, self._universes, self._kinds = {}, {}, {}, 1
        version = packet.version
        universe = self._universes.setdefault(version, Universe(version))
        explorer = self._explorers.get(kind)
        if explorer is None:
            around = self.around or saved_around(self.ruleset)
            there = point[Axis.DESTINATION]
            asked = universe.box((None, None, ((there, there),)))
            explorer = self._explorers[kind] = Explorer(self.ruleset, around, packet, universe, asked)
        told = explorer.speak(explorer.asked, point)
        known = self._describe(told, universe)
        self._known.setdefault(kind, []).append(known)
        return known

    def _describe(self, told: Told, universe: Universe) -> _Known:
        lines = () if told.told is None else told.told.lines
        found = [
            _Part(space, None if line is None else line_json(self.ruleset, line, lines))
            for space, line in parts(told, universe)
        ]
        spans = [
            ((low, high), at)
            for at, part in enumerate(found)
            for low, high, kid in pieces(part.space, universe.tops[Axis.SOURCE])
            if kid is not None
        ]
        return _Known(told, found, RangeIndex(spans), None if told.told is None else translated_to(told.told))

    def _brief(self, packet: Packet, known: _Known, point: Point) -> Brief:
        told, part = known.told.told, known.find(point)
        translated = known.translated
        lens = known.told.lens
        if translated is not None and lens is not None and Axis.PORT in lens.open:
            kept = translated["destination_port"] == lens.point[Axis.PORT]
            port = packet.destination_port if kept else translated["destination_port"]
            translated = {**translated, "destination_port": port}
        document = {
            "packet": packet_json(packet),
            "verdict": known.told.verdict.value,
            "reject_with": None if told is None else told.reject_with,
            "decided_by": None if part is None else part.decided_by,
            "stopped": None if told is None else told.leg,
            "translated_to": translated,
        }
        return Brief(known.told.verdict, document)
