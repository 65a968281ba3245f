"""What a firewall asks its host about a packet: which addresses are local, where an answer would leave."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network

from msgspec import Struct

from landiag.firewall.engine.gaps import Edges
from landiag.firewall.engine.special import NEIGHBOURHOOD, SPECIAL_EDGES, edges_near, edges_of
from landiag.model.operands import Fields
from landiag.model.packet import ABSENT, Absent, IPAddress, Packet, Value
from landiag.model.route import PolicyRule, Route, RouteKind
from landiag.model.ruleset import Chain

FIB_TYPES = {
    "unspec": 0, "unicast": 1, "local": 2, "broadcast": 3, "anycast": 4, "multicast": 5, "blackhole": 6,
    "unreachable": 7, "prohibit": 8,
}  # fmt: skip

ETHERNET = ("eth", "en", "wl", "br", "docker", "veth", "virbr")
"""Names that the kernel and its tools give to Ethernet devices only."""

BRIDGES = ("br", "virbr", "vmbr", "lxcbr", "lxdbr", "docker", "podman", "cni")
"""Names that people and programs give to bridges."""

LIMITED_BROADCAST = ip_address("255.255.255.255")


def type_everywhere(address: IPAddress) -> str | None:
    """The routing type of an address that has the same on every host (__inet_dev_addr_type, nft_fib6_eval_type)."""
    if address.is_multicast:
        return "multicast"
    if address.is_unspecified:
        return "unspec" if address.version == 6 else "broadcast"
    return "broadcast" if address == LIMITED_BROADCAST else None


class Way(Struct, frozen=True):
    """A routing decision: its kind, the device if known, the gateway (None on the device's own network).

    ``route`` and ``rule`` are the ones that led to it; None where none did, or nobody knows.
    """

    kind: RouteKind
    device: str | None
    gateway: IPAddress | None = None
    route: Route | None = None
    rule: PolicyRule | None = None


class Carrier(Struct, frozen=True):
    """An interface that carries another one; ``tags``: its frames have the tag of a VLAN."""

    name: str
    tags: bool


class Listener(Struct, frozen=True):
    """The listening socket that would take a packet: its options, None where nobody knows them.

    ``transparent``: IP_TRANSPARENT is set; ``wildcard``: it listens on all addresses.
    """

    transparent: bool | None
    wildcard: bool | None


class Watch:
    """Is told of every chain that a packet comes to; for one packet that speaks for many (explore)."""

    def enter(self, chain: Chain, fields: Fields, hook: str, leg: str) -> None:
        """A packet with these fields is about to walk a base chain."""
        raise NotImplementedError


class Surroundings:
    """What is known of the host around a ruleset. This one knows nothing but the packet's own addresses.

    A saved ruleset is judged for a neighbour: the destination is an address of the host, and a source in the
    same /24 (/64) is reached through the interface on which it came in.
    """

    watch: Watch | None = None
    knows_neighbours = True
    """Whether an answer about an address hangs on how near it is to the packet's own destination."""

    assumes_destination = True
    """Whether the packet's own destination is taken for an address of this host, whatever it is."""

    def __init__(self, destination: IPAddress | None = None, in_interface: str | None = None) -> None:
        self.destination = destination
        self.in_interface = in_interface

    def address_type(self, address: IPAddress, device: str | None) -> str | None:  # noqa: ARG002
        """The routing type of an address, by name; None when unknown. ``device`` limits the lookup to one."""
        if address == self.destination or address.is_loopback:
            return "local"
        known = type_everywhere(address)
        return known or ("unicast" if self._near(address) and not _last(address) else None)

    def way_to(
        self,
        address: IPAddress,
        device: str | None,
        mark: int | None,
        source: IPAddress | None = None,
    ) -> str | Absent | None:
        """The interface by which packets to the address leave; ABSENT when there is none (for ``device``).

        ``source`` is the packet's other address, by which policy rules may look.
        """
        del mark, source
        if address == self.destination or address.is_loopback:
            return "lo" if device in (None, "lo") else ABSENT
        return self.in_interface if self._near(address) else None

    def route(self, packet: Packet, mark: int | None) -> Way | None:  # noqa: ARG002
        """Where a packet that came in goes: ``local``, ``unicast`` through a device, or nowhere.

        None when unknown. Without facts, the first destination is local (also when none is given), and
        another is behind this host.
        """
        if packet.destination is None or packet.destination == self.destination:
            return Way(RouteKind.LOCAL, "lo")
        return Way(RouteKind.UNICAST, None)

    def way_back(self, packet: Packet, mark: int | None) -> Way | None:  # noqa: ARG002
        """By which device an answer leaves; without facts, the one on which the question came in."""
        return Way(RouteKind.UNICAST, self.in_interface)

    def returns_by(self, packet: Packet, device: str | None) -> str | None:  # noqa: ARG002
        """By which device the answers of a host behind this one come in: that by which the packet left to it."""
        return device

    def socket_owner(self, packet: Packet) -> int | None:  # noqa: ARG002
        """The user id of the socket that takes a packet; None when unknown."""
        return None

    def listener(self, ip: IPAddress, port: int, device: str | None) -> Listener | Absent | None:  # noqa: ARG002
        """The socket that takes connections to an address and port by a device; ABSENT for none, None when unknown."""
        return None

    def time_to_live(self, version: int, back: Way | None) -> int | None:  # noqa: ARG002
        """With which time to live this host's own packets begin; None when unknown."""
        return 64

    def owns_syn_ack(self) -> bool:
        """Whether a SYN-ACK belongs to the socket that listens; with SYN cookies for everybody it belongs to none."""
        return True

    def socket_mark(self, mark: Value) -> int | None:  # noqa: ARG002
        """The mark of a socket's answers, by that of the packet that it answers; None when unknown."""
        return 0

    def utc_offset(self) -> int | None:
        """By how many seconds the machine's zone is ahead of UTC; None when unknown."""
        return None

    def interface_index(self, name: str) -> int | None:
        """The index of an interface."""
        return 1 if name == "lo" else None

    def interface_group(self, name: str) -> int | None:  # noqa: ARG002
        """The group of an interface; 0 is the default group."""
        return None

    def interface_type(self, name: str) -> int | None:
        """The ARPHRD number of an interface."""
        return 772 if name == "lo" else 1 if name.startswith(ETHERNET) else None

    def bridge_ports(self, name: str | None) -> tuple[str, ...] | None:
        """The ports of a bridge; empty for a device that is none; None when nobody knows."""
        return None if name is None or name.startswith(BRIDGES) else ()

    def carrier(self, name: str | None) -> Carrier | None:  # noqa: ARG002
        """What carries an interface that is a part of another one; None where nothing does, or nobody knows."""
        return None

    def bridge_calls_iptables(self, version: int) -> bool | None:  # noqa: ARG002
        """Whether frames on a bridge pass the chains of ip (ip6) too (br_netfilter); None when unknown."""
        return None

    def first_address(self, name: str | None, old: IPAddress) -> IPAddress | None:
        """The address that REDIRECT takes from an interface in place of ``old``; None when unknown."""
        known = self.destination is not None and self.destination.version == old.version
        return self.destination if known and name in (None, self.in_interface) else None

    def edges(self, version: int) -> Edges:
        """By what the answers about an address tell addresses apart."""
        if self.destination is None or self.destination.version != version:
            return (SPECIAL_EDGES[version],)
        return (SPECIAL_EDGES[version], edges_near(self.destination))

    def route_edges(self, version: int) -> Edges:  # noqa: ARG002
        """The same for the routing decisions about a packet; empty where only its destination's being ours counts."""
        return ()

    def rule_edges(self, version: int) -> Edges:  # noqa: ARG002
        """By what rules of the routing policy tell apart the addresses that packets come from."""
        return ()

    def source_edges(self, version: int) -> Edges:
        """By what the routing decision about a packet that came in tells them apart."""
        return self.rule_edges(version)

    def reply_edges(self, version: int) -> Edges:
        """By what the way of an answer tells apart the addresses that it is sent from."""
        return self.rule_edges(version)

    def port_edges(self) -> Edges:
        """By what routing decisions tell ports apart."""
        return ()

    def socket_edges(self) -> Edges:
        """By what the owners of sockets tell ports apart."""
        return ()

    def _near(self, address: IPAddress) -> bool:
        if self.destination is None or address.version != self.destination.version:
            return False
        prefix = NEIGHBOURHOOD[address.version]
        return address in ip_network(f"{self.destination}/{prefix}", strict=False)


class SavedSurroundings(Surroundings):
    """Surroundings of a saved ruleset: the packet's own words, with the addresses of its interface if it has any."""

    def __init__(self, packet: Packet) -> None:
        super().__init__(packet.destination, packet.in_interface)
        self._own = tuple(ip_interface(text) for text in packet.interface_addresses)

    def address_type(self, address: IPAddress, device: str | None) -> str | None:
        """The type of an address, known for sure on the interface's own subnet."""
        for own in self._own:
            if address == own.ip:
                return "local"
            if own.version == 4 and address == own.network.broadcast_address:
                return "broadcast"
            if address in own.network:
                return "unicast"
        return super().address_type(address, device)

    def edges(self, version: int) -> Edges:
        """Those of the interface's addresses too."""
        return (*super().edges(version), *self.route_edges(version))

    def route_edges(self, version: int) -> Edges:
        """The interface's addresses, and the ends of their networks."""
        return edges_of(tuple(own for own in self._own if own.version == version))

    def route(self, packet: Packet, mark: int | None) -> Way | None:
        """An address of the interface is local."""
        if any(packet.destination == own.ip for own in self._own):
            return Way(RouteKind.LOCAL, "lo")
        return super().route(packet, mark)

    def way_to(
        self, address: IPAddress, device: str | None, mark: int | None, source: IPAddress | None = None
    ) -> str | Absent | None:
        """The interface's subnet is reached through it."""
        if any(address in own.network and address != own.ip for own in self._own):
            return self.in_interface
        return super().way_to(address, device, mark, source)


class AnywhereSurroundings(SavedSurroundings):
    """Surroundings of a saved ruleset for packets to whatever address the host has: nobody knows its neighbours."""

    knows_neighbours = False

    def edges(self, version: int) -> Edges:
        """Those of addresses that are the same everywhere."""
        return (SPECIAL_EDGES[version], *self.route_edges(version))

    def _near(self, address: IPAddress) -> bool:  # noqa: ARG002
        return False


def _last(address: IPAddress) -> bool:
    return address.version == 4 and int(address) & 0xFF == 0xFF


class Tuple(Struct, frozen=True):
    """Addresses and ports of one direction of a connection."""

    source: IPAddress | None
    destination: IPAddress | None
    source_port: int | None
    destination_port: int | None

    def reversed(self) -> Tuple:
        """The other direction, nothing translated."""
        return Tuple(self.destination, self.source, self.destination_port, self.source_port)
