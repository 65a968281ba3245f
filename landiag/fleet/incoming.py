"""The server's half: a client's connection from the link to the socket of a recorded host, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from landiag.checks.firewall.bypasses import directions
from landiag.collect.systemd import unit_sources
from landiag.collect.xfrm import deciding
from landiag.firewall.command import line_json
from landiag.fleet.carried import why_stranded
from landiag.fleet.fate import REACHED, CellVerdict, Fate, blocked, unknown
from landiag.fleet.hosts import Host
from landiag.journey.binding import why_not
from landiag.journey.classes import follow_one
from landiag.journey.ends import End, LinkFault, ReplyFault, see
from landiag.journey.followed import SocketState, socket_at, sockets_at
from landiag.journey.journey import Journey
from landiag.journey.link import find_twin, interface_of
from landiag.journey.queues import carriers
from landiag.journey.ways import Way, choose_ways
from landiag.model.causes.firewall import (
    FIREWALL_DROPS,
    FIREWALL_DROPS_REPLIES,
    FIREWALL_REJECTS,
    FIREWALL_UNREADABLE,
    OTHER_FIREWALL,
    RATE_LIMITED,
    SANDBOX_DENIES,
)
from landiag.model.causes.listening import (
    ACCEPT_QUEUE_FULL,
    BOUND_TO_LOOPBACK,
    NOTHING_LISTENING,
    PORT_NOT_FORWARDED,
    PORT_REDIRECTED,
)
from landiag.model.causes.network import (
    CONNTRACK_FULL,
    DUPLICATE_ADDRESS,
    LINK_DOWN,
    NO_ROUTE_TO_CLIENT,
    REVERSE_PATH_FILTER,
    SUBNET_OVERLAP,
    VPN_TAKES_REPLIES,
    WRONG_ADDRESS,
)
from landiag.model.facts import IPAddress, Socket, Unknown
from landiag.model.host import Facts
from landiag.model.match import UnknownKind
from landiag.model.report import Target
from landiag.model.route import RouteKind
from landiag.model.ruleset import TraceLine, Verdict
from landiag.model.terms import Leg, StageName, Symptom

_LINKS = {
    LinkFault.NO_CARRIER: LINK_DOWN.code,
    LinkFault.PORT: LINK_DOWN.code,
    LinkFault.REVERSE_PATH: REVERSE_PATH_FILTER.code,
    LinkFault.OWN_SOURCE: DUPLICATE_ADDRESS.code,
    LinkFault.SAME_MAC: DUPLICATE_ADDRESS.code,
}
_REPLIES = {ReplyFault.TUNNEL: VPN_TAKES_REPLIES.code, ReplyFault.CONTAINERS: SUBNET_OVERLAP.code}
_ROUTES = {
    RouteKind.REVERSE_PATH: REVERSE_PATH_FILTER.code,
    RouteKind.PERHAPS_REVERSE_PATH: REVERSE_PATH_FILTER.code,
    RouteKind.OWN_SOURCE: DUPLICATE_ADDRESS.code,
}
_INWARD = (Leg.SYN, Leg.DATA, Leg.QUESTION)


_OF_ADDRESS = (LinkFault.NOT_HERE, LinkFault.ARP_IGNORE, LinkFault.ARP_FILTER)
"""Faults of the search for the address itself, which a client that sends to a gateway does not make."""


def judge_incoming(
    host: Host, address: IPAddress, port: int, client: IPAddress, *, by_gateway: bool = False
) -> Fate:
    """Follow a client's connection to an address and port of a host, whatever the client's own host does.

    ``by_gateway`` when the client's host is known to send it to a gateway.
    """
    facts = host.facts
    if facts is None:
        return unknown(host.problem)
    ways = choose_ways(facts, host.ways, Target(port=port, address=str(address)), client)
    if not ways or address not in (ways[0].ip, ways[0].client_ip):
        return blocked(WRONG_ADDRESS.code, f"{host.name} does not have {address}", Symptom.UNREACHABLE)
    way = ways[0]
    journey = follow_one(facts, way, client, port)
    if isinstance(journey, Unknown):
        return unknown(
            f"the firewall of {host.name} could not be read: {journey.reason}", FIREWALL_UNREADABLE.code
        )
    if by_gateway and journey.link in _OF_ADDRESS:
        journey = replace(journey, link=None, ends=journey.ends[1:], sight=see(journey.ends[1:]))
    fate = _judge(host, facts, way, port, journey)
    if fate.verdict is not CellVerdict.BLOCKED:
        fate = _beside_rules(host, facts, way, journey) or fate
    is_inner = address in host.inner and client not in way.network
    return _behind_another(host, way, fate) if is_inner else fate


def _behind_another(host: Host, way: Way, fate: Fate) -> Fate:
    """Nobody comes to such an address by itself, and what the machine in front passes on is not in the recording."""
    if fate.verdict is CellVerdict.NO_LISTENER:
        return fate
    return unknown(
        f"{host.name} has {way.ip} behind another machine (its host's NAT): what that passes on is not recorded here",
        PORT_NOT_FORWARDED.code,
    )


def _beside_rules(host: Host, facts: Facts, way: Way, journey: Journey) -> Fate | None:
    """What sees packets beside every rule, and cannot be judged, leaves open what the rules let pass."""
    for device in carriers(facts, way.interface):
        if device.name in host.filtered:
            return unknown(f"a program sees packets on {device.name} before any rule", OTHER_FIREWALL.code)
    if isinstance(host.policies, Unknown):
        return unknown(f"{host.name}: {host.policies.reason}", OTHER_FIREWALL.code)
    for direction, packet in directions(journey) if host.policies else ():
        policy = deciding(host.policies, direction, packet)
        if policy is not None:
            return unknown(f"{host.name}: a policy of IPsec takes it ({policy.text})", OTHER_FIREWALL.code)
    return None


def _judge(host: Host, facts: Facts, way: Way, port: int, journey: Journey) -> Fate:
    if journey.link is not None:
        detail = f"{host.name} does not answer the search for its hardware address ({journey.link.value})"
        return blocked(
            _LINKS.get(journey.link, WRONG_ADDRESS.code), detail, Symptom.UNREACHABLE, leg=Leg.QUESTION
        )
    twin = find_twin(facts, way.interface)
    if twin is not None:
        detail = f"{twin.address} has the hardware address of {host.name}: the network delivers to either"
        return blocked(DUPLICATE_ADDRESS.code, detail, Symptom.VARIES)
    if _is_full(facts):
        return blocked(CONNTRACK_FULL.code, f"the table of connections of {host.name} is full")
    if journey.verdict is not Verdict.ACCEPT:
        return _filtered(host, facts, way, port, journey)
    return _arrived(host, facts, way, port, journey)


def _is_full(facts: Facts) -> bool:
    count = facts.sysctls.get("net.netfilter.nf_conntrack_count", "")
    most = facts.sysctls.get("net.netfilter.nf_conntrack_max", "")
    return count.isdigit() and most.isdigit() and 0 < int(most) <= int(count)


def _filtered(host: Host, facts: Facts, way: Way, port: int, journey: Journey) -> Fate:
    """Rules or routes stop it, or may."""
    line, symptom = journey.decided_by, journey.sight.symptom
    decided = rule_json(host, facts, journey)
    text = "" if line is None else line.rule_text
    is_passing = any(end.stop is None for end in journey.ends)
    if is_passing and symptom not in (Symptom.UNKNOWN, Symptom.VARIES):
        # A limit that an ordinary visit stays below; or a part is stopped, and the rest is not answered either.
        return _arrived(host, facts, way, port, journey)
    if symptom is Symptom.UNKNOWN:
        gaps = any(d.kind is UnknownKind.UNREADABLE for one in journey.unknown for d in one.doubts)
        cause = FIREWALL_UNREADABLE.code if gaps else None
        return unknown(f"{host.name}: it hangs on what nobody knows here ({text})", cause, decided)
    if symptom is Symptom.VARIES:
        return blocked(
            RATE_LIMITED.code, f"{host.name} stops a part of the connections ({text})", symptom, decided
        )
    return blocked(_code_of(journey, line), f"{host.name}: {text}", symptom, decided, journey.leg)


def _code_of(journey: Journey, line: TraceLine | None) -> str:
    """The code of what stops a conversation."""
    if line is not None and line.route is not None:
        inward = _ROUTES.get(
            line.route, PORT_NOT_FORWARDED.code if journey.leg == Leg.SYN else NO_ROUTE_TO_CLIENT.code
        )
        return inward if journey.leg in _INWARD else NO_ROUTE_TO_CLIENT.code
    if journey.leg not in _INWARD:
        return FIREWALL_DROPS_REPLIES.code
    return FIREWALL_REJECTS.code if journey.verdict is Verdict.REJECT else FIREWALL_DROPS.code


def _arrived(host: Host, facts: Facts, way: Way, port: int, journey: Journey) -> Fate:
    """The packets pass every rule: which socket takes them, and does the answer find back?"""
    if any(socket_at(facts, one) is SocketState.UNKNOWN for one in journey.arrivals) or not journey.arrivals:
        return unknown(f"{host.name}: nobody could tell what listens where the connection comes out")
    arrived = (one for one in journey.ends if one.stop is None)
    end = next((one for one in arrived if one.symptom is not Symptom.ANSWERED), None)
    if end is None:
        served = [one for arrival in journey.arrivals for one in sockets_at(facts, arrival) or ()]
        stranded = why_stranded(facts, served)
        if stranded is not None:
            detail = f"{host.name} carries it into a container, where nothing takes it"
            return blocked(stranded, detail, Symptom.RESET, leg=Leg.DATA)
        return _admitted(host, served, journey)
    symptom = journey.sight.symptom
    if symptom is Symptom.UNKNOWN:
        return unknown(f"{host.name}: it may end at the {end.stage.value}")
    if end.stage is StageName.SOCKET:
        return _not_taken(host, facts, way, port, journey)
    return _lost(host, end, symptom)


def _lost(host: Host, end: End, symptom: Symptom) -> Fate:
    if end.stage is StageName.ACCEPT_QUEUE:
        return blocked(ACCEPT_QUEUE_FULL.code, f"{host.name} does not accept its connections", symptom)
    if end.reply is not None:
        code = _REPLIES.get(end.reply, NO_ROUTE_TO_CLIENT.code)
        return blocked(
            code, f"the answer of {host.name} is lost ({end.reply.value})", symptom, leg=Leg.SYN_ACK
        )
    detail = f"{host.name}: it ends at the {end.stage.value}"
    return blocked(NO_ROUTE_TO_CLIENT.code, detail, symptom, leg=Leg.SYN_ACK)


def _not_taken(host: Host, facts: Facts, way: Way, port: int, journey: Journey) -> Fate:
    """No socket takes it: none is there, or those that are serve others."""
    symptom = journey.sight.symptom
    if journey.translated is not None:
        there = f"{journey.translated.ip} port {journey.translated.port}"
        detail = f"{host.name} sends it to {there}, where nothing answers"
        return blocked(PORT_REDIRECTED.code, detail, symptom)
    known = () if isinstance(facts.sockets, Unknown) else facts.sockets
    others = [one for one in known if one.port == port]
    if not others:
        return Fate(
            CellVerdict.NO_LISTENER, NOTHING_LISTENING.code, None, f"nothing listens on {host.name}", symptom
        )
    link = interface_of(facts, journey.packet.in_interface) or way.interface
    codes = [why_not(one, link) for one in others]
    code = next((one for one in codes if one != BOUND_TO_LOOPBACK.code), codes[0])
    return blocked(code, f"{host.name} listens for others than this address", symptom)


def _admitted(host: Host, served: Iterable[Socket], journey: Journey) -> Fate:
    """What systemd lets the servers' units talk to (IPAddressDeny)."""
    client = journey.packet.source
    for unit in unit_sources(served):
        lists = host.lists.get(unit.name)
        if lists is None or client is None:
            continue
        if not lists.admits(client):
            return blocked(SANDBOX_DENIES.code, f"{host.name}: {unit.name} may not talk to {client}")
        if lists.keeper(journey.packet.in_interface or "") is not None and host.keeps_interfaces is not False:
            detail = f"{host.name}: {unit.name} may take nothing from this interface"
            if host.keeps_interfaces is None:
                return unknown(detail, SANDBOX_DENIES.code)
            return blocked(SANDBOX_DENIES.code, detail)
        if lists.programs:
            return unknown(f"{host.name}: {unit.name} has a BPF program of its own", OTHER_FIREWALL.code)
    return REACHED


def rule_json(host: Host, facts: Facts, journey: Journey) -> dict[str, Any] | None:
    """The rule that decides, with its host; None where no rule does."""
    line = journey.decided_by
    if line is None or line.chain is None or isinstance(facts.ruleset, Unknown):
        return None
    return {"host": host.name, **line_json(facts.ruleset, line, journey.lines)}
