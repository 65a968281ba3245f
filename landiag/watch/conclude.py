"""What an attempt means: the observation beside the model's prediction; where they differ, the observation wins."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.command import line_json
from landiag.model.causes import cause_of
from landiag.model.facts import Unknown
from landiag.model.report import Evidence, Finding
from landiag.model.ruleset import TraceLine, Verdict
from landiag.model.terms import Leg
from landiag.watch.flow import Flow, Observed, Seen, who
from landiag.watch.meanings import MEANINGS, Meaning, reason_of, status_of
from landiag.watch.snapshot import Prediction


class Attempt(Struct, frozen=True):
    """One attempt of a client, concluded. Field names are those of the JSON event.

    ``at`` is when its SYN came, ``seconds`` how long after it this was concluded. ``finding`` is what the
    report says of it, None where nothing is wrong. ``disagrees`` says where the model was wrong. ``said`` is the
    summary as a terminal shows it: who it was, and what became of it.
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
    said: str = ""


def conclude(seen: Seen, prediction: Prediction | None, maker: str = "") -> Attempt:
    """Say what became of an attempt, and why. ``maker`` is who made the client's device, empty where unknown."""
    flow, reason = seen.flow, reason_of(seen.drops)
    meaning = MEANINGS[seen.observed](seen, prediction)
    decided = _decided_by(prediction, meaning.line) if meaning.is_ruled else None
    disagrees = _disagreement(seen, prediction, meaning)
    came = "is there" if seen.observed is Observed.UNFOUND else f"arrived{_times(flow)}"
    summary = f"{who(flow, maker)} {came} on {flow.interface}{meaning.text}"
    said = f"{who(flow, maker)}{_many(flow)}: {_short(meaning.text)}"
    if disagrees:
        summary, said = f"{summary} ({disagrees})", f"{said} ({disagrees})"
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
        status=status_of(flow),
        finding=finding,
        disagrees=disagrees,
        is_late=seen.is_late,
        said=said,
    )


def _times(flow: Flow) -> str:
    return f" {len(flow.arrivals)} times" if len(flow.arrivals) > 1 else ""


def _many(flow: Flow) -> str:
    return f" ({len(flow.arrivals)} packets)" if len(flow.arrivals) > 1 else ""


def _short(text: str) -> str:
    """What became of an attempt, without the words that lead to it: ``dropped by ufw``."""
    return text.lstrip(", ").removeprefix("and ").removeprefix("was ")


def _decided_by(prediction: Prediction | None, line: TraceLine | None) -> dict[str, Any] | None:
    if prediction is None or prediction.journey is None:
        return None
    ruleset, line = prediction.case.facts.ruleset, line or prediction.journey.decided_by
    if isinstance(ruleset, Unknown) or line is None:
        return None
    return line_json(ruleset, line, prediction.journey.lines)


def _evidence(seen: Seen) -> tuple[Evidence, ...]:
    what = "a question for the hardware address" if seen.observed is Observed.UNFOUND else "SYN"
    number = "" if seen.observed is Observed.UNFOUND else f"{len(seen.flow.arrivals)} "
    found = [Evidence("capture", f"{number}{what} from {seen.flow.syn.source} on {seen.flow.interface}")]
    reason = reason_of(seen.drops)
    if reason is not None and seen.observed is not Observed.CONNECTED:
        found.append(Evidence("skb:kfree_skb", f"reason {reason.reason} at {reason.place}"))
    found += [Evidence("nstat", f"{name} +{number}") for name, number in seen.rises.items()]
    if seen.flow.half_open:
        found.append(Evidence("ss state syn-recv", f"{seen.flow.syn.source}:{seen.flow.syn.source_port}"))
    return tuple(found)


def _disagreement(seen: Seen, prediction: Prediction | None, meaning: Meaning) -> str | None:
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
