"""The SYN with which a client begins, with what firewalls ask that judge programs and profiles."""

from __future__ import annotations

from landiag.firewall.launchd import is_launchd, served_by
from landiag.journey.ways import Way
from landiag.model.facts import Interface, IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet, Within
from landiag.model.process import Process
from landiag.model.remember import remember

SYN_LENGTH = {4: Within(44, 64), 6: Within(64, 84)}
"""Linux and Android send 60 bytes, Windows 52, Apple's systems 64; 20 more by IPv6."""


_SENT_WITH = Within(64, 255)
"""How many routers a packet may pass: Linux, Android and Apple's systems begin with 64, Windows with 128."""

_ROUTED = Within(32, 254)
"""The same behind one router, or many."""


def _time_to_live(way: Way, client: IPAddress) -> Within:
    is_neighbour = any(client in address.network for address in way.interface.addresses)
    return _SENT_WITH if is_neighbour else _ROUTED


def first_packet(facts: Facts, way: Way, client: IPAddress, port: int | None) -> Packet:
    """Make the SYN with which a client begins; with what firewalls that judge programs and profiles ask for."""
    destination, entrance = way.ip, way.interface.name
    if way.landing is not None:
        destination, port = way.landing.ip, way.landing.port
        if destination.is_loopback:  # what relays localhost connects from inside
            entrance, client = "lo", destination
    return Packet(
        destination_port=port,
        source=client,
        destination=destination,
        in_interface=entrance,
        length=SYN_LENGTH[way.ip.version],
        ttl=_time_to_live(way, client),
        program=serving_program(facts, way, port),
        profile=way.interface.profile,
        interface_addresses=_written_addresses(way.interface),
        services=_serving_services(facts, way, port),
        interface_guid=way.interface.guid,
        interface_kind=way.interface.kind,
    )


@remember
def _written_addresses(interface: Interface) -> tuple[str, ...]:
    return tuple(str(address.interface) for address in interface.addresses)


def serving_program(facts: Facts, way: Way, port: int | None) -> str | None:
    """The path of the program whose socket would take the connection; None when nobody can tell."""
    programs = {
        served_by(port) if facts.os == "macos" and is_launchd(process) else process.exe
        for process in _serving(facts, way, port)
    }
    return programs.pop() if len(programs) == 1 else None


def _serving_services(facts: Facts, way: Way, port: int | None) -> tuple[str, ...] | None:
    """The services of Windows in the process that would take the connection; None when nobody can tell."""
    found = {process.services for process in _serving(facts, way, port)}
    return found.pop() if len(found) == 1 else None


def _serving(facts: Facts, way: Way, port: int | None) -> list[Process]:
    """The processes whose sockets would take the connection; empty when nobody can tell."""
    if isinstance(facts.sockets, Unknown):
        return []
    ours = [one for one in facts.sockets if one.port == port and one.namespace is None]
    exact = [one for one in ours if one.address == way.ip]
    wild = [one for one in ours if one.address.is_unspecified and one.serves(way.family) is not False]
    return [process for one in exact or wild or ours for process in facts.owners(one)]
