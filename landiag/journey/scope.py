"""All packets that a machine can get: what its firewall is asked at once."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.scope import Scope
from landiag.journey.surroundings import FirewallSurroundings
from landiag.model.facts import Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet


def machine_scope(facts: Facts, packet: Packet) -> Scope:
    """What a machine whose facts are known is asked: packets to its own addresses, by each interface but loopback."""
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    others = [interface for interface in known if interface.kind != "loopback" and interface.name != "lo"]
    own = tuple(address.ip for interface in others for address in interface.addresses)
    if packet.destination is not None:
        own = (packet.destination,)
    names = tuple(interface.name for interface in others)
    return Scope(
        replace(packet, destination=own[0] if own else None),
        versions=tuple(sorted({address.version for address in own})),
        interfaces=names if packet.in_interface is None else (packet.in_interface,),
        own=own,
        around=lambda one: FirewallSurroundings(facts, one),
    )
