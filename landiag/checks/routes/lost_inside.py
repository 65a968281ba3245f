"""A container that does not take a client's packets, or loses its answers, by routes and settings of its own."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from landiag.checks import words
from landiag.checks.case import Case
from landiag.checks.routes.words import describe, network_of, who
from landiag.collect.machine import NAMESPACES, parse_namespaces
from landiag.firewall.engine.conversation import Arrival
from landiag.firewall.engine.surroundings import Way as Decision
from landiag.journey.ends import InnerFault
from landiag.journey.inner import find_inner_fault
from landiag.journey.inside import device_inside, namespace_with
from landiag.journey.journey import Journey
from landiag.journey.link import interface_of
from landiag.journey.ways import Way
from landiag.model.actions import Lasts
from landiag.model.causes.network import NO_ROUTE_TO_CLIENT, REVERSE_PATH_FILTER, VPN_TAKES_REPLIES
from landiag.model.facts import IPAddress, IPNetwork, ReadStatus, Unknown
from landiag.model.process import Namespace
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.route import Route
from landiag.model.settings import typed_setting
from landiag.model.terms import StageName, Symptom
from landiag.model.urls import bracketed

_CAUSES = {
    InnerFault.NO_ROUTE: NO_ROUTE_TO_CLIENT,
    InnerFault.TUNNEL: VPN_TAKES_REPLIES,
    InnerFault.PAST_US: NO_ROUTE_TO_CLIENT,
    InnerFault.OTHER_ROUTER: NO_ROUTE_TO_CLIENT,
    InnerFault.REVERSE_PATH: REVERSE_PATH_FILTER,
}
_TITLES = {
    InnerFault.NO_ROUTE: "The container at {ip} has no route back to {them}",
    InnerFault.TUNNEL: "Answers of the container at {ip} to {them} leave by its own {device} (a VPN or tunnel)",
    InnerFault.PAST_US: "Answers of the container at {ip} to {them} leave by its own {device}, past this machine",
    InnerFault.OTHER_ROUTER: (
        "Whether answers of the container at {ip} to {them} come back here: they go to {gateway}, not to this machine"
    ),
    InnerFault.REVERSE_PATH: (
        "The container at {ip} drops packets of {them}: its own route to them is by {device} (rp_filter)"
    ),
}
_DETAILS = {
    InnerFault.NO_ROUTE: (
        "The client's packets arrive in the container, which has no route for the answers: a network that is internal "
        "has no way out."
    ),
    InnerFault.TUNNEL: "The client's packets arrive in the container, and its answers vanish in its own tunnel.",
    InnerFault.PAST_US: (
        "The client's packets arrive in the container, and its answers go out by another network of its own, from an "
        "address that the client never asked."
    ),
    InnerFault.OTHER_ROUTER: (
        "The client's packets arrive in the container, and its gateway is another device: only when that passes the "
        "answers on to this machine do they reach the client."
    ),
    InnerFault.REVERSE_PATH: (
        "The container's own reverse path filter takes packets only where its answer would leave."
    ),
}


def lost_inside(case: Case, way: Way, client: IPAddress, journey: Journey) -> Iterator[Finding]:
    """Say why a container to which the port is sent does not answer clients, though something listens there."""
    yield from _untold(case, way, client, journey)
    for end in journey.ends:
        if end.inner is None or end.way is None or end.arrival is None:
            continue
        arrival = journey.arrivals[end.arrival]
        namespace = namespace_with(case.facts, arrival.packet.destination)
        if namespace is not None:
            yield _finding(case, way, client, arrival, namespace, end.inner, end.way)
            return


_NOT_ASKED = (ReadStatus.NOT_RECORDED, ReadStatus.MISSING)
"""What nobody could ask: recordings of before, and machines without nsenter."""


def _untold(case: Case, way: Way, client: IPAddress, journey: Journey) -> Iterator[Finding]:
    """Say that a container's own addresses or routes could not be read, where clients' packets go there."""
    for ip in dict.fromkeys(one.packet.destination for one in journey.arrivals if one.local is False):
        lost = _unread(case, namespace_with(case.facts, ip))
        if lost is not None:
            title = f"Whether answers of {ip} to {who(case, client, way)} find back: its own routes could not be read"
            yield Finding(NO_ROUTE_TO_CLIENT.code, Outcome.UNKNOWN, title, "", (lost,), paths=(way.id,))
            return


def _unread(case: Case, inside: Namespace | None) -> Evidence | None:
    """What of a container is not known, or of all of them where nobody knows which one it is."""
    listed = case.parse(NAMESPACES, parse_namespaces)
    others = () if isinstance(case.facts.namespaces, Unknown) else case.facts.namespaces
    known = [
        fact
        for one in (others if inside is None else (inside,))
        for fact in (one.interfaces, one.routes, one.policy_rules)
    ]
    for fact in (listed, *known):
        asked = case.readings.get(fact.source) if isinstance(fact, Unknown) else None
        if isinstance(fact, Unknown) and asked is not None and asked.status not in _NOT_ASKED:
            return Evidence(fact.source, fact.reason)
    return None


def _finding(
    case: Case,
    way: Way,
    client: IPAddress,
    arrival: Arrival,
    inside: Namespace,
    fault: InnerFault,
    by: Decision,
) -> Finding:
    ip = arrival.packet.destination
    assert ip is not None  # it has a namespace
    theirs = who(case, client, way)
    is_filter, is_open = fault is InnerFault.REVERSE_PATH, fault is InnerFault.OTHER_ROUTER
    return Finding(
        code=_CAUSES[fault].code,
        outcome=Outcome.UNKNOWN if is_open else Outcome.BLOCKS,
        title=_TITLES[fault].format(ip=ip, them=theirs, device=by.device, gateway=by.gateway),
        detail=_DETAILS[fault],
        evidence=(
            Evidence(f"{words.routes(case)} in the container (pid {inside.pid})", describe(by, client, ip)),
        ),
        fixes=_fixes(case, way, client, arrival, inside, fault, by),
        paths=(way.id,),
        stage=StageName.ROUTE if is_filter else StageName.REPLY_ROUTE,
        symptom=Symptom.UNKNOWN if is_open else Symptom.TIMEOUT,
    )


def _fixes(
    case: Case,
    way: Way,
    client: IPAddress,
    arrival: Arrival,
    inside: Namespace,
    fault: InnerFault,
    by: Decision,
) -> tuple[Fix, ...]:
    ip = arrival.packet.destination
    assert ip is not None
    if fault is InnerFault.REVERSE_PATH:
        return (_loosen(ip, inside),)
    own = _beside(inside, by.device, client) if fault is InnerFault.PAST_US else None
    back = _route_back(case, way, client, arrival, inside)
    return (back,) if own is None else (_its_own(own, arrival), back)


def _beside(inside: Namespace, device: str | None, client: IPAddress) -> IPAddress | None:
    """The container's own address on the client's network; None where it has none there."""
    links = () if isinstance(inside.interfaces, Unknown) else inside.interfaces
    own = [one for link in links if link.name == device for one in link.addresses]
    return next((one.ip for one in own if client in one.network), None)


def _its_own(ip: IPAddress, arrival: Arrival) -> Fix:
    place = f"{bracketed(ip)}:{arrival.packet.destination_port}"
    return Fix(
        "Use the container's own address on that network",
        needs="user-action",
        steps=(f"Give other devices {place}: there the container answers them itself.",),
    )


def _route_back(case: Case, way: Way, client: IPAddress, arrival: Arrival, inside: Namespace) -> Fix:
    """The route by which the container's answers come back here, where the model says that it helps."""
    title = "Let the container's answers come back by this machine"
    ip = arrival.packet.destination
    link = interface_of(case.facts, arrival.device)
    near = () if link is None or ip is None else link.addresses
    gateway = next((one.ip for one in near if ip in one.network), None)
    network = network_of(way, client)
    route = Route(network, device=device_inside(inside, ip), gateway=gateway)
    if gateway is None or _has_one(inside, network) or not _helps(case, arrival, inside, route):
        step = f"Inside the container, give {network} a route by this machine that no other route or rule outdoes."
        return Fix(title, needs="user-action", steps=(step,))
    enter, said = f"nsenter -t {inside.pid} -n", f"{network} via {gateway}"
    return Fix(
        title,
        (f"{enter} ip route add {said}",),
        (f"{enter} ip route del {said}",),
        needs="root",
        risk=f"the container then reaches {network}, too",
        lasts=Lasts.UNTIL_RESTART,
        keep="put it into the container's own settings: a network that is not internal has a default route, and "
        f"a VPN leaves the LAN alone when told to (gluetun: FIREWALL_OUTBOUND_SUBNETS={network})",
    )


def _has_one(inside: Namespace, network: IPNetwork) -> bool:
    """Whether the container has a route of that destination already: a second one cannot be added beside it."""
    return not isinstance(inside.routes, Unknown) and any(one.destination == network for one in inside.routes)


def _helps(case: Case, arrival: Arrival, inside: Namespace, route: Route) -> bool:
    """Whether the container answers with one route more, by the same journey."""
    if isinstance(case.facts.namespaces, Unknown) or isinstance(inside.routes, Unknown):
        return False
    more = replace(inside, routes=(*inside.routes, route))
    others = [more if one.name == inside.name else one for one in case.facts.namespaces]
    return find_inner_fault(replace(case.facts, namespaces=tuple(others)), arrival) is None


def _loosen(ip: IPAddress, inside: Namespace) -> Fix:
    """The container's reverse path filter made loose, for all of its interfaces that it concerns."""
    names = [f"net.ipv4.conf.{one}.rp_filter" for one in ("all", device_inside(inside, ip) or "all")]
    strict = [name for name in dict.fromkeys(names) if inside.sysctls.get(name) == "1"]
    enter = f"nsenter -t {inside.pid} -n sysctl -w"
    return Fix(
        "Make the container's filter loose",
        tuple(f"{enter} {typed_setting(name)}=2" for name in strict),
        tuple(f"{enter} {typed_setting(name)}=1" for name in strict),
        needs="root",
        risk="its answers then leave by another network of its own; where that leads elsewhere, correct its routes",
        lasts=Lasts.UNTIL_RESTART,
        keep=f"start the container with --sysctl {strict[0]}=2" if strict else None,
    )
