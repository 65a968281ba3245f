"""One client's attempt followed from the link to the server's socket and back: every end that is possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.engine.conversation import Arrival, Conversation
from landiag.firewall.engine.crossing import Stopped
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.neighbours import Seeker
from landiag.firewall.engine.surroundings import Surroundings, Way
from landiag.journey.ends import End, LinkFault, Sight, end_of_stop, see
from landiag.journey.followed import find_ends
from landiag.journey.link import find_link_fault, interface_of
from landiag.journey.links import ETHERNET_TYPE
from landiag.journey.surroundings import HostSurroundings
from landiag.model.facts import Unknown
from landiag.model.host import Facts
from landiag.model.packet import IPAddress, Packet
from landiag.model.ruleset import Ruleset, TraceLine, Verdict
from landiag.model.terms import StageName, Symptom

if TYPE_CHECKING:
    from landiag.firewall.engine.watched import Watcher

LOOSE = "net.netfilter.nf_conntrack_tcp_loose"
"""The setting by which connection tracking takes up a connection whose beginning it has not seen."""


class Translated(Struct, frozen=True):
    """Where a translation sends the connection. ``rule_text`` is the rule that does it.

    ``keeps_port``: it only chooses the socket (TPROXY): the packets keep their address and port.
    """

    ip: IPAddress
    port: int
    rule_text: str
    keeps_port: bool = False


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


def follow_through(facts: Facts, ruleset: Ruleset, packet: Packet, watcher: Watcher | None = None) -> Journey:
    """Follow a packet through another ruleset than the host's own (with a fix applied).

    ``watcher`` is told what decides about a packet that speaks for others.
    """
    journey, other = _follow_ordered(facts, ruleset, packet, watcher), ruleset.in_other_order
    if other is None or not journey.stops:
        return journey
    same = _follow_ordered(facts, other, packet, watcher).sight == journey.sight
    return journey if same else replace(journey, sight=Sight(Symptom.UNKNOWN))


def _watched(around: Surroundings, watcher: Watcher) -> Surroundings:
    from landiag.firewall.engine.watched import Watched

    return Watched(around, watcher)


def _follow_ordered(facts: Facts, ruleset: Ruleset, packet: Packet, watcher: Watcher | None) -> Journey:
    """Follow a packet through a ruleset whose tables were registered in the order in which they stand."""
    around = HostSurroundings(facts, packet)
    follower = _follower(facts, ruleset, around if watcher is None else _watched(around, watcher))
    told = follower.follow(packet)
    ends = tuple(find_ends(facts, follower, told, packet))
    found = _search(facts, ruleset, around, packet)
    if found is not None:
        # Who cannot find the hardware address never sends the packet, whatever else would become of it.
        unfound = tuple(end_of_stop(stop) for stop in found.stops) if found.verdict is Verdict.DROP else ()
        if found.verdict is not Verdict.ACCEPT and told.verdict is Verdict.ACCEPT:
            found.arrivals = told.arrivals
            return _journey(packet, found, None, unfound or tuple(find_ends(facts, follower, found, packet)))
        ends = unfound or ends
    return _journey(packet, told, find_link_fault(facts, around, packet), ends)


def follow_filters(facts: Facts, packet: Packet) -> Conversation | Unknown:
    """What the packet filters alone make of an attempt: as ``follow`` says it, without the ends behind them."""
    if isinstance(facts.ruleset, Unknown):
        return facts.ruleset
    around = HostSurroundings(facts, packet)
    follower = _follower(facts, facts.ruleset, around)
    follower.notes_headings = False
    told = follower.follow(packet)
    found = _search(facts, facts.ruleset, around, packet) if told.verdict is Verdict.ACCEPT else None
    return told if found is None or found.verdict is Verdict.ACCEPT else found


def _follower(facts: Facts, ruleset: Ruleset, around: Surroundings) -> Follower:
    loose = facts.sysctls.get(LOOSE, "1") != "0"
    return Follower(ruleset, around, facts.now, loose, visits=True)


def _search(facts: Facts, ruleset: Ruleset, around: HostSurroundings, packet: Packet) -> Conversation | None:
    """The client's search for this host's hardware address; None where it makes none."""
    if facts.os != "linux" or not _is_neighbour(facts, around, packet):
        return None
    return Seeker(ruleset, around, facts.now).seek(packet)


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
    packet = arrival.taken or arrival.packet
    if packet.destination is None or packet.destination_port is None:
        return None
    rule_text, keeps_port = arrival.translated.rule_text, arrival.taken is not None
    return Translated(packet.destination, packet.destination_port, rule_text, keeps_port)


def _is_neighbour(facts: Facts, around: HostSurroundings, packet: Packet) -> bool:
    """Whether the client asks for this host's hardware address itself: it is on the interface's own network."""
    found = interface_of(facts, packet.in_interface)
    if found is None or around.interface_type(found.name) != ETHERNET_TYPE or packet.source is None:
        return False
    return any(packet.source in one.network for one in found.addresses)
