"""Packets on their way through the hooks of a host, the ports of its bridges among them.

What stops them is noted; what passes goes on, once for each way that is possible.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.engine.bridges import INWARD, INWARD_FILTERED, LEAVING, TAG, Prerouting, Stage, put_on
from landiag.firewall.engine.context import NO_SOCKET, Tracking
from landiag.firewall.engine.ends import Doubts, End, times
from landiag.firewall.engine.fields import PacketFields, merge
from landiag.firewall.engine.hooks import ALL, Place, Span, pass_freely, run_hook
from landiag.firewall.engine.passage import HookResult, Passage
from landiag.firewall.engine.socket_fields import SOCKET_PORT
from landiag.firewall.engine.surroundings import Surroundings, Way
from landiag.firewall.engine.translating import translating_line
from landiag.model.match import Doubt, UnknownKind
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, TraceLine, Verdict


class Stopped(Struct, frozen=True):
    """One way in which the conversation ends before its end: which packet, by which line, and how.

    ``doubts`` say on what it hangs; ``share`` is the part of connections that end so, None where nobody knows.
    ``arrival`` is the place to which the conversation had led, by its index; None where it led nowhere yet.
    ``way`` is the routing decision, where that is what ends it.
    """

    leg: str
    verdict: Verdict
    line: TraceLine
    reject_with: str | None = None
    doubts: Doubts = ()
    share: float | None = 1.0
    arrival: int | None = None
    way: Way | None = None


class Trip(Struct):
    """One packet, on one of the ways that are possible for it."""

    fields: PacketFields
    translated: TraceLine | None = None
    way: Way | None = None
    doubts: Doubts = ()
    share: float | None = 1.0


class Crosser(Struct):
    """Sends packets through the hooks of one ruleset. ``arrival`` is the index of the place that is followed on."""

    ruleset: Ruleset
    around: Surroundings
    now: float | None = None
    loose: bool = True
    visits: bool = False
    lines: list[TraceLine] = field(default_factory=list)
    stops: list[Stopped] = field(default_factory=list)
    arrival: int | None = None

    def come_in(
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
        trips = self.carried([Trip(fields)], device, "ingress", leg)
        called: bool | None = False
        if self._is_bridge_seen(device, INWARD):
            called = self.around.bridge_calls_iptables(fields.packet.version)
        came = []
        if called is not False:
            early = [fork(trip, None) for trip in trips]
            early = self.cross_bridge(early, device, INWARD_FILTERED, leg, prerouting)
            came += self.hook(early, "ingress", "netdev", leg, device=device)
        if called is not True:
            trips = self.cross_bridge(trips, device, INWARD, leg)
            trips = self.hook(trips, "ingress", "netdev", leg, device=device)
            came += self.hook(trips, "prerouting", family, leg, tracking=tracking, rewrite=rewrite)
        return came

    def egress(self, trips: list[Trip], leg: str) -> list[Trip]:
        """What sees a packet last: the interface by which it leaves, and the port where that is a bridge.

        By then it has a frame of its own, and no interface by which it came in.
        """
        if not any(self.sees(hook, family) for hook, family, _ in LEAVING):
            return trips
        out: list[Trip] = []
        for trip in trips:
            packet = trip.fields.packet
            frame = replace(packet, in_interface=None, source_mac=None, destination_mac=None)
            trip.fields.packet = (
                frame if packet.in_interface is None else replace(frame, skuid=NO_SOCKET, skgid=NO_SOCKET)
            )
            trip.fields.forget("iif", "ether ", "meta sk")
            passed = self.hook([trip], "egress", "netdev", leg, device=packet.out_interface)
            passed = self.carried(passed, packet.out_interface, "egress", leg)
            for one in self.cross_bridge(passed, packet.out_interface, LEAVING, leg):
                one.fields.packet = packet
                out.append(one)
        return out

    def carried(self, trips: list[Trip], device: str | None, hook: str, leg: str) -> list[Trip]:
        """What carries an interface (that of a VLAN, a macvlan) sees its packets too, those of a VLAN with its tag."""
        carrier = self.around.carrier(device) if self.sees(hook, "netdev") else None
        if carrier is None:
            return trips
        for trip in trips:
            put_on(trip.fields, carrier.name, None, inward=hook == "ingress")
            trip.fields.update(dict.fromkeys(TAG if carrier.tags else ()))
        trips = self.hook(trips, hook, "netdev", leg, device=carrier.name)
        for trip in trips:
            put_on(trip.fields, device, None, inward=hook == "ingress")
            trip.fields.forget(*TAG)
        return trips

    def _is_bridge_seen(self, device: str | None, hooks: Sequence[Stage]) -> bool:
        """Whether the device may be a bridge, and chains see what is on its ports."""
        return self.around.bridge_ports(device) != () and any(
            self.sees(hook, family) for hook, family, _ in hooks
        )

    def cross_bridge(
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
                self._doubt_port(before, hooks[0][0], leg, device)
            passed += _united(through)
        return passed

    def _doubt_port(self, before: int, hook: str, leg: str, device: str | None) -> None:
        """Nobody knows by which port of a bridge the packet passes, and not all let it pass."""
        text = f"by which port of {device or 'a bridge'} the packet passes"
        doubts = (Doubt(UnknownKind.UNMODELLED, text),)
        result = f"perhaps drop: {text} is not known"
        self.lines.append(TraceLine(hook, result, text=text, leg=leg, verdict=Verdict.DROP, doubts=doubts))
        self.stops[before:] = [
            replace(stop, doubts=(*doubts, *stop.doubts), share=None) for stop in self.stops[before:]
        ]

    def sees(self, hook: str, family: str) -> bool:
        """Whether any chain is hooked in there."""
        return bool(self.ruleset.hooked(hook, family))

    def _by_port(
        self, trip: Trip, port: str | None, hooks: Sequence[Stage], leg: str, prerouting: Prerouting | None
    ) -> list[Trip]:
        other, inward = fork(trip, trip.way), hooks is not LEAVING
        packet = other.fields.packet
        device = packet.in_interface if inward else packet.out_interface
        trips = [other]
        for hook, family, span in hooks:
            own = prerouting if family == "" else None
            for one in trips:
                put_on(one.fields, device if own else port, device, inward=inward)
            if own is not None:
                trips = self.hook(trips, hook, own.family, leg, tracking=own.tracking, rewrite=own.rewrite)
            else:
                trips = self.hook(trips, hook, family, leg, device=port, span=span)
        for one in trips:
            put_on(one.fields, device, None, inward=inward)
        return trips

    def hook(
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
        """Send packets through a hook; returns those that pass, once for each way that is possible."""
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
            self.stop(result, leg, trip)
            passed += [
                self._pass(trip, passage, translating_line(result, hook, passage.fields), hook, leg)
                for passage in result.passages
            ]
        return passed

    def _pass(self, trip: Trip, passage: Passage, translating: TraceLine | None, hook: str, leg: str) -> Trip:
        line = trip.translated
        if passage.translate is not None:
            if self.arrival is not None:
                # Picked up on its way and translated only then: the other end does not know the connection.
                self.perhaps(hook, leg, "the connection is translated only from this packet on")
            line = translating or line
        elif passage.fields[SOCKET_PORT] != 0:
            line = translating or line
        doubts, share = (*trip.doubts, *passage.doubts), times(trip.share, passage.share)
        return Trip(passage.fields, line, trip.way, doubts, share)

    def stop(self, result: HookResult, leg: str, trip: Trip) -> None:
        """Note the ways in which a hook stops a packet."""
        for end in result.stops:
            for verdict in self.as_seen(end, leg) if end.verdict is Verdict.REJECT else (end.verdict,):
                self.stops.append(
                    Stopped(
                        leg, verdict, end.line, end.reject_with, (*trip.doubts, *end.doubts),
                        times(trip.share, end.share), self.arrival,
                    )
                )  # fmt: skip

    def as_seen(self, end: End, leg: str) -> tuple[Verdict, ...]:  # noqa: ARG002
        """What a rejection is to whoever sent the packet."""
        return (end.verdict,)

    def end(
        self, trip: Trip, hook: str, leg: str, text: str, verdict: Verdict, doubts: Doubts = (),
        kind: str | None = None, way: Way | None = None,
    ) -> None:  # fmt: skip
        """Note that the kernel itself ends a packet; ``kind`` is what its sender hears, ``way`` the route that did."""
        route = None if way is None else way.kind
        line = TraceLine(hook, verdict.value, text=text, leg=leg, verdict=verdict, doubts=doubts, route=route)
        self.lines.append(line)
        met = (*trip.doubts, *doubts)
        self.stops.append(Stopped(leg, verdict, line, kind, met, trip.share, self.arrival, way))

    def perhaps(self, hook: str, leg: str, text: str) -> None:
        """Note that the packet may be lost here, for a reason that is no rule."""
        doubts = (Doubt(UnknownKind.UNMODELLED, text),)
        line = TraceLine(
            hook, f"perhaps drop: {text}", text=text, leg=leg, verdict=Verdict.DROP, doubts=doubts
        )
        self.lines.append(line)
        self.stops.append(Stopped(leg, Verdict.UNKNOWN, line, None, doubts, None, self.arrival))


def fork(trip: Trip, way: Way | None, doubts: Doubts = ()) -> Trip:
    """The same packet once more, to be followed apart."""
    share = trip.share if not doubts else None
    return Trip(trip.fields.copy(), trip.translated, way, (*trip.doubts, *doubts), share)


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
    return [replace(trips[0], fields=fields)]
