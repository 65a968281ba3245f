"""A local route over addresses of others: this machine takes them for its own."""

from __future__ import annotations

from landiag.checks import words
from landiag.checks.case import Case
from landiag.journey.ways import Way
from landiag.model.facts import IPAddress
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.route import Route
from landiag.model.terms import StageName, Symptom


def local_route(case: Case, way: Way, client: IPAddress, route: Route, *, is_asked: bool) -> Finding:
    """A local route covers the client: the kernel takes its address for an own one, and drops what comes from there."""
    line = f"local {route.destination} dev {route.device} table {route.table}"
    fix = Fix(
        "Remove the local route",
        (f"ip route del {line}",),
        (f"ip route add {line}",),
        needs="root",
        risk="whatever listens on addresses of that route is no longer reached there",
    )
    return Finding(
        code="no-route-to-client",
        outcome=Outcome.BLOCKS,
        title=f"A local route takes {client} for an address of this machine, which drops what comes from there",
        detail="The kernel takes no packet from outside whose sender is one of its own addresses; nor ARP questions.",
        evidence=(Evidence(words.routes(case), line),),
        fixes=(fix,),
        paths=(way.id,),
        stage=StageName.ROUTE,
        symptom=Symptom.UNREACHABLE if is_asked else Symptom.TIMEOUT,
    )
