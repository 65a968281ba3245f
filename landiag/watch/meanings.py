"""What each observation of an attempt means: the kernel's reason first, then what it counts, then the model."""

from __future__ import annotations

from msgspec import Struct

from landiag.model.causes import CAUSES, cause_of
from landiag.model.causes.cause import Cause
from landiag.model.causes.clients import PEER_DOWN
from landiag.model.causes.firewall import (
    FIREWALL_DROPS,
    FIREWALL_DROPS_REPLIES,
    FIREWALL_REJECTS,
    OTHER_FIREWALL,
)
from landiag.model.causes.listening import ACCEPT_QUEUE_FULL, LED
from landiag.model.causes.network import (
    BACK,
    NO_ROUTE_TO_CLIENT,
    REVERSE_PATH_FILTER,
    VPN_TAKES_REPLIES,
)
from landiag.model.facts import Unknown
from landiag.model.numbers import parse_number
from landiag.model.report import Finding, Outcome
from landiag.model.ruleset import TraceLine
from landiag.model.terms import Leg, StageName, Symptom
from landiag.render.headline import after_colon
from landiag.watch.bare import bare_finding, queue_finding, server_of
from landiag.watch.events import Drop
from landiag.watch.flow import Flow, Observed, Seen
from landiag.watch.predicted import (
    by_rule,
    is_of_questions,
    is_of_replies,
    leg,
    predicted,
    predicted_of,
    question_dropped,
)
from landiag.watch.snapshot import Prediction

_OF_DROPS = sorted(
    (cause for cause in CAUSES if cause.drop_reasons), key=lambda cause: cause.worst is not Outcome.BLOCKS
)
"""Causes that the kernel names when it drops a packet, those first that are certain."""


class Meaning(Struct, frozen=True):
    """What an attempt came to. ``text`` goes on behind "arrived on eth0"; ``is_ruled``: a rule that was read did it.

    ``line`` is the place in the model's trace of that rule; None for the one that decides of the whole journey.
    """

    outcome: str
    cause: str | None
    text: str
    finding: Finding | None = None
    is_ruled: bool = False
    line: TraceLine | None = None


def reason_of(drops: tuple[Drop, ...]) -> Drop | None:
    """Choose the drop that is meant: one whose reason is known to end SYNs, else the first."""
    for cause in _OF_DROPS:
        for drop in drops:
            if drop.reason.startswith(cause.drop_reasons):
                return drop
    return drops[0] if drops else None


def cause_of_drop(drop: Drop | None) -> Cause | None:
    """The cause that a drop's reason speaks for; None where it speaks for none."""
    if drop is None:
        return None
    return next((cause for cause in _OF_DROPS if drop.reason.startswith(cause.drop_reasons)), None)


def status_of(flow: Flow) -> int | None:
    """The HTTP status of the answer that was seen; None where none was."""
    words = flow.head.split()
    return parse_number(words[1], 3) if len(words) > 1 else None


def _why(found: Finding) -> str:
    """A finding as the reason behind what was seen."""
    return f": {after_colon(found.title)}"


def _connected(seen: Seen, prediction: Prediction | None) -> Meaning:  # noqa: ARG001 - one shape for all
    flow, status = seen.flow, status_of(seen.flow)
    text = "was answered, and the client completed the connection: the network is fine"
    if flow.completed_at is None and flow.replied_at is None:
        text = "was answered, and the client hung up at once, as port scanners do: the network is fine"
    if status is not None:
        text = f"was answered (HTTP {status}): the network is fine"
    if flow.late and flow.replied_at is not None:
        text += f"; the answer took {flow.replied_at - flow.first:.1f} s"
    return Meaning("connected", None, f", {text}")


def _refused(seen: Seen, prediction: Prediction | None) -> Meaning:
    rejects = predicted(prediction, FIREWALL_REJECTS)
    if rejects is not None:
        text = f" and was refused (RST) {by_rule(rejects, prediction)}"
        return Meaning("refused", rejects.code, text, rejects, is_ruled=True)
    found = predicted_of(prediction, lambda cause: cause.is_of_sockets)
    if found is None and seen.rises.get("TcpExtListenOverflows"):
        found = queue_finding(seen)
    if found is None:
        title = f"This machine answered RST: no socket took the connection to {server_of(seen.flow)}"
        found = Finding("nothing-listening", Outcome.BLOCKS, title, "Start the server, or give its port.")
    return Meaning("refused", found.code, f", and this machine answered RST{_why(found)}", found)


def _rejected(seen: Seen, prediction: Prediction | None) -> Meaning:
    refusal = seen.flow.refusal
    assert refusal is not None
    kind = f"ICMP type {refusal.kind} code {refusal.code}"
    found = predicted_of(prediction, lambda cause: cause.is_of_rules)
    is_ruled = found is not None
    found = found or predicted_of(prediction, lambda cause: cause.is_of_reply_routes or cause in LED)
    if found is None:
        title = f"This machine turned the connection to {server_of(seen.flow)} away with {kind}"
        found = Finding("firewall-rejects", Outcome.BLOCKS, title, "A rule rejects it, or a route does.")
    why = by_rule(found, prediction) if is_ruled else _why(found)
    return Meaning("rejected", found.code, f" and was turned away with {kind} {why}", found, is_ruled)


def _no_answer(seen: Seen, prediction: Prediction | None) -> Meaning:
    """Explain a SYN without an answer: the kernel's reason first, then what it lists and counts, then the model."""
    flow, reason = seen.flow, reason_of(seen.drops)
    cause = cause_of_drop(reason)
    if flow.half_open:
        return _answer_dropped(seen, prediction)
    inward = predicted_of(prediction, lambda one: one.is_of_rules and StageName.INPUT in one.stages)
    is_inward = inward is not None and leg(prediction) in (Leg.SYN, None)
    if inward is not None and is_inward and cause in (None, FIREWALL_DROPS, OTHER_FIREWALL):
        text = f" and was dropped {by_rule(inward, prediction)}"
        return Meaning("dropped", inward.code, text, inward, is_ruled=True)
    filtered = predicted(prediction, REVERSE_PATH_FILTER)
    if cause is REVERSE_PATH_FILTER or (
        cause is None and filtered and seen.rises.get("TcpExtIPReversePathFilter")
    ):
        found = filtered or bare_finding(REVERSE_PATH_FILTER, seen, "its reverse path filter (rp_filter)")
        return Meaning("dropped", found.code, f" and was dropped{_why(found)}", found)
    overflow = seen.rises.get("TcpExtListenOverflows", 0) or seen.rises.get("TcpExtTCPReqQFullDrop", 0)
    queue = predicted(prediction, ACCEPT_QUEUE_FULL)
    if cause is ACCEPT_QUEUE_FULL or (cause is None and (overflow or queue)):
        found = queue or queue_finding(seen)
        return Meaning("unanswered", found.code, f", no answer{_why(found)}", found)
    return _unexplained(seen, prediction, reason, cause)


def _unexplained(
    seen: Seen, prediction: Prediction | None, reason: Drop | None, cause: Cause | None
) -> Meaning:
    """Name what is left when neither the firewall's rules nor the socket explain the silence."""
    back = predicted_of(prediction, lambda one: is_of_replies(one) or one in BACK)
    if back is not None and cause is None:
        outcome = "reply-lost" if is_of_replies(cause_of(back.code)) else "dropped"
        is_ruled = back.code == FIREWALL_DROPS_REPLIES.code
        return Meaning(outcome, back.code, f", no answer came out{_why(back)}", back, is_ruled)
    if seen.flow.sought_at is not None and cause in (None, PEER_DOWN):
        return _sought(seen)
    if cause is FIREWALL_DROPS:
        found = bare_finding(cause, seen, "its packet filter, by a rule that the model does not see")
        return Meaning("dropped", found.code, f" and was dropped{_why(found)}", found)
    if reason is not None:
        found = bare_finding(cause or OTHER_FIREWALL, seen, f"something that it calls {reason.reason}")
        return Meaning("dropped", found.code, f" and was dropped{_why(found)}", found)
    return Meaning(
        "unanswered", None, " and got no answer; nobody was seen dropping it", _nobody(seen, prediction)
    )


def _nobody(seen: Seen, prediction: Prediction | None) -> Finding:
    """Say that something dropped it which cannot be seen from here."""
    is_unread = prediction is not None and (
        isinstance(ruleset := prediction.case.facts.ruleset, Unknown) or bool(ruleset.gaps)
    )
    code = "firewall-unreadable" if is_unread else "other-firewall"
    who, where = seen.flow.syn.source, server_of(seen.flow)
    title = f"Connections of {who} to {where} get no answer; nobody was seen dropping them"
    why = (
        "The firewall's rules could not be read."
        if is_unread
        else "A program in front of the rules may have."
    )
    return Finding(code, Outcome.UNKNOWN, title, why)


def _answer_dropped(seen: Seen, prediction: Prediction | None) -> Meaning:
    """The kernel took the SYN and answered it, and no answer was seen leaving."""
    found = predicted_of(prediction, is_of_replies)
    if found is None and seen.flow.sought_at is not None:
        return _sought(seen)
    is_ruled = found is not None and found.code == FIREWALL_DROPS_REPLIES.code
    if found is None:
        title = f"The answer to {seen.flow.syn.source} was made and did not leave this machine"
        found = Finding("firewall-drops-replies", Outcome.BLOCKS, title)
    return Meaning(
        "reply-lost",
        found.code,
        f" and was answered, but the answer did not leave{_why(found)}",
        found,
        is_ruled,
    )


def _sought(seen: Seen) -> Meaning:
    client = seen.flow.syn.source
    title = f"{client} does not answer ARP or ND on {seen.flow.interface}: the answer cannot be sent"
    found = Finding(
        "peer-down", Outcome.BLOCKS, title, "Its address may be a wrong one, or the link is one-way."
    )
    return Meaning("reply-lost", found.code, f" and was answered, but {title}", found)


def _answer_untaken(seen: Seen, prediction: Prediction | None) -> Meaning:
    flow = seen.flow
    left = ", ".join(flow.answered_by)
    if not set(flow.answered_by) & set(flow.interfaces):
        found = predicted_of(prediction, lambda cause: cause.is_of_reply_routes)
        if found is None:
            title = f"Answers to {flow.syn.source} leave by {left} instead of {flow.interface}"
            found = Finding(_back_cause(prediction, flow.answered_by).code, Outcome.BLOCKS, title)
        return Meaning(
            "reply-lost", found.code, f", the answer left by {left} instead of {flow.interface}", found
        )
    text = (
        f" and was answered by {left}, but the client did not go on: the answer was lost beyond this machine"
    )
    found = Finding(
        "peer-isolated",
        Outcome.UNKNOWN,
        f"The answer to {flow.syn.source} left by {left}, and the client did not take it",
        "Something between the two, or the client itself, stops what this machine sends.",
    )
    return Meaning("reply-lost", None, text, found)


def _back_cause(prediction: Prediction | None, devices: list[str]) -> Cause:
    interfaces = None if prediction is None else prediction.case.facts.interfaces
    if interfaces is None or isinstance(interfaces, Unknown):
        is_tunnel = devices[0].startswith(("tun", "wg", "tap", "ppp"))
    else:
        is_tunnel = any(one.kind in ("vpn", "tunnel") for one in interfaces if one.name in devices)
    return VPN_TAKES_REPLIES if is_tunnel else NO_ROUTE_TO_CLIENT


def _silent(seen: Seen, prediction: Prediction | None) -> Meaning:
    flow = seen.flow
    rule = predicted_of(prediction, lambda cause: cause.is_of_rules)
    if rule is not None and (not flow.taken or leg(prediction) == Leg.ANSWER):
        text = f" and the connection opened, but no data passed: it is stopped {by_rule(rule, prediction)}"
        return Meaning("silent", rule.code, text, rule, is_ruled=True)
    if flow.ended_at is not None or flow.reset_at is not None:
        title = f"The server on port {flow.syn.destination_port} closes connections without an answer"
    else:
        title = f"The server on port {flow.syn.destination_port} accepts the connection and says nothing"
    detail = "It hangs, is stopped, waits in a debugger, or is busy with another request."
    found = Finding("server-silent", Outcome.BLOCKS, title, detail)
    return Meaning("silent", found.code, " and the connection opened, but the server does not answer", found)


def _unfound(seen: Seen, prediction: Prediction | None) -> Meaning:
    """A client's question for the hardware address got no answer: it sends nothing, and reports no route to host."""
    asked = seen.flow.syn.destination
    said = f" and asked who has {asked}, and got no answer"
    found = predicted_of(prediction, is_of_questions)
    if found is not None:
        return Meaning("unanswered", found.code, f"{said}{_why(found)}", found)
    line = question_dropped(prediction)
    if line is not None and line.chain is not None:
        where = f"{line.chain.family} {line.chain.table} {line.chain.name}"
        title = f"The firewall drops what clients find this machine by (ARP, ND): {line.rule_text} ({where})"
        found = Finding(FIREWALL_DROPS.code, Outcome.BLOCKS, title, symptom=Symptom.UNREACHABLE)
        return Meaning("dropped", found.code, f"{said}{_why(found)}", found, is_ruled=True, line=line)
    title = (
        f"{seen.flow.syn.source} asks who has {asked} and gets no answer; nothing that was read explains it"
    )
    found = Finding("other-firewall", Outcome.UNKNOWN, title, "Without that answer it sends nothing else.")
    return Meaning("unanswered", None, said, found)


MEANINGS = {
    Observed.CONNECTED: _connected,
    Observed.REFUSED: _refused,
    Observed.REJECTED: _rejected,
    Observed.NO_ANSWER: _no_answer,
    Observed.ANSWER_UNTAKEN: _answer_untaken,
    Observed.SILENT: _silent,
    Observed.UNFOUND: _unfound,
}
