"""A packet on its way through one hook: every field that a match may ask for, worked out when it is asked."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.engine.surroundings import FIB_TYPES, Surroundings, Tuple
from landiag.model.chance import VISIT
from landiag.model.packet import (
    ABSENT,
    CT_STATES,
    NOT_LOOPBACK,
    PACKET_TYPES,
    PROTOCOL_NUMBERS,
    TCP_FLAGS,
    IPAddress,
    Packet,
    Value,
    Within,
)

NFPROTO = {"ip": 2, "ip6": 10, "netdev": 5, "bridge": 7, "arp": 3, "inet": 1}
ETHERTYPE = {4: 0x0800, 6: 0x86DD}
ARP = 0x0806
DYING, DNAT, SNAT = 512, 32, 16


class Tracking(Struct):
    """What connection tracking knows of the packet's connection.

    ``state`` is ``new established related untracked invalid``, None when unknown. ``status`` are nft's
    ``ct status`` bits, ``direction`` is 0 for original, 1 for reply; then the two tuples.
    """

    state: str | None
    original: Tuple
    reply: Tuple
    direction: int = 0
    status: int | None = 0
    mark: int | None = 0
    zone: int | None = 0

    @property
    def known(self) -> bool:
        """Whether the packet belongs to a connection at all."""
        return self.state not in ("untracked", "invalid")


NO_SOCKET = -1
"""The owner of a packet that the kernel makes itself."""

REWRITTEN = "rewritten"
"""Set where a rule has written another address or port into the packet, which is no translation."""

OUTWARD = ("output", "postrouting", "egress")


class Context(Struct):
    """Where the packet is: the hook's family, its surroundings, its connection (None: not looked up yet).

    ``visit`` is how many packets each connection of an ordinary visit has sent by then (landiag.model.limits); None
    where a single packet is judged.
    """

    family: str
    surroundings: Surroundings
    hook: str = "input"
    tracking: Tracking | None = None
    now: float | None = None
    remembered: dict[int, list[tuple[bool, tuple[Value, ...]]]] = field(default_factory=dict)
    visit: int | None = None


class PacketFields(dict[str, Value]):
    """The fields of one packet. What is not known by name is unknown, never absent."""

    __slots__ = ("context", "packet")

    def __init__(self, packet: Packet, context: Context) -> None:
        super().__init__()
        self.packet = packet
        self.context = context

    def __missing__(self, name: str) -> Value:
        compute = _SIMPLE.get(name)
        value = compute(self) if compute is not None else _by_group(self, name)
        self[name] = value
        return value

    def copy(self) -> PacketFields:
        """An independent copy, so that a walk can fork."""
        other = PacketFields(self.packet, self.context)
        other.update(self)
        return other

    def move(self, family: str, hook: str) -> None:
        """Go to another hook: fields that depend on it are worked out again."""
        self.context = replace(self.context, family=family, hook=hook)
        for name in [name for name in self if name.startswith(_BY_PLACE) and name != "ct mark"]:
            del self[name]

    def forget(self, *prefixes: str) -> None:
        """Work the fields whose names begin so out again."""
        for name in [name for name in self if name.startswith(prefixes)]:
            del self[name]


_BY_PLACE = ("meta nfproto", "meta length", "fib", "iif", "oif", "meta sk", "ct ", "rt ")


def merge(left: PacketFields, right: PacketFields) -> PacketFields:
    """What holds in both: fields that differ are unknown."""
    merged = left.copy()
    for name in {*left, *right}:
        if left[name] != right[name]:
            merged[name] = None
    return merged


def _address(address: IPAddress | None) -> Value:
    return None if address is None else int(address)


def _only(version: int, value: Callable[[PacketFields], Value]) -> Callable[[PacketFields], Value]:
    """A field that packets of one IP version have."""

    def compute(fields: PacketFields) -> Value:
        packet = fields.packet
        return value(fields) if packet.version == version and packet.protocol != "arp" else ABSENT

    return compute


def _protocol(protocol: str, value: Callable[[PacketFields], Value]) -> Callable[[PacketFields], Value]:
    """A field that packets of one transport protocol have."""

    def compute(fields: PacketFields) -> Value:
        return value(fields) if fields.packet.protocol == protocol else ABSENT

    return compute


def _unknown(fields: PacketFields) -> Value:  # noqa: ARG001
    return None


def _zero(fields: PacketFields) -> Value:  # noqa: ARG001
    return 0


def _l4proto(fields: PacketFields) -> Value:
    protocol = fields.packet.protocol
    if protocol == "icmp" and fields.packet.version == 6:
        return 58
    if protocol == "arp":
        return ABSENT
    return int(protocol) if protocol.isdigit() else PROTOCOL_NUMBERS.get(protocol)


def _nfproto(fields: PacketFields) -> Value:
    family = fields.context.family
    return NFPROTO.get(family)


def _ethertype(fields: PacketFields) -> Value:
    return ARP if fields.packet.protocol == "arp" else ETHERTYPE[fields.packet.version]


def _flags(fields: PacketFields) -> Value:
    return sum(TCP_FLAGS[flag] for flag in fields.packet.flags)


def _port(name: str, *protocols: str) -> Callable[[PacketFields], Value]:
    def compute(fields: PacketFields) -> Value:
        packet = fields.packet
        if packet.protocol not in protocols:
            no_port = len(protocols) == 1 or packet.protocol in _WITH_PORTS or packet.protocol == "arp"
            return ABSENT if no_port else None
        port: int | None = getattr(packet, name)
        return port

    return compute


def _ipset_port(side: str) -> Callable[[PacketFields], Value]:
    """What sets take for a port: type and code of ICMP, and 0 where there is none (ip_set_getport.c)."""

    def compute(fields: PacketFields) -> Value:
        packet = fields.packet
        if packet.protocol in _WITH_PORTS:
            return fields[f"th {side}"]
        if packet.protocol != "icmp":
            return 0
        known = packet.icmp_type is not None and packet.icmp_code is not None
        return (packet.icmp_type or 0) << 8 | (packet.icmp_code or 0) if known else None

    return compute


def _bitmap_port(side: str) -> Callable[[PacketFields], Value]:
    """The same for a set of ports alone, which holds those of TCP and UDP only."""

    def compute(fields: PacketFields) -> Value:
        return fields[f"th {side}"] if fields.packet.protocol in ("tcp", "udp") else ABSENT

    return compute


_WITH_PORTS = ("tcp", "udp", "sctp", "dccp", "udplite")


def _interface(name: str | None, fields: PacketFields, direction: str) -> Value:
    hook = fields.context.hook
    if direction == "in":
        if hook in OUTWARD and not fields.packet.in_interface:
            return ""
        return name if name is not None else NOT_LOOPBACK
    if hook in ("ingress", "prerouting", "input"):
        return ""
    return name


def _in_name(fields: PacketFields) -> Value:
    return _interface(fields.packet.in_interface, fields, "in")


def _out_name(fields: PacketFields) -> Value:
    return _interface(fields.packet.out_interface, fields, "out")


def _device(side: str, attribute: str, missing: Value = ABSENT) -> Callable[[PacketFields], Value]:
    def compute(fields: PacketFields) -> Value:
        name = fields[side]
        if name == "":
            return missing
        if not isinstance(name, str):
            return None
        number: int | None = getattr(fields.context.surroundings, f"interface_{attribute}")(name)
        return number

    return compute


def _in_type(fields: PacketFields) -> Value:
    """The type of the device that holds the packet: behind routing that is the outgoing one already."""
    if fields.context.hook in ("postrouting", "egress") and fields["iifname"] == "":
        return fields["oiftype"]
    return _device("iifname", "type")(fields)


def _mac(fields: PacketFields, text: str | None) -> Value:
    has_frame = fields.context.hook == "egress" or fields.context.family == "bridge"
    if fields.context.hook in OUTWARD and not fields.packet.in_interface and not has_frame:
        return ABSENT
    return None if text is None else int(text.replace(":", ""), 16)


def _length(fields: PacketFields) -> Value:
    """On its way out of a device the packet has its frame's header already."""
    length = fields.packet.length
    header = 14 if fields.context.hook == "egress" else 0
    if isinstance(length, Within):
        return Within(length.low + header, length.high + header)
    return None if length is None else length + header


def _port_in(fields: PacketFields) -> Value:
    """The port of a bridge on which br_netfilter has seen the packet come in; ABSENT where it has not."""
    device, around = fields.packet.in_interface, fields.context.surroundings
    ports = () if fields["iifname"] == "" else around.bridge_ports(device)
    called = around.bridge_calls_iptables(fields.packet.version)
    if ports == () or called is False:
        return ABSENT
    return ports[0] if ports is not None and len(ports) == 1 and called else None


def _sk(fields: PacketFields, value: int | None) -> Value:
    if value == NO_SOCKET:
        return ABSENT
    if fields.context.hook in OUTWARD and not fields.packet.in_interface:
        return value
    if fields.context.hook != "input":
        return ABSENT
    tracking = fields.context.tracking
    return ABSENT if tracking is None or tracking.state in ("new", "untracked", "invalid") else None


_SIMPLE: dict[str, Callable[[PacketFields], Value]] = {
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
    "ip protocol": _only(4, _l4proto),
    "ip6 version": _only(6, lambda _: 6),
    "ip6 dscp": _only(6, lambda f: f.packet.dscp),
    "ip6 ecn": _only(6, _zero),
    "ip6 length": _only(6, lambda f: f.packet.length - 40 if isinstance(f.packet.length, int) else None),
    "ip6 nexthdr": _only(6, _l4proto),
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
    "tcp flags": _protocol("tcp", _flags),
    "tcp urgptr": _protocol("tcp", _zero),
    "icmp type": _only(4, _protocol("icmp", lambda f: f.packet.icmp_type)),
    "icmp code": _only(4, _protocol("icmp", lambda f: f.packet.icmp_code)),
    "icmpv6 type": _only(6, _protocol("icmp", lambda f: f.packet.icmp_type)),
    "icmpv6 code": _only(6, _protocol("icmp", lambda f: f.packet.icmp_code)),
    "meta l4proto": _l4proto,
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
    "iif": _device("iifname", "index", 0),
    "oif": _device("oifname", "index", 0),
    "iifgroup": _device("iifname", "group"),
    "oifgroup": _device("oifname", "group"),
    "iiftype": _in_type,
    "oiftype": _device("oifname", "type"),
    "ibrname": lambda _: ABSENT,
    "obrname": lambda _: ABSENT,
    "physdev in": _port_in,
    "program": lambda f: f.packet.program,
    REWRITTEN: _zero,
    VISIT: lambda f: f.context.visit,
    "profile": lambda f: f.packet.profile,
}


def _by_group(fields: PacketFields, name: str) -> Value:
    group, _, rest = name.partition(" ")
    if group == "ct":
        return _ct(fields, rest)
    if group == "fib":
        return _fib(fields, rest)
    if group in PROTOCOL_NUMBERS and group != fields.packet.protocol and not group.startswith(("icmp", "ip")):
        return ABSENT
    if group in ("ip", "ip6") and fields.packet.version != (4 if group == "ip" else 6):
        return ABSENT
    if group == "arp":
        return None if fields.packet.protocol == "arp" else ABSENT
    if fields.packet.protocol == "arp" and group in ("ip", "ip6"):
        return ABSENT
    return _raw(fields, name) if name.startswith("@") else None


def _raw(fields: PacketFields, name: str) -> Value:
    """Bits of a header by their place (``@nh,96,32``), as far as they hold addresses or ports."""
    base, offset, length = name[1:].split(",")
    if fields.packet.protocol == "arp":
        return None
    if base == "th":
        start, size = 0, 16
        parts = (fields["th sport"], fields["th dport"])
    else:
        family, start, size = ("ip", 96, 32) if fields.packet.version == 4 else ("ip6", 64, 128)
        parts = (fields[f"{family} saddr"], fields[f"{family} daddr"])
    first, second = parts
    after = start + 2 * size - int(offset) - int(length)
    if not isinstance(first, int) or not isinstance(second, int) or int(offset) < start or after < 0:
        return None
    return ((first << size | second) >> after) & ((1 << int(length)) - 1)


def _ct(fields: PacketFields, key: str) -> Value:
    tracking = fields.context.tracking
    if tracking is None and fields.context.family == "bridge":
        return None
    if key == "state":
        if tracking is None:
            return CT_STATES["invalid"]
        return None if tracking.state is None else CT_STATES[tracking.state]
    if tracking is None or not tracking.known:
        return ABSENT
    if key in ("direction", "status", "mark", "zone"):
        value: int | None = getattr(tracking, key)
        return value
    if key == "helper":
        return ""
    if key == "protocol":
        return _l4proto(fields)
    if key == "l3proto":
        return {4: 2, 6: 10}[fields.packet.version]
    return _ct_tuple(fields, tracking, key)


def _ct_tuple(fields: PacketFields, tracking: Tracking, key: str) -> Value:
    """``original saddr``, ``reply proto-dst``, ``original ip daddr``..."""
    words = key.split()
    tuples = {"original": tracking.original, "reply": tracking.reply}
    if words[0] not in tuples:
        return None
    one = tuples[words[0]]
    version = fields.packet.version
    if len(words) == 3 and words[1] != {4: "ip", 6: "ip6"}[version]:
        return ABSENT
    values: dict[str, Value] = {
        "saddr": None if one.source is None else int(one.source),
        "daddr": None if one.destination is None else int(one.destination),
        "proto-src": one.source_port,
        "proto-dst": one.destination_port,
    }
    return values.get(words[-1])


def _fib(fields: PacketFields, rest: str) -> Value:
    """``fib daddr type``, ``fib saddr iif oif``...: the flags in any order, the result last."""
    *flags, result = rest.split()
    packet, around = fields.packet, fields.context.surroundings
    address = packet.source if "saddr" in flags else packet.destination
    device = _fib_device(fields, flags)
    if device is None:
        return None
    number = fields["ip saddr" if address is packet.source and address is not None else "ip daddr"]
    if isinstance(number, int) and address is not None and address.version == 4:
        address = ip_address(number)
    if address is None:
        is_ours = "daddr" in flags and result == "type" and around.destination is None
        return FIB_TYPES["local"] if is_ours else None
    limit = device or None
    if result == "type":
        kind = around.address_type(address, limit)
        return None if kind is None else FIB_TYPES[kind]
    mark = fields["meta mark"] if "mark" in flags else 0
    if not isinstance(mark, int):
        return None
    way = around.way_to(address, limit, mark, packet.destination if "saddr" in flags else packet.source)
    return 0 if way is ABSENT else way


def _fib_device(fields: PacketFields, flags: list[str]) -> str | None:
    """The device a lookup is limited to: empty for none, None when unknown."""
    for flag, name in (("iif", "iifname"), ("oif", "oifname")):
        if flag in flags:
            value = fields[name]
            return value if isinstance(value, str) else None
    return ""
