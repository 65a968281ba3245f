"""Does the answer find its way to the client: by which device, over which link, to whose hardware address?"""

from __future__ import annotations

from landiag.firewall.engine.surroundings import Way
from landiag.journey.ends import ReplyFault
from landiag.journey.link import HEARD, entry_of, interface_of
from landiag.journey.one_link import on_one_link
from landiag.journey.queues import Effect, pass_queues
from landiag.model.facts import Interface, IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.route import RouteKind

TUNNELS = ("vpn", "tunnel")
CONTAINERS = ("container", "vm")
_FIXED = "PERMANENT"


def find_reply_fault(facts: Facts, packet: Packet, back: Way | None) -> ReplyFault | None:
    """Say why the answer to a packet is lost behind this host's rules; None where it is not, or nobody knows.

    ``packet`` is the client's as it came in, ``back`` the routing decision for the answer.
    """
    if back is None or packet.source is None:
        return None
    if back.kind not in (RouteKind.UNICAST, RouteKind.LOCAL):
        return ReplyFault.NO_ROUTE
    device = interface_of(facts, back.device)
    if device is None:
        return None
    if device.carrier is False or not device.up:
        return ReplyFault.NO_CARRIER
    passage = pass_queues(facts, device)
    if passage.effect is Effect.LOST:
        return ReplyFault.QUEUE
    if _has_wrong_entry(facts, device, back.gateway or packet.source):
        return ReplyFault.WRONG_NEIGHBOUR
    came = interface_of(facts, packet.in_interface)
    is_same = came is None or device.name in (came.name, came.master) or device.master == came.name
    fault = None if came is None or is_same else _by_other(facts, packet.source, came, device, back)
    return fault or (ReplyFault.QUEUE_UNKNOWN if passage.effect is Effect.UNKNOWN else None)


def _by_other(
    facts: Facts, client: IPAddress, came: Interface, device: Interface, back: Way
) -> ReplyFault | None:
    """The answer leaves by another interface than the one by which the packet came."""
    if device.kind in CONTAINERS and came.kind not in CONTAINERS:
        return ReplyFault.CONTAINERS
    if device.kind in TUNNELS:
        return ReplyFault.TUNNEL
    if on_one_link(came, device) or _shares_link(came, device, back.gateway or client):
        return None
    if back.gateway is not None:
        return ReplyFault.OTHER_ROUTER
    entry = entry_of(facts, device.name, client)
    if entry is not None and entry.mac and HEARD & set(entry.states):
        return None
    return ReplyFault.OTHER_LINK


def _shares_link(one: Interface, other: Interface, next_hop: IPAddress) -> bool:
    """Whether both interfaces have addresses in the network of the client, or of its router: two cards in one LAN."""
    ours = {address.network for address in one.addresses if next_hop in address.network}
    return any(address.network in ours for address in other.addresses)


def is_by_other_link(packet: Packet, back: Way | None) -> bool:
    """Whether the answer leaves by another device than the one by which the packet came in."""
    return back is not None and back.device not in (None, packet.in_interface)


def _has_wrong_entry(facts: Facts, device: Interface, next_hop: IPAddress) -> bool:
    """Whether a fixed entry gives the next hop this host's own hardware address, or one that is no device's."""
    entry = entry_of(facts, device.name, next_hop)
    if entry is None or _FIXED not in entry.states or isinstance(facts.interfaces, Unknown):
        return False
    own = {one.mac for one in facts.interfaces if one.mac}
    return entry.mac in own or (entry.mac is not None and set(entry.mac) <= set("0:"))
