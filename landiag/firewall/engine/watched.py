"""Who fares like a packet that is followed: what it meets on its way bounds the set that it speaks for."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.fronts import Class, on_axis
from landiag.firewall.engine.gaps import Edges, Gaps, cut
from landiag.firewall.engine.lens import ADDRESSES, PORTS, Lens, Tangled
from landiag.firewall.engine.nat import address_of
from landiag.firewall.engine.nodes import Space
from landiag.firewall.engine.ranges import normal
from landiag.firewall.engine.spaces import Axis
from landiag.firewall.engine.surroundings import Carrier, Listener, Surroundings, Watch, Way
from landiag.firewall.engine.tables import Table
from landiag.model.operands import Fields, Ranges
from landiag.model.packet import Absent, IPAddress, Packet, Value
from landiag.model.ruleset import Chain

MOST_ASKED = 128
"""So many classes of addresses are asked about to put those together that get the same answer."""

FindTable = Callable[[Chain, PacketFields, str, Lens], Table]
"""Finds who fares alike in a chain, for a hook."""


class Met(Struct):
    """A chain that the speaking packet has met, and who fares like it there."""

    leg: str
    hook: str
    chain: Chain
    group: Class


class Watcher(Watch):
    """Keeps the set of the packets that a packet speaks for while it is followed. ``asked`` are all that tables are
    made for."""

    def __init__(self, find: FindTable, lens: Lens, space: Space, asked: Space) -> None:
        self.asked = asked
        self.lens = lens
        self.space = space
        self.tangled: Space = None
        self.met: list[Met] = []
        self._narrowed: dict[Axis, list[Gaps]] = {}
        self._find = find

    def enter(self, chain: Chain, fields: Fields, hook: str, leg: str) -> None:
        """Keep those that fare like the speaking packet in a chain."""
        assert isinstance(fields, PacketFields)
        if not self.lens.open:
            self.met.append(Met(leg, hook, chain, Class(self.space, ())))
            return
        try:
            table = self._find(chain, fields, hook, self.lens)
        except Tangled:
            self._stay_alone(self.space)
            return
        group = table.find(self.lens)
        if group is None:
            self._stay_alone(self.lens.universe.intersect(self.space, table.tangled(self.lens.universe)))
            return
        self._tell_owners_apart(table, fields)
        if self.space is self.asked:
            self.space = group.space
        elif group.space != self.asked and all(met.group is not group for met in self.met):
            self.space = self.lens.universe.intersect(self.space, group.space)
        self.met.append(Met(leg, hook, chain, group))

    def _stay_alone(self, tangled: Space) -> None:
        """Keep the speaking packet only, of those of which nobody can say who fares alike."""
        if self.tangled is None:
            self.tangled = tangled
        for axis in Axis:
            self.narrow(axis, None)

    def _tell_owners_apart(self, table: Table, fields: PacketFields) -> None:
        """Where a chain asks whose socket it is, only ports with one owner fare alike."""
        edges = fields.context.surroundings.socket_edges()
        if edges and not {"meta skuid", "meta skgid"}.isdisjoint(table.reads):
            for axis in (Axis.PORT, Axis.DESTINATION):
                if axis in self.lens.open:
                    self.narrow(axis, edges if axis is Axis.PORT else None)

    def narrow(self, axis: Axis, edges: Edges | None) -> None:
        """Keep those that are of the speaking packet's class; None: those with its very value."""
        value = self.lens.point[axis]
        if edges is None:
            self._keep(axis, ((value, value),))
            return
        known = self._narrowed.setdefault(axis, [])
        for gaps in edges:
            if all(gaps is not one for one in known):
                known.append(gaps)
                self._keep(axis, gaps.alike(value, self.lens.universe.tops[axis]))

    def narrow_alike(self, axis: Axis, edges: Edges, answer: object, ask: Callable[[int], object]) -> None:
        """Keep those that get the speaking packet's ``answer``; ``edges`` are where it may change."""
        value, top = self.lens.point[axis], self.lens.universe.tops[axis]
        starts = sorted({0, *(edge for gaps in edges for edge in gaps.edges if edge <= top)})
        if len(starts) > MOST_ASKED:
            self.narrow(axis, edges)
            return
        spans = zip(starts, (*(start - 1 for start in starts[1:]), top), strict=True)
        alike = [(low, high) for low, high in spans if low <= value <= high or ask(low) == answer]
        self._keep(axis, normal(alike, top))

    def _keep(self, axis: Axis, ranges: Ranges) -> None:
        """Keep those whose values lie in ranges."""
        self.space = self.lens.universe.split(self.space, on_axis(axis, ranges))[0]

    def axis_of(self, value: int | None, axes: tuple[Axis, ...]) -> Axis | None:
        """The axis that an address or a port stands for."""
        found = (axis for axis in axes if axis in self.lens.open and self.lens.point[axis] == value)
        return next(found, None)


class Watched(Surroundings):
    """Surroundings that tell the watcher what they are asked about addresses."""

    watch: Watcher

    def __init__(self, inner: Surroundings, watch: Watcher) -> None:
        super().__init__(inner.destination, inner.in_interface)
        self.watch: Watcher = watch
        self._inner = inner

    def _hold(self, address: IPAddress | None, answer: object, ask: Callable[[IPAddress], object]) -> None:
        """An address was looked up: the answer holds for those that get the same, asked for one of each class."""
        if address is None:
            return
        watch = self.watch
        own = self._inner.destination if self._inner.assumes_destination else None
        axis = watch.axis_of(int(address), ADDRESSES)
        if own is not None and watch.axis_of(int(own), ADDRESSES) is Axis.DESTINATION:
            if address == own:
                return
            if self._inner.knows_neighbours:
                watch.narrow(Axis.DESTINATION, None)
        if axis is None:
            return
        edges = self._inner.edges(address.version)
        if own is None:
            watch.narrow_alike(axis, edges, answer, lambda value: ask(address_of(value, address.version)))
        else:
            watch.narrow(axis, edges)

    def address_type(self, address: IPAddress, device: str | None) -> str | None:
        """See ``Surroundings``."""
        answer = self._inner.address_type(address, device)
        self._hold(address, answer, lambda one: self._inner.address_type(one, device))
        return answer

    def way_to(
        self, address: IPAddress, device: str | None, mark: int | None, source: IPAddress | None = None
    ) -> str | Absent | None:
        """See ``Surroundings``."""
        if source is not None:
            self._narrow(source, ADDRESSES, self._inner.rule_edges(source.version))
        answer = self._inner.way_to(address, device, mark, source)
        self._hold(address, answer, lambda one: self._inner.way_to(one, device, mark, source))
        return answer

    def returns_by(self, packet: Packet, device: str | None) -> str | None:
        """See ``Surroundings``."""
        self._ask_route(packet, self._inner.route_edges(packet.version))
        return self._inner.returns_by(packet, device)

    def socket_owner(self, packet: Packet) -> int | None:
        """See ``Surroundings``; who fares alike is told apart only where a chain asks for the owner."""
        return self._inner.socket_owner(packet)

    def listener(self, ip: IPAddress, port: int, device: str | None) -> Listener | Absent | None:
        """See ``Surroundings``."""
        return self._inner.listener(ip, port, device)

    def time_to_live(self, version: int, back: Way | None) -> int | None:
        """See ``Surroundings``."""
        return self._inner.time_to_live(version, back)

    def owns_syn_ack(self) -> bool:
        """See ``Surroundings``."""
        return self._inner.owns_syn_ack()

    def socket_mark(self, mark: Value) -> int | None:
        """See ``Surroundings``."""
        return self._inner.socket_mark(mark)

    def _ask_route(self, packet: Packet, source_edges: Edges) -> None:
        self._narrow(packet.source, ADDRESSES, source_edges)
        self._narrow(packet.destination, ADDRESSES, self._inner.route_edges(packet.version))
        for port in (packet.source_port, packet.destination_port):
            self._narrow(port, PORTS, self._inner.port_edges())

    def _narrow(self, value: IPAddress | int | None, axes: tuple[Axis, ...], edges: Edges) -> None:
        axis = None if value is None else self.watch.axis_of(int(value), axes)
        if axis is not None:
            self.watch.narrow(axis, edges)

    def route(self, packet: Packet, mark: int | None) -> Way | None:
        """See ``Surroundings``; a translated destination may be that of one of the packets."""
        self._ask_route(packet, self._inner.source_edges(packet.version))
        there, own = packet.destination, self._inner.destination
        is_open = own is not None and self.watch.axis_of(int(own), ADDRESSES) is Axis.DESTINATION
        if is_open and there is not None and there != own:
            self.watch.narrow(Axis.DESTINATION, (cut([(int(there), int(there))], "there"),))
        return self._inner.route(packet, mark)

    def way_back(self, packet: Packet, mark: int | None) -> Way | None:
        """See ``Surroundings``."""
        self._ask_route(packet, self._inner.reply_edges(packet.version))
        return self._inner.way_back(packet, mark)

    def socket_edges(self) -> Edges:
        """See ``Surroundings``."""
        return self._inner.socket_edges()

    def utc_offset(self) -> int | None:
        """See ``Surroundings``."""
        return self._inner.utc_offset()

    def interface_index(self, name: str) -> int | None:
        """See ``Surroundings``."""
        return self._inner.interface_index(name)

    def interface_group(self, name: str) -> int | None:
        """See ``Surroundings``."""
        return self._inner.interface_group(name)

    def interface_type(self, name: str) -> int | None:
        """See ``Surroundings``."""
        return self._inner.interface_type(name)

    def bridge_ports(self, name: str | None) -> tuple[str, ...] | None:
        """See ``Surroundings``."""
        return self._inner.bridge_ports(name)

    def carrier(self, name: str | None) -> Carrier | None:
        """See ``Surroundings``."""
        return self._inner.carrier(name)

    def bridge_calls_iptables(self, version: int) -> bool | None:
        """See ``Surroundings``."""
        return self._inner.bridge_calls_iptables(version)

    def first_address(self, name: str | None, old: IPAddress) -> IPAddress | None:
        """See ``Surroundings``."""
        return self._inner.first_address(name, old)
