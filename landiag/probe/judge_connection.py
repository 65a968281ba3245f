"""What became of the connection itself: who answered, who refused, who is not there."""

from __future__ import annotations

from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.tcp import Connect, TcpOutcome
from landiag.journey.routing import RouteDecision
from landiag.model.facts import Unknown
from landiag.model.report import Finding
from landiag.probe.evidence import find_address, networks_here, target_text, tcp_evidence
from landiag.probe.findings import blocks, do, on_server
from landiag.probe.judge_lost import judge_lost
from landiag.probe.judge_own import hidden_rules, judge_own, look_here_too
from landiag.probe.look import Look

_HOST_SAYS_NO_HOST = ((4, 3, 1), (6, 1, 3))
_NO_NETWORK = ((4, 3, 0), (4, 3, 6), (6, 1, 0))
_TUNNELS = ("vpn", "tunnel")
_SOON = 0.5


def judge_connection(look: Look) -> list[Finding]:
    """The finding that says why no connection came about; empty when it did, or nobody tried."""
    connect = look.connect
    if connect is None or connect.outcome is TcpOutcome.CONNECTED:
        return []
    own = judge_own(look, connect)
    if own is not None:
        return [own]
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
    return [judge_lost(look, connect)]


def _key(icmp: IcmpError) -> tuple[int, int, int]:
    return icmp.version, icmp.type, icmp.code


def _refused(look: Look, connect: Connect) -> Finding:
    port = look.case.request.port
    return blocks(
        "connection-refused",
        f"{target_text(look)} is up and refuses port {port}: no server listens there for other machines",
        "The answer was a TCP reset. Either nothing listens on that port, or the server listens on 127.0.0.1 "
        f"only, or a firewall answers in its place.{hidden_rules(look)}",
        tcp_evidence(look, connect),
        (on_server(port), *look_here_too(look)),
    )


def _rejected(look: Look, connect: Connect, icmp: IcmpError) -> Finding:
    """An ICMP error from the target or from a router, in the contract's words."""
    from_target = icmp.sender == str(look.ip)
    evidence = tcp_evidence(look, connect)
    kind = f"ICMP {icmp.type}/{icmp.code}, {icmp.word}"
    if _key(icmp) in _NO_NETWORK:
        return blocks(
            "peer-in-other-network",
            f"{icmp.sender} says that it knows no way to the network of {target_text(look)} ({kind})",
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
            f"the router {icmp.sender} finds nobody at {target_text(look)} ({kind})",
            "The machine is off, asleep, or has another address now.",
            evidence,
            (find_address(look),),
        )
    if icmp.word == "time-exceeded":
        return blocks(
            "no-route-to-server",
            f"packets to {target_text(look)} go round in circles: {icmp.sender} gave up ({kind})",
            "Two routers send the packet to each other: one of them has a wrong route.",
            evidence,
        )
    who = (
        "the server's own firewall" if from_target else f"the firewall of {icmp.sender}, a router on the way,"
    )
    return blocks(
        "connection-rejected",
        f"{who} rejects connections to {target_text(look)} port {look.case.request.port} ({kind})",
        "A program that nobody started answers differently: this is a rule that says no.",
        evidence,
        (on_server(look.case.request.port),) if from_target else (),
    )


def _own_firewall(look: Look, connect: Connect, icmp: IcmpError) -> Finding:
    return blocks(
        "no-route-to-server",
        f"this machine's own firewall rejects connections to {target_text(look)} port {look.case.request.port}",
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
        f"this machine has no way to {target_text(look)}: {why}",
        networks_here(look),
        tcp_evidence(look, connect),
        (do("Bring both into one network", "Connect this machine to the network that the server is in."),),
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
        f"macOS probably keeps this program from the local network: {target_text(look)} is refused at once",
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
        f"a VPN takes the way to {target_text(look)}: packets leave by {tunnel}, and nothing comes back",
        detail,
        tcp_evidence(look, connect),
        (
            do(
                "Leave the local network out of the VPN",
                "Allow local (LAN) access in the VPN's settings, or end it.",
            ),
        ),
    )
