"""Is anything listening, on which address, and who is it?"""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks.addresses.behind import route_behind
from landiag.checks.application.exchange import attempt_of
from landiag.checks.case import Answer, Case, answer, milder, not_applicable, unread
from landiag.checks.destination import Destination, destination_of, destinations_of, sockets_there
from landiag.checks.fixes import hosts, restart
from landiag.checks.fixes.restart import listen_fixes, untie_fixes
from landiag.checks.listening import carried, closed, services, socket_units, udp
from landiag.checks.listening.accept_queue import full_queues
from landiag.checks.listening.forbidden import forbidden
from landiag.checks.listening.given_away import explain_publication
from landiag.checks.listening.handed import handed_to_nobody
from landiag.checks.listening.inside import check_elsewhere, listening_inside, only_inside, own_host
from landiag.checks.listening.lost_family import find_stranded
from landiag.checks.listening.owners import describe_owner, name_owner, owner_evidence, socket_source, subject
from landiag.checks.listening.redirected import answered_by_nobody_here, sent_to_nobody
from landiag.checks.listening.shares import check_shares, sent_anywhere
from landiag.checks.listening.similar import similar_servers, start_fixes
from landiag.checks.listening.translated import may_be_translated, may_lead_to, plan_count
from landiag.checks.routes import vrf
from landiag.checks.systems import is_explained_by_port
from landiag.collect import linux
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.journey.binding import Binding, bind_among, describe_address, find_binding, why_not
from landiag.journey.ways import Way
from landiag.model.facts import Family, Interface, Socket, Source, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.servers.relays import relay_of

_TITLES = {
    "bound-to-loopback": "{who} is listening on {host} only, so other devices can't reach it",
    "bound-to-other-address": "{who} is listening on {host} only, so other devices can't reach it at {ip}",
    "bound-to-ipv6-only": "{who} is listening on IPv6 only ({where}), but other devices use IPv4",
    "bound-to-ipv4-only": "{who} is listening on IPv4 only ({where}), but other devices use IPv6",
    "bound-to-device": "{who} is tied to another interface ({where}), but other devices come in by {interface}",
    "published-on-loopback": "The container's port is published on {host} only, so other devices can't reach it",
}

_UNLESS = ", unless a rule that could not be read sends them there."


def check(case: Case) -> Answer:
    """Check what listens on the port, for each way in; the first one blocks, the others warn."""
    if isinstance(case.facts.sockets, Unknown):
        return answer([_unreadable(case.facts.sockets)], "")
    if is_explained_by_port(case):
        return answer([], _summary(case, case.listeners))
    if own_host(case) is not None or route_behind(case) is not None:
        return not_applicable("a container has the address: it listens by itself")
    if case.way is None:
        return answer(_without_way(case), _summary(case, case.listeners))
    findings = list(_check_way(case, case.way))
    decisive = {finding.code: place for place, finding in enumerate(findings)}
    for way in case.ways[1:]:
        for finding in _check_way(case, way):
            place = decisive.get(finding.code)
            if place is None:
                findings.append(milder(finding, str(way.ip)))
            else:
                findings[place] = replace(findings[place], paths=(*findings[place].paths, *finding.paths))
    return answer(
        [*findings, *full_queues(case, _serving(case, case.way))], _summary(case, _serving(case, case.way))
    )


def _check_way(case: Case, way: Way) -> list[Finding]:
    """Say why clients of one way in find no listening socket; empty when they do, or when nobody can tell."""
    destinations, untold = destinations_of(case, way), sent_anywhere(case, way)
    if len(destinations) == 1 and untold is not None:
        return [untold]
    if len(destinations) > 1:
        return check_shares(case, way, destinations)
    destination = destinations[0]
    if destination.is_elsewhere:
        return check_elsewhere(case, way, destination)
    interface = destination.interface or way.interface
    binding = find_binding(case.facts, destination.ip, destination.port, interface)
    if isinstance(binding, Unknown) or binding.serving:
        return [] if isinstance(binding, Unknown) else list(carried.find_stranded(case, way, binding))
    if binding.perhaps:
        return [_perhaps(case, way, binding.perhaps[0], interface)]
    if binding.is_free:
        return [_nothing_listens(case, way, destination)]
    if find_stranded(case):
        return []
    return [_bound_wrongly(case, way, binding, destination)]


def plan(case: Case) -> tuple[Source, ...]:
    """Look into the other network namespaces, where the socket may be in one."""
    is_wanted = case.facts.os == "linux" and may_be_inside(case)
    inside = linux.plan_namespaces(case.readings) if is_wanted else ()
    return (*inside, *services.plan(case), *socket_units.plan(case), *udp.plan(case))


def plan_after(case: Case) -> tuple[Source, ...]:
    """Look for the line that binds a server to loopback; count tracked connections where rules could not be read.

    Where this machine has just made some and none is tracked, there is no NAT.
    """
    return (*restart.plan(case), *hosts.plan(case), *services.plan_after(case), *plan_count(case))


def may_be_inside(case: Case) -> bool:
    """Whether the socket may be in another network namespace: none is here, or the connection is sent elsewhere."""
    if isinstance(case.facts.sockets, Unknown):
        return False
    if not case.listeners or carried.is_carried(case):
        return True
    return any(destination_of(case, way).is_elsewhere for way in case.ways)


def _bound_wrongly(case: Case, way: Way, binding: Binding, destination: Destination) -> Finding:
    """Make the finding for sockets of the right port that do not take LAN clients' connections."""
    interface = destination.interface or way.interface
    codes = {why_not(socket, interface): socket for socket in reversed(binding.others)}
    code = next(code for code in _TITLES if code in codes)
    socket = codes[code]
    who = subject(name_owner(case, socket))
    if code == "bound-to-loopback" and _is_publisher(case, socket):
        code = "published-on-loopback"
    title = _TITLES[code].format(
        who=who,
        where=describe_address(socket),
        host=socket.address,
        ip=destination.ip,
        interface=way.interface.name,
    )
    if destination.ip != way.ip:
        title += f" ({way.ip} is translated to {destination.ip})"
    evidence = tuple(owner_evidence(case, socket) for socket in binding.others)
    fixes = _fixes(case, way, socket, code)
    is_open = may_lead_to(case, way, socket, code)
    if vrf.is_outside(socket, interface):
        title, fixes = vrf.title(who, interface), (vrf.accept_fix(),)
        evidence = (*evidence, *vrf.evidence(interface))
    return Finding(
        code=code,
        outcome=Outcome.UNKNOWN if is_open else Outcome.BLOCKS,
        title=title,
        detail=f"Connections to {way.ip}:{binding.port} are refused" + (_UNLESS if is_open else "."),
        evidence=evidence,
        fixes=fixes,
        paths=(way.id,),
    )


def _fixes(case: Case, way: Way, socket: Socket, code: str) -> tuple[Fix, ...]:
    """What lets a socket take the connections of a way in that it does not take."""
    unit = socket_units.socket_unit(case, socket)
    if code == "bound-to-device":
        return (socket_units.untie_fix(unit),) if unit else untie_fixes(case, socket)
    return (socket_units.listen_fix(case, unit, socket),) if unit else listen_fixes(case, socket, way.family)


def _is_publisher(case: Case, socket: Socket) -> bool:
    """Whether a container engine holds the socket for a published port."""
    found = [relay for relay in map(relay_of, case.owners(socket)) if relay is not None]
    return any(not relay.inside and not relay.guest for relay in found)


def _nothing_listens(case: Case, way: Way, destination: Destination) -> Finding:
    inside = listening_inside(case, destination.port)
    service = services.in_own_network(case, way, inside[1] if inside else None)
    if service is not None:
        return service
    if inside is not None:
        return only_inside(case, way, inside)
    if destination.port != case.port:
        return sent_to_nobody(case, way, destination)
    handed = handed_to_nobody(case, way)
    if handed is not None:
        return handed
    attempt = attempt_of(case) if way is case.way else None
    if attempt is not None and attempt.connect.outcome is TcpOutcome.CONNECTED:
        return answered_by_nobody_here(case, way)
    others = similar_servers(case)
    elsewhere = ", ".join(
        f"{describe_owner(case, socket)} on {describe_address(socket)}" for socket in others
    )
    detail = (
        f"Listening instead: {elsewhere}." if others else "Start the server, or name the port that it uses."
    )
    if udp.has_port(case):
        detail = f"A program has UDP port {case.port}, and TCP has ports of its own. {detail}"
    denied = forbidden(case, way)
    silent = socket_units.silent_unit(case)
    why = denied.why if denied else socket_units.why_silent(silent)
    if not why and len(others) == 1:
        why = f"your server is on {others[0].port}"
    found = Finding(
        code="nothing-listening",
        outcome=Outcome.UNKNOWN if may_be_translated(case) else Outcome.BLOCKS,
        title=f"Nothing is listening on port {case.port}" + (f": {why}" if why else ""),
        detail=f"{detail} {closed.what_clients_get(case, way)}".strip(),
        evidence=(Evidence(socket_source(case), f"no listening TCP socket on port {case.port}"),)
        + tuple(owner_evidence(case, socket) for socket in others)
        + ((socket_units.silence(silent),) if silent else ())
        + ((denied.setting,) if denied else ())
        + services.failures(case),
        fixes=(denied.fix,) if denied else start_fixes(case, others, services.hints(case)),
        paths=(way.id,),
    )
    return explain_publication(case, found)


def _perhaps(case: Case, way: Way, socket: Socket, interface: Interface) -> Finding:
    if interface.tied_only is None:
        title = vrf.open_title(name_owner(case, socket), interface)
        return Finding("bound-to-device", Outcome.UNKNOWN, title, paths=(way.id,))
    return Finding(
        code="bound-to-ipv6-only",
        outcome=Outcome.UNKNOWN,
        title=f"Whether IPv4 gets in: {name_owner(case, socket)} is listening on {describe_address(socket)}",
        detail="The list of sockets does not tell whether an IPv6 socket also serves IPv4.",
        evidence=(owner_evidence(case, socket),),
        paths=(way.id,),
    )


def _without_way(case: Case) -> list[Finding]:
    """Check without any address to check for: only whether something listens, and not on loopback."""
    sockets = case.listeners
    if not sockets:
        others = similar_servers(case)
        title = f"Nothing is listening on port {case.port}"
        return [Finding("nothing-listening", Outcome.BLOCKS, title, fixes=start_fixes(case, others))]
    if all(socket.address.is_loopback for socket in sockets):
        socket = sockets[0]
        code = "published-on-loopback" if _is_publisher(case, socket) else "bound-to-loopback"
        title = _TITLES[code].format(
            who=subject(name_owner(case, socket)),
            where=describe_address(socket),
            host=socket.address,
            ip="any other address",
        )
        fixes = listen_fixes(case, socket, Family.IPV4)
        evidence = tuple(owner_evidence(case, socket) for socket in sockets)
        return [Finding(code, Outcome.BLOCKS, title, "", evidence, fixes)]
    return []


def _unreadable(unknown: Unknown) -> Finding:
    title = "Whether anything is listening: the list of sockets could not be read"
    return unread("nothing-listening", title, unknown)


def _serving(case: Case, way: Way | None) -> tuple[Socket, ...]:
    """List the sockets that take the connections of this way's clients, in whichever namespace they are."""
    if way is None:
        return ()
    destination = destination_of(case, way)
    interface = None if destination.is_elsewhere else destination.interface or way.interface
    return bind_among(sockets_there(case, destination), destination.ip, destination.port, interface).serving


def _summary(case: Case, sockets: tuple[Socket, ...]) -> str:
    if not sockets:
        destination = None if case.way is None else destination_of(case, case.way)
        if destination is not None and destination.is_elsewhere:
            return f"port {case.port} is sent on to {destination.ip}:{destination.port}"
        return f"nothing is listening on port {case.port}"
    socket = sockets[0]
    return f"{describe_address(socket)}   {describe_owner(case, socket)}"
