"""Nothing came back from the target: what the link, the router and others say about why."""

from __future__ import annotations

from landiag.collect.exchanges.icmp import Ping, parse_ping
from landiag.collect.exchanges.tcp import Connect
from landiag.model.addresses import parse_ip
from landiag.model.report import Evidence, Finding, Outcome
from landiag.probe import sources
from landiag.probe.client import CONFIRMED
from landiag.probe.evidence import find_address, networks_here, target_text, tcp_evidence
from landiag.probe.findings import blocks, do, on_server
from landiag.probe.judge_own import hidden_rules, look_here_too
from landiag.probe.look import Look, NeighbourState
from landiag.probe.mobile import mobile_data
from landiag.probe.plan import neighbourhood


def judge_lost(look: Look, connect: Connect) -> Finding:
    """Nothing came back from the target: who else is there tells what that means."""
    if look.is_unfinished:
        return _too_early(look, connect)
    state = look.neighbour_state
    if state is NeighbourState.NOT_ON_LINK:
        return _lost_behind_router(look, connect)
    if state is NeighbourState.SILENT:
        return _isolated(look, connect) if _is_isolated(look) else _down(look, connect)
    if look.is_unheard:
        return _unheard(look, connect)
    return _filtered(look, connect) if look.is_misled is False else _misled(look, connect)


def _unheard(look: Look, connect: Connect) -> Finding:
    """The target answers whoever listens on the wire: what keeps the answer from the kernel is this machine's own."""
    return blocks(
        "no-route-to-server",
        f"{target_text(look)} answers ARP, and this machine does not take the answer: a rule here drops ARP",
        "Without the target's hardware address nothing is sent to it. Rules for ARP (arptables, nftables' arp tables), "
        "or filters of the interface, stand between the wire and the kernel.",
        (
            *tcp_evidence(look, connect),
            Evidence("ARP", f"{look.ip} is at {', '.join(look.owners)}"),
            Evidence("ip neigh", _entry(look)),
        ),
        (do("Look at this machine's own rules", "nft list tables arp; arptables -L; tc filter show"),),
    )


def _misled(look: Look, connect: Connect) -> Finding:
    """Somebody has typed a hardware address for the target here: that it is another's is known where ARP was asked."""
    evidence = [*tcp_evidence(look, connect), Evidence("ip neigh", _entry(look))]
    fix = do("Let this machine ask anew", f"As root: {_forget(look)}")
    if not look.owners:
        title = f"no answer from {target_text(look)}: whether it is there is not known"
        detail = f"This machine has a fixed hardware address for it ({look.mac}), and so asks nobody."
        return Finding("no-route-to-server", Outcome.UNKNOWN, title, detail, tuple(evidence), (fix,))
    evidence.append(Evidence("ARP", f"{look.ip} is at {', '.join(look.owners)}"))
    title = f"{target_text(look)} has another hardware address than this machine's fixed entry for it"
    detail = f"Packets go to {look.mac}, which is not its own: nobody takes them, or another device does."
    return blocks("no-route-to-server", title, detail, tuple(evidence), (fix,))


def _forget(look: Look) -> str:
    device = f" dev {look.interface.name}" if look.interface else ""
    return f"ip neigh del {look.ip}{device}" if look.case.facts.os == "linux" else f"arp -d {look.ip}"


def _too_early(look: Look, connect: Connect) -> Finding:
    return Finding(
        "connection-filtered",
        Outcome.UNKNOWN,
        f"no answer from {target_text(look)} within {connect.seconds:.1f} s: that is too short to say why",
        "A packet may be lost, and a machine needs three seconds to be found absent.",
        tcp_evidence(look, connect),
        (do("Give it more time", "Run it again with a longer --timeout, at least 4 seconds."),),
    )


def _other_ping(look: Look, address: str) -> Ping | None:
    return look.case.known(sources.ping(address, look.case.place, "other"), parse_ping)


def is_there(look: Look, address: str) -> bool | None:
    """Whether another host answers now; None when nobody asked."""
    ping = _other_ping(look, address)
    if ping is None:
        return None
    if ping.rtts:
        return True
    entry = look.case.neighbour(parse_ip(address))
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
        f"the network likely keeps its devices apart: the router answers, {target_text(look)} and others do not",
        f"{gateway[0]} answers; {others} were there before and are silent now. Wi-Fi client isolation does that; "
        "that all of them were switched off is possible too.",
        (*tcp_evidence(look, connect), Evidence(look.resolution, f"no answer from {look.address}, {others}")),
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
    link = look.interface.name if look.interface else "the link"
    return blocks(
        "peer-down",
        f"nobody answers for {target_text(look)} on this network: it is off, elsewhere, or has another address",
        f"Three {look.resolution} requests on {link} got no answer.{heard} "
        "A Wi-Fi that keeps its devices apart (client isolation, guest network) looks the same from here.",
        (*tcp_evidence(look, connect), Evidence("ip neigh", _entry(look))),
        (find_address(look),),
    )


def _entry(look: Look) -> str:
    entry = look.case.neighbour(look.ip)
    return f"{look.ip} {' '.join(entry.states)}" if entry else f"no entry for {look.ip}"


def _filtered(look: Look, connect: Connect) -> Finding:
    port = look.case.request.port
    alive = f"answers {look.resolution}" if not look.answers_something else "is up"
    title = (
        f"{target_text(look)} {alive}, but port {port} gives no answer: "
        "probably a firewall there drops the connection"
    )
    detail = "A closed port would answer with a reset; a rule that drops says nothing." + hidden_rules(look)
    if look.neighbour_state is NeighbourState.KNOWN:
        detail += " Nothing else answered either: the machine may also have gone away just now."
    evidence = [*tcp_evidence(look, connect)]
    if look.mac:
        evidence.append(Evidence("ip neigh", f"{look.ip} is {look.mac}, {_entry(look).partition(' ')[2]}"))
    if look.ping is not None and look.ping.rtts:
        evidence.append(Evidence("ping", f"{look.ping.received} of {look.ping.sent} answered"))
    fixes = (on_server(port), *look_here_too(look))
    return blocks("connection-filtered", title, detail, tuple(evidence), fixes)


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
            f"the router {gateway}, which leads to {target_text(look)}, does not answer",
            "Packets for other networks go to that router, and nobody answers for its address here.",
            tuple(evidence),
            (do("Look at the router", f"Is {gateway} on, and is this machine in its network?"),),
        )
    if look.ip.is_private and not look.answers_something and (sign := mobile_data(look)):
        return blocks(
            "peer-in-other-network",
            f"{target_text(look)} is in a local network, and this machine is on mobile data: {sign}",
            networks_here(look),
            tuple(evidence),
            (
                do(
                    "Bring both into one network",
                    "Join the same Wi-Fi or LAN as the server, and switch mobile data off.",
                ),
            ),
        )
    if look.ip.is_private and trace is not None and any(_is_public(router) for router in trace.routers):
        return blocks(
            "peer-in-other-network",
            f"{target_text(look)} is in another network: the packets leave for the Internet and are lost there",
            networks_here(look),
            tuple(evidence),
            (
                do(
                    "Bring both into one network",
                    "Join the same Wi-Fi or LAN as the server (not a guest network).",
                ),
            ),
        )
    if look.answers_something:
        title = f"{target_text(look)} is up, but port {port} gives no answer: a firewall drops the connection"
    else:
        title = f"nothing comes back from {target_text(look)} port {port}: dropped on the way or there, or it is off"
    detail = f"It is in another network, behind the router {gateway}. " + networks_here(look)
    return blocks("connection-filtered", title, detail, tuple(evidence), (on_server(port),))


def _is_public(address: str) -> bool:
    return parse_ip(address).is_global
