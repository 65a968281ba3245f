"""WSL2 and port proxies, seen from Windows: a server that only Windows' own localhost reaches, or a wrong proxy."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.listening.owners import owner_evidence
from landiag.checks.system import Readings
from landiag.checks.wsl.fixes import TODAY, change_proxy, forwarding_fixes, start_helper
from landiag.checks.wsl.passing import is_helper, is_relay, proxies_of, reach_in
from landiag.checks.wsl.proxies import (
    Reach,
    as_address,
    describe,
    own_addresses,
)
from landiag.checks.wsl.sources import read_proxies
from landiag.collect import windows_sources
from landiag.collect.exchanges.tcp import TcpOutcome, parse_connects
from landiag.collect.portproxy import PortProxy
from landiag.collect.windows_state import parse_state
from landiag.journey.binding import takes_connections
from landiag.journey.ways import Front, Landing, Way
from landiag.model.facts import Call, ReadStatus, Socket, Unknown
from landiag.model.host import Facts
from landiag.model.report import Evidence, Finding, Fix, Outcome, Target
from landiag.model.terms import Symptom


def plan(case: Case) -> tuple[Call, ...]:
    """Try the addresses to which Windows passes the port on: a stale one does not answer."""
    return tuple(connect_source(one) for one in proxies_of(case))


def connect_source(proxy: PortProxy) -> Call:
    """Name the attempt to connect where a port proxy leads."""
    params = (("address", proxy.connect_address), ("ports", str(proxy.connect_port)))
    return Call("connect", params, seconds=2.0)


def ways(facts: Facts, readings: Readings, target: Target, known: tuple[Way, ...]) -> tuple[Way, ...]:
    """Where nobody but Windows itself reaches the port, a port proxy from another port may lead to it."""
    proxies = read_proxies(readings)
    if isinstance(proxies, Unknown) or isinstance(facts.sockets, Unknown) or not proxies:
        return known
    ours = [one for one in facts.sockets if one.port == target.port]
    if any(not one.address.is_loopback for one in ours):
        return known
    leading = [one for one in proxies if one.connect_port == target.port and one.listen_port != target.port]
    if any(one.listen_port == target.port for one in proxies):
        return known
    return tuple(_by_proxy(way, leading, facts.sockets) for way in known)


def _by_proxy(way: Way, leading: list[PortProxy], sockets: tuple[Socket, ...]) -> Way:
    for proxy in leading:
        port = proxy.listen_port
        if any(one.port == port and takes_connections(one, way.ip, None) for one in sockets):
            return replace(way, front=Front(way.ip, port), landing=Landing(way.ip, port))
    return way


def check(case: Case) -> list[Finding]:
    """Check whether the port is served inside WSL2; empty where that is not what happens here.

    wslrelay.exe listens on 127.0.0.1 for a server in a distribution behind NAT: nobody else reaches it. In
    mirrored mode Windows may not list what listens inside.
    """
    if isinstance(case.facts.sockets, Unknown):
        return []
    ours = case.listeners
    registry = case.readings.get(windows_sources.REGISTRY.name)
    relays = [socket for socket in ours if any(map(is_relay, case.owners(socket)))]
    helped = [socket for socket in ours if is_helper(case, socket)]
    if (not ours or relays or helped) and (registry is None or registry.status is not ReadStatus.OK):
        return [_unseen(case, "whether Windows passes it on could not be read")]
    proxies = proxies_of(case)
    if proxies:
        return _check_proxy(case, proxies[0], ours)
    if ours and isinstance(case.facts.processes, Unknown) and all(one.address.is_loopback for one in ours):
        return [_unseen(case, "who listens on localhost is not visible, and may be WSL")]
    if not ours and _may_be_mirrored(case):
        return [_unseen(case, "WSL has the network of Windows, which does not list what listens inside")]
    if not relays or len(relays) < len(ours):
        return []
    if case.way is None and _leading(case):
        return [_unseen(case, "another port of Windows leads there, and its addresses are not known")]
    return [_not_forwarded(case, relays[0])]


def _leading(case: Case) -> bool:
    """Whether a port proxy leads to the port, from whichever port of Windows."""
    known = read_proxies(case.readings)
    return not isinstance(known, Unknown) and any(one.connect_port == case.port for one in known)


def _unseen(case: Case, reason: str) -> Finding:
    return Finding(
        code="port-not-forwarded",
        outcome=Outcome.UNKNOWN,
        title=f"Whether port {case.port} leads to a server inside WSL2: {reason}",
        fixes=(
            Fix("Show what Windows passes on", ("netsh interface portproxy show all",), needs="user-action"),
            Fix(
                "Or look from inside of the distribution",
                needs="user-action",
                steps=(f"Install landiag there too, and run in its shell: landiag check --port {case.port}",),
            ),
        ),
    )


def _may_be_mirrored(case: Case) -> bool:
    """Whether a distribution may run that shares Windows' network: only the WSL that is a service knows that mode."""
    if not _has_wsl_service(case):
        return False
    state = parse_state(case.readings)
    return isinstance(state, Unknown) or (state.wsl_mode == "mirrored" and state.wsl_runs is not False)


def _has_wsl_service(case: Case) -> bool:
    registry = case.readings.get(windows_sources.REGISTRY.name)
    return registry is not None and "\\services\\wslservice" in registry.text.lower().replace("\\\\", "\\")


def _check_proxy(case: Case, proxy: PortProxy, ours: tuple[Socket, ...]) -> list[Finding]:
    """Check the best port proxy of the port: where it listens, whether its service runs, where it leads."""
    reach = reach_in(case, proxy)
    if any(not one.address.is_loopback and not is_helper(case, one) for one in ours):
        return []  # a server of Windows itself has the port for clients
    if reach in (Reach.ITSELF, Reach.INSIDE, Reach.NOBODY, Reach.UNKNOWN):
        return [_listens_wrongly(case, proxy, reach)]
    state = parse_state(case.readings)
    stopped = not isinstance(state, Unknown) and state.ip_helper.lower() not in ("", "running", "4")
    if stopped or (not ours and (case.way is None or case.way.front is None)):
        return [_helper_stopped(case, describe(proxy))]
    comes_back = _leads_to_itself(case, proxy, ours)
    if comes_back is None:
        return [_unseen(case, "who listens where the port proxy leads is not visible")]
    if comes_back:
        return [_stale(case, proxy, "itself: nothing but the port proxy listens there")]
    answered = _answers(case, proxy)
    if answered is None:
        return [_unseen(case, f"whether anything answers at {proxy.connect_address} is not known")]
    return [] if answered else [_stale(case, proxy, f"{proxy.connect_address}, where nothing answers")]


def _leads_to_itself(case: Case, proxy: PortProxy, ours: tuple[Socket, ...]) -> bool | None:
    """Whether the connection comes back to where the port proxy listens; None where nobody sees who listens."""
    target = as_address(proxy.connect_address, proxy.connect_family)
    if target is None or proxy.connect_port != proxy.listen_port:
        return False
    if not target.is_loopback and target not in own_addresses(case.facts):
        return False
    taking = [one for one in ours if takes_connections(one, target, None)]
    exact = [one for one in taking if one.address == target]
    if not taking or exact:
        return bool(exact) and all(case.owners(one) and is_helper(case, one) for one in exact)
    return None if not all(map(case.owners, taking)) else all(is_helper(case, one) for one in taking)


def _answers(case: Case, proxy: PortProxy) -> bool | None:
    found = case.parse(connect_source(proxy), parse_connects)
    if found is None or isinstance(found, Unknown) or not found.results:
        return None
    return found.results[0].connect.outcome is TcpOutcome.CONNECTED


def _not_forwarded(case: Case, socket: Socket) -> Finding:
    return Finding(
        code="port-not-forwarded",
        outcome=Outcome.BLOCKS,
        symptom=Symptom.UNKNOWN,  # the firewall of Windows answers for closed ports, or stays silent
        title=f"The server on port {case.port} runs inside WSL2: Windows passes only its own localhost on to it",
        detail="WSL2 has a network of its own behind NAT. Nothing passes connections of other devices on to it.",
        evidence=(owner_evidence(case, socket),),
        fixes=forwarding_fixes(case),
    )


def _listens_wrongly(case: Case, proxy: PortProxy, reach: Reach) -> Finding:
    where = {
        Reach.ITSELF: "Windows' own loopback: other devices can't reach it",
        Reach.INSIDE: "an address that only virtual machines reach",
        Reach.NOBODY: "an address that Windows does not have",
    }.get(reach, "a name, and which address that is nobody knows")
    right = replace(proxy, listen_address="0.0.0.0" if proxy.listen_family == 4 else "::")
    return Finding(
        code="port-not-forwarded",
        outcome=Outcome.UNKNOWN if reach is Reach.UNKNOWN else Outcome.BLOCKS,
        title=f"Windows passes port {proxy.listen_port} on, but listens for it on {proxy.listen_address}, {where}",
        detail="A port proxy takes connections on its listen address alone.",
        evidence=(Evidence("netsh interface portproxy show all", describe(proxy)),),
        fixes=(change_proxy(case, proxy, right),),
    )


def _helper_stopped(case: Case, text: str) -> Finding:
    return Finding(
        code="port-not-forwarded",
        outcome=Outcome.BLOCKS,
        symptom=Symptom.UNKNOWN,  # the firewall of Windows answers for closed ports, or stays silent
        title=f"Windows should pass port {case.port} on, but the IP Helper service does not listen for it",
        detail="Port proxies are the work of the IP Helper service (iphlpsvc); without it they are only a list.",
        evidence=(Evidence("netsh interface portproxy show all", text),),
        fixes=(start_helper(case),),
    )


def _stale(case: Case, proxy: PortProxy, where: str) -> Finding:
    right = replace(proxy, connect_address="$ip", connect_family=4)
    return Finding(
        code="port-not-forwarded",
        outcome=Outcome.BLOCKS,
        symptom=Symptom.UNKNOWN,  # the firewall of Windows answers for closed ports, or stays silent
        title=f"Windows passes port {proxy.listen_port} on to {where}",
        detail="The address of a WSL2 distribution changes when it starts; the port proxy still has an old one.",
        evidence=(Evidence("netsh interface portproxy show all", describe(proxy)),),
        fixes=(change_proxy(case, proxy, right, first=(TODAY,)),),
    )
