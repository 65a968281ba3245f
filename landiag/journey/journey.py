"""One client's attempt followed from the link to the server's socket and back: every end that is possible."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.engine.conversation import Arrival, Conversation
from landiag.firewall.engine.crossing import Stopped
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.neighbours import Seeker
from landiag.firewall.engine.packets import reset_to
from landiag.firewall.engine.surroundings import Way
from landiag.journey.binding import bind_among
from landiag.journey.ends import End, LinkFault, ReplyFault, Sight, end_of_stop, see
from landiag.journey.inside import device_inside, facts_inside, namespace_with
from landiag.journey.link import find_link_fault, interface_of
from landiag.journey.reply import find_reply_fault
from landiag.journey.surroundings import ETHERNET_TYPE, HostSurroundings
from landiag.model.facts import Socket, Unknown
from landiag.model.host import Facts
from landiag.model.match import Doubt, UnknownKind
from landiag.model.packet import IPAddress, Packet
from landiag.model.route import RouteKind
from landiag.model.ruleset import Ruleset, TraceLine, Verdict
from landiag.model.terms import StageName, Symptom


class Translated(Struct, frozen=True):
    """Where a translation sends the connection. ``rule_text`` is the rule that does it."""

    ip: IPAddress
    port: int
    rule_text: str


class SocketState(Enum):
    """What takes the packet where it comes out."""

    SERVED = "served"
    NONE = "none"
    FULL = "full"  # its accept queue takes no more
    UNKNOWN = "unknown"


class Journey(Struct, frozen=True):
    """What becomes of a client's attempt.

    ``verdict`` is the packet filters': it accepts only when every packet passes for certain. ``decided_by`` is the
    line that decides, ``leg`` the packet that it stops (``question reply syn syn-ack data answer``; None when all
    pass). ``stops`` are all the ends that they can make, ``unknown`` the lines that leave it open.
    ``translated``, ``local``, ``way`` (the routing decision), ``way_back`` (that for the answer) and
    ``out_interface`` are those of the only place where the packet comes out; None where several are possible, or
    nobody knows. ``arrivals`` are all of them. ``link`` is why the client cannot find this host, ``ends`` are all
    ends of the whole attempt, ``sight`` is what the client sees of them.
    """

    packet: Packet
    verdict: Verdict
    lines: tuple[TraceLine, ...]
    stops: tuple[Stopped, ...]
    decided_by: TraceLine | None
    reject_with: str | None
    leg: str | None
    unknown: tuple[TraceLine, ...]
    translated: Translated | None
    local: bool | None
    way: Way | None
    way_back: Way | None
    out_interface: str | None
    arrivals: tuple[Arrival, ...] = ()
    link: LinkFault | None = None
    ends: tuple[End, ...] = ()
    sight: Sight = Sight(Symptom.UNKNOWN)

    @property
    def lost_reply(self) -> End | None:
        """The end at which the answer does not find its way back to the client; None where it does."""
        return next((end for end in self.ends if end.reply is not None), None)

    @property
    def route_stop(self) -> Stopped | None:
        """The routing decision that ends the attempt for certain; None where none does."""
        return next((one for one in self.stops if one.line.route is not None and not one.doubts), None)


def follow(facts: Facts, packet: Packet) -> Journey | Unknown:
    """Follow the attempt that a packet begins; Unknown where no ruleset could be read at all."""
    if isinstance(facts.ruleset, Unknown):
        return facts.ruleset
    return follow_through(facts, facts.ruleset, packet)


def follow_through(facts: Facts, ruleset: Ruleset, packet: Packet) -> Journey:
    """Follow a packet through another ruleset than the host's own (with a fix applied)."""
    loose = facts.sysctls.get("net.netfilter.nf_conntrack_tcp_loose", "1") != "0"
    around = HostSurroundings(facts, packet)
    follower = Follower(ruleset, around, facts.now, loose, visits=True)
    told = follower.follow(packet)
    ends = tuple(_ends(facts, follower, told, packet))
    if facts.os == "linux" and _is_neighbour(facts, around, packet):
        found = Seeker(ruleset, around, facts.now).seek(packet)
        # Who cannot find the hardware address never sends the packet, whatever else would become of it.
        unfound = tuple(end_of_stop(stop) for stop in found.stops) if found.verdict is Verdict.DROP else ()
        if found.verdict is not Verdict.ACCEPT and told.verdict is Verdict.ACCEPT:
            found.arrivals = told.arrivals
            return _journey(packet, found, None, unfound or tuple(_ends(facts, follower, found, packet)))
        ends = unfound or ends
    return _journey(packet, told, find_link_fault(facts, around, packet), ends)


def _journey(packet: Packet, told: Conversation, link: LinkFault | None, ends: tuple[End, ...]) -> Journey:
    arrival = told.arrivals[0] if len(told.arrivals) == 1 else None
    if link is not None:
        ends = (End(StageName.LINK, Symptom.UNREACHABLE, link=link), *ends)
    return Journey(
        packet=packet,
        verdict=told.verdict,
        lines=told.lines,
        stops=told.stops,
        decided_by=told.decided_by,
        reject_with=told.reject_with,
        leg=told.leg,
        unknown=told.unknown,
        translated=translated_by(arrival),
        local=arrival.local if arrival else None,
        way=arrival.way if arrival else None,
        way_back=arrival.back if arrival else None,
        out_interface=arrival.device if arrival else None,
        arrivals=told.arrivals,
        link=link,
        ends=ends,
        sight=see(ends[:1] if link is not None else ends),
    )


def translated_by(arrival: Arrival | None) -> Translated | None:
    """Where a translation sends the connection that comes out there; None where none does, or nobody knows."""
    if arrival is None or arrival.translated is None:
        return None
    packet = arrival.packet
    if packet.destination is None or packet.destination_port is None:
        return None
    return Translated(packet.destination, packet.destination_port, arrival.translated.rule_text)


def _is_neighbour(facts: Facts, around: HostSurroundings, packet: Packet) -> bool:
    """Whether the client asks for this host's hardware address itself: it is on the interface's own network."""
    found = interface_of(facts, packet.in_interface)
    if found is None or around.interface_type(found.name) != ETHERNET_TYPE or packet.source is None:
        return False
    return any(packet.source in one.network for one in found.addresses)


def _ends(facts: Facts, follower: Follower, told: Conversation, packet: Packet) -> Iterator[End]:
    """Every end of an attempt behind the link."""
    for stop in told.stops:
        if stop.arrival is None:
            yield _end_of_refusal(facts, follower, packet, stop) or end_of_stop(stop)
    if told.arrived:
        for index, arrival in enumerate(told.arrivals):
            here = [stop for stop in told.stops if stop.arrival == index]
            yield from _ends_at(facts, follower, packet, replace(arrival), index, here)
    if follower.ruleset.gaps and told.arrived:
        gap = follower.ruleset.gaps[0]
        yield End(StageName.INPUT, Symptom.UNKNOWN, (Doubt(UnknownKind.UNREADABLE, gap.reason),), None)


def _end_of_refusal(facts: Facts, follower: Follower, packet: Packet, stop: Stopped) -> End | None:
    """The end of a rejection whose RST or ICMP error this host routes, where that is lost behind its rules."""
    chain = stop.line.chain
    if stop.verdict is not Verdict.REJECT or (chain is not None and chain.family in ("netdev", "bridge")):
        return None  # those two are handed to the device itself (nft_reject_netdev.c, nft_reject_bridge.c)
    fault = find_reply_fault(facts, packet, follower.around.way_back(reset_to(packet), 0))
    if fault is None:
        return None
    return replace(end_of_stop(stop), symptom=_symptom_of_loss(fault))


def _symptom_of_loss(fault: ReplyFault) -> Symptom:
    return Symptom.UNKNOWN if fault is ReplyFault.OTHER_ROUTER else Symptom.TIMEOUT


def _ends_at(
    facts: Facts, follower: Follower, packet: Packet, arrival: Arrival, index: int, stops: list[Stopped]
) -> Iterator[End]:
    """The ends of the connections that come out at one place."""
    doubts, share = arrival.doubts, arrival.share
    state, inner = socket_at(facts, arrival), _fault_inside(facts, arrival)
    if _is_answered_past_us(facts, packet, arrival):
        fault = ReplyFault.PAST_US
        yield End(
            StageName.REPLY_ROUTE, Symptom.TIMEOUT, doubts, share, reply=fault, way=arrival.way, arrival=index
        )
    elif inner is not None:
        yield End(inner, Symptom.TIMEOUT, doubts, share, arrival=index)
    elif state is SocketState.NONE:
        for symptom in _refused(facts, follower, packet, arrival):
            yield End(StageName.SOCKET, symptom, doubts, share, arrival=index)
    elif state is SocketState.FULL:
        aborts = facts.sysctls.get("net.ipv4.tcp_abort_on_overflow") == "1"
        symptom = Symptom.RESET if aborts else Symptom.TIMEOUT
        yield End(StageName.ACCEPT_QUEUE, symptom, doubts, share, arrival=index)
    else:
        yield from _ends_of_reply(facts, packet, arrival, index, stops)


def _ends_of_reply(
    facts: Facts, packet: Packet, arrival: Arrival, index: int, stops: list[Stopped]
) -> Iterator[End]:
    fault = find_reply_fault(facts, packet, arrival.back)
    if fault is not None:
        yield End(
            StageName.REPLY_ROUTE, _symptom_of_loss(fault), arrival.doubts, arrival.share,
            reply=fault, way=arrival.back, arrival=index,
        )  # fmt: skip
        return
    yield from (end_of_stop(stop) for stop in stops)
    if arrival.passed:
        shares = [stop.share for stop in stops]
        known = arrival.share is not None and None not in shares
        left = (arrival.share or 0.0) - sum(one for one in shares if one is not None) if known else None
        doubts = (*arrival.doubts, *(doubt for stop in stops for doubt in stop.doubts))
        yield End(StageName.APPLICATION, Symptom.ANSWERED, tuple(dict.fromkeys(doubts)), left, arrival=index)


def _refused(facts: Facts, follower: Follower, packet: Packet, arrival: Arrival) -> Iterator[Symptom]:
    """What the client sees of the RST for a packet that no socket takes."""
    back = follower.around.way_back(reset_to(arrival.packet), 0) if arrival.local is True else arrival.back
    fault = find_reply_fault(facts, packet, back)
    if fault is not None:
        yield _symptom_of_loss(fault)
        return
    if arrival.local is not True:
        yield Symptom.REFUSED
        return
    for verdict in follower.reset(arrival.packet, arrival.tracking):
        yield Symptom.REFUSED if verdict is Verdict.REJECT else Symptom.TIMEOUT


def _is_answered_past_us(facts: Facts, packet: Packet, arrival: Arrival) -> bool:
    """Whether the server that a translation leads to is the client's own neighbour, and knows the client's address.

    It then answers the client directly, by an address that the client never asked.
    """
    server, client = arrival.packet, packet.source
    if arrival.local is not False or arrival.translated is None or client is None or server.source != client:
        return False
    link = interface_of(facts, arrival.device)
    networks = () if link is None else tuple(one.network for one in link.addresses)
    return any(client in network and server.destination in network for network in networks)


def sockets_at(facts: Facts, arrival: Arrival) -> tuple[Socket, ...] | None:
    """The sockets that take the packet where it comes out; None where nobody can tell."""
    packet = arrival.packet
    if packet.destination is None or packet.destination_port is None:
        return None
    if arrival.local is True:
        known, device = facts.sockets, interface_of(facts, packet.in_interface)
    else:
        namespace = namespace_with(facts, packet.destination)
        if namespace is None:
            return None
        known, device = namespace.sockets, None
    if isinstance(known, Unknown):
        return None
    binding = bind_among(known, packet.destination, packet.destination_port, device)
    return None if binding.perhaps and not binding.serving else binding.serving


def socket_at(facts: Facts, arrival: Arrival) -> SocketState:
    """What takes the packet where it comes out."""
    serving = sockets_at(facts, arrival)
    if serving is None:
        return SocketState.UNKNOWN
    if not serving:
        return SocketState.NONE
    full = all(
        one.queue is not None and one.backlog is not None and one.queue > one.backlog for one in serving
    )
    return SocketState.FULL if full else SocketState.SERVED


def _fault_inside(facts: Facts, arrival: Arrival) -> StageName | None:
    """Where a container itself loses the packet or its answer: by its own rp_filter, or without a route back."""
    namespace = None if arrival.local is True else namespace_with(facts, arrival.packet.destination)
    if namespace is None or isinstance(namespace.routes, Unknown):
        return None
    inside = facts_inside(facts, namespace)
    device = device_inside(namespace, arrival.packet.destination)
    packet = replace(arrival.packet, in_interface=device)
    around = HostSurroundings(inside, packet)
    refused = around.refused_source(packet, 0)
    if refused is not None and refused.kind is RouteKind.REVERSE_PATH:
        return StageName.ROUTE
    answer = Packet(
        packet.source_port,
        source=packet.destination,
        destination=packet.source,
        source_port=packet.destination_port,
    )
    fault = find_reply_fault(inside, packet, around.way_back(answer, 0))
    return StageName.REPLY_ROUTE if fault in (ReplyFault.NO_ROUTE, ReplyFault.NO_CARRIER) else None
