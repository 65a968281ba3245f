"""The ways in: every address of this machine that LAN clients could use, the best one first."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_interface, ip_network

from msgspec import Struct
from msgspec.structs import replace

from landiag.collect.guests import Nat
from landiag.journey.defaults import by_router, default_devices
from landiag.journey.one_link import all_on_link, on_one_link
from landiag.journey.ownership import owner_of
from landiag.journey.rank import rank
from landiag.journey.routing import lookup
from landiag.model.addresses import parse_ip
from landiag.model.facts import Address, Family, Interface, IPAddress, IPNetwork, Unknown
from landiag.model.host import Facts
from landiag.model.report import Target
from landiag.model.urls import bracketed

_INSIDE_ONLY = ("loopback", "container", "vm")
"""Kinds of interface whose addresses no other device on the LAN can reach."""


class Front(Struct, frozen=True):
    """The machine that clients talk to instead, and that passes their connections on: Windows around WSL2, a host.

    ``ip`` is its address for clients, None where nobody could tell; ``port`` is the port that they type. ``source``
    is the address from which its connections come. ``nat`` is what shows a virtual machine's host to be there.
    """

    ip: IPAddress | None
    port: int
    source: IPAddress | None = None
    nat: Nat | None = None


class Landing(Struct, frozen=True):
    """Where connections arrive on this machine, when that is not the way's own address and the port in question."""

    ip: IPAddress
    port: int


class Way(Struct, frozen=True):
    """One way in: an address, and the interface by which clients' packets for it come in.

    The interface need not be the one that has the address. ``is_default`` when the default route leaves by it.
    ``beyond`` is the network of the ordinary clients where the address has none of its own (a /32, an address on
    lo, a client on another interface's network).
    ``front`` is the machine in front of this one; None where clients reach the address itself.
    """

    id: str
    interface: Interface
    address: Address
    is_default: bool
    beyond: IPNetwork | None = None
    front: Front | None = None
    landing: Landing | None = None

    @property
    def ip(self) -> IPAddress:
        """The address of this machine."""
        return self.address.ip

    @property
    def client_ip(self) -> IPAddress | None:
        """The address that clients type: that of the machine in front; None where nobody knows it."""
        return self.ip if self.front is None else self.front.ip

    @property
    def family(self) -> Family:
        """IPv4 or IPv6."""
        return Family(self.ip.version)

    @property
    def network(self) -> IPNetwork:
        """The subnet of the ordinary clients."""
        return self.beyond or self.address.network

    def typed_port(self, port: int) -> int:
        """The port that clients type for a server on ``port``: that of the machine in front, where there is one."""
        return port if self.front is None else self.front.port

    def url(self, port: int | None, scheme: str = "http", path: str = "/") -> str | None:
        """The URL to open on a client; without a port only the address.

        None where its address is not known, or where the scheme is none that browsers open.
        """
        ip = self.client_ip
        default = {"http": 80, "https": 443}.get(scheme)
        if ip is None or default is None:
            return None
        if self.front is not None and port is not None:
            port = self.front.port
        suffix = "" if port is None or port == default else f":{port}"
        return f"{scheme}://{bracketed(ip)}{suffix}{path}"

    def place(self, port: int, scheme: str = "http", path: str = "/") -> str | None:
        """What clients are given: the URL, or address and port where no browser opens it."""
        ip = self.client_ip
        if ip is None:
            return None
        return self.url(port, scheme, path) or f"{bracketed(ip)}:{self.typed_port(port)}"


def list_ways(facts: Facts) -> tuple[Way, ...]:
    """List the ways in, best first. Empty when there is none, or when the interfaces could not be read."""
    if isinstance(facts.interfaces, Unknown):
        return ()
    defaults = default_devices(facts)
    found = [
        (interface, address)
        for interface in facts.interfaces
        if is_usable(interface)
        for address in interface.addresses
        if is_reachable(address)
    ]
    out = by_router(facts) or defaults
    found.sort(key=lambda pair: rank(pair[0], pair[1], out))
    return tuple(
        Way(
            f"way{number}", interface, address, interface.name in defaults, _beyond(facts, interface, address)
        )
        for number, (interface, address) in enumerate(found, 1)
    )


def _beyond(facts: Facts, interface: Interface, address: Address) -> IPNetwork | None:
    """The clients of an address without a network of its own: beside another address, or around the gateway."""
    if address.network.num_addresses > 2:
        return None
    beside = (one for other in all_on_link(facts, interface) for one in other.addresses)
    wide = [one.network for one in beside if one.ip.version == address.ip.version]
    largest = max(wide, key=lambda network: network.num_addresses, default=None)
    if largest is not None and largest.num_addresses > 2:
        return largest
    routes = () if isinstance(facts.routes, Unknown) else facts.routes
    by_it = [one for one in routes if one.device == interface.name and one.kind == "unicast"]
    on_link = [
        one.destination
        for one in by_it
        if one.gateway is None and one.destination.version == address.ip.version and not one.destination.is_multicast
        and one.destination.num_addresses > 2 and one.destination.prefixlen > 0 and not one.destination.is_link_local
    ]  # fmt: skip
    gateways = [one.gateway for one in by_it if one.gateway is not None]
    around = [ip_network(f"{one}/{_AROUND[one.version]}", strict=False) for one in gateways]
    return next((one for one in (*on_link, *around) if one.version == address.ip.version), None)


_AROUND = {4: 24, 6: 64}
"""How large the network around a gateway is taken to be, where no route tells."""


def is_usable(interface: Interface) -> bool:
    """Whether other devices of the LAN can reach addresses of this interface at all."""
    return interface.up and interface.carrier is not False and interface.kind not in _INSIDE_ONLY


def is_reachable(address: Address) -> bool:
    """Whether clients can type this address: neither loopback nor link-local, duplicate nor half configured."""
    ip = address.ip
    if ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast:
        return False
    return not (address.tentative or address.duplicate)


def is_container_side(interface: Interface) -> bool:
    """Whether an interface leads to containers or virtual machines of this same computer."""
    return interface.kind in ("container", "vm")


def choose_ways(facts: Facts, ways: Iterable[Way], target: Target, peer: IPAddress | None) -> tuple[Way, ...]:
    """Put the way that the verdict speaks of first: that of ``--to``, else of the peer's family and subnet.

    ``--interface`` leaves only the ways by that interface. A ``--to`` that this machine has and that is no way in
    by itself (on lo, link-local, without carrier) is one all the same; one that it has not leaves none first: the
    addresses check says what is wrong with it.
    """
    ways = tuple(_entered_by(facts, way, peer) for way in ways)
    chosen = [way for way in ways if target.interface in (None, way.interface.name)]
    if target.address is not None:
        wanted = parse_ip(target.address)
        chosen.sort(key=lambda way: wanted not in (way.client_ip, way.ip))
        is_one = any(wanted in (way.client_ip, way.ip) for way in ways)
        asked = None if is_one else _asked_way(facts, wanted, peer)
        chosen = chosen if asked is None else [asked, *chosen]
    elif peer is not None:
        chosen.sort(
            key=lambda way: (
                way.ip.version != peer.version,
                peer not in way.address.network,
                peer not in way.network,
            )
        )
    return tuple(chosen)


def _entered_by(facts: Facts, way: Way, peer: IPAddress | None) -> Way:
    """The same way for one client: it comes in by the interface on whose network that client is."""
    if peer is None or peer.version != way.ip.version or peer in way.network:
        return way
    beside = _interface_beside(facts, peer) or _interface_towards(facts, peer, way.ip)
    if beside is None or beside.name == way.interface.name:
        return way
    network = next((one.network for one in beside.addresses if peer in one.network), way.beyond)
    entered = way.interface if on_one_link(beside, way.interface) else beside
    return replace(way, interface=entered, beyond=network)


def _interface_towards(facts: Facts, peer: IPAddress, source: IPAddress) -> Interface | None:
    """The interface by which this host would send to a client behind a router, whose packets come the same way.

    None where that is a tunnel or leads to containers: then the client's packets come by the way's own interface.
    """
    found = lookup(facts, peer, source=source)
    if isinstance(found, Unknown) or isinstance(facts.interfaces, Unknown):
        return None
    device = next((one for one in facts.interfaces if one.name == found.device), None)
    is_outside = device is not None and device.kind in ("ethernet", "wifi", "bond", "vlan", "bridge", "veth")
    return device if is_outside and device is not None and device.carrier is not False else None


def _interface_beside(facts: Facts, peer: IPAddress) -> Interface | None:
    """The interface on whose own network a client is; None where it is behind a router."""
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    beside = [
        one
        for one in known
        if one.up and one.kind != "loopback" and any(peer in address.network for address in one.addresses)
    ]
    return next((one for one in beside if one.carrier is not False), beside[0] if beside else None)


def _asked_way(facts: Facts, wanted: IPAddress, peer: IPAddress | None) -> Way | None:
    """The way to an address of this machine that is no way in by itself; None where it has no such address."""
    owner = owner_of(facts, wanted)
    if owner is None or wanted.is_loopback or wanted.is_unspecified:
        return None
    if is_container_side(owner) and peer is None:
        return None
    by_route = Address(ip_interface(wanted), "host")
    address = next((one for one in owner.addresses if one.ip == wanted), by_route)
    entered = owner
    if owner.kind in ("loopback", "dummy"):
        entered = _entrance(facts, wanted) or owner
    way = Way("way0", entered, address, entered.name in default_devices(facts), _clients_by(entered, address))
    return _entered_by(facts, way, peer)


def _entrance(facts: Facts, wanted: IPAddress) -> Interface | None:
    """By which interface packets for an address on lo come: one whose network has it, else the default route's."""
    beside = _interface_beside(facts, wanted)
    if beside is not None and beside.kind != "dummy":
        return beside
    ways = [way for way in list_ways(facts) if way.ip.version == wanted.version]
    return ways[0].interface if ways else None


def _clients_by(entered: Interface, address: Address) -> IPNetwork | None:
    """The network of the clients that come in by an interface for an address that is not its own."""
    if any(one.ip == address.ip for one in entered.addresses):
        return None
    nets = [one.network for one in entered.addresses if one.ip.version == address.ip.version]
    return next((one for one in nets if one.num_addresses > 2), None)


def loopback_of(way: Way) -> IPAddress:
    """The address of loopback in the family of a way."""
    return ip_address("127.0.0.1" if way.family == 4 else "::1")


def client_of(way: Way) -> IPAddress:
    """Choose an ordinary client of the way's subnet: an address that is neither ours nor a special one."""
    network = way.network
    if network.num_addresses <= 2:
        return way.ip + 1 if int(way.ip) & 1 == 0 else way.ip - 1
    usable = (network[offset] for offset in (20, 1, 2) if offset < network.num_addresses - 1)
    return next(address for address in usable if address != way.ip)
