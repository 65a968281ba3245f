"""A container's own firewall, which stops what a translation has brought to it, or the answers."""

from __future__ import annotations

from collections.abc import Iterator

from landiag.checks.case import Case
from landiag.firewall.engine.conversation import Arrival, Conversation
from landiag.journey.inner import follow_inside
from landiag.journey.inside import namespace_with
from landiag.journey.ways import Way
from landiag.model.process import Namespace
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import Verdict
from landiag.model.stages import BACK
from landiag.model.terms import StageName


def check_inner_rules(case: Case, way: Way) -> Iterator[Finding]:
    """Name the rule inside the container that stops clients, or say that its rules can't be judged."""
    for one in case.classes.get(way.id, ())[:1]:
        for arrival in one.journey.arrivals:
            told, namespace = (
                follow_inside(case.facts, arrival),
                namespace_with(case.facts, arrival.packet.destination),
            )
            if told is not None and namespace is not None and told.verdict is not Verdict.ACCEPT:
                yield _finding(way, arrival, namespace, told)
                return


def _finding(way: Way, arrival: Arrival, namespace: Namespace, told: Conversation) -> Finding:
    place = f"the container at {arrival.packet.destination}"
    port = arrival.packet.destination_port
    is_back = told.leg in BACK
    part = f"answers from port {port}" if is_back else f"connections to port {port}"
    line = told.decided_by
    text = "its rules could not be read" if line is None else line.rule_text
    show = f"nsenter -t {namespace.pid} -n nft list ruleset"
    fix = Fix("Change the rules inside the container", (show,), needs="user-action")
    code = "firewall-drops-replies" if is_back else "firewall-drops"
    code = "firewall-rejects" if told.verdict is Verdict.REJECT and not is_back else code
    title = f"A firewall inside {place} stops {part}"
    if told.verdict is Verdict.UNKNOWN:
        code, title = "firewall-unreadable", f"Whether {place} lets {part} through its own firewall"
    return Finding(
        code=code,
        outcome=Outcome.UNKNOWN if told.verdict is Verdict.UNKNOWN else Outcome.BLOCKS,
        title=title,
        detail="These rules are in the container's own network namespace; the machine's own do not show them.",
        evidence=(Evidence(show, text),),
        fixes=(fix,),
        paths=(way.id,),
        stage=StageName.REPLY if is_back else StageName.FORWARD,
    )
