"""The ends to which a followed packet comes, and what the client sees of each: socket, answer, refusal."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from msgspec.structs import replace

from landiag.firewall.engine.conversation import Arrival, Conversation
from landiag.firewall.engine.crossing import Stopped
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.packets import reset_to
from landiag.journey.binding import bind_among
from landiag.journey.ends import QUEUED, End, InnerFault, ReplyFault, end_of_stop
from landiag.journey.inner import find_inner_fault, follow_inside, leads_on
from landiag.journey.inside import namespace_with
from landiag.journey.link import interface_of
from landiag.journey.queues import Effect, pass_queues
from landiag.journey.reply import find_reply_fault
from landiag.model.facts import Interface, Socket, Unknown
from landiag.model.host import Facts
from landiag.model.match import Doubt, UnknownKind
from landiag.model.packet import Packet
from landiag.model.ruleset import Verdict
from landiag.model.terms import StageName, Symptom


class SocketState(Enum):
    """What takes the packet where it comes out."""

    SERVED = "served"
    NONE = "none"
    FULL = "full"  # its accept queue takes no more
    UNKNOWN = "unknown"


def find_ends(facts: Facts, follower: Follower, told: Conversation, packet: Packet) -> Iterator[End]:
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
    # Neither the protocol nor ports are told to the lookup (ip_route_me_harder in net/ipv4/netfilter.c).
    answer = replace(reset_to(packet), protocol="", source_port=0, destination_port=0)
    fault = find_reply_fault(facts, packet, follower.around.way_back(answer, 0))
    if fault is None:
        return None
    return replace(end_of_stop(stop), symptom=_symptom_of_loss(fault))


_UNFORESEEN = (ReplyFault.OTHER_ROUTER, ReplyFault.QUEUE_UNKNOWN)


def _symptom_of_loss(fault: ReplyFault) -> Symptom:
    return Symptom.UNKNOWN if fault in _UNFORESEEN else Symptom.TIMEOUT


def _ends_at(
    facts: Facts, follower: Follower, packet: Packet, arrival: Arrival, index: int, stops: list[Stopped]
) -> Iterator[End]:
    """The ends of the connections that come out at one place."""
    doubts, share = arrival.doubts, arrival.share
    state, inner = socket_at(facts, arrival), find_inner_fault(facts, arrival)
    within = () if inner is not None else tuple(_ends_within(facts, arrival, index))
    if strays_from(facts, arrival) is not None:
        fault, symptom = ReplyFault.STRAYED, _symptom_of_straying(arrival)
        yield End(StageName.ROUTE, symptom, doubts, share, reply=fault, way=arrival.way, arrival=index)
    elif _is_answered_past_us(facts, packet, arrival):
        fault = ReplyFault.PAST_US
        yield End(
            StageName.REPLY_ROUTE, Symptom.TIMEOUT, doubts, share, reply=fault, way=arrival.way, arrival=index
        )
    elif inner is not None:
        why, way = inner
        stage = StageName.ROUTE if why is InnerFault.REVERSE_PATH else StageName.REPLY_ROUTE
        symptom = Symptom.UNKNOWN if why is InnerFault.OTHER_ROUTER else Symptom.TIMEOUT
        yield End(stage, symptom, doubts, share, inner=why, way=way, arrival=index)
    elif within and within[0].doubts == doubts:
        yield from within
    elif state is SocketState.NONE:
        for symptom in _refused(facts, follower, packet, arrival):
            yield End(StageName.SOCKET, symptom, doubts, share, arrival=index)
    elif state is SocketState.FULL:
        yield End(StageName.ACCEPT_QUEUE, Symptom.TIMEOUT, doubts, share, arrival=index)
    else:
        yield from within
        yield from _ends_of_reply(facts, packet, arrival, index, stops)


def _ends_within(facts: Facts, arrival: Arrival, index: int) -> Iterator[End]:
    """The ends that a container's own rules make; those that are not certain have doubts of their own."""
    told = follow_inside(facts, arrival)
    if told is None or told.verdict is Verdict.ACCEPT:
        return
    gaps = (Doubt(UnknownKind.UNREADABLE, "the container's own rules"),) if not told.stops else ()
    found = [end_of_stop(stop) for stop in told.stops] or [End(StageName.INPUT, Symptom.UNKNOWN)]
    for end in found:
        doubts = (*arrival.doubts, *end.doubts, *gaps)
        yield replace(end, doubts=doubts, share=None, stop=None, inner=InnerFault.RULES, arrival=index)


def _ends_of_reply(
    facts: Facts, packet: Packet, arrival: Arrival, index: int, stops: list[Stopped]
) -> Iterator[End]:
    fault = find_reply_fault(facts, packet, arrival.back)
    if fault is not None:
        stage = StageName.REPLY if fault in QUEUED else StageName.REPLY_ROUTE
        if stage is StageName.REPLY:
            yield from (end_of_stop(stop) for stop in stops)
        yield End(
            stage, _symptom_of_loss(fault), arrival.doubts, arrival.share,
            reply=fault, way=arrival.back, arrival=index,
        )  # fmt: skip
        return
    is_untold = arrival.local is True and arrival.back is None and not isinstance(facts.routes, Unknown)
    if is_untold and not stops:
        doubt = Doubt(UnknownKind.UNMODELLED, "the route of the answer")
        yield End(StageName.REPLY_ROUTE, Symptom.UNKNOWN, (*arrival.doubts, doubt), None, arrival=index)
        return
    yield from (end_of_stop(stop) for stop in stops)
    if arrival.passed:
        arrival, lost = _in_part(facts, arrival, index)
        yield from lost
        shares = [stop.share for stop in stops]
        known = arrival.share is not None and None not in shares
        left = (arrival.share or 0.0) - sum(one for one in shares if one is not None) if known else None
        doubts = (*arrival.doubts, *(doubt for stop in stops for doubt in stop.doubts))
        yield End(StageName.APPLICATION, Symptom.ANSWERED, tuple(dict.fromkeys(doubts)), left, arrival=index)


def _in_part(facts: Facts, arrival: Arrival, index: int) -> tuple[Arrival, tuple[End, ...]]:
    """Part an arrival where a queue loses some of its answers: what is left of it, and the end of the others."""
    device = interface_of(facts, None if arrival.back is None else arrival.back.device)
    passage = None if device is None else pass_queues(facts, device)
    if passage is None or passage.effect is not Effect.PARTLY or passage.queue is None:
        return arrival, ()
    served = passage.served
    doubts = (*arrival.doubts, Doubt(UnknownKind.SHARE, passage.queue.text, served))
    left = None if served is None or arrival.share is None else arrival.share * served
    gone = None if left is None or arrival.share is None else arrival.share - left
    end = End(
        StageName.REPLY, Symptom.TIMEOUT, doubts, gone,
        reply=ReplyFault.QUEUE, way=arrival.back, arrival=index,
    )  # fmt: skip
    return replace(arrival, doubts=doubts, share=left), (end,)


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


def strays_from(facts: Facts, arrival: Arrival) -> Interface | None:
    """The link to which a translation sends packets, where they leave by another one; None where they do not."""
    target, way = arrival.packet.destination, arrival.way
    if arrival.local is not False or arrival.translated is None or target is None or way is None:
        return None
    if way.device is None or isinstance(facts.interfaces, Unknown):
        return None
    near = [one for one in facts.interfaces if one.up and any(target in it.network for it in one.addresses)]
    return None if not near or way.device in {one.name for one in near} else near[0]


def _symptom_of_straying(arrival: Arrival) -> Symptom:
    """A router may know the way back to our own link; on any other link nobody has the address."""
    return Symptom.UNKNOWN if arrival.way is not None and arrival.way.gateway is not None else Symptom.TIMEOUT


def _is_answered_past_us(facts: Facts, packet: Packet, arrival: Arrival) -> bool:
    """Whether what a translation leads to is on the client's own link, or behind a router there.

    It knows the client's address, and answers the client directly, by an address that the client never asked.
    """
    server, client = arrival.packet, packet.source
    if arrival.local is not False or arrival.translated is None or client is None or server.source != client:
        return False
    link = interface_of(facts, arrival.device)
    networks = () if link is None else tuple(one.network for one in link.addresses if client in one.network)
    is_passed_on = arrival.way is not None and arrival.way.gateway is not None
    is_turned_back = is_passed_on and arrival.device == packet.in_interface
    return is_turned_back or any(is_passed_on or server.destination in network for network in networks)


def sockets_at(facts: Facts, arrival: Arrival) -> tuple[Socket, ...] | None:
    """The sockets that take the packet where it comes out; None where nobody can tell."""
    packet = arrival.taken or arrival.packet
    if packet.destination is None or packet.destination_port is None:
        return None
    if arrival.local is True:
        known, device = facts.sockets, interface_of(facts, packet.in_interface)
    else:
        namespace = namespace_with(facts, packet.destination)
        if namespace is None or leads_on(facts, arrival):
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
