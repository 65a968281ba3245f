"""The way of this machine's own test connection: what it meets is not what clients meet."""

from __future__ import annotations

from landiag.firewall.engine.legs import Conversation
from landiag.firewall.engine.own import OwnFollower
from landiag.journey.surroundings import HostSurroundings
from landiag.model.facts import IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.route import RouteKind


def follow_own(facts: Facts, ip: IPAddress, port: int, uid: int | None) -> Conversation | Unknown:
    """Follow a connection of this host to an address and port; Unknown where no ruleset or route could be read.

    ``uid`` is the user who makes it.
    """
    if isinstance(facts.ruleset, Unknown):
        return facts.ruleset
    asked = Packet(port, destination=ip)
    found = HostSurroundings(facts, asked).route(asked, 0)
    is_local = found is not None and found.kind is RouteKind.LOCAL
    loopback = "lo" if facts.os == "linux" else "lo0"
    device = loopback if is_local else (found.device if found else None)
    source = ip if is_local else _source(facts, device, ip) or ip
    packet = Packet(port, source=source, destination=ip, skuid=uid, out_interface=device)
    return OwnFollower(facts.ruleset, HostSurroundings(facts, packet), facts.now).follow_own(
        packet, device, is_local=is_local
    )


def _source(facts: Facts, device: str | None, ip: IPAddress) -> IPAddress | None:
    """The address that this host sends from by a device."""
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    return next(
        (a.ip for one in known if one.name == device for a in one.addresses if a.ip.version == ip.version),
        None,
    )
