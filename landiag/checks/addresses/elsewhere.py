"""An address that clients are given and that this machine does not have: does another device on the link have it?"""

from __future__ import annotations

from ipaddress import ip_address

from msgspec.structs import replace

from landiag.checks.addresses.link import who_has
from landiag.checks.case import Case
from landiag.collect.exchanges.arp import parse_arp
from landiag.journey.ownership import owner_of
from landiag.model.facts import Call, Unknown
from landiag.model.report import Evidence, Finding
from landiag.model.terms import Symptom


def plan(case: Case) -> tuple[Call, ...]:
    """Ask the link for an IPv4 address of ``--to`` that this machine has not; only root may ask."""
    ip = None if case.target.address is None else ip_address(case.target.address)
    if ip is None or ip.version != 4 or case.facts.os != "linux" or not case.facts.privileged:
        return ()
    if owner_of(case.facts, ip) is not None:
        return ()
    return next(((who_has(ip, way.interface),) for way in case.ways if ip in way.address.network), ())


def with_other_owner(case: Case, finding: Finding) -> Finding:
    """The finding that the address is not here, with the device that answers for it, where one does."""
    for question in plan(case):
        answers = case.parse(question, parse_arp)
        if answers is None or isinstance(answers, Unknown):
            continue
        macs = [mac for owner in answers.owners for mac in owner.macs]
        if macs:
            return replace(
                finding,
                detail="Another device on the link answers for it: clients get what that one gives.",
                evidence=(Evidence("ARP", f"{case.target.address} is at {macs[0]}"), *finding.evidence),
                symptom=Symptom.UNKNOWN,
            )
    return replace(finding, symptom=Symptom.UNKNOWN) if _is_known(case) else finding


def _is_known(case: Case) -> bool:
    """Whether the address is a router's, or a neighbour's that was spoken with: who may not ask knows that much."""
    ip = None if case.target.address is None else ip_address(case.target.address)
    routes = () if isinstance(case.facts.routes, Unknown) else case.facts.routes
    neighbours = () if isinstance(case.facts.neighbours, Unknown) else case.facts.neighbours
    asked = [one for one in neighbours if one.address == ip and one.mac is not None]
    is_router = any(one.gateway == ip for one in routes if one.gateway is not None)
    return is_router or any(not {"PERMANENT", "FAILED", "INCOMPLETE"} & set(one.states) for one in asked)
