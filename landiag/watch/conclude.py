"""What an attempt means: the observation beside the model's prediction; where they differ, the observation wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.command import line_json
from landiag.firewall.owners import Manager, find_owner
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
from landiag.model.causes.network import BACK, REVERSE_PATH_FILTER
from landiag.model.facts import Unknown
from landiag.model.report import Evidence, Finding, Outcome
from landiag.model.ruleset import Ruleset, Verdict
from landiag.model.terms import Leg, StageName
from landiag.watch.attempts import Flow, Observed, Seen
from landiag.watch.events import Drop
from landiag.watch.snapshot import Prediction

_OF_DROPS = sorted(
    (cause for cause in CAUSES if cause.drop_reasons), key=lambda cause: cause.worst is not Outcome.BLOCKS
)
"""Causes that the kernel names when it drops a packet, those first that are certain."""


class Attempt(Struct, frozen=True):
    """One attempt of a client, concluded. Field names are those of the JSON event.

    ``at`` is when its SYN came, ``seconds`` how long after it this was concluded. ``finding`` is what the
    report says of it, None where nothing is wrong. ``disagrees`` says where the model was wrong.
    """

    at: float
    client: str
    address: str
    port: int
    interface: str
    outcome: str
    cause: str | None
    decided_by: dict[str, Any] | None
    drop_reason: str | None
    summary: str
    seconds: float = 0.0
    client_port: int = 0
    mac: str | None = None
    status: int | None = None
    finding: Finding | None = None
    disagrees: str | None = None
    is_late: bool = False


class _Meaning(Struct, frozen=True):
    outcome: str
    cause: str | None
    text: str
    finding: Finding | None = None
    is_ruled: bool = False


def conclude(seen: Seen, prediction: Prediction | None, maker: str = "") -> Attempt:
    """Say what became of an attempt, and why. ``maker`` is who made the client's device, empty where unknown."""
    flow, reason = seen.flow, _reason(seen.drops)
    meaning = _MEANINGS[seen.observed](seen, prediction)
    decided = _decided_by(prediction) if meaning.is_ruled else None
    disagrees = _disagreement(seen, prediction, meaning)
    gap = "" if meaning.text.startswith(",") else " "
    summary = f"SYN from {_who(flow, maker)} arrived{_times(flow)} on {flow.interface}{gap}{meaning.text}"
    if disagrees:
        summary += f" ({disagrees})"
    evidence = _evidence(seen)
    finding = meaning.finding
    if finding is not None:
        finding = replace(finding, evidence=(*finding.evidence, *evidence), paths=())
    return Attempt(
        at=flow.first,
        client=flow.syn.source,
        address=flow.syn.destination,
        port=flow.syn.destination_port,
        interface=flow.interface,
        outcome=meaning.outcome,
        cause=meaning.cause,
        decided_by=decided,
        drop_reason=None if reason is None or seen.observed is Observed.CONNECTED else reason.reason,
        summary=summary,
        seconds=seen.at - flow.first,
        client_port=flow.syn.source_port,
        mac=flow.syn.mac,
        status=_status(flow),
        finding=finding,
        disagrees=disagrees,
        is_late=seen.is_late,
    )


def _reason(drops: tuple[Drop, ...]) -> Drop | None:
    """Choose the drop that is meant: one whose reason is known to end SYNs, else the first."""
    for cause in _OF_DROPS:
        for drop in drops:
            if drop.reason.startswith(cause.drop_reasons):
                return drop
    return drops[0] if drops else None


def _cause_of(drop: Drop | None) -> Cause | None:
    if drop is None:
        return None
    return next((cause for cause in _OF_DROPS if drop.reason.startswith(cause.drop_reasons)), None)


def _who(flow: Flow, maker: str) -> str:
    mac = flow.syn.mac
    if not mac:
        return flow.syn.source
    known = "a private address of the device" if int(mac[:2], 16) & 2 else maker
    return f"{flow.syn.source} ({mac}{', ' if known else ''}{known})"


def _times(flow: Flow) -> str:
    return f" {len(flow.arrivals)} times" if len(flow.arrivals) > 1 else ""


def _status(flow: Flow) -> int | None:
    words = flow.head.split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else None


def _connected(seen: Seen, prediction: Prediction | None) -> _Meaning:  # noqa: ARG001 - one shape for all
    flow, status = seen.flow, _status(seen.flow)
    text = "was answered, and the client completed the connection: the network is fine"
    if flow.completed_at is None and flow.replied_at is None:
        text = "was answered, and the client hung up at once, as port scanners do: the network is fine"
    if status is not None:
        text += f" (HTTP {status})"
    if flow.late and flow.replied_at is not None:
        text += f"; the answer took {flow.replied_at - flow.first:.1f} s"
    return _Meaning("connected", None, f", {text}")


def _refused(seen: Seen, prediction: Prediction | None) -> _Meaning:
    rejects = _predicted(prediction, FIREWALL_REJECTS)
    if rejects is not None:
        text = f"and was refused (RST) {_by_rule(rejects, prediction)}"
        return _Meaning("refused", rejects.code, text, rejects, is_ruled=True)
    found = _predicted_of(prediction, lambda cause: cause.is_of_sockets)
    if found is None and seen.rises.get("TcpExtListenOverflows"):
        found = _queue(seen)
    if found is None:
        title = f"This machine answered RST: no socket took the connection to {_to(seen.flow)}"
        found = Finding("nothing-listening", Outcome.BLOCKS, title, "Start the server, or give its port.")
    return _Meaning("refused", found.code, f", and this machine answered RST: {found.title}", found)


def _rejected(seen: Seen, prediction: Prediction | None) -> _Meaning:
    refusal = seen.flow.refusal
    assert refusal is not None
    kind = f"ICMP type {refusal.kind} code {refusal.code}"
    found = _predicted_of(prediction, lambda cause: cause.is_of_rules)
    is_ruled = found is not None
    found = found or _predicted_of(prediction, lambda cause: cause.is_of_reply_routes or cause in LED)
    if found is None:
        title = f"This machine turned the connection to {_to(seen.flow)} away with {kind}"
        found = Finding("firewall-rejects", Outcome.BLOCKS, title, "A rule rejects it, or a route does.")
    why = _by_rule(found, prediction) if is_ruled else f": {found.title}"
    return _Meaning("rejected", found.code, f"and was turned away with {kind} {why}", found, is_ruled)


def _no_answer(seen: Seen, prediction: Prediction | None) -> _Meaning:
    """Explain a SYN without an answer: the kernel's reason first, then what it lists and counts, then the model."""
    flow, reason = seen.flow, _reason(seen.drops)
    cause = _cause_of(reason)
    if flow.half_open:
        return _answer_dropped(seen, prediction)
    inward = _predicted_of(prediction, lambda one: one.is_of_rules and StageName.INPUT in one.stages)
    is_inward = inward is not None and _leg(prediction) in (Leg.SYN, None)
    if inward is not None and is_inward and cause in (None, FIREWALL_DROPS, OTHER_FIREWALL):
        text = f"and was dropped {_by_rule(inward, prediction)}"
        return _Meaning("dropped", inward.code, text, inward, is_ruled=True)
    filtered = _predicted(prediction, REVERSE_PATH_FILTER)
    if cause is REVERSE_PATH_FILTER or (
        cause is None and filtered and seen.rises.get("TcpExtIPReversePathFilter")
    ):
        found = filtered or _bare(REVERSE_PATH_FILTER, seen, "its reverse path filter (rp_filter)")
        return _Meaning("dropped", found.code, f"and was dropped: {found.title}", found)
    overflow = seen.rises.get("TcpExtListenOverflows", 0) or seen.rises.get("TcpExtTCPReqQFullDrop", 0)
    queue = _predicted(prediction, ACCEPT_QUEUE_FULL)
    if cause is ACCEPT_QUEUE_FULL or (cause is None and (overflow or queue)):
        found = queue or _queue(seen)
        return _Meaning("unanswered", found.code, f", no answer: {found.title}", found)
    return _unexplained(seen, prediction, reason, cause)


def _unexplained(
    seen: Seen, prediction: Prediction | None, reason: Drop | None, cause: Cause | None
) -> _Meaning:
    """Name what is left when neither the firewall's rules nor the socket explain the silence."""
    back = _predicted_of(prediction, lambda one: _is_of_replies(one) or one in BACK)
    if back is not None and cause is None:
        outcome = "reply-lost" if _is_of_replies(cause_of(back.code)) else "dropped"
        is_ruled = back.code == FIREWALL_DROPS_REPLIES.code
        return _Meaning(outcome, back.code, f", no answer came out: {back.title}", back, is_ruled)
    if seen.flow.sought_at is not None and cause in (None, PEER_DOWN):
        return _sought(seen)
    if cause is FIREWALL_DROPS:
        found = _bare(cause, seen, "its packet filter, by a rule that the model does not see")
        return _Meaning("dropped", found.code, f"and was dropped: {found.title}", found)
    if reason is not None:
        found = _bare(cause or OTHER_FIREWALL, seen, f"something that it calls {reason.reason}")
        return _Meaning("dropped", found.code, f"and was dropped: {found.title}", found)
    return _Meaning(
        "unanswered", None, "and got no answer; nobody was seen dropping it", _nobody(seen, prediction)
    )


def _nobody(seen: Seen, prediction: Prediction | None) -> Finding:
    """Say that something dropped it which cannot be seen from here."""
    is_unread = prediction is not None and (
        isinstance(ruleset := prediction.case.facts.ruleset, Unknown) or bool(ruleset.gaps)
    )
    code = "firewall-unreadable" if is_unread else "other-firewall"
    title = f"Connections of {seen.flow.syn.source} to {_to(seen.flow)} get no answer; nobody was seen dropping them"
    why = (
        "The firewall's rules could not be read."
        if is_unread
        else "A program in front of the rules may have."
    )
    return Finding(code, Outcome.UNKNOWN, title, why)


def _answer_dropped(seen: Seen, prediction: Prediction | None) -> _Meaning:
    """The kernel took the SYN and answered it, and no answer was seen leaving."""
    found = _predicted_of(prediction, _is_of_replies)
    if found is None and seen.flow.sought_at is not None:
        return _sought(seen)
    is_ruled = found is not None and found.code == FIREWALL_DROPS_REPLIES.code
    if found is None:
        title = f"The answer to {seen.flow.syn.source} was made and did not leave this machine"
        found = Finding("firewall-drops-replies", Outcome.BLOCKS, title)
    return _Meaning(
        "reply-lost",
        found.code,
        f"and was answered, but the answer did not leave: {found.title}",
        found,
        is_ruled,
    )


def _sought(seen: Seen) -> _Meaning:
    client = seen.flow.syn.source
    title = f"{client} does not answer ARP or ND on {seen.flow.interface}: the answer cannot be sent"
    found = Finding(
        "peer-down", Outcome.BLOCKS, title, "Its address may be a wrong one, or the link is one-way."
    )
    return _Meaning("reply-lost", found.code, f"and was answered, but {title}", found)


def _answer_untaken(seen: Seen, prediction: Prediction | None) -> _Meaning:
    flow = seen.flow
    left = ", ".join(flow.answered_by)
    if not set(flow.answered_by) & set(flow.interfaces):
        found = _predicted_of(prediction, lambda cause: cause.is_of_reply_routes)
        if found is None:
            title = f"Answers to {flow.syn.source} leave by {left} instead of {flow.interface}"
            found = Finding(_back_code(prediction, flow.answered_by), Outcome.BLOCKS, title)
        return _Meaning(
            "reply-lost", found.code, f", the answer left by {left} instead of {flow.interface}", found
        )
    text = (
        f"and was answered by {left}, but the client did not go on: the answer was lost beyond this machine"
    )
    found = Finding(
        "peer-isolated",
        Outcome.UNKNOWN,
        f"The answer to {flow.syn.source} left by {left}, and the client did not take it",
        "Something between the two, or the client itself, stops what this machine sends.",
    )
    return _Meaning("reply-lost", None, text, found)


def _back_code(prediction: Prediction | None, devices: list[str]) -> str:
    interfaces = None if prediction is None else prediction.case.facts.interfaces
    if interfaces is None or isinstance(interfaces, Unknown):
        return (
            "vpn-takes-replies"
            if devices[0].startswith(("tun", "wg", "tap", "ppp"))
            else "no-route-to-client"
        )
    kinds = {one.kind for one in interfaces if one.name in devices}
    return "vpn-takes-replies" if kinds & {"vpn", "tunnel"} else "no-route-to-client"


def _silent(seen: Seen, prediction: Prediction | None) -> _Meaning:
    flow = seen.flow
    rule = _predicted_of(prediction, lambda cause: cause.is_of_rules)
    if rule is not None and (not flow.taken or _leg(prediction) == Leg.ANSWER):
        text = f"and the connection opened, but no data passed: it is stopped {_by_rule(rule, prediction)}"
        return _Meaning("silent", rule.code, text, rule, is_ruled=True)
    if flow.ended_at is not None or flow.reset_at is not None:
        title = f"The server on port {flow.syn.destination_port} closes connections without an answer"
    else:
        title = f"The server on port {flow.syn.destination_port} accepts the connection and says nothing"
    detail = "It hangs, is stopped, waits in a debugger, or is busy with another request."
    found = Finding("server-silent", Outcome.BLOCKS, title, detail)
    return _Meaning("silent", found.code, "and the connection opened, but the server does not answer", found)


_MEANINGS = {
    Observed.CONNECTED: _connected,
    Observed.REFUSED: _refused,
    Observed.REJECTED: _rejected,
    Observed.NO_ANSWER: _no_answer,
    Observed.ANSWER_UNTAKEN: _answer_untaken,
    Observed.SILENT: _silent,
}


def _by_rule(finding: Finding, prediction: Prediction | None) -> str:
    """Name who stopped it as the person knows it, and the rule."""
    journey = None if prediction is None else prediction.journey
    ruleset = None if prediction is None else prediction.case.facts.ruleset
    if journey is None or journey.decided_by is None or not isinstance(ruleset, Ruleset):
        return f"by the firewall ({finding.title})"
    line = journey.decided_by
    owner = find_owner(ruleset, line, journey.lines, journey.packet.destination_port)
    if line.rule is not None:
        return f"by {owner.title} ({line.rule_text})"
    if line.chain is None or owner.manager not in (Manager.NFTABLES, Manager.IPTABLES):
        return f"by {owner.title}"
    return f"by {owner.title} (policy of {line.chain.family} {line.chain.table} {line.chain.name})"


def _predicted(prediction: Prediction | None, cause: Cause) -> Finding | None:
    return _predicted_of(prediction, lambda one: one is cause)


def _predicted_of(prediction: Prediction | None, matches: Callable[[Cause], bool]) -> Finding | None:
    return None if prediction is None else prediction.of(matches)


def _is_of_replies(cause: Cause) -> bool:
    """Whether the client's packets come in, and the answers do not go out."""
    return cause is FIREWALL_DROPS_REPLIES or cause.is_of_reply_routes


def _leg(prediction: Prediction | None) -> str | None:
    return None if prediction is None or prediction.journey is None else prediction.journey.leg


def _to(flow: Flow) -> str:
    address = flow.syn.destination
    return f"{f'[{address}]' if ':' in address else address}:{flow.syn.destination_port}"


def _bare(cause: Cause, seen: Seen, who: str) -> Finding:
    title = f"The kernel drops connections to {_to(seen.flow)}: {who}"
    return Finding(
        cause.code, Outcome.BLOCKS, title, "Nothing in the rules and settings that were read explains it."
    )


def _queue(seen: Seen) -> Finding:
    title = f"The accept queue of port {seen.flow.syn.destination_port} is full: the server does not accept"
    return Finding(
        "accept-queue-full",
        Outcome.BLOCKS,
        title,
        "The kernel drops new connections until the server takes some.",
    )


def _decided_by(prediction: Prediction | None) -> dict[str, Any] | None:
    if prediction is None or prediction.journey is None or prediction.journey.decided_by is None:
        return None
    ruleset = prediction.case.facts.ruleset
    if isinstance(ruleset, Unknown):
        return None
    return line_json(ruleset, prediction.journey.decided_by, prediction.journey.lines)


def _evidence(seen: Seen) -> tuple[Evidence, ...]:
    found = [
        Evidence(
            "capture", f"{len(seen.flow.arrivals)} SYN from {seen.flow.syn.source} on {seen.flow.interface}"
        )
    ]
    reason = _reason(seen.drops)
    if reason is not None and seen.observed is not Observed.CONNECTED:
        found.append(Evidence("skb:kfree_skb", f"reason {reason.reason} at {reason.place}"))
    found += [Evidence("nstat", f"{name} +{number}") for name, number in seen.rises.items()]
    if seen.flow.half_open:
        found.append(Evidence("ss state syn-recv", f"{seen.flow.syn.source}:{seen.flow.syn.source_port}"))
    return tuple(found)


def _disagreement(seen: Seen, prediction: Prediction | None, meaning: _Meaning) -> str | None:
    """Say where the model was wrong: what was seen counts."""
    journey = None if prediction is None else prediction.journey
    if prediction is None or journey is None:
        return None
    passed = seen.observed in (Observed.CONNECTED, Observed.SILENT, Observed.ANSWER_UNTAKEN)
    stopped_early = journey.verdict in (Verdict.DROP, Verdict.REJECT) and journey.leg == Leg.SYN
    if passed and stopped_early:
        return f"the model was wrong: it expected {_rule_of(prediction)} to stop it"
    if seen.flow.replied_at is not None and journey.verdict in (Verdict.DROP, Verdict.REJECT):
        return f"the model was wrong: it expected {_rule_of(prediction)} to stop the conversation"
    blamed = meaning.cause is not None and cause_of(meaning.cause).is_of_rules and not meaning.is_ruled
    if blamed and journey.verdict is Verdict.ACCEPT:
        return "the model was wrong: it expected the firewall to let it pass"
    return None


def _rule_of(prediction: Prediction) -> str:
    line = None if prediction.journey is None else prediction.journey.decided_by
    return f"the rule {line.rule_text!r}" if line is not None else "the firewall"
