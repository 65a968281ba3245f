"""What this machine itself does to the connection: named where its rules could be read, possible where not."""

from __future__ import annotations

from landiag.checks.firewall.rule_words import evidence_of, who
from landiag.collect.exchanges.tcp import Connect, TcpOutcome
from landiag.firewall.engine.conversation import Arrival
from landiag.model.report import Evidence, Finding, Fix
from landiag.model.ruleset import TraceLine
from landiag.model.urls import bracketed
from landiag.probe.evidence import target_text, tcp_evidence
from landiag.probe.findings import blocks, do
from landiag.probe.look import Look
from landiag.probe.own_rules import OwnStop, are_hidden, find_own_detour, find_own_stop, refused_answers

_UNHEARD = (TcpOutcome.NO_ANSWER, TcpOutcome.UNREACHABLE)
_TURNED_AWAY = (TcpOutcome.REFUSED, TcpOutcome.REJECTED, TcpOutcome.FAILED, *_UNHEARD)


def judge_own(look: Look, connect: Connect) -> Finding | None:
    """The rule, or the filter, of this machine's own that explains what the connection met; None without one."""
    stop = find_own_stop(look)
    if stop is not None and connect.outcome in (_TURNED_AWAY if stop.is_rejection else _UNHEARD):
        return _by_rule(look, connect, stop)
    detour = find_own_detour(look) if connect.outcome in _TURNED_AWAY else None
    if detour is not None and detour.translated is not None:
        return _by_detour(look, connect, detour, detour.translated)
    return _by_filter(look, connect) if connect.outcome is TcpOutcome.NO_ANSWER else None


def hidden_rules(look: Look) -> str:
    """That this machine's own rules may do the same, where this user cannot read them; empty where that is known."""
    if not are_hidden(look):
        return ""
    return " A rule of this machine's own may do it, too: those can only be read as root."


def look_here_too(look: Look) -> tuple[Fix, ...]:
    """How to find out whether it is such a rule; empty where that is known."""
    if not are_hidden(look):
        return ()
    line = f"landiag probe {look.address} --port {look.case.request.port}"
    return (Fix("If other devices can connect, look for a rule on this one", (line,), needs="root"),)


def _by_rule(look: Look, connect: Connect, stop: OwnStop) -> Finding:
    what = f"connections to {target_text(look)} port {look.case.request.port}"
    does = f"rejects {what}" if stop.is_rejection else f"drops {what}"
    if stop.is_answer:
        does = f"drops the answers of {target_text(look)}"
    return blocks(
        "no-route-to-server",
        f"this machine's own firewall {does} ({who(stop.owner, stop.line)})",
        "The server need not know of it: a rule here decides before anything leaves."
        if not stop.is_answer
        else "The server may answer: a rule here lets none of it in.",
        (*tcp_evidence(look, connect), *evidence_of(stop.line)),
        (
            do(
                "Let this machine connect",
                "Change that rule, or put one before it that accepts the connection.",
            ),
        ),
    )


def _by_detour(look: Look, connect: Connect, place: Arrival, line: TraceLine) -> Finding:
    port, packet = look.case.request.port, place.packet
    where = (
        f"{bracketed(packet.destination)}:{packet.destination_port}" if packet.destination else "elsewhere"
    )
    return blocks(
        "no-route-to-server",
        f"this machine's own firewall sends connections to {target_text(look)} port {port} to {where} instead",
        "A translation here decides before anything leaves: what came back says nothing about the server.",
        (*tcp_evidence(look, connect), *evidence_of(line)),
        (
            do(
                "Let this machine connect",
                "Take that translation out, or let it leave the server's address alone.",
            ),
        ),
    )


def _by_filter(look: Look, connect: Connect) -> Finding | None:
    refused = refused_answers(look)
    if refused is None:
        return None
    return blocks(
        "no-route-to-server",
        f"answers of {target_text(look)} come in where this machine drops them: "
        f"its own packets leave by {refused.device} (rp_filter)",
        "The reverse path filter takes only what comes by the interface to which the route back leads.",
        (*tcp_evidence(look, connect), Evidence("ip route", _route(look))),
        (do("Let questions and answers take one way", "Remove the route, or end the VPN that has set it."),),
    )


def _route(look: Look) -> str:
    interface = look.interface
    return f"{look.address} by {interface.name if interface else 'no interface'}"
