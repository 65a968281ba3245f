"""One conversation through the packet filters of a host: SYN in, SYN-ACK out, first data in, its answer out.

Each packet meets the hooks in the kernel's order; what the connection has learned (translation, marks, sets
that it was added to) goes with it. The first packet that is stopped decides. Where a translation is not
certain, the conversation is followed once for each that is possible.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.engine.bridges import INWARD, INWARD_FILTERED, LEAVING, Prerouting, Stage, put_on
from landiag.firewall.engine.evaluate import End
from landiag.firewall.engine.fields import NO_SOCKET, REWRITTEN, Context, PacketFields, Tracking, merge
from landiag.firewall.engine.hooks import ALL, HookResult, Place, Span, pass_freely, run_hook
from landiag.firewall.engine.surroundings import Surroundings, Tuple, Way
from landiag.model.packet import ABSENT, Packet, Value, Within
from landiag.model.ruleset import Ruleset, TraceLine, Verdict

DATA_LENGTH = Within(53, 1500)
"""The length of a packet that carries data: more than its headers, at most what Ethernet takes."""

DATAGRAM_LENGTH = Within(28, 1500)
"""The length of the datagram that answers one."""

ECHO_ANSWERS = {8: 0, 128: 129}
"""Types of ICMP and ICMPv6 that are answered, and by which."""

PROTOCOL_NAMES = {
    "1": "icmp", "58": "icmp", "icmpv6": "icmp", "ipv6-icmp": "icmp", "6": "tcp", "17": "udp", "33": "dccp",
    "132": "sctp", "136": "udplite",
}  # fmt: skip
"""Other names of protocols whose fields are known: ICMPv6 is the ICMP of an IPv6 packet."""

NOT_TRACKED = frozenset({130, 131, 132, 133, 134, 135, 136, 143})
"""Types of ICMPv6 that connection tracking leaves alone: neighbours and groups (nf_conntrack_proto_icmpv6.c)."""

CONFIRMED, SEEN_REPLY, ASSURED = 8, 2, 4
_NOWHERE = {
    "blackhole": Verdict.DROP,
    "martian": Verdict.DROP,
    "perhaps-martian": Verdict.UNKNOWN,
    "not-forwarded": Verdict.DROP,
    "none": Verdict.REJECT,
    "unreachable": Verdict.REJECT,
    "prohibit": Verdict.REJECT,
}
"""Routes that lead nowhere, and what the sender sees of it."""

SYN, SYN_ACK, DATA, ANSWER, REFUSAL = "syn", "syn-ack", "data", "answer", "refusal"


class Stopped(Struct, frozen=True):
    """One way in which the conversation ends before its end: which packet, by which line, and how."""

    leg: str
    verdict: Verdict
    line: TraceLine
    reject_with: str | None = None


class Arrival(Struct, frozen=True):
    """Where the client's packet comes out: after translation, locally or forwarded through a device.

    ``local`` is None when that is not known. ``translated`` is the line of the rule that changed the
    destination. ``back`` is how the answer leaves.
    """

    packet: Packet
    local: bool | None
    device: str | None = None
    translated: TraceLine | None = None
    way: Way | None = None
    back: Way | None = None


class Conversation(Struct):
    """What became of a conversation. ``verdict`` accepts only when all of its packets pass for certain.

    ``stops`` are all possible ends; empty when accepted. ``decided_by`` is the line that decides.
    ``unknown`` are the lines of the rules that make the verdict unknown. ``arrivals`` are the places where
    the first packet can come out, or where it is bound for when it is stopped after the routing decision;
    several only when a translation is not certain.
    """

    verdict: Verdict
    lines: tuple[TraceLine, ...]
    stops: tuple[Stopped, ...] = ()
    decided_by: TraceLine | None = None
    reject_with: str | None = None
    leg: str | None = None
    unknown: tuple[TraceLine, ...] = ()
    arrivals: tuple[Arrival, ...] = ()


class _Connection(Struct):
    """What lasts from packet to packet.

    ``is_half_seen`` and ``is_unseen_data`` tell whether connection tracking has missed the server's SYN-ACK and
    the client's data; None where that is not known.
    """

    tracking: Tracking | None
    tracked: bool | None
    mark: Value
    remembered: dict[int, list[tuple[bool, tuple[Value, ...]]]]
    client: Packet
    server: Packet
    in_interface: str | None
    out_interface: str | None
    local: bool | None
    is_half_seen: bool | None = False
    is_unseen_data: bool | None = False

    @property
    def is_translated(self) -> bool:
        """Whether the server has another address or port than the client wrote to."""
        one, other = self.client, self.server
        return (one.destination, one.destination_port) != (other.destination, other.destination_port)


class Trip(Struct):
    """One packet, on one of the ways that are possible for it."""

    fields: PacketFields
    translated: TraceLine | None = None
    way: Way | None = None


class Follower(Struct):
    """Follows packets through one ruleset."""

    ruleset: Ruleset
    around: Surroundings
    now: float | None = None
    loose: bool = True
    lines: list[TraceLine] = field(default_factory=list)
    stops: list[Stopped] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    headings: list[Arrival] = field(default_factory=list)
    passed: bool = False

    def follow(self, packet: Packet) -> Conversation:
        """Follow the conversation that this packet begins (or, where it gives a state, it and its answer)."""
        packet = replace(packet, protocol=PROTOCOL_NAMES.get(packet.protocol, packet.protocol))
        leg = SYN if packet.state in (None, "new") else DATA
        for trip in self._inward(packet, leg):
            self._continue(packet, trip, leg)
        return self._conclude()

    def _continue(self, packet: Packet, trip: Trip, leg: str) -> None:
        connection = _connect(packet, trip, self.around)
        arrival = Arrival(
            trip.fields.packet, connection.local, connection.out_interface, trip.translated, trip.way,
            self.around.way_back(_answer(trip.fields.packet, ANSWER), 0),
        )  # fmt: skip
        self.arrivals.append(arrival)
        if packet.protocol not in ("tcp", "udp") and packet.icmp_type not in ECHO_ANSWERS:
            self.passed = True
            return
        if not self._outward(connection, SYN_ACK if leg == SYN else ANSWER):
            return
        if packet.state is None and packet.protocol == "tcp":
            again = False
            for _ in self._again(connection):
                again = True
            if not again or not self._outward(connection, ANSWER):
                return
        self.passed = True

    def _inward(self, packet: Packet, leg: str) -> list[Trip]:
        """Send a client's packet in, to its socket or on its way through this host."""
        family = "ip6" if packet.version == 6 else "ip"
        tracking = fresh(packet)
        fields = PacketFields(packet, Context("netdev", self.around, "ingress", None, self.now))
        return self._deliver(self._come_in(fields, family, leg, tracking), family, leg)

    def _come_in(
        self,
        fields: PacketFields,
        family: str,
        leg: str,
        tracking: Tracking | None,
        rewrite: Packet | None = None,
    ) -> list[Trip]:
        """Let a packet in, up to the routing decision: by a port of the bridge first, if the interface is one.

        br_netfilter has the chains of ip and ip6 see it while it is still there.
        """
        device, prerouting = fields.packet.in_interface, Prerouting(family, tracking, rewrite)
        trips = [Trip(fields)]
        called: bool | None = False
        if self._is_bridge_seen(device, INWARD):
            called = self.around.bridge_calls_iptables(fields.packet.version)
        came = []
        if called is not False:
            early = [_fork(trip, None) for trip in trips]
            early = self._cross_bridge(early, device, INWARD_FILTERED, leg, prerouting)
            came += self._hook(early, "ingress", "netdev", leg, device=device)
        if called is not True:
            trips = self._cross_bridge(trips, device, INWARD, leg)
            trips = self._hook(trips, "ingress", "netdev", leg, device=device)
            came += self._hook(trips, "prerouting", family, leg, tracking=tracking, rewrite=rewrite)
        return came

    def _deliver(self, trips: list[Trip], family: str, leg: str) -> list[Trip]:
        arrived: list[Trip] = []
        for trip in trips:
            self._adopt(trip, leg)
            mark, packet = trip.fields["meta mark"], trip.fields.packet
            lost = trip.translated is not None and packet.destination is None
            trip.way = None if lost else self.around.route(packet, mark if isinstance(mark, int) else None)
            self._note_heading(trip, leg)
            if trip.way is None:
                arrived += self._hook([_fork(trip, Way("local", "lo"))], "input", family, leg)
                arrived += self._forward([_fork(trip, Way("unicast", None))], family, leg)
            elif trip.way.kind in _NOWHERE:
                self._end_at_route(trip.way, leg)
            elif trip.way.kind == "local":
                arrived += self._hook([trip], "input", family, leg)
            else:
                arrived += self._forward([trip], family, leg)
        return arrived

    def _note_heading(self, trip: Trip, leg: str) -> None:
        """Remember where the first packet is bound for, in case that it is stopped on the last stretch."""
        if leg != SYN or trip.way is None:
            return
        local = trip.way.kind == "local"
        packet = trip.fields.packet
        back = self.around.way_back(_answer(packet, ANSWER), 0)
        device = None if local else trip.way.device
        self.headings.append(Arrival(packet, local, device, trip.translated, trip.way, back))

    def _end_at_route(self, way: Way, leg: str) -> None:
        """A packet that no route leads on: the sender is told, or not (ip_error)."""
        verdict = _NOWHERE[way.kind]
        line = TraceLine("route", verdict.value, text=f"route: {way.kind}", leg=leg)
        self.lines.append(line)
        self.stops.append(Stopped(leg, verdict, line))

    def _adopt(self, trip: Trip, leg: str) -> None:
        """Where rules have rewritten addresses or ports without translation, nobody can foresee the answers."""
        if trip.fields.get(REWRITTEN, 0) == 0:
            return
        line = TraceLine(
            "prerouting", "perhaps drop: a rule rewrites the packet", text="a rewritten packet", leg=leg
        )
        self.lines.append(line)
        self.stops.append(Stopped(leg, Verdict.UNKNOWN, line))

    def _forward(self, trips: list[Trip], family: str, leg: str, rewrite: Packet | None = None) -> list[Trip]:
        for trip in trips:
            packet = trip.fields.packet
            ttl = None if packet.ttl is None else packet.ttl - 1
            trip.fields.packet = replace(packet, out_interface=trip.way.device if trip.way else None, ttl=ttl)
            trip.fields.forget("ip ttl", "ip6 hoplimit", "oif")
        trips = self._hook(trips, "forward", family, leg)
        trips = self._hook(trips, "postrouting", family, leg, rewrite=rewrite)
        return self._egress(trips, leg)

    def _egress(self, trips: list[Trip], leg: str) -> list[Trip]:
        """What sees a packet last: the interface by which it leaves, and the port where that is a bridge.

        By then it has a frame of its own, and no interface by which it came in.
        """
        if not any(self._sees(hook, family) for hook, family, _ in LEAVING):
            return trips
        out: list[Trip] = []
        for trip in trips:
            packet = trip.fields.packet
            frame = replace(packet, in_interface=None, source_mac=None, destination_mac=None)
            trip.fields.packet = (
                frame if packet.in_interface is None else replace(frame, skuid=NO_SOCKET, skgid=NO_SOCKET)
            )
            trip.fields.forget("iif", "ether ", "meta sk")
            passed = self._hook([trip], "egress", "netdev", leg, device=packet.out_interface)
            for one in self._cross_bridge(passed, packet.out_interface, LEAVING, leg):
                one.fields.packet = packet
                out.append(one)
        return out

    def _is_bridge_seen(self, device: str | None, hooks: Sequence[Stage]) -> bool:
        """Whether the device may be a bridge, and chains see what is on its ports."""
        return self.around.bridge_ports(device) != () and any(
            self._sees(hook, family) for hook, family, _ in hooks
        )

    def _cross_bridge(
        self,
        trips: list[Trip],
        device: str | None,
        hooks: Sequence[Stage],
        leg: str,
        prerouting: Prerouting | None = None,
    ) -> list[Trip]:
        """Send packets over the port of a bridge; those of another device go on as they are.

        Where a bridge has several ports, or nobody knows whether the device is one, each is thought through.
        """
        if not self._is_bridge_seen(device, hooks):
            return trips
        ports = self.around.bridge_ports(device)
        passed = []
        for trip in trips:
            before = len(self.stops)
            through = [
                one for port in ports or (None,) for one in self._by_port(trip, port, hooks, leg, prerouting)
            ]
            if ports is None and prerouting is None:
                through.append(trip)
            if len(self.stops) > before and through and (ports is None or len(ports) > 1):
                text = f"by which port of {device or 'a bridge'} the packet passes"
                self.lines.append(
                    TraceLine(hooks[0][0], f"perhaps drop: {text} is not known", text=text, leg=leg)
                )
            passed += _united(through)
        return passed

    def _sees(self, hook: str, family: str) -> bool:
        return bool(self.ruleset.hooked(hook, family))

    def _by_port(
        self, trip: Trip, port: str | None, hooks: Sequence[Stage], leg: str, prerouting: Prerouting | None
    ) -> list[Trip]:
        fork, inward = _fork(trip, trip.way), hooks is not LEAVING
        packet = fork.fields.packet
        device = packet.in_interface if inward else packet.out_interface
        trips = [fork]
        for hook, family, span in hooks:
            own = prerouting if family == "" else None
            for one in trips:
                put_on(one.fields, device if own else port, device, inward=inward)
            if own is not None:
                trips = self._hook(trips, hook, own.family, leg, tracking=own.tracking, rewrite=own.rewrite)
            else:
                trips = self._hook(trips, hook, family, leg, device=port, span=span)
        for one in trips:
            put_on(one.fields, device, None, inward=inward)
        return trips

    def _outward(self, connection: _Connection, leg: str) -> bool:
        """Send the server's packet to the client; False when it is stopped for certain."""
        answer = _answer(connection.server, leg)
        family = "ip6" if answer.version == 6 else "ip"
        tracking, state = self._tracking(connection, leg)
        seen = _answer(connection.client, leg)
        if connection.local is False:
            trips = self._back_through(connection, answer, family, leg, tracking)
        else:
            back = self.around.way_back(answer, 0)
            answer = replace(answer, in_interface=None, out_interface=back.device if back else None)
            fields = self._fields(connection, answer, family, "output", leg)
            trips = self._hook([Trip(fields)], "output", family, leg, tracking=tracking)
            trips = self._hook(trips, "postrouting", family, leg, rewrite=seen)
        trips = self._translated(connection, trips, leg)
        trips = self._egress(trips, leg)
        self._learn(connection, trips, state, leg)
        return bool(trips)

    def _back_through(
        self, connection: _Connection, answer: Packet, family: str, leg: str, tracking: Tracking | None
    ) -> list[Trip]:
        """The answer of a host behind this one: in by the device that led there, out to the client."""
        client = connection.client
        answer = replace(answer, in_interface=connection.out_interface, source_mac=None, destination_mac=None)
        fields = self._fields(connection, answer, "netdev", "ingress", leg)
        back = replace(answer, destination=client.source, destination_port=client.source_port)
        trips = self._come_in(fields, family, leg, tracking, back)
        for trip in trips:
            packet = trip.fields.packet
            trip.fields.packet = replace(packet, out_interface=connection.in_interface, ttl=63)
            trip.fields.forget("ip ttl", "ip6 hoplimit", "oif")
        trips = self._hook(trips, "forward", family, leg)
        return self._hook(trips, "postrouting", family, leg, rewrite=_answer(client, leg))

    def _again(self, connection: _Connection) -> list[Trip]:
        """The client's first data, on the way that its SYN has taken."""
        packet = replace(connection.client, flags=frozenset({"ack", "psh"}), length=DATA_LENGTH)
        server = connection.server
        family = "ip6" if packet.version == 6 else "ip"
        tracking, state = self._tracking(connection, DATA)
        fields = self._fields(connection, packet, "netdev", "ingress", DATA)
        there = replace(packet, destination=server.destination, destination_port=server.destination_port)
        trips = self._come_in(fields, family, DATA, tracking, there)
        trips = self._translated(connection, trips, DATA)
        if connection.local is False:
            for trip in trips:
                trip.way = Way("unicast", connection.out_interface)
            trips = self._forward(trips, family, DATA, server)
        else:
            trips = self._hook(trips, "input", family, DATA)
        self._learn(connection, trips, state, DATA)
        return trips

    def _fields(
        self, connection: _Connection, packet: Packet, family: str, hook: str, leg: str
    ) -> PacketFields:
        early = connection.tracking if leg == REFUSAL else None
        context = Context(family, self.around, hook, early, self.now, connection.remembered)
        return PacketFields(replace(packet, mark=0), context)

    def _tracking(self, connection: _Connection, leg: str) -> tuple[Tracking | None, str | None]:
        """What connection tracking will say of the next packet, and its state by name."""
        base = connection.tracking
        if base is None:
            base = Tracking("new", _tuple(connection.client), _tuple(connection.client).reversed())
        if connection.tracked is None:
            return replace(base, state=None, status=None), None
        if connection.tracked and leg == DATA and connection.is_half_seen is not False:
            state = "invalid" if connection.is_half_seen else None
            return replace(base, state=state, status=None), state
        if connection.tracked and leg == ANSWER and connection.is_unseen_data is not False:
            # It acknowledges what was never seen: out of the window (tcp_in_window).
            state = "invalid" if connection.is_unseen_data else None
            return replace(base, state=state, status=None), state
        if connection.tracked:
            direction = 0 if leg == DATA else 1
            status = (
                CONFIRMED | SEEN_REPLY | (ASSURED if leg in (DATA, ANSWER) else 0) | ((base.status or 0) & ~7)
            )
            mark = connection.mark if isinstance(connection.mark, int) else None
            mine = replace(base, state="established", direction=direction, status=status, mark=mark)
            return mine, "established"
        is_tcp = connection.client.protocol == "tcp"
        if is_tcp and (leg == SYN_ACK or not self.loose):
            return replace(base, state="invalid"), "invalid"
        picked = _tuple(connection.client) if leg == DATA else _tuple(connection.server).reversed()
        return Tracking("new", picked, picked.reversed(), 0, 0, 0), "new"

    def _learn(self, connection: _Connection, trips: list[Trip], state: str | None, leg: str) -> None:
        """Keep what the packet has left behind: marks, sets, a connection that was picked up on its way."""
        if not trips:
            return
        found = trips[0].fields
        mark = found["ct mark"]
        if mark is not ABSENT:
            connection.mark = mark
        tracking = found.context.tracking
        seen = None if tracking is None else tracking.state
        if connection.tracked and leg == SYN_ACK:
            connection.is_half_seen = {"established": False, "untracked": True}.get(seen or "")
        if connection.tracked and leg == DATA and connection.is_half_seen is False:
            connection.is_unseen_data = {"established": False, "untracked": True}.get(seen or "")
        if state == "new" and tracking is not None and tracking.known:
            connection.tracking, connection.tracked = tracking, True

    def _translated(self, connection: _Connection, trips: list[Trip], leg: str) -> list[Trip]:
        """Of the packets of a translated connection only those go on that are tracked, and so translated too.

        The others keep an address that the receiver does not take for the connection's: nobody can use them.
        """
        if not connection.is_translated:
            return trips
        kept = []
        for trip in trips:
            tracking = trip.fields.context.tracking
            state = None if tracking is None else tracking.state
            if state in ("untracked", "invalid"):
                text = "the packet is not tracked, so it keeps an address that is not the connection's"
                verdict = Verdict.UNKNOWN if leg == DATA else Verdict.DROP
                line = TraceLine("nat", verdict.value, text=text, leg=leg)
                self.lines.append(line)
                self.stops.append(Stopped(leg, verdict, line))
            else:
                kept.append(trip)
        return kept

    def _hook(
        self,
        trips: list[Trip],
        hook: str,
        family: str,
        leg: str,
        *,
        tracking: Tracking | None = None,
        device: str | None = None,
        rewrite: Packet | None = None,
        span: Span = ALL,
    ) -> list[Trip]:
        if not self.ruleset.hooked(hook, family):
            if tracking is None and rewrite is None:
                return trips
            for trip in trips:
                trip.fields.move(family, hook)
                pass_freely(trip.fields, tracking, rewrite)
            return trips
        passed: list[Trip] = []
        for trip in trips:
            trip.fields.move(family, hook)
            place = Place(hook, family, leg, device, span)
            result = run_hook(self.ruleset, trip.fields, place, tracking=tracking, rewrite=rewrite)
            self.lines += result.lines
            self._stop(result, leg)
            for passage in result.passages:
                line = trip.translated
                if self.arrivals and passage.translate is not None:
                    self._break(hook, leg)
                if passage.translate is not None and hook in ("prerouting", "output"):
                    line = next((one for one in reversed(result.lines) if one.rule is not None), None)
                passed.append(Trip(passage.fields, line, trip.way))
        return passed

    def _break(self, hook: str, leg: str) -> None:
        """A connection that is picked up on its way and translated only then: the other end does not know it."""
        text = "the connection is translated only from this packet on"
        line = TraceLine(hook, f"perhaps drop: {text}", text=text, leg=leg)
        self.lines.append(line)
        self.stops.append(Stopped(leg, Verdict.UNKNOWN, line))

    def _stop(self, result: HookResult, leg: str) -> None:
        for end in result.stops:
            for verdict in self._as_seen(end, leg) if end.verdict is Verdict.REJECT else (end.verdict,):
                self.stops.append(Stopped(leg, verdict, end.line, end.reject_with))

    def _as_seen(self, end: End, leg: str) -> tuple[Verdict, ...]:
        """What a rejection is to the client: a refusal, if that may leave; silence, if it may not.

        A rejected packet of the server itself is silence too.
        """
        if leg not in (SYN, DATA):
            return (Verdict.DROP,)
        if end.line.hook == "ingress":
            return (Verdict.REJECT,)
        if end.line.chain is not None and end.line.chain.family == "bridge":
            # nft_reject_bridge.c hands it to the port itself, past every chain of ip and ip6.
            return (Verdict.REJECT, Verdict.DROP) if self._sees("output", "bridge") else (Verdict.REJECT,)
        port = end.fields["physdev in"] if end.reject_with == "tcp reset" else ABSENT
        by_port = () if port is ABSENT else self._reset_by_port(end)
        return by_port if isinstance(port, str) else (*by_port, *self._refused(end))

    def _reset_by_port(self, end: End) -> tuple[Verdict, ...]:
        """What a reset does that leaves by the port of a bridge directly, past every rule and translation.

        That is how br_netfilter has it (nf_send_reset); the client knows nothing of a translated address.
        """
        tracking = end.fields.context.tracking
        if tracking is not None and tracking.known and tracking.original != _tuple(end.fields.packet):
            return (Verdict.DROP,)
        return (Verdict.REJECT, Verdict.DROP) if self._sees("egress", "netdev") else (Verdict.REJECT,)

    def _refused(self, end: End) -> tuple[Verdict, ...]:
        """What becomes of a refusal that this host sends as a packet of its own."""
        answer, tracking = refusal(end, self.around)
        family = "ip6" if answer.version == 6 else "ip"
        known = tracking is not None and tracking.state != "invalid"
        context = Context(family, self.around, "output", tracking if known else None, self.now)
        back = Follower(self.ruleset, self.around, self.now)
        late = None if known else tracking
        trips = back._hook([Trip(PacketFields(answer, context))], "output", family, REFUSAL, tracking=late)
        trips = back._egress(back._hook(trips, "postrouting", family, REFUSAL), REFUSAL)
        self.lines += back.lines
        stopped = bool(back.stops)
        seen = (Verdict.REJECT,) if trips else ()
        return (*seen, Verdict.DROP) if stopped else seen

    def _conclude(self) -> Conversation:
        lines, stops = tuple(self.lines), tuple(self.stops)
        verdicts = {stop.verdict for stop in stops} | ({Verdict.ACCEPT} if self.passed else set())
        gap = self._gap_line(verdicts)
        if gap is not None:
            verdicts.add(Verdict.UNKNOWN)
            lines = (*lines, gap)
        arrivals = tuple(self.arrivals or self.headings)
        if len(verdicts) == 1 and Verdict.UNKNOWN not in verdicts:
            (verdict,) = verdicts
            last = stops[-1] if stops else None
            decided = last.line if last is not None else _accepting(lines)
            kinds = {stop.reject_with for stop in stops}
            kind = kinds.pop() if len(kinds) == 1 and verdict is Verdict.REJECT else None
            return Conversation(
                verdict, lines, stops, decided, kind, last.leg if last else None, (), arrivals
            )
        unknown = tuple(line for line in lines if line.result.startswith("perhaps") or line is gap)
        decided = unknown[0] if unknown else None
        return Conversation(Verdict.UNKNOWN, lines, stops, decided, None, None, unknown, arrivals)

    def _gap_line(self, verdicts: set[Verdict]) -> TraceLine | None:
        if not self.ruleset.gaps or Verdict.ACCEPT not in verdicts:
            return None
        gap = self.ruleset.gaps[0]
        return TraceLine("input", "unknown", None, None, f"{gap.source} could not be read: {gap.reason}", SYN)


def refusal(end: End, around: Surroundings) -> tuple[Packet, Tracking | None]:
    """The RST or ICMP error of a rejection, and what connection tracking says of it.

    It is related to the packet's connection (nf_ct_attach); without one it is invalid.
    """
    packet = end.fields.packet
    answer = _answer(packet, ANSWER)
    if end.reject_with == "tcp reset":
        answer = replace(answer, flags=frozenset({"rst", "ack"}), length=40 if packet.version == 4 else 60)
    else:
        version = packet.version
        source = answer.source if end.line.hook == "input" else None
        answer = replace(
            answer, protocol="icmp", source=source, source_port=None, destination_port=None,
            flags=frozenset(), icmp_type=3 if version == 4 else 1, icmp_code=None, length=None,
            dscp=48 if version == 4 else 0,
        )  # fmt: skip
    back = around.way_back(answer, 0)
    answer = replace(answer, out_interface=back.device if back else None, skuid=NO_SOCKET, skgid=NO_SOCKET)
    tracking = end.fields.context.tracking
    if tracking is None or not tracking.known:
        original = _tuple(answer)
        return answer, Tracking("invalid", original, original.reversed())
    mark = end.fields["ct mark"]
    state = None if tracking.state is None else "related"
    return answer, replace(tracking, state=state, direction=1, mark=mark if isinstance(mark, int) else None)


def _united(trips: list[Trip]) -> list[Trip]:
    """What holds on each of the ways that are possible, as one."""
    if len(trips) < 2:
        return trips
    kinds = {trip.fields.packet for trip in trips}
    if len(kinds) > 1:
        return trips
    fields = trips[0].fields
    for trip in trips[1:]:
        fields = merge(fields, trip.fields)
    return [Trip(fields, trips[0].translated, trips[0].way)]


def _fork(trip: Trip, way: Way | None) -> Trip:
    return Trip(trip.fields.copy(), trip.translated, way)


def _accepting(lines: tuple[TraceLine, ...]) -> TraceLine | None:
    """The line that let the first packet in: the last rule that accepts it, else the policy."""
    mine = [line for line in lines if line.leg == lines[0].leg and line.result == "accept"]
    inward = [line for line in mine if line.hook in ("input", "forward")] or mine
    rules = [line for line in inward if line.rule is not None]
    found = rules or inward
    return found[-1] if found else None


def _tuple(packet: Packet) -> Tuple:
    return Tuple(packet.source, packet.destination, packet.source_port, packet.destination_port)


def fresh(packet: Packet) -> Tracking:
    """What connection tracking says of a client's packet, when it gets there."""
    original = _tuple(packet)
    is_left_alone = packet.version == 6 and packet.icmp_type in NOT_TRACKED
    state = packet.state or ("untracked" if is_left_alone else "new")
    status = 0 if state == "new" else CONFIRMED | SEEN_REPLY | ASSURED
    return Tracking(state, original, original.reversed(), 0, status, packet.ct_mark)


def _connect(client: Packet, trip: Trip, around: Surroundings) -> _Connection:
    fields = trip.fields
    tracking = fields.context.tracking
    state = None if tracking is None else tracking.state
    tracked = None if state is None else state in ("new", "established", "related")
    local = None if trip.way is None else trip.way.kind == "local"
    server = fields.packet
    if server.icmp_type in ECHO_ANSWERS:
        dscp = fields["ip dscp" if server.version == 4 else "ip6 dscp"]
        server = replace(server, dscp=dscp if isinstance(dscp, int) else None)
    return _Connection(
        tracking if tracked is not False else None, tracked, fields["ct mark"], fields.context.remembered,
        client, server, client.in_interface or around.in_interface, fields.packet.out_interface, local,
    )  # fmt: skip


def _answer(packet: Packet, leg: str) -> Packet:
    """The packet that answers this one; an echo is answered by the kernel itself, in kind."""
    if packet.protocol == "tcp":
        flags = frozenset({"syn", "ack"} if leg == SYN_ACK else {"ack", "psh"})
        length = packet.length if leg == SYN_ACK else DATA_LENGTH
    else:
        flags = frozenset()
        length = packet.length if packet.protocol == "icmp" else DATAGRAM_LENGTH
    if packet.icmp_type in ECHO_ANSWERS:
        kind = ECHO_ANSWERS[packet.icmp_type]
        packet = replace(packet, icmp_type=kind, skuid=NO_SOCKET, skgid=NO_SOCKET)
    return replace(
        packet, source=packet.destination, destination=packet.source, source_port=packet.destination_port,
        destination_port=packet.source_port, flags=flags, ttl=64, state=None, mark=0,
        length=length, in_interface=None, out_interface=None,
        source_mac=None, destination_mac=None, pkttype="host",
    )  # fmt: skip
