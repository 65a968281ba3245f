"""What is asked of the client or the gateway, and what came back: pings, connections, neighbour entries."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.systems import arp_after, parse_arp_after
from landiag.collect import neighbours
from landiag.collect.exchanges.icmp import Ping, parse_ping
from landiag.collect.exchanges.tcp import Connects, TcpOutcome, parse_connects
from landiag.journey.ownership import owner_of
from landiag.journey.routing import lookup
from landiag.model.facts import Call, Command, IPAddress, Unknown
from landiag.model.neighbour import Neighbour

WAIT = 1.0
_PORTS = "80,443,22,445"
"""Ports that are tried for an answer of any kind: even a refusal proves that the device is there."""

NEIGHBOURS_AFTER = Command("ip-neighbours-after", neighbours.NEIGHBOURS.argv)
"""The neighbour table once more, after the device was asked."""


def subject_of(case: Case) -> tuple[IPAddress, str] | None:
    """Name the device that is asked, and what it is: the peer, else the default gateway; None without one."""
    if case.peer is not None:
        return case.peer, "The client"
    gateway = gateway_of(case)
    return None if gateway is None else (gateway, "The gateway")


def gateway_of(case: Case) -> IPAddress | None:
    """The gateway of the way that the verdict speaks of; None where there is none, or nobody knows."""
    if case.way is None or isinstance(case.facts.routes, Unknown):
        return None
    candidates = [
        route.gateway
        for route in sorted(case.facts.routes, key=lambda route: route.metric)
        if route.destination.prefixlen == 0
        and route.gateway is not None
        and route.device == case.way.interface.name
    ]
    fitting = [gateway for gateway in candidates if gateway.version == case.way.ip.version]
    return fitting[0] if fitting else None


def ping_source(ip: IPAddress) -> Call:
    """One ping of a device."""
    params = (("address", str(ip)), ("count", "1"), ("wait", "0.8"))
    return Call("ping", params, seconds=WAIT)


def ping_from_source(case: Case) -> Call | None:
    """A ping from the address that clients use, where no network has both: the answer to it needs a route there.

    None where the client shares a network with that address, or can't ask it: it is of the other family, or none of
    this machine's own.
    """
    if case.peer is None or case.way is None or isinstance(case.facts.interfaces, Unknown):
        return None
    to, networks = case.way.ip, [own.network for one in case.facts.interfaces for own in one.addresses]
    is_shared = any(case.peer in one and to in one for one in networks)
    if is_shared or to.version != case.peer.version or case.way.front is not None:
        return None
    if owner_of(case.facts, to) is None:
        return None
    asked = ping_source(case.peer)
    return replace(asked, params=(*asked.params, ("source", str(to))))


def connect_source(ip: IPAddress) -> Call:
    """Connections to ports that many devices answer at, by an answer or a refusal."""
    return Call("connect", (("address", str(ip)), ("ports", _PORTS), ("wait", "0.8")), seconds=WAIT)


def neighbours_after(case: Case) -> Command:
    """The listing of the neighbours, once a device was asked."""
    return arp_after(case.facts.os) or NEIGHBOURS_AFTER


def neighbour_table(case: Case) -> tuple[Neighbour, ...] | Unknown | None:
    """The neighbours after the device was asked; elsewhere than on Linux arp lists those of IPv4 alone."""
    if case.facts.os != "linux":
        is_listed = case.peer is None or case.peer.version == 4
        return parse_arp_after(case) if is_listed else None
    return case.parse(NEIGHBOURS_AFTER, neighbours.parse_neighbours)


def ping_of(case: Case, ip: IPAddress) -> Ping | None:
    """What came back for the ping; None where it was not asked."""
    ping = case.parse(ping_source(ip), parse_ping)
    return ping if isinstance(ping, Ping) else None


def connects_of(case: Case, ip: IPAddress) -> Connects | None:
    """What became of the connections; None where none was tried."""
    connects = case.parse(connect_source(ip), parse_connects)
    return connects if isinstance(connects, Connects) else None


def answered(case: Case, ip: IPAddress) -> bool | None:
    """Whether the device answered in any way; None when it was not asked."""
    ping, connects = ping_of(case, ip), connects_of(case, ip)
    if ping is None and connects is None:
        return None
    return bool(ping and ping.received) or bool(connects and _any_answer(connects))


def _any_answer(connects: Connects) -> bool:
    answered = (TcpOutcome.CONNECTED, TcpOutcome.REFUSED)
    return any(result.connect.outcome in answered for result in connects.results)


def neighbour_of(case: Case, ip: IPAddress) -> Neighbour | None:
    """The entry of a device; None where there is none, or the listing could not be read."""
    table = neighbour_table(case)
    if table is None or isinstance(table, Unknown):
        return None
    return next((entry for entry in table if entry.address == ip), None)


def router_to(case: Case, ip: IPAddress) -> IPAddress | None:
    """The router by which the answers for a client go; None where it is on the link, or the route is unknown."""
    route = lookup(case.facts, ip)
    return None if isinstance(route, Unknown) else route.gateway
