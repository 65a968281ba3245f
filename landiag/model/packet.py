"""One packet as a firewall sees it, and the fields that matches read from it.

A field's value is an ``int`` (addresses and ports too), a ``str`` (interface names), ``None`` when nobody
knows it, or ``ABSENT`` when this packet has no such thing (the port of an ICMP packet). Names are nft(8)'s:
``ip saddr``, ``ip6 daddr``, ``tcp dport``, ``th sport``, ``meta mark``, ``iifname``, ``ct state``...
Other systems use the same ones and add theirs (``program``, ``profile``).
"""

from __future__ import annotations

from enum import Enum
from ipaddress import IPv4Address, IPv6Address

from msgspec import Struct

IPAddress = IPv4Address | IPv6Address


class Absent(Enum):
    """The type of ABSENT."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


class AnythingBut(Struct, frozen=True):
    """The unknown name of an interface that is known not to be one of these."""

    names: frozenset[str]


class Within(Struct, frozen=True):
    """A number that is not known, but lies between two that are."""

    low: int
    high: int


ANY_INDEX = Within(1, 0x7FFFFFFF)
"""The index of an interface, whichever that is (dev_new_index in the Linux kernel)."""

Value = int | str | None | Absent | AnythingBut | Within

NOT_LOOPBACK = AnythingBut(frozenset({"lo"}))

PROTOCOL_NUMBERS = {
    "icmp": 1, "igmp": 2, "ipip": 4, "ipencap": 4, "tcp": 6, "udp": 17, "dccp": 33, "ipv6": 41, "gre": 47,
    "esp": 50, "ah": 51, "icmpv6": 58, "ipv6-icmp": 58, "ospf": 89, "comp": 108, "sctp": 132, "udplite": 136,
}  # fmt: skip

CT_STATES = {"invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64}

COMMON_OPTIONS = {"maxseg": 2, "window": 3, "sack-perm": 4}
"""Options of TCP that every system's SYN has, as nft names them, with their numbers (RFC 9293, 7323, 2018)."""
TCP_FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128}

PACKET_TYPES = {"host": 0, "unicast": 0, "broadcast": 1, "multicast": 2, "other": 3}


CLIENT_PORT = 40000
"""The port that a client of whom nothing else is known sends from."""


class Packet(Struct, frozen=True):
    """A packet that comes in (or goes out); the defaults are a fresh SYN of a neighbour.

    ``flags`` are TCP flags by name. ``state`` is a conntrack state; None lets the journey find it out.
    ``ip_version`` counts only where no address is known.
    None elsewhere means that nobody knows (addresses, interfaces) or that there is none (MAC addresses of a
    packet whose link layer is not known). ``program``, ``profile`` and ``interface_addresses`` are for rules
    of Windows and pf; ``services``, ``interface_guid`` and ``interface_kind`` (an Interface's ``kind``) for
    those of Windows. ``is_named``: it is that of the one client that is asked about, and speaks for no other.
    """

    destination_port: int | None = None
    protocol: str = "tcp"
    source: IPAddress | None = None
    destination: IPAddress | None = None
    source_port: int | None = CLIENT_PORT
    in_interface: str | None = None
    out_interface: str | None = None
    state: str | None = None
    mark: int | None = 0
    flags: frozenset[str] = frozenset({"syn"})
    ttl: int | Within | None = 64
    length: int | Within | None = 60
    pkttype: str | None = "host"
    source_mac: str | None = None
    destination_mac: str | None = None
    skuid: int | None = None
    skgid: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    ct_mark: int | None = 0
    dscp: int | None = 0
    program: str | None = None
    profile: str | None = None
    interface_addresses: tuple[str, ...] = ()
    ip_version: int = 4
    services: tuple[str, ...] | None = None
    interface_guid: str | None = None
    interface_kind: str | None = None
    is_named: bool = False

    @property
    def version(self) -> int:
        """4 or 6: that of its addresses, and ``ip_version`` when neither is known."""
        for address in (self.destination, self.source):
            if address is not None:
                return address.version
        return self.ip_version
