"""The conversations that are followed for a question: one for each class of clients, along each way in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from landiag.firewall.classes import Piece, split_network
from landiag.journey import Journey, follow
from landiag.model.facts import Facts, IPAddress, Unknown
from landiag.model.packet import Packet
from landiag.model.report import Target
from landiag.ways import Way, client_of

MAX_PIECES = 96
"""How many pieces of a subnet are followed: each costs a walk through all rules that concern it."""


class ClientClass(Struct, frozen=True):
    """Clients that fare alike: the journey of one of them, and all the addresses that it speaks for.

    ``pieces`` is empty for the one client that was named with ``--peer``.
    """

    journey: Journey
    pieces: tuple[Piece, ...] = ()

    @property
    def size(self) -> int:
        """How many addresses it holds."""
        return sum(piece.size for piece in self.pieces) or 1

    @property
    def addresses(self) -> str:
        """The addresses as people write them, the first few: ``192.168.77.20, 192.168.77.30 to 192.168.77.40``."""
        spans = [str(one.first) if one.size == 1 else f"{one.first} to {one.last}" for one in self.pieces[:3]]
        more = f" and {len(self.pieces) - 3} more" if len(self.pieces) > 3 else ""
        return (", ".join(spans) or str(self.journey.packet.source)) + more


def follow_ways(
    facts: Facts, ways: Iterable[Way], target: Target, peer: IPAddress | None
) -> Mapping[str, tuple[ClientClass, ...]]:
    """Follow the clients' conversations along every way in, by the id of the way; the largest class first."""
    return {way.id: _follow_way(facts, way, target, peer) for way in ways}


def _follow_way(facts: Facts, way: Way, target: Target, peer: IPAddress | None) -> tuple[ClientClass, ...]:
    if peer is not None and peer.version == way.ip.version:
        journey = follow(facts, first_packet(way, peer, target.port))
        return () if isinstance(journey, Unknown) else (ClientClass(journey),)
    return tuple(sorted(_follow_classes(facts, way, target), key=lambda one: -one.size))


def _follow_classes(facts: Facts, way: Way, target: Target) -> Iterator[ClientClass]:
    """Follow one client of each piece of the subnet, and put the pieces together that fare alike."""
    together: dict[object, tuple[Journey, list[Piece]]] = {}
    for piece in _pieces(facts, way):
        journey = follow(facts, first_packet(way, piece.speaker, target.port))
        if not isinstance(journey, Unknown):
            together.setdefault(_fate(journey), (journey, []))[1].append(piece)
    for journey, pieces in together.values():
        yield ClientClass(journey, tuple(pieces))


def _pieces(facts: Facts, way: Way) -> tuple[Piece, ...]:
    if isinstance(facts.ruleset, Unknown) or isinstance(facts.interfaces, Unknown):
        client = client_of(way)
        return (Piece(client, client, client),)
    own = [address.ip for interface in facts.interfaces for address in interface.addresses]
    return split_network(facts.ruleset, way.network, own)[:MAX_PIECES]


def _fate(journey: Journey) -> object:
    """What two clients must have in common to be one class: the outcome, who decides, and where it goes."""
    line = journey.decided_by
    place = None if line is None or line.chain is None else (line.chain.key, line.chain.name, line.rule_text)
    unknown = tuple(line.rule_text for line in journey.unknown)
    return journey.verdict, journey.leg, place, journey.translated, unknown


def first_packet(way: Way, client: IPAddress, port: int | None) -> Packet:
    """Make the SYN with which a client begins."""
    return Packet(destination_port=port, source=client, destination=way.ip, in_interface=way.interface.name)


def own_packet(way: Way, port: int) -> Packet:
    """Make the SYN of this machine to its own address: it comes in by the loopback interface."""
    return Packet(destination_port=port, source=way.ip, destination=way.ip, in_interface="lo")
