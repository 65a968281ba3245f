"""What a look shows, in words: the state of the port, the networks here, and where to look for the server."""

from __future__ import annotations

from landiag.collect.exchanges.syn import SynAnswer, parse_syn
from landiag.collect.exchanges.tcp import Connect, TcpOutcome
from landiag.model.report import Evidence, Fix
from landiag.probe.findings import place
from landiag.probe.look import Look
from landiag.probe.mobile import hotspot


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


def target_text(look: Look) -> str:
    """The target as people know it: its name with the address, or the address."""
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


def networks_here(look: Look) -> str:
    """A sentence with the networks that this machine is in."""
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
    if not networks:
        return "This machine has no address of that family."
    whose = hotspot(look)
    phone = f" That looks like the hotspot of {whose}, which is a network of its own." if whose else ""
    return f"This machine is in {', '.join(networks)}.{phone}"


def find_address(look: Look) -> Fix:
    """Find out which address the server has now."""
    network = next((own.network for _, own in look.case.own_addresses if look.ip in own.network), None)
    steps = ("On the server, look which address it has now: ip addr, ipconfig, or the network settings.",)
    if network is None or network.version == 6 or network.num_addresses > 1024:
        return Fix("Find the server's address", needs="user-action", steps=steps)
    command = f"landiag probe {network} --port {look.case.request.port}"
    return Fix("Find the server's address", commands=(command,), needs="user-action", steps=steps)
