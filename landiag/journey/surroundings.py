"""What a packet filter asks its host, answered from the facts as the kernel would: routes, sources, sockets, links.

Sources: ip_route_input_slow and fib_validate_source (net/ipv4/route.c, fib_frontend.c), inet_csk_route_req
(inet_connection_sock.c), nft_fib_ipv4.c, nft_fib_ipv6.c, ip-sysctl.rst in the Linux kernel.
"""

from __future__ import annotations

from landiag.firewall.engine.context import NO_SOCKET
from landiag.firewall.engine.gaps import Edges
from landiag.firewall.engine.special import SPECIAL_EDGES
from landiag.firewall.engine.surroundings import Listener, Way, type_everywhere
from landiag.journey.binding import bind_among
from landiag.journey.edges import edges_of, edges_of_ports, edges_of_rules, edges_of_sockets
from landiag.journey.inside import facts_inside, namespace_with
from landiag.journey.links import HostLinks
from landiag.journey.route_index import index_routes
from landiag.journey.routing import Flow, RouteDecision, lookup_flow
from landiag.model.facts import Interface, IPAddress, Socket, Unknown
from landiag.model.packet import ABSENT, Absent, Packet, Value
from landiag.model.route import Route, RouteKind
from landiag.model.settings import forwarding_setting

_OFF, _STRICT, _LOOSE = 0, 1, 2
"""Values of rp_filter."""

KERNEL_UID = 0
"""Whose packets rules by user take those for that belong to no socket (sock_net_uid)."""


class HostSurroundings(HostLinks):
    """The surroundings of a ruleset as the facts of its host give them."""

    knows_neighbours = False
    assumes_destination = False

    def address_type(self, address: IPAddress, device: str | None) -> str | None:
        """The type of an address, limited to a device as fib expressions do."""
        known = type_everywhere(address)
        if known is not None or isinstance(self._facts.routes, Unknown):
            return known
        if address.version == 4:
            return self._local_type(address, self._facts.routes, device)
        found = self._lookup(Flow(address))
        if found is None or found.kind == RouteKind.NONE:
            return None if found is None else "unreachable"
        if device is not None and found.device not in (device, None) and not self._has(address, device):
            return "unicast"
        return str(found.kind.value)

    @staticmethod
    def _local_type(address: IPAddress, routes: tuple[Route, ...], device: str | None) -> str:
        """IPv4 looks into the table of local addresses alone; what is not there is unicast (__inet_dev_addr_type)."""
        found = next(index_routes(routes).matching("local", address), None)
        return found[0].kind if found and device in (None, found[0].device) else "unicast"

    def way_to(
        self, address: IPAddress, device: str | None, mark: int | None, source: IPAddress | None = None
    ) -> str | Absent | None:
        """The device by which packets to the address leave: looked up freely, then compared with ``device``."""
        flow = Flow(address, source, mark=mark or 0, uid=KERNEL_UID)
        found = lookup_flow(self._facts, flow)
        if isinstance(found, Unknown):
            return None
        if found.kind != RouteKind.UNICAST or device not in (None, found.device):
            return ABSENT
        return found.device

    def route(self, packet: Packet, mark: int | None) -> Way | None:
        """The routing decision for a packet that came in."""
        if packet.destination is None:
            return Way(RouteKind.LOCAL, "lo")
        if mark is None and self._asks_for_marks():
            return None
        decision = self._lookup(self._incoming(packet, mark or 0))
        found = as_way(decision)
        if found is None or packet.in_interface is None or self._is_loopback(packet.in_interface):
            return found
        if found.kind == RouteKind.LOCAL and packet.destination.is_loopback:
            return self._to_loopback(packet, found)
        if found.kind != RouteKind.LOCAL and not self._forwards(packet):
            return Way(RouteKind.NOT_FORWARDED, None)
        return self.refused_source(packet, mark or 0) or found

    def _incoming(self, packet: Packet, mark: int) -> Flow:
        assert packet.destination is not None
        return Flow(
            packet.destination,
            packet.source,
            in_interface=packet.in_interface,
            mark=mark,
            source_port=packet.source_port,
            destination_port=packet.destination_port,
            uid=KERNEL_UID,
        )

    def _asks_for_marks(self) -> bool:
        rules = self._facts.policy_rules
        return isinstance(rules, Unknown) or any(rule.mark is not None for rule in rules)

    def _forwards(self, packet: Packet) -> bool:
        own = f"net.ipv{packet.version}.conf.{packet.in_interface}.forwarding"
        return (
            self._facts.sysctls.get(own, self._facts.sysctls.get(forwarding_setting(packet.version))) != "0"
        )

    def refused_source(self, packet: Packet, mark: int) -> Way | None:
        """Why the kernel refuses where a packet comes from (fib_validate_source); None where it does not. IPv4 only."""
        source, device = packet.source, packet.in_interface
        if source is None or source.version != 4 or device is None or packet.destination is None:
            return None
        takes_own = any(self.setting("accept_local", device))
        mark = mark if any(self.setting("src_valid_mark", device)) else 0
        flow = Flow(
            source, packet.destination, out_interface=self._vrf(device), mark=mark, uid=KERNEL_UID,
            source_port=packet.destination_port, destination_port=packet.source_port,
        )  # fmt: skip
        found = lookup_flow(self._facts, flow)
        # A local route takes it for this host's own as an address does (fib_has_custom_local_routes).
        by_route = not isinstance(found, Unknown) and found.kind is RouteKind.LOCAL
        if not takes_own and (by_route or self._owner(source) is not None):
            return Way(RouteKind.OWN_SOURCE, device)
        mode = max(self.setting("rp_filter", device))
        strictest = mode if self.is_read("rp_filter", device) else _STRICT
        if strictest == _OFF:
            return None
        if isinstance(found, Unknown):
            return None if self._spreads_over(source, device) else Way(RouteKind.PERHAPS_REVERSE_PATH, device)
        if found.kind == RouteKind.LOCAL and takes_own:
            return None
        is_unicast = found.kind == RouteKind.UNICAST
        if is_unicast and (strictest != _STRICT or found.device in (device, self._master(device))):
            return None
        if mode == _OFF or (is_unicast and mode != _STRICT):  # what was not read would decide
            return Way(RouteKind.PERHAPS_REVERSE_PATH, device)
        return Way(RouteKind.REVERSE_PATH, found.device, found.gateway, found.route, found.rule)

    def _spreads_over(self, source: IPAddress, device: str) -> bool:
        """Whether one of several next hops to an address is by this device (fib_info_nh_uses_dev)."""
        routes: tuple[Route, ...] = () if isinstance(self._facts.routes, Unknown) else self._facts.routes
        return any(one.multipath and one.device == device and source in one.destination for one in routes)

    def _to_loopback(self, packet: Packet, found: Way) -> Way:
        """A loopback address that came in from outside is a martian, unless route_localnet is set (ip-sysctl.rst)."""
        names = [f"net.ipv4.conf.{one}.route_localnet" for one in ("all", packet.in_interface)]
        values = [self._facts.sysctls.get(name) for name in names]
        if packet.version == 6 or (None in values and "1" not in values):
            return Way(RouteKind.PERHAPS_MARTIAN, None)
        return found if "1" in values else Way(RouteKind.MARTIAN, None)

    def way_back(self, packet: Packet, mark: int | None) -> Way | None:
        """The routing decision for an answer of this host."""
        if packet.destination is None or packet.source is None:
            return Way(RouteKind.UNICAST, self.in_interface)
        if mark is None and self._asks_for_marks():
            return None
        uid = KERNEL_UID if packet.skuid == NO_SOCKET else packet.skuid
        socket = self._socket(
            packet.source, packet.source_port, self._interfaces.get(self.in_interface or "")
        )
        tied = socket.device if socket is not None and packet.skuid != NO_SOCKET else None
        out = tied or self._vrf(self.in_interface)
        flow = Flow(
            packet.destination, packet.source, out_interface=out, mark=mark or 0, uid=uid, protocol=packet.protocol,
            source_port=packet.source_port, destination_port=packet.destination_port,
        )  # fmt: skip
        return as_way(self._lookup(flow))

    def returns_by(self, packet: Packet, device: str | None) -> str | None:
        """By which device a container's answers come in: that with the gateway of its own route to the client."""
        namespace = namespace_with(self._facts, packet.destination)
        if namespace is None or packet.source is None:
            return device
        flow = Flow(packet.source, packet.destination, source_port=packet.destination_port, uid=KERNEL_UID)
        found = lookup_flow(facts_inside(self._facts, namespace), flow)
        gateway = None if isinstance(found, Unknown) else found.gateway
        owner = None if gateway is None else self._owner(gateway)
        return device if owner is None else owner.name

    def edges(self, version: int) -> Edges:
        """Every network that a route, a rule of the routing policy or an interface names."""
        return (SPECIAL_EDGES[version], *edges_of(self._facts)[version])

    def route_edges(self, version: int) -> Edges:
        """The same."""
        return self.edges(version)

    def rule_edges(self, version: int) -> Edges:
        """The networks that they name."""
        rules = self._facts.policy_rules
        return () if isinstance(rules, Unknown) else edges_of_rules(rules)[version]

    def source_edges(self, version: int) -> Edges:
        """All networks: a source that is reached by another device may be refused."""
        return self.route_edges(version)

    def reply_edges(self, version: int) -> Edges:
        """Rules of the routing policy; and whatever has a socket that is tied to a device."""
        is_tied = any(socket.device is not None for socket in self._sockets)
        return self.route_edges(version) if is_tied else self.rule_edges(version)

    def port_edges(self) -> Edges:
        """The ports that rules of the routing policy name, and those of sockets that are tied to a device."""
        rules = () if isinstance(self._facts.policy_rules, Unknown) else self._facts.policy_rules
        return edges_of_ports(rules, self._sockets)

    def socket_edges(self) -> Edges:
        """The ports at which somebody listens."""
        return edges_of_sockets(self._sockets)

    @property
    def _sockets(self) -> tuple[Socket, ...]:
        return () if isinstance(self._facts.sockets, Unknown) else self._facts.sockets

    def socket_owner(self, packet: Packet) -> int | None:
        """The user id of the socket that takes a packet, where all that could take it have the same.

        Where nobody listens the kernel itself answers, by a RST, which no user's socket sends.
        """
        ip, port = packet.destination, packet.destination_port
        if ip is None or port is None or isinstance(self._facts.sockets, Unknown):
            return None
        binding = bind_among(self._facts.sockets, ip, port, None)
        if not (binding.serving or binding.perhaps):
            return NO_SOCKET
        socket = self._socket(ip, port)
        return None if socket is None else socket.uid

    def _socket(
        self, ip: IPAddress | None, port: int | None, interface: Interface | None = None
    ) -> Socket | None:
        """The socket that takes connections that come in by an interface, or by any; None where several may."""
        if ip is None or port is None or isinstance(self._facts.sockets, Unknown):
            return None
        serving = bind_among(self._facts.sockets, ip, port, interface).serving
        alike = {(socket.uid, socket.device) for socket in serving}
        return serving[0] if len(alike) == 1 else None

    def listener(self, ip: IPAddress, port: int, device: str | None) -> Listener | Absent | None:
        """The options of the sockets that take such connections, as far as they are the same."""
        if isinstance(self._facts.sockets, Unknown):
            return None
        binding = bind_among(self._facts.sockets, ip, port, self._interfaces.get(device or ""))
        if not binding.serving:
            return None if binding.perhaps else ABSENT
        transparent = {one.transparent for one in binding.serving}
        wildcard = {one.address.is_unspecified for one in binding.serving}
        return Listener(
            transparent.pop() if len(transparent) == 1 else None,
            wildcard.pop() if len(wildcard) == 1 else None,
        )

    def owns_syn_ack(self) -> bool:
        """Not with ``tcp_syncookies = 2`` (tcp_make_synack in net/ipv4/tcp_output.c, TCP_SYNACK_COOKIE)."""
        return self._facts.sysctls.get("net.ipv4.tcp_syncookies") != "2"

    def socket_mark(self, mark: Value) -> int | None:
        """The mark of a socket's answers: that of the packet where tcp_fwmark_accept says so, else none."""
        if self._facts.sysctls.get("net.ipv4.tcp_fwmark_accept", "0") == "0":
            return 0
        return mark if isinstance(mark, int) else None

    def _lookup(self, flow: Flow) -> RouteDecision | None:
        found = lookup_flow(self._facts, flow)
        return None if isinstance(found, Unknown) else found


def as_way(decision: RouteDecision | None) -> Way | None:
    """A route lookup's decision as the packet filters know it; None where it is not known."""
    return (
        None
        if decision is None
        else Way(decision.kind, decision.device, decision.gateway, decision.route, decision.rule)
    )


class FirewallSurroundings(HostSurroundings):
    """The same host as its firewall alone is asked: whatever comes in is let in by routing."""

    def refused_source(self, packet: Packet, mark: int) -> Way | None:  # noqa: ARG002
        """No source is refused: that is no matter of the firewall."""
        return None

    def source_edges(self, version: int) -> Edges:
        """So only rules of the routing policy tell sources apart."""
        return self.rule_edges(version)
