"""A virtual machine behind its host's own NAT: clients come by the host, or not at all."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from landiag.collect.guests import GuestNetwork, Nat, guest_networks
from landiag.journey.defaults import default_gateway
from landiag.journey.ways import Front, Way
from landiag.model.facts import IPAddress, IPNetwork, Unknown
from landiag.model.host import Facts
from landiag.model.neighbour import Neighbour


def nat_of_host(facts: Facts, way: Way) -> Nat | None:
    """The NAT that a way leads through, by the IPv4 gateway of its interface; None where its network is a real one."""
    gateway = default_gateway(facts, way.interface.name)
    around = (
        one.network for one in way.interface.addresses if gateway is not None and gateway in one.network
    )
    network = next(around, None)
    if gateway is None or network is None:
        return None
    if isinstance(facts.neighbours, Unknown):
        return _unread(way, gateway, network)
    beside = _neighbours(facts.neighbours, way, network)
    found = next((one for one in beside if one.address == gateway), None)
    gate = found or Neighbour(gateway, way.interface.name, None)
    others = [one for one in beside if one.address != gateway]
    fitting = (one for one in guest_networks() if one.may_lie_in(gateway))
    return next((nat for one in fitting if (nat := _fit(one, way, gate, network, others)) is not None), None)


def _unread(way: Way, gateway: IPAddress, network: IPNetwork) -> Nat | None:
    """Where nobody could read the neighbours: by the card, or by the gateway that such a network usually has."""
    gate, mac = Neighbour(gateway, way.interface.name, None), way.interface.mac
    fitting = [one for one in guest_networks() if one.may_lie_in(gateway) and one.is_card(mac)]
    by_card = [one for one in fitting if one.cards or one.is_usual(gateway, network)]
    return None if not by_card else Nat(by_card[0], gate, is_certain=False)


def _neighbours(known: Iterable[Neighbour], way: Way, network: IPNetwork) -> list[Neighbour]:
    """The devices of the way's network whose hardware address is known."""
    return [
        one
        for one in known
        if one.device == way.interface.name and one.address in network and one.mac is not None
        and not int(one.mac[:2], 16) & _GROUP
    ]  # fmt: skip


_GROUP = 0x01
"""The bit of broadcast and multicast in the first byte of a hardware address (IEEE 802)."""


def _fit(
    known: GuestNetwork, way: Way, gate: Neighbour, network: IPNetwork, others: Iterable[Neighbour]
) -> Nat | None:
    if gate.mac is not None and known.is_gateway(gate.mac, gate.address):
        return Nat(known, gate, is_certain=True)
    is_virtual = known.virtual and known.is_card(gate.mac)
    looks = known.is_usual(gate.address, network) if gate.mac is None else is_virtual
    # A device with a card of another kind is a real one: the guest's network is bridged to that of the host.
    if not looks or not known.is_card(way.interface.mac) or not all(known.is_card(one.mac) for one in others):
        return None
    return Nat(known, gate, is_certain=False)


def behind_host(
    facts: Facts, ways: Iterable[Way], port: int | None, peer: IPAddress | None = None
) -> tuple[Way, ...]:
    """The same ways, with the host in front of those that lead through its NAT. Its other guests need no host."""
    return tuple(_fronted(facts, way, port, peer) for way in ways)


def _fronted(facts: Facts, way: Way, port: int | None, peer: IPAddress | None) -> Way:
    nat = None if port is None else nat_of_host(facts, way)
    if nat is None or port is None or (peer is not None and peer in way.network and not nat.network.apart):
        return way
    return replace(way, front=Front(None, port, nat.gateway.address if nat.network.apart else None, nat))
