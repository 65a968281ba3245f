"""What became of the connection itself: who answered, who refused, who is not there."""

from __future__ import annotations

from landiag.model.facts import Unknown
from landiag.model.report import Evidence, Finding, Fix
from landiag.probe import sources
from landiag.probe.case import CONFIRMED, parse_address
from landiag.probe.errqueue import IcmpError
from landiag.probe.findings import blocks, do, on_server, place
from landiag.probe.icmp import Ping, parse_ping
from landiag.probe.look import Look, NeighbourState
from landiag.probe.plan import neighbourhood
from landiag.probe.syn import SynAnswer, parse_syn
from landiag.probe.tcp import Connect, TcpOutcome
from landiag.routing import RouteDecision

_HOST_SAYS_NO_HOST = ((4, 3, 1), (6, 1, 3))
_NO_NETWORK = ((4, 3, 0), (4, 3, 6), (6, 1, 0))
_TUNNELS = ("vpn", "tunnel")
_SOON = 0.5


def judge_connection(look: Look) -> list[Finding]:
    """The finding that says why no connection came about; empty when it did, or nobody tried."""
    connect = look.connect
    if connect is None or connect.outcome is TcpOutcome.CONNECTED:
        return []
    if connect.outcome is TcpOutcome.REFUSED:
        return [_refused(look, connect)]
    if connect.outcome is TcpOutcome.REJECTED and connect.icmp is not None and not look.is_lost:
        return [_rejected(look, connect, connect.icmp)]
    if connect.outcome is TcpOutcome.FAILED or _is_no_route(look, connect):
        return [_no_route(look, connect)]
    if _is_local_network_privacy(look, connect):
        return [_local_network_privacy(look, connect)]
    if connect.icmp is not None and _key(connect.icmp) not in _HOST_SAYS_NO_HOST:
        return [_own_firewall(look, connect, connect.icmp)]
    if (tunnel := _tunnel(look)) is not None:
        return [_vpn(look, connect, tunnel)]
    return [_lost(look, connect)]


def nmap_state(connect: Connect) -> str:
    """The port's state in nmap's words, with the reason."""
    if connect.outcome is TcpOutcome.CONNECTED:
        return "open (syn-ack)"
    if connect.outcome is TcpOutcome.REFUSED:
        return "closed (reset)"
    if connect.icmp is not None:
        sender = f" from {connect.icmp.sender}" if connect.icmp.sender else ""
        return f"filtered ({connect.icmp.word}{sender})"
    if connect.outcome is TcpOutcome.NO_ANSWER:
        return "filtered (no-response)"
    return f"not asked ({connect.error})"


def _key(icmp: IcmpError) -> tuple[int, int, int]:
    return icmp.version, icmp.type, icmp.code


def _target(look: Look) -> str:
    name = look.case.request.name
    return f"{name} ({look.address})" if name else look.address


def tcp_evidence(look: Look, connect: Connect) -> tuple[Evidence, ...]:
    """What the connection met, and what a SYN of our own showed beside it."""
    where = f"connect {place(look.address, look.case.request.port)}"
    said = f"{nmap_state(connect)} after {connect.seconds:.2f} s"
    found = [Evidence(where, f"{said}, {connect.error}" if connect.error else said)]
    answer = look.case.known(look.syn_source(), parse_syn)
    if isinstance(answer, SynAnswer) and answer.seen:
        found.append(Evidence("SYN probe", answer.describe()))
    return tuple(found)


def _refused(look: Look, connect: Connect) -> Finding:
    port = look.case.request.port
    return blocks(
        "connection-refused",
        f"{_target(look)} is up and refuses port {port}: no server listens there for other machines",
        "The answer was a TCP reset. Either nothing listens on that port, or the server listens on 127.0.0.1 "
        "only, or a firewall answers in its place.",
        tcp_evidence(look, connect),
        (on_server(port),),
    )


def _rejected(look: Look, connect: Connect, icmp: IcmpError) -> Finding:
    """An ICMP error from the target or from a router, in the contract's words."""
    from_target = icmp.sender == str(look.ip)
    evidence = tcp_evidence(look, connect)
    kind = f"ICMP {icmp.type}/{icmp.code}, {icmp.word}"
    if _key(icmp) in _NO_NETWORK:
        return blocks(
            "peer-in-other-network",
            f"{icmp.sender} says that it knows no way to the network of {_target(look)} ({kind})",
            "The server is in a network that no router between here and there leads to.",
            evidence,
            (
                do(
                    "Bring both into one network",
                    "Join the same Wi-Fi (not the guest one), or add the route.",
                ),
            ),
        )
    if _key(icmp) in _HOST_SAYS_NO_HOST and not from_target:
        return blocks(
            "peer-down",
            f"the router {icmp.sender} finds nobody at {_target(look)} ({kind})",
            "The machine is off, asleep, or has another address now.",
            evidence,
            (_find_address(look),),
        )
    if icmp.word == "time-exceeded":
        return blocks(
            "no-route-to-server",
            f"packets to {_target(look)} go round in circles: {icmp.sender} gave up ({kind})",
            "Two routers send the packet to each other: one of them has a wrong route.",
            evidence,
        )
    who = (
        "the server's own firewall" if from_target else f"the firewall of {icmp.sender}, a router on the way,"
    )
    return blocks(
        "connection-rejected",
        f"{who} rejects connections to {_target(look)} port {look.case.request.port} ({kind})",
        "A program that nobody started answers differently: this is a rule that says no.",
        evidence,
        (on_server(look.case.request.port),) if from_target else (),
    )


def _own_firewall(look: Look, connect: Connect, icmp: IcmpError) -> Finding:
    return blocks(
        "connection-rejected",
        f"this machine's own firewall rejects connections to {_target(look)} port {look.case.request.port}",
        f"The answer came from {icmp.sender}, which is this machine: a rule for outgoing packets says no.",
        tcp_evidence(look, connect),
        (
            do(
                "Allow it here",
                "Look at this machine's own rules: landiag firewall, or the firewall's settings.",
            ),
        ),
    )


def _is_no_route(look: Look, connect: Connect) -> bool:
    if connect.outcome is not TcpOutcome.UNREACHABLE or _is_local_network_privacy(look, connect):
        return False
    route = look.route
    refuses = isinstance(route, RouteDecision) and not route.leaves
    return connect.error == "ENETUNREACH" or refuses


def _no_route(look: Look, connect: Connect) -> Finding:
    route = look.route
    why = "it has no route to that address"
    if isinstance(route, RouteDecision) and route.kind in ("blackhole", "prohibit", "unreachable"):
        rule = f", policy rule {route.rule.priority}" if route.rule and route.route is None else ""
        why = f"a {route.kind} route says so{rule}"
    elif connect.error in ("EACCES", "EPERM"):
        why = "this machine itself forbids it (a prohibit route or a local firewall)"
    elif connect.error == "EADDRNOTAVAIL":
        why = "it has no address of that kind to send from"
    return blocks(
        "no-route-to-server",
        f"this machine has no way to {_target(look)}: {why}",
        _networks_here(look),
        tcp_evidence(look, connect),
        (do("Bring both into one network", "Connect this machine to the network that the server is in."),),
    )


def _networks_here(look: Look) -> str:
    networks = sorted(
        {
            f"{own.network} on {interface.name}"
            for interface, own in look.case.own_addresses
            if own.ip.version == look.ip.version
            and interface.up
            and interface.kind != "loopback"
            and not own.ip.is_link_local
        }
    )
    return (
        f"This machine is in {', '.join(networks)}."
        if networks
        else "This machine has no address of that family."
    )


def _is_local_network_privacy(look: Look, connect: Connect) -> bool:
    """macOS refuses at once what a program may not see, in the words of a missing route."""
    at_once = connect.error == "EHOSTUNREACH" and connect.seconds < _SOON and connect.icmp is None
    route = look.route
    leaves = isinstance(route, Unknown) or route.leaves
    return look.case.facts.os == "macos" and at_once and leaves


def _local_network_privacy(look: Look, connect: Connect) -> Finding:
    return blocks(
        "local-network-privacy",
        f"macOS probably keeps this program from the local network: {_target(look)} is refused at once",
        "Nobody was asked on the network. The permission belongs to the program that started landiag.",
        tcp_evidence(look, connect),
        (
            do(
                "Give the permission",
                "System Settings > Privacy & Security > Local Network: switch the program on, and start it anew.",
            ),
        ),
    )


def _tunnel(look: Look) -> str | None:
    """The tunnel by which packets to a private address leave; None when they do not."""
    interface = look.interface
    if (
        interface is None
        or interface.kind not in _TUNNELS
        or look.answers_something
        or not look.ip.is_private
    ):
        return None
    return interface.name


def _vpn(look: Look, connect: Connect, tunnel: str) -> Finding:
    route = look.route
    taken = route.route.destination if isinstance(route, RouteDecision) and route.route else look.address
    lan = next(
        (i.name for i, own in look.case.own_addresses if i.kind not in _TUNNELS and look.ip in own.network),
        None,
    )
    detail = f"The route for {taken} leads into {tunnel}."
    if lan:
        detail += f" The server's network is on {lan}, but the tunnel's route is chosen."
    return blocks(
        "no-route-to-server",
        f"a VPN takes the way to {_target(look)}: packets leave by {tunnel}, and nothing comes back",
        detail,
        tcp_evidence(look, connect),
        (
            do(
                "Leave the local network out of the VPN",
                "Allow local (LAN) access in the VPN's settings, or end it.",
            ),
        ),
    )


def _lost(look: Look, connect: Connect) -> Finding:
    """Nothing came back from the target: who else is there tells what that means."""
    state = look.neighbour_state
    if state is NeighbourState.NOT_ON_LINK:
        return _lost_behind_router(look, connect)
    if state is NeighbourState.SILENT:
        return _isolated(look, connect) if _is_isolated(look) else _down(look, connect)
    return _filtered(look, connect)


def _other_ping(look: Look, address: str) -> Ping | None:
    return look.case.known(sources.ping(address, look.case.place, "other"), parse_ping)


def is_there(look: Look, address: str) -> bool | None:
    """Whether another host answers now; None when nobody asked."""
    ping = _other_ping(look, address)
    if ping is None:
        return None
    if ping.rtts:
        return True
    entry = look.case.neighbour(parse_address(address))
    return entry is not None and bool(set(entry.states) & set(CONFIRMED))


def _is_isolated(look: Look) -> bool:
    """The gateway answers, and everybody else who was there before does not."""
    gateway = look.case.gateway(look.ip.version)
    if gateway is None or not is_there(look, str(gateway[0])):
        return False
    others = [address for address in neighbourhood(look) if address != str(gateway[0])]
    return bool(others) and not any(is_there(look, address) for address in others)


def _isolated(look: Look, connect: Connect) -> Finding:
    gateway = look.case.gateway(look.ip.version)
    assert gateway is not None
    others = ", ".join(address for address in neighbourhood(look) if address != str(gateway[0]))
    return blocks(
        "peer-isolated",
        f"the network likely keeps its devices apart: the router answers, {_target(look)} and others do not",
        f"{gateway[0]} answers; {others} were there before and are silent now. Wi-Fi client isolation does that; "
        "that all of them were switched off is possible too.",
        (*tcp_evidence(look, connect), Evidence("ARP or ND", f"no answer from {look.address}, {others}")),
        (
            do(
                "Let devices see each other",
                "In the router's Wi-Fi settings switch off client (AP) isolation, or leave the guest network.",
            ),
        ),
    )


def _down(look: Look, connect: Connect) -> Finding:
    gateway = look.case.gateway(look.ip.version)
    heard = f" The router {gateway[0]} answers." if gateway and is_there(look, str(gateway[0])) else ""
    what = "ND" if look.ip.version == 6 else "ARP"
    return blocks(
        "peer-down",
        f"nobody answers for {_target(look)} on this network: it is off, elsewhere, or has another address",
        f"Three {what} requests on {look.interface.name if look.interface else 'the link'} got no answer.{heard} "
        "A Wi-Fi that keeps its devices apart (client isolation, guest network) looks the same from here.",
        (*tcp_evidence(look, connect), Evidence("ip neigh", _entry(look))),
        (_find_address(look),),
    )


def _entry(look: Look) -> str:
    entry = look.case.neighbour(look.ip)
    return f"{look.ip} {' '.join(entry.states)}" if entry else f"no entry for {look.ip}"


def _find_address(look: Look) -> Fix:
    network = next((own.network for _, own in look.case.own_addresses if look.ip in own.network), None)
    steps = ("On the server, look which address it has now: ip addr, ipconfig, or the network settings.",)
    if network is None or network.version == 6 or network.num_addresses > 1024:
        return Fix("Find the server's address", needs="user-action", steps=steps)
    command = f"landiag probe {network} --port {look.case.request.port}"
    return Fix("Find the server's address", commands=(command,), needs="user-action", steps=steps)


def _filtered(look: Look, connect: Connect) -> Finding:
    port = look.case.request.port
    alive = "answers ARP" if not look.answers_something else "is up"
    title = f"{_target(look)} {alive}, but port {port} gives no answer: a firewall there drops the connection"
    detail = "A closed port would answer with a reset; a rule that drops says nothing."
    if look.neighbour_state is NeighbourState.KNOWN:
        detail += " Nothing else answered either: the machine may also have gone away just now."
    evidence = [*tcp_evidence(look, connect)]
    if look.mac:
        evidence.append(Evidence("ip neigh", f"{look.ip} is {look.mac}, {_entry(look).partition(' ')[2]}"))
    if look.ping is not None and look.ping.rtts:
        evidence.append(Evidence("ping", f"{look.ping.received} of {look.ping.sent} answered"))
    return blocks("connection-filtered", title, detail, tuple(evidence), (on_server(port),))


def _lost_behind_router(look: Look, connect: Connect) -> Finding:
    """No answer from another network: as far as hop limits and the router tell."""
    gateway, port = look.gateway, look.case.request.port
    evidence = [*tcp_evidence(look, connect)]
    trace = look.trace
    if trace is not None and trace.routers:
        evidence.append(Evidence("hop limits", "answered on the way: " + ", ".join(trace.routers)))
    if gateway is not None and connect.icmp is not None:
        return blocks(
            "no-route-to-server",
            f"the router {gateway}, which leads to {_target(look)}, does not answer",
            "Packets for other networks go to that router, and nobody answers for its address here.",
            tuple(evidence),
            (do("Look at the router", f"Is {gateway} on, and is this machine in its network?"),),
        )
    if look.ip.is_private and trace is not None and any(_is_public(router) for router in trace.routers):
        return blocks(
            "peer-in-other-network",
            f"{_target(look)} is in another network: the packets leave for the Internet and are lost there",
            _networks_here(look),
            tuple(evidence),
            (
                do(
                    "Bring both into one network",
                    "Join the same Wi-Fi or LAN as the server (not a guest network).",
                ),
            ),
        )
    if look.answers_something:
        title = f"{_target(look)} is up, but port {port} gives no answer: a firewall drops the connection"
    else:
        title = (
            f"nothing comes back from {_target(look)} port {port}: dropped on the way or there, or it is off"
        )
    detail = f"It is in another network, behind the router {gateway}. " + _networks_here(look)
    return blocks("connection-filtered", title, detail, tuple(evidence), (on_server(port),))


def _is_public(address: str) -> bool:
    return parse_address(address).is_global
