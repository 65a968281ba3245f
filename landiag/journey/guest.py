"""A virtual machine behind its host's own NAT: clients come by the host, or not at all."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from landiag.collect.guests import GuestNetwork, Nat, guest_networks, virtual_cards
from landiag.collect.makers import is_random
from landiag.journey.defaults import default_gateway
from landiag.journey.ways import Front, Way
from landiag.model.facts import Interface, IPAddress, IPNetwork, Unknown
from landiag.model.host import Facts
from landiag.model.neighbour import Neighbour
from landiag.model.remember import remember
from landiag.model.route import Route


def nat_of_host(facts: Facts, way: Way, *, in_container: bool = False) -> Nat | None:
    """The NAT that a way leads through, by the IPv4 gateway of its interface; None where its network is a real one."""
    return _nat_through(facts.routes, facts.neighbours, way.interface, in_container)


@remember
def _nat_through(
    routes: tuple[Route, ...] | Unknown,
    neighbours: tuple[Neighbour, ...] | Unknown,
    interface: Interface,
    in_container: bool,
) -> Nat | None:
    gateway = default_gateway(routes, interface.name)
    around = (one.network for one in interface.addresses if gateway is not None and gateway in one.network)
    network = next(around, None)
    if gateway is None or network is None:
        return None
    fitting = [
        one
        for one in guest_networks()
        if one.may_lie_in(gateway)
        and (not one.container or (in_container and one.is_usual(gateway, network)))
    ]
    if isinstance(neighbours, Unknown):
        return _unread(fitting, interface, gateway, network)
    beside = _neighbours(neighbours, interface, network)
    found = next((one for one in beside if one.address == gateway), None)
    gate = found or Neighbour(gateway, interface.name, None)
    others = [one for one in beside if one.address != gateway]
    fits = (_fit(one, interface, gate, network, others) for one in fitting)
    return next((nat for nat in fits if nat is not None), None)


def _unread(
    fitting: Iterable[GuestNetwork], interface: Interface, gateway: IPAddress, network: IPNetwork
) -> Nat | None:
    """Where nobody could read the neighbours: by the card, or by the gateway that such a network usually has."""
    gate, mac = Neighbour(gateway, interface.name, None), interface.mac
    by_card = [one for one in fitting if one.is_card(mac) and (one.cards or one.is_usual(gateway, network))]
    return None if not by_card else Nat(by_card[0], gate, is_certain=False)


def _neighbours(known: Iterable[Neighbour], interface: Interface, network: IPNetwork) -> list[Neighbour]:
    """The devices of an interface's network whose hardware address is known."""
    return [
        one
        for one in known
        if one.device == interface.name and one.address in network and one.mac is not None
        and not int(one.mac[:2], 16) & _GROUP
    ]  # fmt: skip


_GROUP = 0x01
"""The bit of broadcast and multicast in the first byte of a hardware address (IEEE 802)."""


def _fit(
    known: GuestNetwork,
    interface: Interface,
    gate: Neighbour,
    network: IPNetwork,
    others: Iterable[Neighbour],
) -> Nat | None:
    if gate.mac is not None and known.is_gateway(gate.mac, gate.address):
        return Nat(known, gate, is_certain=True)
    own, is_usual = interface.mac, known.is_usual(gate.address, network)
    looks = is_usual if gate.mac is None else known.virtual and known.is_card(gate.mac)
    # Multipass gives its guests made-up cards, also on a switch of Hyper-V: there the gateway tells.
    is_guest = known.is_card(own) or (gate.mac is not None and is_usual and not _is_real(own))
    # A device with a card of another kind is a real one: the guest's network is bridged to that of the host.
    if not looks or not is_guest or not all(known.is_card(one.mac) or _is_virtual(one.mac) for one in others):
        return None
    return Nat(known, gate, is_certain=False)


def behind_host(
    facts: Facts,
    ways: Iterable[Way],
    port: int | None,
    peer: IPAddress | None = None,
    *,
    in_container: bool = False,
) -> tuple[Way, ...]:
    """The same ways, with the host in front of those that lead through its NAT. Its other guests need no host.

    A second card that is bridged to a real network comes first: its default route leads through the NAT all the same.
    """
    found = tuple(_fronted(facts, way, port, peer, in_container) for way in ways)
    if not found or found[0].front is None:
        return found
    return tuple(sorted(found, key=lambda way: way.front is not None or not _has_real_device(facts, way)))


def _has_real_device(facts: Facts, way: Way) -> bool:
    """Whether a device is on a way's network whose card no host made up: no network of virtual machines alone."""
    known = () if isinstance(facts.neighbours, Unknown) else facts.neighbours
    return any(_is_real(one.mac) for one in _neighbours(known, way.interface, way.address.network))


def _is_real(mac: str | None) -> bool:
    return mac is not None and not is_random(mac) and not _is_virtual(mac)


def _is_virtual(mac: str | None) -> bool:
    return mac is not None and mac.startswith(virtual_cards())


def _fronted(facts: Facts, way: Way, port: int | None, peer: IPAddress | None, in_container: bool) -> Way:
    nat = None if port is None else nat_of_host(facts, way, in_container=in_container)
    if nat is None or port is None or (peer is not None and peer in way.network and not nat.network.apart):
        return way
    return replace(way, front=Front(None, port, nat.gateway.address if nat.network.apart else None, nat))
