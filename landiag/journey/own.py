"""The way of this machine's own test connection: what it meets is not what clients meet."""

from __future__ import annotations

from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.engine.conversation import Conversation
from landiag.firewall.engine.own import OwnFollower
from landiag.firewall.engine.surroundings import Way
from landiag.journey.surroundings import HostSurroundings
from landiag.model.facts import IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.route import RouteKind


class Departure(Struct, frozen=True):
    """How a connection of this host begins: the routing decision, the device, and the address that it is sent from.

    ``way`` is None where the routes could not be read; ``source`` where the host has no address to send from.
    """

    way: Way | None
    device: str | None
    source: IPAddress | None
    is_local: bool = False


def leave(facts: Facts, ip: IPAddress, port: int) -> Departure:
    """Find how a connection of this host to an address leaves.

    connect(2) looks the route up twice: first for the address to send from, then, as policy rules may ask for it,
    for a packet that has it (ip_route_connect in the Linux kernel).
    """
    nobody = ip_address("0.0.0.0" if ip.version == 4 else "::")
    found = _look_up(facts, Packet(port, source=nobody, destination=ip))
    if found.source is None or found.is_local:
        return found
    again = _look_up(facts, Packet(port, source=found.source, destination=ip))
    return replace(again, source=found.source)


def _look_up(facts: Facts, packet: Packet) -> Departure:
    ip = packet.destination
    assert ip is not None
    way = HostSurroundings(facts, packet).route(packet, 0)
    is_local = way is not None and way.kind is RouteKind.LOCAL
    loopback = "lo" if facts.os == "linux" else "lo0"
    device = loopback if is_local else (way.device if way else None)
    chosen = None if way is None or way.route is None else way.route.source
    source = ip if is_local else chosen or _source(facts, device, ip)
    return Departure(way, device, source, is_local)


def follow_own(
    facts: Facts, ip: IPAddress, port: int, uid: int | None, departure: Departure | None = None
) -> Conversation | Unknown:
    """Follow a connection of this host to an address and port; Unknown where no ruleset or route could be read.

    ``uid`` is the user who makes it; ``departure`` is how it leaves, where that was found already.
    """
    if isinstance(facts.ruleset, Unknown):
        return facts.ruleset
    start = departure or leave(facts, ip, port)
    packet = Packet(
        port,
        source=start.source or ip,
        destination=ip,
        skuid=uid,
        out_interface=start.device,
        is_named=start.source is not None,
    )
    return OwnFollower(facts.ruleset, HostSurroundings(facts, packet), facts.now).follow_own(
        packet, start.device, is_local=start.is_local
    )


def _source(facts: Facts, device: str | None, ip: IPAddress) -> IPAddress | None:
    """The address that this host sends from by a device: one of the same network, else one of the same reach."""
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    mine = [a for one in known if one.name == device for a in one.addresses if a.ip.version == ip.version]
    beside = [a.ip for a in mine if ip in a.network]
    alike = [a.ip for a in mine if a.ip.is_link_local == ip.is_link_local]
    elsewhere = [
        a.ip for one in known for a in one.addresses
        if a.ip.version == ip.version and not (a.ip.is_loopback or a.ip.is_link_local) and a.scope == "global"
    ]  # fmt: skip
    return next(iter((*beside, *alike, *elsewhere)), None)
