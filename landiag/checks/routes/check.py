"""Does the kernel take where clients come from, and do the answers find their way back to them?"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from landiag.checks import words
from landiag.checks.case import Answer, Case, answer, milder, no_way_in, not_applicable, unread
from landiag.checks.fixes.fix import fix_by
from landiag.checks.routes.by_tunnel import by_tunnel
from landiag.checks.routes.filtered import reverse_path
from landiag.checks.routes.local_routes import local_route
from landiag.checks.routes.lost_inside import lost_inside
from landiag.checks.routes.queued import check_queues
from landiag.checks.routes.strayed import strayed
from landiag.checks.routes.tunnel_peers import not_allowed
from landiag.checks.routes.words import (
    answered_past_us,
    by_other_interface,
    lost_on_other_link,
    no_carrier,
    no_route,
    who,
    wrong_neighbour,
)
from landiag.firewall.engine.surroundings import Way as Decision
from landiag.journey.classes import ClientClass
from landiag.journey.ends import LinkFault, ReplyFault
from landiag.journey.followed import strays_from
from landiag.journey.journey import Journey
from landiag.journey.ownership import has_address
from landiag.journey.reply import find_reply_fault, is_by_other_link
from landiag.journey.routing import lookup
from landiag.journey.ways import Way, client_of
from landiag.model.changes import Sysctl
from landiag.model.facts import IPAddress, Unknown
from landiag.model.numbers import parse_number
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.route import RouteKind
from landiag.model.ruleset import Verdict
from landiag.model.stages import BACK
from landiag.model.terms import StageName, Symptom

_REFUSED_SOURCES = (RouteKind.REVERSE_PATH, RouteKind.OWN_SOURCE)
_UNSURE = (RouteKind.PERHAPS_REVERSE_PATH,)


def check(case: Case) -> Answer:
    """Check the stages of the journey that routes decide: where the client comes from, and the way back."""
    way = case.way
    if way is None:
        return no_way_in(case)
    classes = case.classes.get(way.id, ())
    for read in (case.facts.routes, case.facts.policy_rules):
        if isinstance(read, Unknown):
            return answer([_unreadable(read)], "")
    findings = _of_class(case, way, classes[0]) if classes else []
    codes = {finding.code for finding in findings}
    for one in classes[1:]:
        others = _of_class(case, way, one)
        findings += [
            milder(finding, one.addresses, one.spans) for finding in others if finding.code not in codes
        ]
    findings += _check_conntrack(case)
    back = classes[0].journey.way_back if classes else None
    if not findings and (back is None or back.device is None):
        is_stopped = classes and classes[0].journey.verdict in (Verdict.DROP, Verdict.REJECT)
        return not_applicable(
            "not followed: " + ("nothing gets in" if is_stopped else "what gets in is not known")
        )
    device = None if back is None else back.device
    return answer(findings, f"back to {client_for(case, way) if case.peer else way.network} by {device}")


def _unreadable(unknown: Unknown) -> Finding:
    title = "Whether answers find their way to other devices: the routes could not be read"
    return unread("no-route-to-client", title, unknown)


def client_for(case: Case, way: Way) -> IPAddress:
    """Choose the client that the answer is for: the peer, else one of the subnet's largest class."""
    if case.peer is not None and case.peer.version == way.ip.version:
        return case.peer
    ordinary = next(iter(case.classes.get(way.id, ())), None)
    source = None if ordinary is None else ordinary.journey.packet.source
    return source or client_of(way)


def _of_class(case: Case, way: Way, one: ClientClass) -> list[Finding]:
    """What the journey of a class says of routes."""
    journey = one.journey
    for arrival in journey.arrivals:
        link = strays_from(case.facts, arrival)
        if link is not None:
            return [strayed(case, way, journey.packet, arrival, link)]
    return [*_of_routes(case, way, journey), *_of_queues(case, way, journey)]


def _of_queues(case: Case, way: Way, journey: Journey) -> Iterator[Finding]:
    return check_queues(case, way, who(case, journey.packet.source or client_for(case, way), way), journey)


def _of_routes(case: Case, way: Way, journey: Journey) -> list[Finding]:
    found = [*_source_refused(case, way, journey), *_lost_replies(case, way, journey)]
    found += lost_inside(case, way, journey.packet.source or client_for(case, way), journey)
    found = found or not_allowed(case, way, journey) or list(_not_told(case, way, journey))
    if found or case.facts.os != "linux" or way.landing is not None or journey.lost_reply is not None:
        return found  # what gets lost among containers is told where addresses are
    if is_by_other_link(journey.packet, journey.way_back) and journey.way_back is not None:
        return [by_other_interface(case, way, client_for(case, way), journey.way_back)]
    return []


def _source_refused(case: Case, way: Way, journey: Journey) -> Iterator[Finding]:
    """The kernel does not take packets from where the client is, or answers no ARP question from there."""
    client = journey.packet.source or client_for(case, way)
    stop = next((one for one in journey.stops if one.line.route in (*_REFUSED_SOURCES, *_UNSURE)), None)
    if stop is not None and stop.line.route in _UNSURE:
        title = f"Whether the kernel takes packets from {client} could not be worked out (rp_filter)"
        yield Finding("reverse-path-filter", Outcome.UNKNOWN, title, paths=(way.id,), stage=StageName.ROUTE)
    elif stop is not None and stop.line.route is RouteKind.OWN_SOURCE:
        yield _own_source(case, way, client, journey)
    elif stop is not None and stop.way is not None:
        is_asked = journey.link is LinkFault.REVERSE_PATH
        then = find_reply_fault(case.facts, journey.packet, replace(stop.way, kind=RouteKind.UNICAST))
        yield reverse_path(case, way, client, stop.way, is_asked=is_asked, then=then)


def _own_source(case: Case, way: Way, client: IPAddress, journey: Journey) -> Finding:
    taken = lookup(case.facts, client)
    if not isinstance(taken, Unknown) and taken.route is not None and not has_address(case.facts, client):
        is_asked = journey.link is LinkFault.OWN_SOURCE
        return local_route(case, way, client, taken.route, is_asked=is_asked)
    return Finding(
        code="duplicate-address",
        outcome=Outcome.BLOCKS,
        title=f"This machine has the client's address {client} itself, and drops what comes from it",
        detail="The kernel takes no packet from outside whose sender is one of its own addresses.",
        evidence=(Evidence(words.addresses(case), str(client)),),
        fixes=(
            Fix("Give each device an address of its own", needs="user-action", steps=(
                f"Remove {client} from this machine, or give the client another address.",)),
        ),
        paths=(way.id,),
        stage=StageName.ROUTE,
    )  # fmt: skip


def _lost_replies(case: Case, way: Way, journey: Journey) -> Iterator[Finding]:
    """The answer has no way back, or the wrong one."""
    client = journey.packet.source or client_for(case, way)
    unrouted = _unrouted(journey)
    if unrouted is not None:
        yield no_route(case, way, client, unrouted)
        return
    lost = journey.lost_reply
    if lost is not None and lost.reply is not None and lost.way is not None:
        yield from _lost(case, way, client, lost.reply, lost.way)
    elif journey.way_back is not None and not any(
        one.line.route in _REFUSED_SOURCES for one in journey.stops
    ):
        # What is stopped on its way in has no answer yet; once it gets in, it will have.
        fault = find_reply_fault(case.facts, journey.packet, journey.way_back)
        yield from _lost(case, way, client, fault, journey.way_back)


def _not_told(case: Case, way: Way, journey: Journey) -> Iterator[Finding]:
    """The routes and rules do not say by themselves how the answer leaves."""
    ends = [end for end in journey.ends if end.stage is StageName.REPLY_ROUTE]
    if not any(end.symptom is Symptom.UNKNOWN and end.reply is None and end.stop is None for end in ends):
        return
    client = journey.packet.source or client_for(case, way)
    told = lookup(case.facts, client, source=way.ip)
    reason = told.reason if isinstance(told, Unknown) else "the mark of the answer is not known"
    yield Finding(
        code="no-route-to-client",
        outcome=Outcome.UNKNOWN,
        title=f"Whether answers find their way to {client}: {reason}",
        evidence=(Evidence(words.routes(case), reason),),
        paths=(way.id,),
        symptom=Symptom.UNKNOWN,
    )


def _unrouted(journey: Journey) -> Decision | None:
    """The routing decision that ends an answer; that nothing is forwarded is told where the socket is."""
    ways = (one.way for one in journey.stops if one.leg in BACK)
    return next((one for one in ways if one is not None and one.kind is not RouteKind.NOT_FORWARDED), None)


def _lost(
    case: Case, way: Way, client: IPAddress, fault: ReplyFault | None, back: Decision
) -> Iterator[Finding]:
    if fault is ReplyFault.NO_ROUTE:
        yield no_route(case, way, client, back)
    elif fault is ReplyFault.OTHER_ROUTER:
        yield by_other_interface(case, way, client, back, outcome=Outcome.UNKNOWN)
    elif fault is ReplyFault.PAST_US:
        yield answered_past_us(case, way, client)
    elif fault is ReplyFault.TUNNEL:
        yield by_tunnel(case, way, client, back)
    elif fault is ReplyFault.NO_CARRIER:
        yield no_carrier(case, way, client, back)
    elif fault is ReplyFault.OTHER_LINK:
        yield lost_on_other_link(case, way, client, back)
    elif fault is ReplyFault.WRONG_NEIGHBOUR:
        yield wrong_neighbour(case, way, client, back)


def _check_conntrack(case: Case) -> list[Finding]:
    """Check that the table of connections has room (nf_conntrack-sysctl.rst)."""
    count = case.facts.sysctls.get("net.netfilter.nf_conntrack_count", "")
    most = case.facts.sysctls.get("net.netfilter.nf_conntrack_max", "")
    known, room = parse_number(count), parse_number(most)
    if known is None or not room or known < room:
        return []
    return [
        Finding(
            code="conntrack-full",
            outcome=Outcome.BLOCKS,
            title=f"The kernel's connection table is full ({count} of {most}), so new connections are dropped",
            evidence=(Evidence("sysctl", f"nf_conntrack_count = {count}, nf_conntrack_max = {most}"),),
            fixes=(
                fix_by(
                    "Make the table larger",
                    Sysctl("net.netfilter.nf_conntrack_max", most, str(room * 2)),
                ),
            ),
        )
    ]
