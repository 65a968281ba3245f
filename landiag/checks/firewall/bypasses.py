"""What takes packets before or beside every rule: XDP programs, traffic control, policies of IPsec."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.collect.bpf import ATTACHED, parse_attached
from landiag.collect.queues import class_filters, egress_filters, ingress_filters, plan_filters
from landiag.collect.xfrm import POLICIES, Policy, deciding, parse_policies, sign_of_use
from landiag.journey.journey import Journey
from landiag.journey.link import interface_of
from landiag.journey.queues import carriers
from landiag.journey.ways import Way
from landiag.model.facts import Command, Interface, ReadStatus, Unknown
from landiag.model.packet import Packet
from landiag.model.regex import regex
from landiag.model.report import Evidence, Finding, Fix, Outcome

_NOT_THERE = (ReadStatus.MISSING, ReadStatus.NOT_RECORDED)
"""No tc on the machine, or a recording of a landiag that did not ask for it."""

_ACTS = regex(r"\b(?:action|police|direct-action)\b")
_DETAIL = "What is attached there sees packets beside every rule, and may drop them."


def check_bypasses(case: Case, way: Way) -> list[Finding]:
    """Find what sees packets beside the rules and cannot be judged: XDP programs and traffic control filters."""
    comes_by = carriers(case.facts, way.interface)
    leaves_by = tuple(one for device in _ways_out(case, way) for one in carriers(case.facts, device))
    found = [
        (f"an XDP program is attached to {one.name}, and can't be judged", "ip -d addr", f"{one.name}: xdp")
        for one in comes_by
        if one.xdp
    ]
    found += [doubt for one in comes_by for doubt in _filters(case, one, ingress_filters(one.name))]
    found += [doubt for one in leaves_by for doubt in _filters(case, one, egress_filters(one.name))]
    found += [doubt for one in leaves_by for doubt in _filters(case, one, class_filters(one.name))]
    found += _programs(case, {one.name for one in (*comes_by, *leaves_by)})
    unsure = [_unsure(way, f"Whether every packet gets through: {what}", _DETAIL, source, text)
              for what, source, text in dict.fromkeys(found)]  # fmt: skip
    return [*unsure, *_check_ipsec(case, way)]


def _programs(case: Case, devices: set[str]) -> Iterator[tuple[str, str, str]]:
    """BPF programs that no other list shows, at these interfaces or in netfilter's hooks; only bpftool tells them."""
    known = case.parse(ATTACHED, parse_attached)
    for one in known if isinstance(known, tuple) else ():
        if one.device is None or one.device in devices:
            where = "the kernel's packet filter" if one.device is None else one.device
            what = f"a BPF program is attached to {where} ({one.kind}), and can't be judged"
            yield what, ATTACHED.name, f"{where}: {one.kind}"


def may_lose(case: Case, device: Interface) -> bool:
    """Whether what comes in by an interface may be lost beside every rule."""
    return any(
        one.xdp or next(_filters(case, one, ingress_filters(one.name)), None) is not None
        for one in carriers(case.facts, device)
    )


def _ways_out(case: Case, way: Way) -> Iterator[Interface]:
    """The interfaces by which answers to the clients leave; that of the way in where no answer was followed."""
    journeys = [one.journey for one in case.classes.get(way.id, ())[:1]]
    names = {way.interface.name, *(one.way_back.device for one in journeys if one.way_back is not None)}
    links = (interface_of(case.facts, name) for name in sorted(filter(None, names)))
    return (one for one in links if one is not None)


def _filters(case: Case, device: Interface, source: Command) -> Iterator[tuple[str, str, str]]:
    """What is not known of an interface's filters: those of classes drop only by an action."""
    reading = case.readings.get(source.name)
    if reading is None:
        if _has_filters(case, device, source):
            yield (
                f"{device.name}'s traffic control filters were not listed", source.name, "too many interfaces"
            )  # fmt: skip
        return
    filters = case.parse(source, str.strip)
    if isinstance(filters, Unknown):
        if reading.status not in _NOT_THERE:
            what = f"{device.name}'s traffic control filters could not be listed"
            yield what, source.name, filters.reason
    elif filters and (source != class_filters(device.name) or _ACTS.search(filters)):
        what = f"a traffic control filter is attached to {device.name}, and can't be judged"
        yield what, source.name, filters.splitlines()[0].strip()


def _has_filters(case: Case, device: Interface, source: Command) -> bool:
    """Whether the interface's queues are such that the source would have been asked."""
    known = case.facts.queues
    mine = tuple(one for one in known if one.device == device.name) if isinstance(known, tuple) else ()
    return source in plan_filters(mine)


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
    if reading is None or reading.status in (*_NOT_THERE, ReadStatus.NOT_LOADED):
        return []
    if reading.status is ReadStatus.DENIED:
        return list(_ipsec_in_use(case, way))
    policies = case.parse(POLICIES, parse_policies)
    if isinstance(policies, Unknown):
        title = "Whether every packet gets in: the policies of IPsec could not be listed"
        return [_unsure(way, title, "", POLICIES.name, policies.reason)]
    journey = next((one.journey for one in case.classes.get(way.id, ())), None)
    if journey is None or policies is None:
        return []
    asked = ((direction, deciding(policies, direction, packet)) for direction, packet in directions(journey))
    return [_taken(case, way, direction, policy) for direction, policy in asked if policy is not None][:1]


def _ipsec_in_use(case: Case, way: Way) -> Iterator[Finding]:
    """Where only root may list the policies: unknown where something shows that there are some, as on few machines."""
    sign = sign_of_use(case.readings)
    if sign is not None:
        title = "Whether every packet gets through: IPsec is in use, and only root may list its policies"
        found = _unsure(way, title, "", sign, "IPsec counts packets, or negotiates keys")
        again = f"{case.machine.landiag} {case.asks_again}"
        yield replace(found, fixes=(Fix("Look again as root", (again,), needs="root"),))


def directions(journey: Journey) -> tuple[tuple[str, Packet], ...]:
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
