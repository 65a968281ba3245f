"""A translation sends clients to a container or machine behind this one, and routes lead their packets elsewhere."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks import words
from landiag.checks.case import Case
from landiag.checks.routes.words import describe, who
from landiag.firewall.engine.conversation import Arrival
from landiag.journey.followed import strays_from
from landiag.journey.journey import follow
from landiag.journey.ways import Way
from landiag.model.actions import Lasts
from landiag.model.facts import Family, Interface, Unknown
from landiag.model.packet import Packet
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.route import PolicyRule
from landiag.model.terms import StageName, Symptom

_FIRST_FREE = 2
"""Priorities before this one are the table of local addresses'."""


def strayed(case: Case, way: Way, packet: Packet, arrival: Arrival, link: Interface) -> Finding:
    """Say by which device the packets leave, and by which they should; ``link`` has the translated address."""
    target, decision, client = arrival.packet.destination, arrival.way, arrival.packet.source or way.ip
    assert target is not None
    assert decision is not None
    passes_on = decision.gateway is not None
    detail = f"A route leads them there; {target} is on {link.name}."
    if passes_on:
        detail += f" They arrive only if {decision.gateway} sends them back."
    rule_text = arrival.translated.rule_text if arrival.translated else ""
    return Finding(
        code="port-redirected",
        outcome=Outcome.UNKNOWN if passes_on else Outcome.BLOCKS,
        title=f"Port {case.port} is sent to {target}, but packets of {who(case, client, way)} leave by "
        f"{decision.device}",
        detail=detail,
        evidence=(
            Evidence("firewall", rule_text),
            Evidence(words.routes(case), describe(decision, target, client)),
        ),
        fixes=(_keep_to_link(case, packet, arrival, link),),
        paths=(way.id,),
        stage=StageName.ROUTE,
        symptom=Symptom.UNKNOWN if passes_on else Symptom.TIMEOUT,
    )


def _keep_to_link(case: Case, packet: Packet, arrival: Arrival, link: Interface) -> Fix:
    """The rule that looks into the main table first, where another rule leads elsewhere and this one helps."""
    title = f"Let packets for {link.name} keep to its own route"
    network = next(one.network for one in link.addresses if arrival.packet.destination in one.network)
    theirs = None if arrival.way is None else arrival.way.rule
    if theirs is not None and theirs.priority > _FIRST_FREE and case.facts.os == "linux":
        rule = PolicyRule(theirs.priority - 1, theirs.family, table="main", destination=network)
        if _keeps(case, packet, rule):
            words_of = f"to {network} lookup main pref {rule.priority}"
            ip = "ip -6 rule" if rule.family is Family.IPV6 else "ip rule"
            commands, undo = (f"{ip} add {words_of}",), (f"{ip} del {words_of}",)
            return Fix(title, commands, undo, "root", verified=True, lasts=Lasts.UNTIL_RESTART, opens=())
    step = f"Correct the route or rule that leads packets for {network} away from {link.name}."
    return Fix(title, needs="user-action", steps=(step,))


def _keeps(case: Case, packet: Packet, rule: PolicyRule) -> bool:
    """Whether the client's packets leave by the right link with one rule more, by the same journey."""
    rules = case.facts.policy_rules
    assert not isinstance(rules, Unknown)  # nothing was followed without them
    more = tuple(sorted((*rules, rule), key=lambda one: one.priority))
    facts = replace(case.facts, policy_rules=more)
    journey = follow(facts, packet)
    return not isinstance(journey, Unknown) and all(
        strays_from(facts, one) is None for one in journey.arrivals
    )
