"""Fields that a packet has by itself and by its place: headers, ports, interfaces, the socket's owner."""

from __future__ import annotations

from collections.abc import Callable

from landiag.firewall.engine.context import NO_SOCKET, OUTWARD, PROXIED, REWRITTEN, Asked
from landiag.firewall.engine.socket_fields import (
    IS_HANDED,
    IS_MOVED,
    SOCKET_ADDRESS,
    SOCKET_PORT,
    socket_transparent,
    socket_wildcard,
)
from landiag.firewall.engine.tcp_fields import has_option, segment_size, tcp_flags
from landiag.model.chance import VISIT
from landiag.model.clock import CLOCK, OFFSET
from landiag.model.packet import (
    ABSENT,
    ANY_INDEX,
    COMMON_OPTIONS,
    NOT_LOOPBACK,
    PACKET_TYPES,
    PROTOCOL_NUMBERS,
    AnythingBut,
    IPAddress,
    Value,
    Within,
)

NFPROTO = {"ip": 2, "ip6": 10, "netdev": 5, "bridge": 7, "arp": 3, "inet": 1}
ETHERTYPE = {4: 0x0800, 6: 0x86DD}
ARP = 0x0806
Compute = Callable[[Asked], Value]


def _address(address: IPAddress | None) -> Value:
    return None if address is None else int(address)


def _only(version: int, value: Compute) -> Compute:
    """A field that packets of one IP version have."""

    def compute(fields: Asked) -> Value:
        packet = fields.packet
        return value(fields) if packet.version == version and packet.protocol != "arp" else ABSENT

    return compute


def _protocol(protocol: str, value: Compute) -> Compute:
    """A field that packets of one transport protocol have."""

    def compute(fields: Asked) -> Value:
        return value(fields) if fields.packet.protocol == protocol else ABSENT

    return compute


def _unknown(fields: Asked) -> Value:  # noqa: ARG001
    return None


def _zero(fields: Asked) -> Value:  # noqa: ARG001
    return 0


def l4proto(fields: Asked) -> Value:
    """The number of the transport protocol; ARP has none."""
    protocol = fields.packet.protocol
    if protocol == "icmp" and fields.packet.version == 6:
        return 58
    if protocol == "arp":
        return ABSENT
    return int(protocol) if protocol.isdigit() else PROTOCOL_NUMBERS.get(protocol)


def _nfproto(fields: Asked) -> Value:
    family = fields.context.family
    return NFPROTO.get(family)


def _ethertype(fields: Asked) -> Value:
    return ARP if fields.packet.protocol == "arp" else ETHERTYPE[fields.packet.version]


def _port(name: str, *protocols: str) -> Compute:
    def compute(fields: Asked) -> Value:
        packet = fields.packet
        if packet.protocol not in protocols:
            no_port = len(protocols) == 1 or packet.protocol in _WITH_PORTS or packet.protocol == "arp"
            return ABSENT if no_port else None
        port: int | None = getattr(packet, name)
        return port

    return compute


def _ipset_port(side: str) -> Compute:
    """What sets take for a port: type and code of ICMP, and 0 where there is none (ip_set_getport.c)."""

    def compute(fields: Asked) -> Value:
        packet = fields.packet
        if packet.protocol in _WITH_PORTS:
            return fields[f"th {side}"]
        if packet.protocol != "icmp":
            return 0
        known = packet.icmp_type is not None and packet.icmp_code is not None
        return (packet.icmp_type or 0) << 8 | (packet.icmp_code or 0) if known else None

    return compute


def _bitmap_port(side: str) -> Compute:
    """The same for a set of ports alone, which holds those of TCP and UDP only."""

    def compute(fields: Asked) -> Value:
        return fields[f"th {side}"] if fields.packet.protocol in ("tcp", "udp") else ABSENT

    return compute


_WITH_PORTS = ("tcp", "udp", "sctp", "dccp", "udplite")


def _interface(name: str | None, fields: Asked, direction: str) -> Value:
    hook = fields.context.hook
    if direction == "in":
        if hook in OUTWARD and not fields.packet.in_interface:
            return ""
        return name if name is not None else NOT_LOOPBACK
    if hook in ("ingress", "prerouting", "input"):
        return ""
    return name


def _in_name(fields: Asked) -> Value:
    return _interface(fields.packet.in_interface, fields, "in")


def _out_name(fields: Asked) -> Value:
    return _interface(fields.packet.out_interface, fields, "out")


def _device(side: str, attribute: str, missing: Value = ABSENT, unread: Value = None) -> Compute:
    def compute(fields: Asked) -> Value:
        name = fields[side]
        if name == "":
            return missing
        if not isinstance(name, str):
            return unread if isinstance(name, AnythingBut) else None
        number: int | None = getattr(fields.context.surroundings, f"interface_{attribute}")(name)
        return unread if number is None else number

    return compute


def _in_type(fields: Asked) -> Value:
    """The type of the device that holds the packet: behind routing that is the outgoing one already."""
    if fields.context.hook in ("postrouting", "egress") and fields["iifname"] == "":
        return fields["oiftype"]
    return _device("iifname", "type")(fields)


def _mac(fields: Asked, text: str | None) -> Value:
    has_frame = fields.context.hook == "egress" or fields.context.family == "bridge"
    if fields.context.hook in OUTWARD and not fields.packet.in_interface and not has_frame:
        return ABSENT
    return None if text is None else int(text.replace(":", ""), 16)


def _length(fields: Asked) -> Value:
    """On its way out of a device the packet has its frame's header already."""
    return _longer(fields.packet.length, 14 if fields.context.hook == "egress" else 0)


def _longer(length: int | Within | None, more: int) -> Value:
    if isinstance(length, Within):
        return Within(length.low + more, length.high + more)
    return None if length is None else length + more


def _port_in(fields: Asked) -> Value:
    """The port of a bridge on which br_netfilter has seen the packet come in; ABSENT where it has not."""
    device, around = fields.packet.in_interface, fields.context.surroundings
    ports = () if fields["iifname"] == "" else around.bridge_ports(device)
    called = around.bridge_calls_iptables(fields.packet.version)
    if ports == () or called is False:
        return ABSENT
    return ports[0] if ports is not None and len(ports) == 1 and called else None


def _sk(fields: Asked, value: int | None) -> Value:
    if value == NO_SOCKET:
        return ABSENT
    if fields.context.hook in OUTWARD and not fields.packet.in_interface:
        return value
    if fields.context.hook != "input":
        return ABSENT
    tracking = fields.context.tracking
    return ABSENT if tracking is None or tracking.state in ("new", "untracked", "invalid") else None


SIMPLE: dict[str, Compute] = {
    "ip saddr": _only(4, lambda f: _address(f.packet.source)),
    "ip daddr": _only(4, lambda f: _address(f.packet.destination)),
    "ip6 saddr": _only(6, lambda f: _address(f.packet.source)),
    "ip6 daddr": _only(6, lambda f: _address(f.packet.destination)),
    "arp htype": _protocol("arp", lambda _: 1),
    "arp ptype": _protocol("arp", lambda _: 0x0800),
    "arp hlen": _protocol("arp", lambda _: 6),
    "arp plen": _protocol("arp", lambda _: 4),
    "arp operation": _protocol("arp", lambda f: f.packet.icmp_type),
    "arp saddr ip": _protocol("arp", lambda f: _address(f.packet.source)),
    "arp daddr ip": _protocol("arp", lambda f: _address(f.packet.destination)),
    "arp saddr ether": _protocol("arp", lambda f: _mac(f, f.packet.source_mac)),
    "arp daddr ether": _protocol("arp", _unknown),
    "ip version": _only(4, lambda _: 4),
    "ip hdrlength": _only(4, lambda _: 5),
    "ip dscp": _only(4, lambda f: f.packet.dscp),
    "ip ecn": _only(4, _zero),
    "ip length": _only(4, lambda f: f.packet.length),
    "ip fragment": _only(4, _zero),
    "ip ttl": _only(4, lambda f: f.packet.ttl),
    "ip protocol": _only(4, l4proto),
    "ip6 version": _only(6, lambda _: 6),
    "ip6 dscp": _only(6, lambda f: f.packet.dscp),
    "ip6 ecn": _only(6, _zero),
    "ip6 length": _only(6, lambda f: _longer(f.packet.length, -40)),
    "ip6 nexthdr": _only(6, l4proto),
    "ip6 hoplimit": _only(6, lambda f: f.packet.ttl),
    "tcp sport": _port("source_port", "tcp"),
    "tcp dport": _port("destination_port", "tcp"),
    "udp sport": _port("source_port", "udp"),
    "udp dport": _port("destination_port", "udp"),
    "sctp sport": _port("source_port", "sctp"),
    "sctp dport": _port("destination_port", "sctp"),
    "dccp sport": _port("source_port", "dccp"),
    "dccp dport": _port("destination_port", "dccp"),
    "udplite sport": _port("source_port", "udplite"),
    "udplite dport": _port("destination_port", "udplite"),
    "th sport": _port("source_port", *_WITH_PORTS),
    "th dport": _port("destination_port", *_WITH_PORTS),
    "ipset sport": _ipset_port("sport"),
    "ipset dport": _ipset_port("dport"),
    "bitmap sport": _bitmap_port("sport"),
    "bitmap dport": _bitmap_port("dport"),
    "tcp flags": _protocol("tcp", tcp_flags),
    **{f"tcp option {name}": has_option(name) for name in COMMON_OPTIONS},
    "tcp option maxseg size": _protocol("tcp", segment_size),
    "tcp urgptr": _protocol("tcp", _zero),
    "icmp type": _only(4, _protocol("icmp", lambda f: f.packet.icmp_type)),
    "icmp code": _only(4, _protocol("icmp", lambda f: f.packet.icmp_code)),
    "icmpv6 type": _only(6, _protocol("icmp", lambda f: f.packet.icmp_type)),
    "icmpv6 code": _only(6, _protocol("icmp", lambda f: f.packet.icmp_code)),
    "meta l4proto": l4proto,
    "meta nfproto": _nfproto,
    "meta protocol": _ethertype,
    "ether type": _ethertype,
    "ether saddr": lambda f: _mac(f, f.packet.source_mac),
    "ether daddr": lambda f: _mac(f, f.packet.destination_mac),
    "meta mark": lambda f: f.packet.mark,
    "meta length": _length,
    "meta pkttype": lambda f: None if f.packet.pkttype is None else PACKET_TYPES.get(f.packet.pkttype),
    "meta skuid": lambda f: _sk(f, f.packet.skuid),
    "meta skgid": lambda f: _sk(f, f.packet.skgid),
    "meta ipsec": _zero,
    "iifname": _in_name,
    "oifname": _out_name,
    "iif": _device("iifname", "index", 0, ANY_INDEX),
    "oif": _device("oifname", "index", 0, ANY_INDEX),
    "iifgroup": _device("iifname", "group"),
    "oifgroup": _device("oifname", "group"),
    "iiftype": _in_type,
    "oiftype": _device("oifname", "type"),
    "ibrname": lambda _: ABSENT,
    "obrname": lambda _: ABSENT,
    "physdev in": _port_in,
    "program": lambda f: f.packet.program,
    REWRITTEN: _zero,
    PROXIED: _zero,
    IS_MOVED: _zero,
    IS_HANDED: _zero,
    CLOCK: lambda f: None if f.context.now is None else int(f.context.now),
    OFFSET: lambda f: f.context.surroundings.utc_offset(),
    SOCKET_ADDRESS: _zero,
    SOCKET_PORT: _zero,
    "socket transparent": socket_transparent,
    "socket wildcard": socket_wildcard,
    VISIT: lambda f: f.context.visit,
    "profile": lambda f: f.packet.profile,
}
