"""What the journey predicted of an attempt, asked for by what was seen of it."""

from __future__ import annotations

from collections.abc import Callable

from landiag.firewall.owners import Manager, find_owner
from landiag.model.causes.cause import Cause
from landiag.model.causes.firewall import (
    FIREWALL_DROPS,
    FIREWALL_DROPS_REPLIES,
)
from landiag.model.causes.network import (
    DUPLICATE_ADDRESS,
    LINK_DOWN,
    REVERSE_PATH_FILTER,
    WRONG_ADDRESS,
)
from landiag.model.report import Finding
from landiag.model.ruleset import Ruleset, TraceLine, Verdict
from landiag.model.terms import Leg
from landiag.watch.snapshot import Prediction


def question_dropped(prediction: Prediction | None) -> TraceLine | None:
    """The rule that drops the question. The model alone must not say so: we may ask first, and be learned by that."""
    if prediction is None or prediction.journey is None:
        return None
    for line in prediction.journey.lines:
        if line.leg == Leg.QUESTION and line.verdict is Verdict.DROP and line.chain and not line.doubts:
            return line
    return None


def is_of_questions(cause: Cause) -> bool:
    """Whether it can keep a question of ARP or neighbour discovery from being answered."""
    return cause in (LINK_DOWN, DUPLICATE_ADDRESS, WRONG_ADDRESS, REVERSE_PATH_FILTER, FIREWALL_DROPS)


def by_rule(finding: Finding, prediction: Prediction | None) -> str:
    """Name who stopped it as the person knows it, and the rule."""
    journey = None if prediction is None else prediction.journey
    ruleset = None if prediction is None else prediction.case.facts.ruleset
    if journey is None or journey.decided_by is None or not isinstance(ruleset, Ruleset):
        return f"by the firewall ({finding.title})"
    line = journey.decided_by
    owner = find_owner(ruleset, line, journey.lines, journey.packet.destination_port)
    if owner.reason:
        return f"by {owner.named}"
    if line.rule is not None:
        return f"by {owner.title} ({line.rule_text})"
    if line.chain is None or owner.manager not in (Manager.NFTABLES, Manager.IPTABLES):
        return f"by {owner.title}"
    return f"by {owner.title} (policy of {line.chain.family} {line.chain.table} {line.chain.name})"


def predicted(prediction: Prediction | None, cause: Cause) -> Finding | None:
    """The finding of a cause among those predicted; None where there is none."""
    return predicted_of(prediction, lambda one: one is cause)


def predicted_of(prediction: Prediction | None, matches: Callable[[Cause], bool]) -> Finding | None:
    """The first finding predicted whose cause matches; None where there is none."""
    return None if prediction is None else prediction.of(matches)


def is_of_replies(cause: Cause) -> bool:
    """Whether the client's packets come in, and the answers do not go out."""
    return cause is FIREWALL_DROPS_REPLIES or cause.is_of_reply_routes


def leg(prediction: Prediction | None) -> str | None:
    """The leg on which the journey ends; None where nothing was predicted."""
    return None if prediction is None or prediction.journey is None else prediction.journey.leg
