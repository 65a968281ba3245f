"""Servers in another network namespace: containers, and what is sent on to them."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from landiag.checks.case import Case
from landiag.checks.destination import Destination
from landiag.checks.fixes.engines import publish_fix
from landiag.checks.fixes.fix import fix_by
from landiag.checks.fixes.restart import listen_fixes, server_of
from landiag.checks.listening.owners import describe_owner
from landiag.journey.binding import bind_among, describe_address, why_not
from landiag.journey.inside import namespace_with
from landiag.journey.ownership import owner_of
from landiag.journey.ways import Way
from landiag.model.changes import Sysctl
from landiag.model.facts import Family, Socket, Unknown
from landiag.model.process import Namespace
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.settings import forwarding_setting
from landiag.model.urls import bracketed


def listening_inside(case: Case, port: int) -> tuple[Namespace, Socket] | None:
    """Find a socket of this port in another network namespace."""
    if isinstance(case.facts.namespaces, Unknown):
        return None
    for namespace in case.facts.namespaces:
        if not isinstance(namespace.sockets, Unknown):
            for socket in namespace.sockets:
                if socket.port == port:
                    return namespace, socket
    return None


def own_host(case: Case) -> Namespace | None:
    """The container that has the address that was asked for as its own on the clients' network; None where none has."""
    if case.target.address is None:
        return None
    ip = ip_address(case.target.address)
    is_on_network = owner_of(case.facts, ip) is None and any(ip in way.network for way in case.ways)
    return namespace_with(case.facts, ip) if is_on_network else None


def only_inside(case: Case, way: Way, inside: tuple[Namespace, Socket]) -> Finding:
    """Say that the server listens in another namespace, from which nothing is published."""
    namespace, socket = inside
    return Finding(
        code="listening-in-namespace",
        outcome=Outcome.BLOCKS,
        title=f"{describe_owner(case, socket)} listens on port {socket.port} only inside a container or network "
        f"namespace, from which nothing is published",
        detail=f"Inside, it listens on {describe_address(socket)}; the host itself has no socket on this port.",
        evidence=(
            Evidence(
                f"ss in network namespace {namespace.name} (pid {namespace.pid})", describe_address(socket)
            ),
        ),
        fixes=(
            *_by_its_own_address(case, way, namespace, socket),
            publish_fix(case.port, socket),
        ),
        paths=(way.id,),
    )


def _by_its_own_address(case: Case, way: Way, namespace: Namespace, socket: Socket) -> tuple[Fix, ...]:
    """A container with an address of the clients' network (macvlan, a bridge) is reached there."""
    interfaces = () if isinstance(namespace.interfaces, Unknown) else namespace.interfaces
    for ip in (address.ip for interface in interfaces for address in interface.addresses):
        if ip in way.network and socket.address in (ip, ip_address("::" if ip.version == 6 else "0.0.0.0")):
            found = server_of(case, socket)
            is_other = found is not None and found[0].speaks(socket.port) not in ("http", "https")
            place = f"{bracketed(ip)}:{socket.port}"
            step = f"On the other device, {f'connect to {place}' if is_other else f'open http://{place}/'}"
            return (Fix("Use the address that the container has itself", needs="user-action", steps=(step,)),)
    return ()


def only_itself_reaches(case: Case, socket: Socket) -> str:
    """Say that a server inside a container listens where nothing from outside it arrives."""
    owner, address = describe_owner(case, socket), describe_address(socket)
    return f"Inside the container, {owner} is listening on {address} only, so nothing gets through to it"


def check_elsewhere(case: Case, way: Way, destination: Destination) -> list[Finding]:
    """Check the socket behind NAT, in the container that has the translated address, where it can be seen."""
    stopped = _not_forwarded(case, way, destination)
    return [stopped] if stopped is not None else nobody_inside(case, way, destination)


def nobody_inside(case: Case, way: Way, destination: Destination) -> list[Finding]:
    """Say that no socket of the container takes what comes to its address; empty where one does, or nobody can tell."""
    namespace = destination.namespace
    if namespace is None or isinstance(namespace.sockets, Unknown):
        return []
    inside = bind_among(namespace.sockets, destination.ip, destination.port, None)
    if inside.serving or inside.perhaps:
        return []
    evidence = tuple(
        Evidence(f"ss in the container (pid {namespace.pid})", describe_address(s)) for s in inside.others
    )
    where = f"{destination.ip}:{destination.port}"
    if inside.is_free:
        return [_sent_to_no_socket(case, way, destination, namespace.sockets)]
    socket = inside.others[0]
    code = why_not(socket, None)
    title = only_itself_reaches(case, socket)
    detail = f"Port {case.port} of this machine is sent to {where}: in the container, listen on 0.0.0.0."
    fixes = listen_fixes(case, socket, Family(destination.ip.version))
    return [Finding(code, Outcome.BLOCKS, title, detail, evidence, fixes, paths=(way.id,))]


def _sent_to_no_socket(case: Case, way: Way, destination: Destination, inside: Sequence[Socket]) -> Finding:
    """Say that a port of a container has no server, with the one that it does listen on where there is one."""
    others = [one for one in inside if not one.address.is_loopback]
    ports = {one.port for one in others}
    title = f"Port {case.port} is sent to the container at {destination.ip}:{destination.port}, where nothing listens"
    if len(ports) == 1:
        title += f": its server is on {others[0].port}"
        fix = publish_fix(case.port, others[0])
    else:
        step = f"Inside, it must listen on 0.0.0.0:{destination.port}; its own output says why it doesn't."
        fix = Fix("Start the server in the container", needs="user-action", steps=(step,))
    where = f"ss in the container at {destination.ip}"
    evidence = tuple(Evidence(where, describe_address(one)) for one in others[:_MOST_SHOWN])
    return Finding("port-redirected", Outcome.BLOCKS, title, "", evidence, (fix,), paths=(way.id,))


_MOST_SHOWN = 3


def _not_forwarded(case: Case, way: Way, destination: Destination) -> Finding | None:
    """Find that the kernel passes nothing on to other addresses (ip_forward, forwarding; ip-sysctl.rst)."""
    every = forwarding_setting(destination.ip.version)
    where = f"{destination.ip}:{destination.port}"
    if case.facts.os == "linux" and every not in case.facts.sysctls:
        return Finding(
            code="port-not-forwarded",
            outcome=Outcome.UNKNOWN,
            title=f"Whether this machine forwards packets to {where}: {every} could not be read",
            evidence=(Evidence("sysctl", f"{every}: not read"),),
            paths=(way.id,),
        )
    passing = (
        every,
        *(f"net.ipv4.conf.{device}.forwarding" for device in _passed_by(case, way, destination)),
    )
    name = next((one for one in passing if case.facts.sysctls.get(one) == "0"), None)
    if name is None:
        return None
    which = "" if name == every else f" that come in by {name.split('.')[-2]}"
    return Finding(
        code="port-not-forwarded",
        outcome=Outcome.BLOCKS,
        title=f"Port {case.port} is sent to {where}, but this machine forwards no packets{which} ({name} = 0)",
        detail="A rule translates the address, and the kernel then drops what is not for itself.",
        evidence=(Evidence("sysctl", f"{name} = 0"), Evidence("firewall", destination.rule_text)),
        fixes=(
            fix_by(
                "Let this machine forward packets",
                Sysctl(name, "0", "1"),
                risk="it then forwards for every network that its firewall lets pass",
            ),
        ),
        paths=(way.id,),
    )


def _passed_by(case: Case, way: Way, destination: Destination) -> tuple[str, ...]:
    """The interfaces by which a client's packets and their answers come in: each has a setting of its own, for IPv4."""
    if destination.ip.version == 6:
        return ()
    arrivals = next((one.journey.arrivals for one in case.classes.get(way.id, ())), ())
    mine = [one.device for one in arrivals if one.packet.destination == destination.ip]
    return (way.interface.name, *(device for device in mine if device is not None))
