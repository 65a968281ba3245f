"""What takes packets before or beside every rule: XDP programs, traffic control, policies of IPsec."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.collect.linux_sources import ingress_filters
from landiag.collect.xfrm import POLICIES, Policy, deciding, parse_policies
from landiag.journey.journey import Journey
from landiag.journey.ways import Way
from landiag.model.facts import ReadStatus, Unknown
from landiag.model.packet import Packet
from landiag.model.report import Evidence, Finding, Outcome

_NOT_THERE = (ReadStatus.MISSING, ReadStatus.NOT_RECORDED)
"""No tc on the machine, or a recording of a landiag that did not ask for it."""


def check_bypasses(case: Case, way: Way) -> list[Finding]:
    """Find what sees packets before every rule and cannot be judged: XDP programs and traffic control filters."""
    found = []
    name = way.interface.name
    if way.interface.xdp:
        found.append(
            (f"an XDP program is attached to {name}, and can't be judged", "ip -d addr", f"{name}: xdp")
        )
    traffic_control = ingress_filters(name)
    filters, reading = case.parse(traffic_control, str.strip), case.readings.get(traffic_control.name)
    if isinstance(filters, str) and filters:
        what = f"a traffic control filter is attached to {name}, and can't be judged"
        found.append((what, traffic_control.name, filters.splitlines()[0].strip()))
    elif isinstance(filters, Unknown) and reading is not None and reading.status not in _NOT_THERE:
        found.append(
            (f"{name}'s traffic control filters could not be listed", traffic_control.name, filters.reason)
        )
    detail = "They see packets first, and may drop them before any rule is asked."
    unsure = [
        _unsure(way, f"Whether every packet gets in: {what}", detail, source, text)
        for what, source, text in found
    ]
    return [*unsure, *_check_ipsec(case, way)]


def _unsure(way: Way, title: str, detail: str, source: str, text: str) -> Finding:
    return Finding(
        code="other-firewall",
        outcome=Outcome.UNKNOWN,
        title=title,
        detail=detail,
        evidence=(Evidence(source, text),),
        paths=(way.id,),
    )


def _check_ipsec(case: Case, way: Way) -> list[Finding]:
    """Find a policy of IPsec that takes a client's packets or their answers: no rule shows it."""
    reading = case.readings.get(POLICIES.name)
    if reading is None or reading.status in (*_NOT_THERE, ReadStatus.NOT_LOADED, ReadStatus.DENIED):
        return []
    policies = case.parse(POLICIES, parse_policies)
    if isinstance(policies, Unknown):
        title = "Whether every packet gets in: the policies of IPsec could not be listed"
        return [_unsure(way, title, "", POLICIES.name, policies.reason)]
    journey = next((one.journey for one in case.classes.get(way.id, ())), None)
    if journey is None or policies is None:
        return []
    asked = ((direction, deciding(policies, direction, packet)) for direction, packet in _directions(journey))
    return [_taken(case, way, direction, policy) for direction, policy in asked if policy is not None][:1]


def _directions(journey: Journey) -> tuple[tuple[str, Packet], ...]:
    """The packets of a conversation and the way that each goes: here, or on to another machine."""
    arrived = [one.packet for one in journey.arrivals] or [journey.packet]
    is_local = journey.local is not False
    answers = [
        replace(one, source=one.destination, destination=one.source) for one in (*arrived, journey.packet)
    ]
    inward = [("in" if is_local else "fwd", one) for one in arrived]
    return (*inward, *(("out" if is_local else "fwd", one) for one in answers))


def _taken(case: Case, way: Way, direction: str, policy: Policy) -> Finding:
    what = "answers to" if direction == "out" else "packets of"
    does = "blocks" if policy.blocks else "wants IPsec for"
    title = f"Whether other devices get in: a policy of IPsec {does} {what} {case.peer or way.network}"
    detail = "A VPN (strongSwan, Libreswan) sets such policies: plain packets that one is for are dropped."
    return _unsure(way, title, detail, POLICIES.name, policy.text)
