"""The conversations that are followed for a question: one for each class of clients, along each way in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from landiag.journey import Journey, follow
from landiag.model.facts import Facts, IPAddress, Unknown
from landiag.model.packet import Packet
from landiag.model.report import Target
from landiag.ways import Way, client_of


def follow_ways(
    facts: Facts, ways: Iterable[Way], target: Target, peer: IPAddress | None
) -> Mapping[str, tuple[Journey, ...]]:
    """Follow the clients' conversations along every way in, by the id of the way; the largest class first."""
    return {way.id: tuple(_follow_way(facts, way, target, peer)) for way in ways}


def _follow_way(facts: Facts, way: Way, target: Target, peer: IPAddress | None) -> Iterable[Journey]:
    client = peer if peer is not None and peer.version == way.ip.version else client_of(way)
    journey = follow(facts, first_packet(way, client, target.port))
    return () if isinstance(journey, Unknown) else (journey,)


def first_packet(way: Way, client: IPAddress, port: int | None) -> Packet:
    """Make the SYN with which a client begins."""
    return Packet(destination_port=port, source=client, destination=way.ip, in_interface=way.interface.name)
