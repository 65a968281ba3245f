"""Can a client find this machine's hardware address? ARP as the kernel answers it, and neighbour discovery.

Sources: arp_process, arp_ignore, arp_filter (net/ipv4/arp.c), ndisc_recv_ns (net/ipv6/ndisc.c), ip-sysctl.rst.
"""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.engine.context import NO_SOCKET
from landiag.firewall.engine.surroundings import Way
from landiag.journey.ends import LinkFault
from landiag.journey.links import ETHERNET_TYPE
from landiag.journey.ownership import owner_of
from landiag.journey.queues import ARP_SIZE, Effect, pass_queues
from landiag.journey.routing import lookup
from landiag.journey.surroundings import HostSurroundings
from landiag.model.facts import Interface, IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.neighbour import Neighbour
from landiag.model.packet import Packet
from landiag.model.route import RouteKind

_TAKING = ("bridge", "bond")
_NEVER, _SAME_SUBNET, _NO_HOST_SCOPE, _SAME_INTERFACE = 8, 2, 3, 1
"""Values of arp_ignore."""


HEARD = frozenset(("REACHABLE", "STALE", "DELAY", "PROBE"))
"""States of a neighbour that has answered on a link once (ip-neighbour(8))."""


def find_link_fault(facts: Facts, around: HostSurroundings, packet: Packet) -> LinkFault | None:
    """Say why a client's question is not answered on the link by which its packets come; None where it is.

    Where the client is behind a router, the router asks in its place: for an address of another interface it has a
    route by this host's address on their common link, and asks for that one.
    """
    link = interface_of(facts, packet.in_interface)
    asked = packet.destination
    if link is None or asked is None or facts.os != "linux":
        return None
    if link.carrier is False or not link.up:
        return LinkFault.NO_CARRIER
    if around.interface_type(link.name) != ETHERNET_TYPE:
        return None
    if _is_port(facts, link):
        return LinkFault.PORT
    asker = asker_of(facts, link, packet.source, asked)
    hop = next((one.ip for one in link.addresses if asker is not None and asker in one.network), None)
    if asker != packet.source and hop is not None and all(one.ip != asked for one in link.addresses):
        packet, asked = replace(packet, destination=hop), hop
    if _has_our_mac(facts, link, asker):
        return LinkFault.SAME_MAC
    if pass_queues(facts, link, ARP_SIZE).effect is Effect.LOST:
        return LinkFault.QUEUE
    if asked.version == 6:
        return None if any(one.ip == asked for one in link.addresses) else _other_interface(facts, asked)
    return LinkFault.NO_ARP if not link.arp else _ask_arp(facts, around, packet, link, asker)


def interface_of(facts: Facts, name: str | None) -> Interface | None:
    """An interface by its name; None where it is not known."""
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    return next((one for one in known if one.name == name), None)


def asker_of(facts: Facts, link: Interface, client: IPAddress | None, asked: IPAddress) -> IPAddress | None:
    """Who asks on the link: the client itself, or the router behind which it is; None where nobody knows."""
    if client is not None and any(client in one.network for one in link.addresses):
        return client
    routes = () if isinstance(facts.routes, Unknown) else facts.routes
    gateways = [
        one.gateway for one in sorted(routes, key=lambda route: route.metric)
        if one.device == link.name and one.gateway is not None and one.gateway.version == asked.version
    ]  # fmt: skip
    return gateways[0] if gateways else client


def _is_port(facts: Facts, link: Interface) -> bool:
    """Whether the interface belongs to a bridge or bond, which takes every packet first (rx_handler)."""
    master = interface_of(facts, link.master)
    return master is not None and master.kind in _TAKING


def _has_our_mac(facts: Facts, link: Interface, asker: IPAddress | None) -> bool:
    neighbour = entry_of(facts, link.name, asker)
    return neighbour is not None and link.mac is not None and neighbour.mac == link.mac


def entry_of(facts: Facts, device: str | None, address: IPAddress | None) -> Neighbour | None:
    """The neighbour entry of an address on a link; None without one, or where they could not be read."""
    known = () if isinstance(facts.neighbours, Unknown) else facts.neighbours
    return next((one for one in known if one.device == device and one.address == address), None)


def find_twin(facts: Facts, link: Interface) -> Neighbour | None:
    """A neighbour on a link, whoever it is, with this machine's own hardware address; None without one.

    A switch has an address at one port only: it delivers to whichever of the two sent last.
    """
    known = () if isinstance(facts.neighbours, Unknown) else facts.neighbours
    here = (one for one in known if one.device == link.name and one.mac is not None)
    found = next((one for one in here if one.mac == link.mac), None)
    return None if found is None or owner_of(facts, found.address) is not None else found


def heard_mac(facts: Facts, packet: Packet) -> str | None:
    """The hardware address by which a client's packets come: its own or its router's, where that has answered here."""
    link, asked = interface_of(facts, packet.in_interface), packet.destination
    if link is None or asked is None or facts.os != "linux":
        return None
    entry = entry_of(facts, link.name, asker_of(facts, link, packet.source, asked))
    return entry.mac if entry is not None and HEARD & set(entry.states) else None


def _other_interface(facts: Facts, asked: IPAddress) -> LinkFault | None:
    """IPv6 answers for the addresses of the asked interface alone (ipv6_get_ifaddr with a device)."""
    return LinkFault.NOT_HERE if owner_of(facts, asked) is not None else None


def _ask_arp(
    facts: Facts, around: HostSurroundings, packet: Packet, link: Interface, asker: IPAddress | None
) -> LinkFault | None:
    asked = packet.destination
    assert asked is not None
    if _is_led_away(facts, link, asker, asked):
        return LinkFault.LED_AWAY
    question = Packet(source=asker, destination=asked, in_interface=link.name)
    refused = None if asker is None else around.refused_source(question, 0)
    if refused is not None and refused.kind is RouteKind.REVERSE_PATH:
        return LinkFault.REVERSE_PATH
    if refused is not None and refused.kind is RouteKind.OWN_SOURCE:
        return LinkFault.OWN_SOURCE
    if _ignores(facts, around, link, asker, asked):
        return LinkFault.ARP_IGNORE
    if any(around.setting("arp_filter", link.name)) and _is_filtered(around, link, asker, asked):
        return LinkFault.ARP_FILTER
    return None


def _is_led_away(facts: Facts, link: Interface, asker: IPAddress | None, asked: IPAddress) -> bool:
    """Whether a rule leads elsewhere what the table of the own addresses would keep: arp_process asks both."""
    routes = () if isinstance(facts.routes, Unknown) else facts.routes
    own = (one.destination for one in routes if one.kind == "local" and one.table == "local")
    if not any(asked.version == network.version and asked in network for network in own):
        return False
    decision = lookup(facts, asked, source=asker, in_interface=link.name)
    return not isinstance(decision, Unknown) and decision.kind is not RouteKind.LOCAL


def _ignores(
    facts: Facts, around: HostSurroundings, link: Interface, asker: IPAddress | None, asked: IPAddress
) -> bool:
    mode = max(around.setting("arp_ignore", link.name))
    own = next((one for one in link.addresses if one.ip == asked), None)
    if mode == _NEVER:
        return True
    if mode == _SAME_INTERFACE:
        return own is None
    if mode == _SAME_SUBNET:
        return own is None or (asker is not None and not _have_network(link, asker, asked))
    if mode == _NO_HOST_SCOPE and not isinstance(facts.interfaces, Unknown):
        scopes = [a.scope for i in facts.interfaces for a in i.addresses if a.ip == asked]
        return bool(scopes) and all(scope == "host" for scope in scopes)
    return False


def _have_network(link: Interface, asker: IPAddress, asked: IPAddress) -> bool:
    """Whether any address of the interface has both in its network (confirm_addr_indev), though it be another one."""
    return any(asker in one.interface.network and asked in one.interface.network for one in link.addresses)


def _is_filtered(
    around: HostSurroundings, link: Interface, asker: IPAddress | None, asked: IPAddress
) -> bool:
    """arp_filter: answered only by the interface by which this host would send to the asker."""
    if asker is None:
        return False
    question = Packet(source=asked, destination=asker, destination_port=None, skuid=NO_SOCKET)
    way: Way | None = around.way_back(question, 0)
    return way is not None and way.device != link.name
