"""A port that firewalld lets clients in by only until it is loaded anew: one that was opened without --permanent."""

from __future__ import annotations

from collections.abc import Iterator

from landiag.checks.case import Case
from landiag.checks.firewall.stored import accepts_otherwise, is_zone, lets_in, zones_of
from landiag.checks.fixes.fix import fix_by
from landiag.collect.firewalld import RUNNING, STORED, Zone, service_source
from landiag.firewall.engine.conversation import accepting
from landiag.firewall.owners import find_owner
from landiag.journey.journey import Journey
from landiag.journey.ways import Way
from landiag.model.changes_firewalld import FirewalldRule
from landiag.model.facts import Command, Unknown
from landiag.model.report import Evidence, Finding, Outcome
from landiag.model.ruleset import Verdict


def plan(case: Case) -> tuple[Command, ...]:
    """Ask for the zones, in force and stored, where one of them lets clients in."""
    return (RUNNING, STORED) if case.way is not None and _zone_by_which(case, case.way) else ()


def plan_after(case: Case) -> tuple[Command, ...]:
    """Ask for the ports of the services that stay, where what lets clients in does not."""
    found = None if case.way is None else _loses(case, case.way)
    return () if found is None else tuple(map(service_source, sorted(found[2].services)))


def check_lasting(case: Case, way: Way) -> Iterator[Finding]:
    """Warn that clients get in only as long as firewalld is not loaded anew."""
    found = _loses(case, way)
    if found is None:
        return
    name, journey, kept = found
    if lets_in(case, kept, Zone(), journey) or accepts_otherwise(kept):
        return
    yield Finding(
        code="firewall-drops" if kept.target == "DROP" else "firewall-rejects",
        outcome=Outcome.WARNS,
        title=f"Port {case.port} is open only until firewalld is reloaded or this machine restarts",
        detail=f"Zone {name} lets it in now, and doesn't in the permanent configuration.",
        evidence=(
            Evidence(RUNNING.name, f"zone {name} lets port {case.port} in"),
            Evidence(STORED.name, f"zone {name} doesn't"),
        ),
        fixes=(
            fix_by(
                "Keep it open",
                FirewalldRule(name, str(way.network), journey.packet.destination_port or 0, permanent=True),
            ),
        ),
        paths=(way.id,),
    )


def _zone_by_which(case: Case, way: Way) -> tuple[str, Journey] | None:
    """The zone of firewalld that lets the ordinary clients in, with their journey."""
    ruleset, classes = case.facts.ruleset, case.classes.get(way.id, ())
    journey = classes[0].journey if classes else None
    if isinstance(ruleset, Unknown) or journey is None or journey.verdict is not Verdict.ACCEPT:
        return None
    line = accepting(tuple(journey.lines))
    owner = None if line is None or line.rule is None else find_owner(ruleset, line, journey.lines)
    return None if owner is None or not is_zone(owner) else (owner.place, journey)


def _loses(case: Case, way: Way) -> tuple[str, Journey, Zone] | None:
    """The zone that loses what lets the clients in, and what is left of it."""
    found = _zone_by_which(case, way)
    running, stored = zones_of(case)
    if found is None or found[0] not in running:
        return None
    name, journey = found
    now, then = running[name], stored.get(name, Zone())
    if not lets_in(case, now, then, journey):
        return None
    kept = Zone(
        target=then.target, services=now.services & then.services, ports=now.ports & then.ports,
        rules=now.rules & then.rules,
    )  # fmt: skip
    return name, journey, kept
