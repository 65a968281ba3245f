"""One conversation through the packet filters of a host: SYN in, SYN-ACK out, first data in, its answer out.

Each packet meets the hooks in the kernel's order; what the connection has learned (translation, marks, sets
that it was added to) goes with it. The first packet that is stopped decides. Where a translation is not
certain, the conversation is followed once for each that is possible.
"""

from __future__ import annotations

from msgspec import field
from msgspec.structs import replace

from landiag.firewall.engine.by_proxy import ByProxy
from landiag.firewall.engine.conclusion import Happened, conclude
from landiag.firewall.engine.connection import Connection, connect
from landiag.firewall.engine.context import NO_SOCKET, PROXIED, REWRITTEN, Context, Tracking
from landiag.firewall.engine.conversation import Arrival, Conversation
from landiag.firewall.engine.crossing import Trip, fork
from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.hops import pass_on
from landiag.firewall.engine.nowhere import NOWHERE, REJECTED_BY_ROUTE
from landiag.firewall.engine.packets import (
    ANSWER,
    DATA,
    DATA_LENGTH,
    ECHO_ANSWERS,
    PER_CONNECTION,
    PROTOCOL_NAMES,
    REFUSAL,
    SYN,
    SYN_ACK,
    answer_to,
    family_of,
    fresh,
)
from landiag.firewall.engine.socket_fields import IS_HANDED, IS_MOVED, SOCKET_ADDRESS, SOCKET_PORT
from landiag.firewall.engine.sockets import as_taken
from landiag.firewall.engine.surroundings import Way
from landiag.model.action import RESET
from landiag.model.match import Doubt, UnknownKind
from landiag.model.packet import Packet
from landiag.model.route import RouteKind
from landiag.model.ruleset import Verdict


class Follower(ByProxy):
    """Follows conversations through one ruleset.

    ``notes_headings``: where a packet was bound for is looked up, too, that is stopped on the last stretch.
    """

    notes_headings: bool = True
    arrivals: list[Arrival] = field(default_factory=list)
    headings: list[Arrival] = field(default_factory=list)
    passed: bool = False

    def follow(self, packet: Packet) -> Conversation:
        """Follow the conversation that this packet begins (or, where it gives a state, it and its answer)."""
        packet = replace(packet, protocol=PROTOCOL_NAMES.get(packet.protocol, packet.protocol))
        leg = SYN if packet.state in (None, "new") else DATA
        for trip in self._inward(packet, leg):
            self._continue(packet, trip, leg)
        return self.conclude()

    def _continue(self, packet: Packet, trip: Trip, leg: str) -> None:
        connection = connect(packet, trip, self.around)
        arrived = trip.fields.packet
        arrival = Arrival(
            arrived, connection.local, connection.out_interface, trip.translated, trip.way,
            self.around.way_back(answer_to(arrived, ANSWER), 0), trip.doubts, trip.share,
            tracking=connection.tracking, taken=connection.taken,
        )  # fmt: skip
        self.arrival = len(self.arrivals)
        self.arrivals.append(arrival)
        arrival.passed = self._converse(packet, connection, arrival, leg)
        self.passed = self.passed or arrival.passed
        self.arrival = None

    def _converse(self, packet: Packet, connection: Connection, arrival: Arrival, leg: str) -> bool:
        """Follow the rest of a conversation that has arrived; False when it is stopped for certain."""
        if packet.protocol not in ("tcp", "udp") and packet.icmp_type not in ECHO_ANSWERS:
            return True
        if connection.trip.fields[PROXIED] != 0:
            return self.by_proxy(connection)
        out = self._outward(connection, SYN_ACK if leg == SYN else ANSWER)
        if not out:
            return False
        arrival.back = out[0].way or arrival.back
        if packet.state is not None or packet.protocol != "tcp":
            return True
        return bool(self._again(connection)) and bool(self._outward(connection, ANSWER))

    def _inward(self, packet: Packet, leg: str) -> list[Trip]:
        """Send a client's packet in, to its socket or on its way through this host."""
        visit = 1 if leg == SYN and self.visits else None
        context = Context("netdev", self.around, "ingress", None, self.now, visit=visit)
        family = family_of(packet)
        came = self.come_in(PacketFields(packet, context), family, leg, fresh(packet))
        return self._deliver(came, family, leg)

    def _deliver(self, trips: list[Trip], family: str, leg: str) -> list[Trip]:
        arrived: list[Trip] = []
        for trip in trips:
            self._adopt(trip, leg)
            mark, packet = trip.fields["meta mark"], trip.fields.packet
            lost = trip.translated is not None and packet.destination is None
            trip.way = None if lost else self.around.route(packet, mark if isinstance(mark, int) else None)
            self._note_heading(trip, leg)
            if trip.way is None:
                doubts = (Doubt(UnknownKind.UNMODELLED, "where the packet is routed to"),)
                # What is asked for is most probably a server here: where both end, that end is told.
                local, onward = (
                    fork(trip, Way(RouteKind.LOCAL, "lo"), doubts),
                    fork(trip, Way(RouteKind.UNICAST, None), doubts),
                )
                forwarded = self._forward([onward], family, leg)
                arrived += [*self.hook([local], "input", family, leg), *forwarded]
            elif trip.way.kind in NOWHERE:
                self._end_at_route(trip, trip.way, leg)
            elif trip.way.kind == RouteKind.LOCAL:
                arrived += self.hook([trip], "input", family, leg)
            elif trip.fields[SOCKET_PORT] != 0:
                self._end_handed(trip, leg)
            else:
                arrived += self._forward([trip], family, leg)
        return arrived

    def _note_heading(self, trip: Trip, leg: str) -> None:
        """Remember where the first packet is bound for, in case that it is stopped on the last stretch."""
        if leg != SYN or trip.way is None or not self.notes_headings:
            return
        local, packet = trip.way.kind == RouteKind.LOCAL, trip.fields.packet
        back = self.around.way_back(answer_to(packet, ANSWER), 0)
        device = None if local else trip.way.device
        self.headings.append(
            Arrival(
                packet, local, device, trip.translated, trip.way, back, trip.doubts, trip.share,
                taken=as_taken(trip.fields),
            )
        )  # fmt: skip

    def _end_at_route(self, trip: Trip, way: Way, leg: str) -> None:
        """A packet that no route leads on: the client is told, or not (ip_error); of its answers it hears nothing."""
        verdict = NOWHERE[way.kind] if leg in (SYN, DATA) else Verdict.DROP
        text = f"route: {way.kind.value}"
        doubts = (Doubt(UnknownKind.UNREADABLE, text),) if verdict is Verdict.UNKNOWN else ()
        kind = REJECTED_BY_ROUTE if verdict is Verdict.REJECT else None
        self.end(trip, "route", leg, text, verdict, doubts, kind, way)

    def _end_handed(self, trip: Trip, leg: str) -> None:
        """A packet that a rule has handed to a socket here is not passed on to another host (ip_forward)."""
        text = "the packet was handed to a socket of this machine, and is not passed on"
        self.end(trip, "route", leg, text, Verdict.DROP)

    def _adopt(self, trip: Trip, leg: str) -> None:
        """Where rules have rewritten addresses or ports without translation, nobody can foresee the answers."""
        if trip.fields.get(REWRITTEN, 0) != 0:
            self.perhaps("prerouting", leg, "a rule rewrites the packet without a translation")
        if leg == SYN and trip.fields[SOCKET_PORT] is None:
            self.perhaps("prerouting", leg, "which socket a rule hands the packet to")

    def _forward(self, trips: list[Trip], family: str, leg: str, rewrite: Packet | None = None) -> list[Trip]:
        trips = self.may_pass_on(trips, leg)
        for trip in trips:
            pass_on(trip, trip.way.device if trip.way else None)
        trips = self.hook(trips, "forward", family, leg)
        trips = self.hook(trips, "postrouting", family, leg, rewrite=rewrite)
        return self.send_off(trips, leg)

    def _outward(self, connection: Connection, leg: str) -> list[Trip]:
        """Send the server's packet to the client; empty when it is stopped for certain."""
        answer = answer_to(connection.server, leg)
        tracking, state = connection.next_tracking(leg, loose=self.loose)
        if connection.local is False:
            trips = self._back_through(connection, answer, leg, tracking)
        else:
            trips = self._answer(connection, answer, leg, tracking)
        trips = self._translated(connection, trips, leg)
        trips = self.send_off(trips, leg)
        connection.learn(trips, state, leg)
        return trips

    def _answer(
        self, connection: Connection, answer: Packet, leg: str, tracking: Tracking | None
    ) -> list[Trip]:
        """The answer of this host's own socket, with the socket's owner and mark."""
        family = family_of(answer)
        if answer.skuid is None:
            answer = replace(answer, skuid=self.around.socket_owner(connection.taken or connection.server))
        mark = self.around.socket_mark(connection.trip.fields["meta mark"])
        back = self.around.way_back(answer, mark)
        if back is not None and back.kind in NOWHERE:
            self._end_at_route(connection.trip, back, leg)
            return []
        left, device = self.around.time_to_live(answer.version, back), back.device if back else None
        answer = replace(answer, in_interface=None, out_interface=device, ttl=left)
        if leg == SYN_ACK and not self.around.owns_syn_ack():
            answer = replace(answer, skuid=NO_SOCKET, skgid=NO_SOCKET)
        trips = [Trip(self._fields(connection, answer, family, "output", leg, mark), way=back)]
        trips = self.hook(trips, "output", family, leg, tracking=tracking)
        for trip in trips:
            if trip.way is not None and trip.fields.packet.out_interface != trip.way.device:
                rerouted = trip.fields["meta mark"]
                again = rerouted if isinstance(rerouted, int) else None
                trip.way = self.around.way_back(trip.fields.packet, again)
        return self.hook(trips, "postrouting", family, leg, rewrite=answer_to(connection.client, leg))

    def _back_through(
        self, connection: Connection, answer: Packet, leg: str, tracking: Tracking | None
    ) -> list[Trip]:
        """The answer of a host behind this one: in by the device that led there, out to the client."""
        client, family = connection.client, family_of(answer)
        came = self.around.returns_by(connection.server, connection.out_interface)
        answer = replace(answer, in_interface=came, source_mac=None, destination_mac=None)
        fields = self._fields(connection, answer, "netdev", "ingress", leg)
        back = replace(answer, destination=client.source, destination_port=client.source_port)
        passed: list[Trip] = []
        for trip in self.come_in(fields, family, leg, tracking, back):
            mark = trip.fields["meta mark"]
            trip.way = self.around.route(trip.fields.packet, mark if isinstance(mark, int) else None)
            if trip.way is not None and trip.way.kind in NOWHERE:
                self._end_at_route(trip, trip.way, leg)
                continue
            passed += self.may_pass_on([trip], leg)
        for trip in passed:
            pass_on(trip, (trip.way.device if trip.way else None) or connection.in_interface)
        passed = self.hook(passed, "forward", family, leg)
        return self.hook(passed, "postrouting", family, leg, rewrite=answer_to(client, leg))

    def _again(self, connection: Connection) -> list[Trip]:
        """The client's first data, on the way that its SYN has taken."""
        packet = replace(connection.client, flags=frozenset({"ack", "psh"}), length=DATA_LENGTH)
        server = connection.server
        family = family_of(packet)
        tracking, state = connection.next_tracking(DATA, loose=self.loose)
        fields = self._fields(connection, packet, "netdev", "ingress", DATA)
        there = replace(packet, destination=server.destination, destination_port=server.destination_port)
        trips = self.come_in(fields, family, DATA, tracking, there)
        trips = self._translated(connection, trips, DATA)
        if connection.local is False:
            for trip in trips:
                trip.way = Way(RouteKind.UNICAST, connection.out_interface)
            trips = self._forward(trips, family, DATA, server)
        else:
            trips = self._taken_again(self.hook(trips, "input", family, DATA))
        connection.learn(trips, state, DATA)
        return trips

    def _taken_again(self, trips: list[Trip]) -> list[Trip]:
        """Of the data those packets that go to their connection's socket; one that listens answers them by a RST."""
        kept = [trip for trip in trips if trip.fields.get(IS_HANDED, 0) == 0]
        for trip in (one for one in trips if one not in kept):
            verdict = Verdict.UNKNOWN if trip.fields[IS_HANDED] is None else Verdict.REJECT
            text = "a rule hands packets of the connection to the socket that listens, which resets it"
            self.end(trip, "nat", DATA, text, verdict, kind=RESET)
        return kept

    def _fields(
        self, connection: Connection, packet: Packet, family: str, hook: str, leg: str, mark: int | None = 0
    ) -> PacketFields:
        early = connection.tracking if leg == REFUSAL else None
        visit = PER_CONNECTION if self.visits and leg in (DATA, SYN) else None
        context = Context(family, self.around, hook, early, self.now, connection.remembered, visit)
        fields = PacketFields(replace(packet, mark=mark), context)
        for name in (SOCKET_ADDRESS, SOCKET_PORT):
            fields[name] = connection.trip.fields[name]
        fields[IS_MOVED] = int(connection.is_translated)
        return fields

    def _translated(self, connection: Connection, trips: list[Trip], leg: str) -> list[Trip]:
        """Of the packets of a translated connection only those go on that are tracked, and so translated too.

        The others keep an address that the receiver does not take for the connection's: nobody can use them.
        """
        if not connection.is_translated:
            return trips
        kept = []
        for trip in trips:
            tracking = trip.fields.context.tracking
            state = None if tracking is None else tracking.state
            if state not in ("untracked", "invalid"):
                kept.append(trip)
                continue
            text = "the packet is not tracked, so it keeps an address that is not the connection's"
            verdict = Verdict.UNKNOWN if leg == DATA else Verdict.DROP
            self.end(trip, "nat", leg, text, verdict)
        return kept

    def conclude(self) -> Conversation:
        """Put what happened into one answer."""
        happened = Happened(
            tuple(self.lines), tuple(self.stops), tuple(self.arrivals), tuple(self.headings), self.passed
        )
        return conclude(self.ruleset.gaps, happened)
