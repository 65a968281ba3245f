"""Findings about routes: what the kernel decides for a client's packet and for the answer, in words and commands."""

from __future__ import annotations

from ipaddress import ip_network

from msgspec.structs import replace

from landiag.checks import words
from landiag.checks.case import Case
from landiag.checks.destination import destination_of
from landiag.checks.fixes.fix import fix_by
from landiag.firewall.engine.surroundings import Way as Decision
from landiag.journey.journey import follow
from landiag.journey.ways import Way
from landiag.model.actions import Lasts
from landiag.model.changes import MainTableRule, RefusingRoute, UnicastRoute
from landiag.model.facts import Family, IPAddress, IPNetwork, Unknown
from landiag.model.host import Facts
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.route import REFUSING, PolicyRule, Route, RouteKind
from landiag.model.terms import StageName, Symptom


def who(case: Case, client: IPAddress, way: Way) -> str:
    """The clients that a sentence is about: the one that was named, or all of the network."""
    if client == case.peer:
        return f"the device at {client}"
    return "other devices" if _is_alone(way) else f"devices in {way.network}"


def describe(decision: Decision, client: IPAddress, source: IPAddress) -> str:
    """Write a decision the way ``ip route get`` does, with the rule and the table that led to it."""
    parts = [f"{client} from {source}:"]
    if decision.rule is not None:
        parts.append(f"rule {decision.rule.priority}")
    if decision.route is not None:
        parts.append(f"table {decision.route.table}: {decision.route.destination}")
    is_plain = decision.kind in (RouteKind.UNICAST, RouteKind.LOCAL)
    parts.append(f"dev {decision.device}" if is_plain else decision.kind.value)
    if decision.gateway is not None:
        parts.append(f"via {decision.gateway}")
    return " ".join(parts)


def evidence_of(case: Case, way: Way, client: IPAddress, decision: Decision) -> Evidence:
    """Show a decision and where it was read."""
    return Evidence(words.routes(case), describe(decision, client, way.ip))


def no_route(case: Case, way: Way, client: IPAddress, decision: Decision) -> Finding:
    """The answer is thrown away: no route, or one that refuses."""
    kind = "there is no route"
    if decision.kind is not RouteKind.NONE:
        kind = f"the route is set to {decision.kind.value}"
    elif _is_alone(way):
        kind = (
            f"the address has the prefix length {way.network.prefixlen}, which makes it a network of its own"
        )
    return Finding(
        code="no-route-to-client",
        outcome=Outcome.BLOCKS,
        title=f"Answers to {who(case, client, way)} can't get back: {kind}",
        detail="The client's packets arrive, and the answers are thrown away here.",
        evidence=(evidence_of(case, way, client, decision),),
        fixes=(open_route(case, way, client, decision),),
        paths=(way.id,),
        stage=StageName.REPLY_ROUTE,
        symptom=Symptom.TIMEOUT,
    )


def _is_alone(way: Way) -> bool:
    """Whether the address is the only one of its network."""
    return way.network.num_addresses == 1


_WANTED = "it was added on purpose (by a VPN's kill switch, for example)"
_KEPT = "what refuses them may have been added on purpose (by a VPN's kill switch, for example)"


def open_route(case: Case, way: Way, client: IPAddress, decision: Decision) -> Fix:
    """Take away what refuses the answers."""
    title = "Give the answers a route"
    refusing = decision.route if decision.kind in REFUSING else None
    if refusing is not None and case.facts.os != "linux":
        delete, add = words.refusing_route(refusing)
        return Fix(title, (delete,), (add,), "root", risk=_WANTED, lasts=Lasts.UNTIL_RESTART)
    if refusing is not None:
        change = RefusingRoute(refusing.kind, str(refusing.destination), refusing.table)
        return fix_by(title, change, verified=returns_without(case, way, refusing), risk=_WANTED)
    if decision.rule is not None and decision.rule.action in REFUSING:
        ahead = rule_ahead(case, way, network_of(way, client), decision)
        if ahead is not None:
            return fix_by(title, ahead, verified=True, risk=_KEPT)
        family = "-6 " if decision.rule.family is Family.IPV6 else ""
        command = f"ip {family}rule del pref {decision.rule.priority}"
        return Fix(title, (command,), needs="root", risk=_WANTED, lasts=Lasts.UNTIL_RESTART)
    step = f"Add a route to {client}'s network, or a default gateway."
    if _is_alone(way):
        step = (
            f"Give {way.ip} the prefix length of its network (often 24) on {way.interface.name}, or a route to that "
            "network."
        )
    return Fix(title, needs="user-action", steps=(step,))


def network_of(way: Way, client: IPAddress) -> IPNetwork:
    """What answers to a client should find: the way's network where the client is on it, else the client alone."""
    return way.network if client in way.network else ip_network(client)


def rule_ahead(case: Case, way: Way, wanted: IPNetwork, decision: Decision) -> MainTableRule | None:
    """A rule ahead of the deciding one that sends what goes to ``wanted`` by the main table.

    None where answers do not find their way back with it, or no place is left for it.
    """
    rules, priority = case.facts.policy_rules, decision.rule.priority - 1 if decision.rule else 0
    if isinstance(rules, Unknown) or priority <= 0:
        return None
    added = PolicyRule(priority, way.family, table="main", destination=wanted)
    ordered = tuple(sorted((*rules, added), key=lambda one: one.priority))
    changed = replace(case.facts, policy_rules=ordered)
    return MainTableRule(str(wanted), priority) if returns(case, way, changed) else None


def returns_without(case: Case, way: Way, route: Route) -> bool | None:
    """Whether answers find their way back once a route is gone, by the same journey; None where they do not."""
    known = () if isinstance(case.facts.routes, Unknown) else case.facts.routes
    return returns(case, way, replace(case.facts, routes=tuple(one for one in known if one != route)))


def returns(case: Case, way: Way, facts: Facts) -> bool | None:
    """Whether the ordinary clients' answers find their way back with these facts; None where they do not."""
    journey = follow(facts, case.classes[way.id][0].journey.packet)
    if isinstance(journey, Unknown) or journey.lost_reply is not None or journey.link is not None:
        return None
    return None if any(stop.line.route is not None for stop in journey.stops) else True


def no_carrier(case: Case, way: Way, client: IPAddress, decision: Decision) -> Finding:
    """The answer leaves by an interface without a link."""
    return _misled(
        case, way, client, decision,
        f"Answers to {who(case, client, way)} leave by {decision.device}, which has no link",
        "The client's packets arrive, and the answers go to an interface without cable or Wi-Fi.",
    )  # fmt: skip


def lost_on_other_link(case: Case, way: Way, client: IPAddress, decision: Decision) -> Finding:
    """The answer is sent to a link where the client is not."""
    return _misled(
        case, way, client, decision,
        f"Answers to {who(case, client, way)} leave by {decision.device}, but they are on {way.interface.name}",
        f"On {decision.device} no device answers for their addresses, so the answers are never sent.",
    )  # fmt: skip


def _misled(case: Case, way: Way, client: IPAddress, decision: Decision, title: str, detail: str) -> Finding:
    return Finding(
        code="no-route-to-client",
        outcome=Outcome.BLOCKS,
        title=title,
        detail=detail,
        evidence=(evidence_of(case, way, client, decision),),
        fixes=(drop_route(case, way, decision),),
        paths=(way.id,),
        stage=StageName.REPLY_ROUTE,
        symptom=Symptom.TIMEOUT,
    )


def drop_route(case: Case, way: Way, decision: Decision) -> Fix:
    """Take the route away that misleads the answers, where it is one of its own."""
    route = decision.route
    risk = f"what else uses that route no longer reaches {route.destination if route else 'it'} by it"
    if (
        route is None
        or case.facts.os != "linux"
        or route.table in ("local", "255")
        or is_of_address(case, route)
    ):
        step = f"Remove or correct the route by {decision.device} that covers the clients' network."
        return Fix("Correct the route", needs="user-action", steps=(step,))
    verified = returns_without(case, way, route)
    return fix_by("Remove the route that leads there", removed(route), verified=verified, risk=risk)


def removed(route: Route) -> UnicastRoute:
    """The change that takes a route away."""
    gateway = None if route.gateway is None else str(route.gateway)
    return UnicastRoute(str(route.destination), gateway, route.device, route.metric, route.table)


def is_of_address(case: Case, route: Route) -> bool:
    """Whether it is the route that an own address brings: without it that address's neighbours are lost."""
    known = () if isinstance(case.facts.interfaces, Unknown) else case.facts.interfaces
    mine = (address for one in known if one.name == route.device for address in one.addresses)
    return route.gateway is None and any(one.network == route.destination for one in mine)


def wrong_neighbour(case: Case, way: Way, client: IPAddress, decision: Decision) -> Finding:
    """A fixed neighbour entry sends the answers to a wrong hardware address."""
    hop = decision.gateway or client
    return Finding(
        code="no-route-to-client",
        outcome=Outcome.BLOCKS,
        title=f"Answers to {who(case, client, way)} go to a wrong hardware address, by a fixed neighbour entry",
        detail="A fixed (PERMANENT) entry is used without asking the network who has the address.",
        evidence=(Evidence(words.neighbours(case), f"{hop} dev {decision.device} PERMANENT"),),
        fixes=(
            Fix(
                "Remove the entry, so that the network is asked",
                (f"ip neigh del {hop} dev {decision.device}",),
                needs="root",
                risk="the entry was set on purpose",
            ),
        ),
        paths=(way.id,),
        stage=StageName.REPLY_ROUTE,
        symptom=Symptom.TIMEOUT,
    )


def answered_past_us(case: Case, way: Way, client: IPAddress) -> Finding:
    """A translation leads to a neighbour of the client, which answers by its own address, past this machine."""
    destination = destination_of(case, way)
    where = f"{destination.ip}:{destination.port}"
    step = f"Masquerade what is sent to {destination.ip} (POSTROUTING), or let clients connect to {where} directly."
    return Finding(
        code="port-redirected",
        outcome=Outcome.BLOCKS,
        title=f"Port {case.port} is sent to {where}, which answers {who(case, client, way)} past this machine",
        detail="The client gets an answer from an address that it never asked, and throws it away.",
        evidence=(Evidence("firewall", destination.rule_text),),
        fixes=(Fix("Let the answers come back by this machine", needs="user-action", steps=(step,)),),
        paths=(way.id,),
        stage=StageName.REPLY_ROUTE,
        symptom=Symptom.TIMEOUT,
    )


def by_other_interface(
    case: Case, way: Way, client: IPAddress, decision: Decision, outcome: Outcome = Outcome.WARNS
) -> Finding:
    """The answer leaves by another interface: a warning in one network, unknown where a router has to pass it on."""
    return Finding(
        code="no-route-to-client",
        outcome=outcome,
        title=f"Answers to {who(case, client, way)} leave by {decision.device}, not by {way.interface.name}, by "
        f"which the packets come",
        detail="That works where both lead to the same network, and fails where a router or firewall between checks.",
        evidence=(evidence_of(case, way, client, decision),),
        paths=(way.id,),
        stage=StageName.REPLY_ROUTE,
    )
