"""A rule that sends the port to another one, at which nothing listens."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.destination import Destination
from landiag.checks.firewall.opening import prove_for
from landiag.checks.fixes.fix import fix_by
from landiag.firewall.opened import Opening
from landiag.firewall.openings import except_from_translation
from landiag.firewall.owners import Manager, find_owner
from landiag.journey.binding import find_binding
from landiag.journey.journey import follow_through
from landiag.journey.ways import Way
from landiag.model.facts import Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.terms import Symptom

_BY_HAND = (Manager.NFTABLES, Manager.IPTABLES)
"""Rules of others (docker, firewalld) come again when they are written anew: their own settings are the place."""


def sent_to_nobody(case: Case, way: Way, destination: Destination) -> Finding:
    """Say that the translation leads nowhere, and how the server that listens on the port itself gets its clients."""
    return Finding(
        code="port-redirected",
        outcome=Outcome.BLOCKS,
        title=f"A rule sends port {case.port} on to port {destination.port}, where nothing is listening",
        evidence=(Evidence("firewall", destination.rule_text),),
        fixes=exceptions_from_translation(case, way) or (_start_there(case, destination),),
        paths=(way.id,),
    )


def _start_there(case: Case, destination: Destination) -> Fix:
    step = f"Start what should answer on port {destination.port}, or remove the rule that sends port {case.port} there."
    return Fix("Let the translation lead to a server", needs="user-action", steps=(step,))


def exceptions_from_translation(case: Case, way: Way) -> tuple[Fix, ...]:
    """The rule before the translation that leaves the port alone, where a server has it and clients then reach it."""
    classes = case.classes.get(way.id, ())
    journey = classes[0].journey if classes else None
    line = journey.arrivals[0].translated if journey is not None and journey.arrivals else None
    binding = find_binding(case.facts, way.ip, case.port, way.interface)
    if journey is None or line is None or isinstance(binding, Unknown) or not binding.serving:
        return ()
    if isinstance(case.facts.ruleset, Unknown) or not case.wants_fixes:
        return ()
    if find_owner(case.facts.ruleset, line, journey.lines).manager not in _BY_HAND:
        return ()
    opening = Opening(way.network, case.port)
    proposal = except_from_translation(case.facts.ruleset, line, opening)
    if proposal is None or proposal.ruleset is None:
        return ()
    after = follow_through(case.facts, proposal.ruleset, journey.packet)
    if after.sight.symptom is not Symptom.ANSWERED:
        return ()
    proof = prove_for(case, case.facts.ruleset, proposal.ruleset, opening)
    fix = fix_by(proposal.title, *proposal.changes, verified=True)
    if proof is None:
        return (fix,)
    return (replace(fix, opens=proof.opens, verified=True if proof.is_narrow else None),)


def answered_by_nobody_here(case: Case, way: Way) -> Finding:
    """Say that something answers although no socket is here: rules that nobody could read send it elsewhere."""
    return Finding(
        code="port-redirected",
        outcome=Outcome.WARNS,
        title=f"No socket of this machine has port {case.port}, and yet something answers: a translation leads away",
        detail="Published ports of containers look like this where the rules are readable for root only.",
        paths=(way.id,),
    )
