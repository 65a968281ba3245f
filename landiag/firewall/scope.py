"""Which packets a firewall is asked about, all at once: their protocols, interfaces, sources, addresses and ports."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_interface

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.command import saved_around
from landiag.firewall.engine.explore import Around
from landiag.firewall.engine.nat import address_of
from landiag.firewall.engine.packets import DATAGRAM_LENGTH
from landiag.firewall.engine.ranges import normal
from landiag.firewall.engine.spaces import MAX_PORT, Axis, Box
from landiag.firewall.engine.surroundings import AnywhereSurroundings
from landiag.model.facts import IPNetwork
from landiag.model.operands import Ranges
from landiag.model.packet import IPAddress, Packet
from landiag.model.ruleset import Ruleset

OTHER = "*"
"""Stands for every interface that no rule names; ``eth*`` for those that only a pattern matches."""

MAX_ALL_RUNS = 1500
"""So many packets speak for all others at most, whatever the protocol and the interface; see ``MAX_RUNS``."""

UNICAST: Mapping[int, Ranges] = {
    4: ((1 << 24, (127 << 24) - 1), (128 << 24, (224 << 24) - 1)),
    6: ((2, (0xFF << 120) - 1),),
}
"""The addresses that a host can have as its own."""

HOOKS = ("ingress", "prerouting", "input", "forward")


class Scope(Struct):
    """What is asked: which packets.

    ``interfaces`` are the names by which packets come in; None: whatever rules name, and any other. ``own`` are
    the addresses that they are sent to; None: every address that a host can have.
    """

    packet: Packet
    protocols: tuple[str, ...] = ("tcp", "udp")
    versions: tuple[int, ...] = (4, 6)
    interfaces: tuple[str, ...] | None = None
    own: tuple[IPAddress, ...] | None = None
    sources: IPNetwork | None = None
    ports: Ranges | None = None
    around: Around | None = None
    most_runs: int = MAX_ALL_RUNS

    @classmethod
    def of_saved(cls, ruleset: Ruleset, packet: Packet) -> Scope:
        """What a saved ruleset is asked: of the IP versions that it has rules for, all packets to its host.

        Rules of Windows and pf know their own addresses by the packet's ``interface_addresses`` alone.
        """
        own = tuple(ip_interface(text).ip for text in packet.interface_addresses) or None
        own = own if packet.destination is None else (packet.destination,)
        if own is None and is_linux(ruleset):
            packet = replace(packet, destination=address_of(UNICAST[4][0][0], 4))
        interfaces = None if packet.in_interface is None else (packet.in_interface,)
        versions = _versions(ruleset) if own is None else tuple(sorted({one.version for one in own}))
        return cls(packet, versions=versions, interfaces=interfaces, own=own)


def _versions(ruleset: Ruleset) -> tuple[int, ...]:
    """The IP versions that a ruleset has rules for; both where it has none at all."""
    families = {4: "ip", 6: "ip6"}
    found = [one for one, family in families.items() if any(ruleset.hooked(hook, family) for hook in HOOKS)]
    return tuple(found or families)


def narrowed(
    scope: Scope, protocols: tuple[str, ...], ports: Ranges | None, sources: IPNetwork | None
) -> Scope:
    """The same with fewer protocols, ports and sources."""
    versions = scope.versions if sources is None else tuple(v for v in scope.versions if v == sources.version)
    return replace(scope, protocols=protocols, ports=ports, sources=sources, versions=versions)


class Kind(Struct, frozen=True):
    """Packets of one protocol and IP version that come in by one interface."""

    version: int
    protocol: str
    interface: str


def is_linux(ruleset: Ruleset) -> bool:
    """Whether its rules are those of a Linux host."""
    return all(key[0] == "nftables" or key[0].startswith("iptables") for key in ruleset.tables)


def around_of(ruleset: Ruleset, scope: Scope) -> Around:
    """What is known of the host around a ruleset when its regions are found."""
    if scope.around is None and scope.own is None and is_linux(ruleset):
        return AnywhereSurroundings
    return scope.around or saved_around(ruleset)


def template(scope: Scope, kind: Kind) -> Packet:
    """The packet of a kind, whose addresses and ports are of no account."""
    packet = scope.packet
    version, first = kind.version, box_of(scope, kind.version)
    own = first[Axis.DESTINATION]
    packet = replace(
        packet, protocol=kind.protocol, ip_version=version, source=address_of(1, version),
        destination=address_of(own[0][0], version) if own else None,
        in_interface=kind.interface, destination_port=1, flags=frozenset({"syn"} if kind.protocol == "tcp" else ()),
    )  # fmt: skip
    if packet.length != Packet().length:
        return packet
    if kind.protocol != "tcp":
        return replace(packet, length=DATAGRAM_LENGTH)
    return replace(packet, length=80) if version == 6 else packet


def box_of(scope: Scope, version: int) -> Box:
    """What a scope asks for on each axis, None where the packets have no such thing."""
    top = (1 << (32 if version == 4 else 128)) - 1
    sources: Ranges = ((0, top),)
    if scope.sources is not None:
        sources = ((int(scope.sources[0]), int(scope.sources[-1])),)
    own: Ranges | None = None if scope.packet.destination is None else UNICAST[version]
    if scope.own:
        own = normal([(int(one), int(one)) for one in scope.own if one.version == version], top)
    return (sources, scope.ports or ((0, MAX_PORT),), own, ((0, MAX_PORT),))
