"""Which change would let clients pass a rule, tried on the rules that were read."""

from __future__ import annotations

import shlex
from ipaddress import ip_network
from typing import TYPE_CHECKING

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.destination import beyond_drops
from landiag.checks.firewall.bans import owner_of
from landiag.checks.firewall.rule_words import place
from landiag.checks.fixes.fix import fix_by
from landiag.firewall.engine.hooks import NAT_PRIORITY
from landiag.firewall.opened import Opening
from landiag.firewall.openings import propose
from landiag.firewall.proposal import Proposal
from landiag.journey.classes import follow_ways
from landiag.journey.journey import Journey, follow_through
from landiag.journey.ways import Way
from landiag.model.facts import IPNetwork
from landiag.model.packet import Packet
from landiag.model.report import Finding, Fix
from landiag.model.ruleset import Ruleset, TraceLine, Verdict
from landiag.model.settings import forwarding_setting
from landiag.model.stages import BACK

if TYPE_CHECKING:
    from landiag.firewall.opens import Proof


def proven(
    case: Case,
    way: Way,
    before: Ruleset,
    journey: Journey,
    proposal: Proposal | None,
    following: Journey | None,
    finding: Finding,
) -> Finding:
    """The same with what its fix opens: it counts as verified only where that is what it should open."""
    if proposal is None:
        return finding
    proof = None
    if proposal.ruleset is not None and len(finding.fixes) == 1:
        proof = prove_for(case, before, proposal.ruleset, opening_for(case, way, before, journey))
    if proof is None:
        return replace(finding, fixes=tuple(replace(fix, verified=None) for fix in finding.fixes))
    passes = following is not None and following.verdict is Verdict.ACCEPT
    holds = proof.is_narrow is True and (bool(proof.opens) or not passes)
    fix = replace(finding.fixes[0], opens=proof.opens)
    if proof.excess is not None:
        more = f"it lets in more than that, for example {proof.excess}"
        fix = replace(fix, risk=f"{fix.risk}; {more}" if fix.risk else more)
    return replace(finding, fixes=(fix if holds else replace(fix, verified=None),))


def prove_for(case: Case, before: Ruleset, after: Ruleset, opening: Opening) -> Proof | None:
    """What a change opens for everything that may come to this machine.

    None where that is too much to compare: that it helps was tried, what else it opens is not told.
    """
    from landiag.firewall.opens import prove_opening  # most checks need no proof, and it is large
    from landiag.journey.scope import machine_scope

    return prove_opening(before, after, machine_scope(case.facts, Packet()), opening)


def best_proposal(
    case: Case, way: Way, ruleset: Ruleset, journey: Journey, line: TraceLine
) -> tuple[Proposal | None, Journey | None]:
    """Try the openings from the narrowest place on, until one helps in the model; the last one otherwise."""
    proposal, following = None, None
    if not case.wants_fixes:
        return None, None
    owner = owner_of(case, ruleset, journey, line)
    for candidate in propose(ruleset, owner, line, opening_for(case, way, ruleset, journey)):
        proposal, following = candidate, _follow_again(case, candidate, journey)
        if is_mended(journey, following) is not False:
            break
    return proposal, following


def _follow_again(case: Case, proposal: Proposal | None, journey: Journey) -> Journey | None:
    if proposal is None or proposal.ruleset is None:
        return None
    return follow_through(case.facts, proposal.ruleset, journey.packet)


def opening_for(case: Case, way: Way, ruleset: Ruleset, journey: Journey) -> Opening:
    """The opening for this conversation: its clients' subnet, or the one client that is elsewhere or fares worse."""
    packet = journey.packet
    clients: IPNetwork = way.network
    is_elsewhere = packet.source is not None and packet.source not in clients
    if packet.source is not None and (is_elsewhere or _is_singled_out(case, way, ruleset, journey)):
        clients = ip_network(packet.source)
    asked = packet.destination_port or 0
    there = beyond_drops(case, journey) if _is_behind_translation(journey.decided_by) else journey
    port, *others = _ports(there) or (asked,)
    is_answer = journey.leg in BACK
    goes_to = there.arrivals[0].packet if there is not journey and there.arrivals else packet
    server = goes_to.destination if _forwards(case, clients.version) else None
    return Opening(clients, port, is_answer, asked, packet.in_interface, packet.source, tuple(others), server)


def _is_behind_translation(line: TraceLine | None) -> bool:
    """Whether a rule before the routing decision sees what translations have made of a client's packet."""
    hook = None if line is None or line.chain is None else line.chain.hook
    return hook is not None and hook.name == "prerouting" and hook.priority > NAT_PRIORITY["prerouting"]


def _forwards(case: Case, version: int) -> bool:
    """Whether this machine passes on what is for others: that goes by the rules before the routing decision, too."""
    return case.facts.sysctls.get(forwarding_setting(version), "0") != "0"


def _is_singled_out(case: Case, way: Way, ruleset: Ruleset, journey: Journey) -> bool:
    """Whether one client alone is stopped, named or not, where the ordinary ones of its subnet pass."""
    if not journey.packet.is_named:
        classes, source = case.classes.get(way.id, ()), journey.packet.source
        is_alone = any(one.size == 1 and one.journey.packet.source == source for one in classes[1:])
        return is_alone and classes[0].journey.verdict is Verdict.ACCEPT
    facts = replace(case.facts, ruleset=ruleset)
    ordinary = next(iter(follow_ways(facts, (way,), case.target, None)[way.id]), None)
    return ordinary is not None and ordinary.journey.verdict is Verdict.ACCEPT


def _ports(journey: Journey) -> tuple[int, ...]:
    """Every port to which a translation may have changed the one that clients type; empty without any."""
    packets = (arrival.packet for arrival in journey.arrivals if arrival.translated is not None)
    found = {packet.destination_port for packet in packets if packet.destination_port is not None}
    return tuple(sorted(found))[:_MOST_PORTS]


_MOST_PORTS = 8
"""So many ports are opened one by one, where a firewall knows no other way."""


def is_mended(journey: Journey, following: Journey | None) -> bool | None:
    """Whether a fix helps: what decided before decides no more. None where that cannot be evaluated."""
    if following is None:
        return None
    return following.verdict is Verdict.ACCEPT or not _same_place(following.decided_by, journey.decided_by)


def _same_place(one: TraceLine | None, other: TraceLine | None) -> bool:
    return one is not None and other is not None and place(one) == place(other) and one.leg == other.leg


def fixes(proposal: Proposal | None, mended: bool | None) -> tuple[Fix, ...]:
    """What to type, where a proposal is there and does not fail."""
    if proposal is None or mended is False:
        return ()
    told = proposal.told
    if told is not None:
        command, undo = shlex.join(told.argv), shlex.join(told.undo_argv)
        return (Fix(proposal.title, (command,), (undo,), "root", mended or None, told.risk),)
    if not proposal.changes:
        return (Fix(proposal.title, needs="user-action", verified=mended or None, steps=proposal.steps),)
    fix = fix_by(proposal.title, *proposal.changes, verified=mended or None)
    return (fix if proposal.keep is None else replace(fix, keep=proposal.keep),)
