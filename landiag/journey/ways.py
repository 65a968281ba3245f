"""The ways in: every address of this machine that LAN clients could use, the best one first."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from landiag.model.facts import Address, Family, Interface, IPAddress, IPNetwork, Unknown
from landiag.model.host import Facts
from landiag.model.report import Target

_PHYSICAL = ("ethernet", "wifi")
_ORDER = (
    "ethernet",
    "wifi",
    "bond",
    "vlan",
    "bridge",
    "veth",
    "vrf",
    "other",
    "dummy",
    "tunnel",
    "vpn",
    "vm",
    "container",
)
_INSIDE_ONLY = ("loopback", "container", "vm")
"""Kinds of interface whose addresses no other device on the LAN can reach."""


class Way(Struct, frozen=True):
    """One way in: an address on an interface. ``is_default`` when the default route leaves by it."""

    id: str
    interface: Interface
    address: Address
    is_default: bool

    @property
    def ip(self) -> IPAddress:
        """The address that clients type."""
        return self.address.ip

    @property
    def family(self) -> Family:
        """IPv4 or IPv6."""
        return Family(self.ip.version)

    @property
    def network(self) -> IPNetwork:
        """The subnet of the ordinary clients."""
        return self.address.network

    def url(self, port: int | None, scheme: str = "http", path: str = "/") -> str:
        """The URL to open on a client; without a port only the address."""
        host = f"[{self.ip}]" if self.family is Family.IPV6 else str(self.ip)
        default = {"http": 80, "https": 443}.get(scheme)
        suffix = "" if port is None or port == default else f":{port}"
        return f"{scheme}://{host}{suffix}{path}"


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
    found.sort(key=lambda pair: _rank(pair[0], pair[1], defaults))
    return tuple(
        Way(f"way{number}", interface, address, interface.name in defaults)
        for number, (interface, address) in enumerate(found, 1)
    )


def default_devices(facts: Facts) -> tuple[str, ...]:
    """Name the interfaces of the main table's default routes, the preferred one first."""
    if isinstance(facts.routes, Unknown):
        return ()
    routes = [
        route
        for route in facts.routes
        if route.destination.prefixlen == 0
        and route.kind == "unicast"
        and route.table == "main"
        and route.device
    ]
    ordered = sorted(routes, key=lambda route: (route.destination.version, route.metric))
    return tuple(dict.fromkeys(route.device for route in ordered if route.device))


def is_usable(interface: Interface) -> bool:
    """Whether other devices of the LAN can reach addresses of this interface at all."""
    return interface.up and interface.carrier is not False and interface.kind not in _INSIDE_ONLY


def is_reachable(address: Address) -> bool:
    """Whether clients can type this address: neither loopback nor link-local, duplicate nor half configured."""
    ip = address.ip
    if ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast:
        return False
    return not (address.tentative or address.duplicate) and address.scope != "host"


def is_container_side(interface: Interface) -> bool:
    """Whether an interface leads to containers or virtual machines of this same computer."""
    return interface.kind in ("container", "vm")


def rank_kind(kind: str) -> int:
    """Rank a kind of interface: physical ones first, VPNs and bridges of containers last."""
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _rank(interface: Interface, address: Address, defaults: Iterable[str]) -> tuple[object, ...]:
    return (
        interface.kind in ("vpn", "tunnel", "vm", "container", "dummy"),
        address.ip.version,
        interface.name not in defaults,
        interface.kind not in _PHYSICAL,
        rank_kind(interface.kind),
        address.deprecated,
        address.temporary,
        _is_unusual(address),
        interface.index,
        address.ip.packed,
    )


def _is_unusual(address: Address) -> bool:
    """Whether an IPv6 address is a private ULA: a global one serves more clients; IPv4 has no preference."""
    return address.ip.version == 6 and address.ip.is_private


def owner_of(facts: Facts, ip: IPAddress) -> Interface | None:
    """Find the interface that has this address; None when none has it or they could not be read."""
    if isinstance(facts.interfaces, Unknown):
        return None
    for interface in facts.interfaces:
        if any(address.ip == ip for address in interface.addresses):
            return interface
    return None


def choose_ways(ways: Iterable[Way], target: Target, peer: IPAddress | None) -> tuple[Way, ...]:
    """Put the way that the verdict speaks of first: that of ``--to``, else of the peer's family and subnet.

    ``--interface`` leaves only the ways by that interface. A ``--to`` that is no way in leaves none first:
    the addresses check says what is wrong with it.
    """
    chosen = [way for way in ways if target.interface in (None, way.interface.name)]
    if target.address is not None:
        chosen.sort(key=lambda way: str(way.ip) != target.address)
    elif peer is not None:
        chosen.sort(key=lambda way: (way.ip.version != peer.version, peer not in way.network))
    return tuple(chosen)


def client_of(way: Way) -> IPAddress:
    """Choose an ordinary client of the way's subnet: an address that is neither ours nor a special one."""
    network = way.network
    for offset in (20, 1, 2):
        if offset < network.num_addresses - 1 and network[offset] != way.ip:
            return network[offset]
    return network[-1]
