"""One client's conversation with this host, followed through routes and packet filters."""

from __future__ import annotations

from msgspec import Struct

from landiag.firewall.engine.legs import Arrival, Conversation, Follower, Stopped
from landiag.firewall.engine.neighbours import Seeker
from landiag.firewall.engine.surroundings import Surroundings, Way
from landiag.journey.routing import Flow, RouteDecision, lookup_flow
from landiag.model.facts import Facts, Interface, Unknown
from landiag.model.packet import ABSENT, Absent, IPAddress, Packet
from landiag.model.ruleset import Ruleset, TraceLine, Verdict


class Translated(Struct, frozen=True):
    """Where a translation sends the connection. ``rule_text`` is the rule that does it."""

    ip: IPAddress
    port: int
    rule_text: str


class Journey(Struct, frozen=True):
    """What becomes of a client's conversation.

    ``verdict`` accepts only when every packet passes for certain. ``decided_by`` is the line that decides,
    ``leg`` the packet that it stops (``syn syn-ack data answer``; None when all pass). ``stops`` are all the
    ends that are possible, ``unknown`` the lines of the rules that leave it open. ``translated`` is the
    destination after translation; None when nothing changes it or when that is not known. ``local`` tells
    whether it ends on this host; None where unknown. ``way`` is the routing decision for the packet,
    ``way_back`` that for the answer.
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


def follow(facts: Facts, packet: Packet) -> Journey | Unknown:
    """Follow the conversation that a packet begins; Unknown where no ruleset could be read at all."""
    if isinstance(facts.ruleset, Unknown):
        return facts.ruleset
    return follow_through(facts, facts.ruleset, packet)


def follow_through(facts: Facts, ruleset: Ruleset, packet: Packet) -> Journey:
    """Follow a packet through another ruleset than the host's own (with a fix applied)."""
    loose = facts.sysctls.get("net.netfilter.nf_conntrack_tcp_loose", "1") != "0"
    around = HostSurroundings(facts, packet)
    told = Follower(ruleset, around, facts.now, loose).follow(packet)
    if told.verdict is Verdict.ACCEPT and facts.os == "linux" and around.is_neighbour(packet):
        found = Seeker(ruleset, around, facts.now).seek(packet)
        if found.verdict is not Verdict.ACCEPT:
            found.arrivals = told.arrivals
            return _journey(packet, found)
    return _journey(packet, told)


def _journey(packet: Packet, told: Conversation) -> Journey:
    arrival = told.arrivals[0] if len(told.arrivals) == 1 else None
    return Journey(
        packet=packet,
        verdict=told.verdict,
        lines=told.lines,
        stops=told.stops,
        decided_by=told.decided_by,
        reject_with=told.reject_with,
        leg=told.leg,
        unknown=told.unknown,
        translated=_translated(arrival),
        local=arrival.local if arrival else None,
        way=arrival.way if arrival else None,
        way_back=arrival.back if arrival else None,
        out_interface=arrival.device if arrival else None,
    )


def _translated(arrival: Arrival | None) -> Translated | None:
    if arrival is None or arrival.translated is None:
        return None
    packet = arrival.packet
    if packet.destination is None or packet.destination_port is None:
        return None
    return Translated(packet.destination, packet.destination_port, arrival.translated.rule_text)


class HostSurroundings(Surroundings):
    """The surroundings of a ruleset as the facts of its host give them."""

    def __init__(self, facts: Facts, packet: Packet) -> None:
        super().__init__(packet.destination, packet.in_interface)
        self._facts = facts
        known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
        self._interfaces = {interface.name: interface for interface in known}

    def address_type(self, address: IPAddress, device: str | None) -> str | None:
        """The type of the address's route, limited to a device as fib expressions do."""
        if address.is_multicast:
            return "multicast"
        found = self._lookup(Flow(address))
        if found is None or found.kind == "none":
            return None if found is None else "unreachable"
        if device is not None and found.device not in (device, None) and not self._has(address, device):
            return "unicast"
        return found.kind

    def way_to(self, address: IPAddress, device: str | None, mark: int | None) -> str | Absent | None:
        """The device by which packets to the address leave."""
        found = self._lookup(Flow(address, out_interface=device, mark=mark or 0))
        if found is None:
            return None
        if not found.leaves or (device is not None and found.device != device):
            return ABSENT
        return found.device

    def route(self, packet: Packet, mark: int | None) -> Way | None:
        """The routing decision for a packet that came in."""
        if packet.destination is None:
            return Way("local", "lo")
        if mark is None:
            return None
        flow = Flow(
            packet.destination,
            packet.source,
            in_interface=packet.in_interface,
            mark=mark,
            source_port=packet.source_port,
            destination_port=packet.destination_port,
        )
        found = _way(self._lookup(flow))
        if found is not None and found.kind == "local" and packet.destination.is_loopback:
            return self._to_loopback(packet, found)
        if found is None or found.kind == "local":
            return found
        name = "net.ipv4.ip_forward" if packet.version == 4 else "net.ipv6.conf.all.forwarding"
        return Way("not-forwarded", None) if self._facts.sysctls.get(name) == "0" else found

    def _to_loopback(self, packet: Packet, found: Way) -> Way:
        """A loopback address that came in from outside is a martian, unless route_localnet is set (ip-sysctl.rst)."""
        if packet.in_interface is None or self._is_loopback(packet.in_interface):
            return found
        names = [f"net.ipv4.conf.{one}.route_localnet" for one in ("all", packet.in_interface)]
        values = [self._facts.sysctls.get(name) for name in names]
        if packet.version == 6 or (None in values and "1" not in values):
            return Way("perhaps-martian", None)
        return found if "1" in values else Way("martian", None)

    def _is_loopback(self, name: str) -> bool:
        found = self._interfaces.get(name)
        return name == "lo" if found is None else found.kind == "loopback"

    def way_back(self, packet: Packet, mark: int | None) -> Way | None:
        """The routing decision for an answer of this host."""
        if packet.destination is None or packet.source is None:
            return Way("unicast", self.in_interface)
        return _way(self._lookup(Flow(packet.destination, packet.source, mark=mark or 0)))

    def is_neighbour(self, packet: Packet) -> bool:
        """Whether the client asks for this host's hardware address itself: it is on the interface's own network."""
        found = self._interfaces.get(packet.in_interface or "")
        if found is None or self.interface_type(found.name) != ETHERNET_TYPE or packet.source is None:
            return False
        return any(packet.source in one.network for one in found.addresses)

    def interface_index(self, name: str) -> int | None:
        """The index of an interface."""
        found = self._interfaces.get(name)
        return None if found is None else found.index

    def interface_group(self, name: str) -> int | None:
        """The group of an interface: a number, or ``default``."""
        group = self._interfaces[name].group if name in self._interfaces else None
        if group in (None, "default"):
            return None if name not in self._interfaces else 0
        return int(group) if group is not None and group.isdigit() else None

    def interface_type(self, name: str) -> int | None:
        """The ARPHRD number of an interface, as far as its kind tells."""
        found = self._interfaces.get(name)
        if found is None:
            return None
        return _DEVICE_TYPES.get(found.kind)

    def bridge_ports(self, name: str | None) -> tuple[str, ...] | None:
        """The ports of a bridge, as far as the interfaces are known."""
        found = self._interfaces.get(name or "")
        if found is None:
            return super().bridge_ports(name)
        if found.kind in ("bond", "vrf"):
            return ()
        ports = tuple(one.name for one in self._interfaces.values() if one.master == name)
        return ports or (None if found.kind == "bridge" else ())

    def bridge_calls_iptables(self, version: int) -> bool | None:
        """What br_netfilter is told to do; there is no such setting where it is not loaded."""
        name = f"net.bridge.bridge-nf-call-{'iptables' if version == 4 else 'ip6tables'}"
        value = self._facts.sysctls.get(name)
        return None if value is None else value != "0"

    def first_address(self, name: str | None, old: IPAddress) -> IPAddress | None:
        """The first address of an interface with the scope of the old one (nf_nat_redirect.c)."""
        found = self._interfaces.get(name or "")
        if found is None:
            return None
        usable = [one.ip for one in found.addresses if not (one.tentative or one.duplicate)]
        alike = [ip for ip in usable if ip.version == old.version and ip.is_link_local == old.is_link_local]
        return alike[0] if alike else None

    def _has(self, address: IPAddress, device: str) -> bool:
        interface: Interface | None = self._interfaces.get(device)
        return interface is not None and any(one.ip == address for one in interface.addresses)

    def _lookup(self, flow: Flow) -> RouteDecision | None:
        found = lookup_flow(self._facts, flow)
        return None if isinstance(found, Unknown) else found


ETHERNET_TYPE = 1
_DEVICE_TYPES = {
    "loopback": 772,
    **dict.fromkeys(
        ("ethernet", "wifi", "bridge", "veth", "vlan", "container", "vm", "bond", "dummy"), ETHERNET_TYPE
    ),
}


def _way(decision: RouteDecision | None) -> Way | None:
    return None if decision is None else Way(decision.kind, decision.device)
