"""The filter of reverse paths (rp_filter): whom it takes no packets from, and what lets them in."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.fixes.fix import fix_by
from landiag.checks.routes.words import drop_route, evidence_of, open_route, who
from landiag.firewall.engine.surroundings import Way as Decision
from landiag.journey.ends import ReplyFault
from landiag.journey.ways import Way
from landiag.model.changes import Sysctl
from landiag.model.facts import IPAddress
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.route import REFUSING, RouteKind
from landiag.model.terms import StageName, Symptom


def reverse_path(
    case: Case, way: Way, client: IPAddress, decision: Decision, *, is_asked: bool, then: ReplyFault | None
) -> Finding:
    """Strict reverse path filtering drops the client's packets; ``is_asked``: its ARP question, too.

    ``then`` is what becomes of the answers once the filter is loose: where they get lost, the route is the fault.
    """
    names = ("net.ipv4.conf.all.rp_filter", f"net.ipv4.conf.{way.interface.name}.rp_filter")
    values = {name: case.facts.sysctls.get(name, "") for name in names}
    asked = replace(decision, kind=_kind_of(decision))
    refused = "missing" if asked.kind is RouteKind.NONE else f"set to {asked.kind.value}"
    by = refused if decision.device is None else f"by {decision.device}"
    kind = "Reverse" if decision.device is None else "Strict reverse"
    detail = f"{kind} path filtering (RFC 3704) takes packets only where the answer would leave."
    if is_asked:
        detail += " It answers no ARP question from there either, so clients get 'no route to host'."
    settings = ", ".join(f"{name} = {value}" for name, value in values.items())
    return Finding(
        code="reverse-path-filter",
        outcome=Outcome.BLOCKS,
        title=f"The kernel drops packets of {who(case, client, way)} on {way.interface.name}: its own route to "
        f"them is {by} (rp_filter)",
        detail=detail,
        evidence=(Evidence("sysctl", settings), evidence_of(case, way, client, decision)),
        fixes=(_take_source(case, way, client, asked, values, then),),
        paths=(way.id,),
        stage=StageName.ROUTE,
        symptom=Symptom.UNREACHABLE if is_asked else Symptom.TIMEOUT,
    )


def _kind_of(decision: Decision) -> RouteKind:
    """What kind of route the filter found to the client: one that refuses, or none."""
    rule = "" if decision.rule is None else decision.rule.action
    kind = rule if decision.route is None else decision.route.kind
    return RouteKind(kind) if kind in REFUSING else RouteKind.NONE


def _take_source(
    case: Case,
    way: Way,
    client: IPAddress,
    decision: Decision,
    values: Mapping[str, str],
    then: ReplyFault | None,
) -> Fix:
    """Have packets from there taken and answered: a filter that is loose helps only where the answers arrive."""
    if decision.device is None:
        return open_route(case, way, client, decision)
    if then in _MISLED:
        return drop_route(case, way, decision)
    strict = {name: value for name, value in values.items() if name.split(".")[-2] != "all" or value == "1"}
    after = [Sysctl(name, value or "0", "2") for name, value in strict.items()]
    return fix_by(
        f"Make the filter loose on {way.interface.name}",
        *after,
        risk=f"packets of any sender are then taken there, and answers leave by {decision.device}; where that leads "
        "elsewhere, correct the route instead",
    )


_MISLED = (ReplyFault.OTHER_LINK, ReplyFault.NO_CARRIER)
