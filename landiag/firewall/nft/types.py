"""The values that `nft -j` writes, as numbers and names (libnftables-json(5), the tables of nft's datatypes)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address

from msgspec import Struct, field

from landiag.firewall.engine.surroundings import FIB_TYPES
from landiag.model.facts import ParseError
from landiag.model.operands import Operand, Ranges
from landiag.model.packet import CT_STATES, PACKET_TYPES, PROTOCOL_NUMBERS, TCP_FLAGS
from landiag.model.sets import Span

Json = object

DSCP = {
    "cs0": 0, "cs1": 8, "cs2": 16, "cs3": 24, "cs4": 32, "cs5": 40, "cs6": 48, "cs7": 56, "df": 0, "be": 0,
    "lephb": 1, "af11": 10, "af12": 12, "af13": 14, "af21": 18, "af22": 20, "af23": 22, "af31": 26, "af32": 28,
    "af33": 30, "af41": 34, "af42": 36, "af43": 38, "va": 44, "ef": 46,
}  # fmt: skip
ETHERTYPES = {
    "ip": 0x0800, "ip6": 0x86DD, "arp": 0x0806, "vlan": 0x8100, "8021q": 0x8100, "8021ad": 0x88A8,
    "ipv4": 0x0800, "ipv6": 0x86DD,
}  # fmt: skip
ICMP_TYPES = {
    "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5, "echo-request": 8,
    "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12,
    "timestamp-request": 13, "timestamp-reply": 14, "info-request": 15, "info-reply": 16,
    "address-mask-request": 17, "address-mask-reply": 18,
}  # fmt: skip
ICMPV6_TYPES = {
    "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
    "echo-request": 128, "echo-reply": 129, "mld-listener-query": 130, "mld-listener-report": 131,
    "mld-listener-done": 132, "mld-listener-reduction": 132, "nd-router-solicit": 133, "nd-router-advert": 134,
    "nd-neighbor-solicit": 135, "nd-neighbor-advert": 136, "nd-redirect": 137, "router-renumbering": 138,
    "ind-neighbor-solicit": 141, "ind-neighbor-advert": 142, "mld2-listener-report": 143,
}  # fmt: skip
ICMP_CODES = {
    "net-unreachable": 0, "host-unreachable": 1, "prot-unreachable": 2, "port-unreachable": 3,
    "frag-needed": 4, "net-prohibited": 9, "host-prohibited": 10, "admin-prohibited": 13,
}  # fmt: skip
ICMPV6_CODES = {"no-route": 0, "admin-prohibited": 1, "addr-unreachable": 3, "port-unreachable": 4, "policy-fail": 5,
                "reject-route": 6}  # fmt: skip
CT_STATUS = {
    "expected": 1,
    "seen-reply": 2,
    "assured": 4,
    "confirmed": 8,
    "snat": 16,
    "dnat": 32,
    "dying": 512,
}
DEVICE_TYPES = {"ether": 1, "ppp": 512, "ipip": 768, "ipip6": 769, "loopback": 772, "sit": 776, "ipgre": 778}
ECN = {"not-ect": 0, "ect1": 1, "ect0": 2, "ce": 3}
FLAG_NAMES = {**TCP_FLAGS, "cwr": 128, "ece": 64}


def _plain(text: str) -> int:
    raise ParseError(f"{text!r} is not a number")


def _ip(text: str) -> int:
    try:
        octets = bytes(map(int, text.split(".")))
    except ValueError:
        octets = b""
    if len(octets) == 4 and ".".join(map(str, octets)) == text:  # long rulesets have thousands of them
        return int.from_bytes(octets, "big")
    try:
        return int(ip_address(text))
    except ValueError as error:
        raise ParseError(f"{text!r} is not an address") from error


def _ether(text: str) -> int:
    try:
        return int(text.replace(":", ""), 16)
    except ValueError as error:
        raise ParseError(f"{text!r} is not a hardware address") from error


def _symbols(table: Mapping[str, int]) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if text in table:
            return table[text]
        raise ParseError(f"{text!r} is not a value that is known here")

    return parse


class Type(Struct, frozen=True):
    """A data type: its width in bits and how a word of it is read. ``name`` True: values stay text."""

    bits: int = 32
    parse: Callable[[str], int] = field(default=_plain)
    is_name: bool = False


class Typed(Struct, frozen=True):
    """An operand with the type of its values."""

    operand: Operand
    kind: Type


NUMBER = Type()
IPV4 = Type(32, _ip)
IPV6 = Type(128, _ip)
NAME = Type(128, is_name=True)
ETHER = Type(48, _ether)
PORT = Type(16)
PROTOCOL = Type(8, _symbols(PROTOCOL_NUMBERS))
ETHERTYPE = Type(16, _symbols(ETHERTYPES))
STATE = Type(32, _symbols(CT_STATES))
STATUS = Type(32, _symbols(CT_STATUS))
DIRECTION = Type(8, _symbols({"original": 0, "reply": 1}))
NFPROTO = Type(8, _symbols({"ipv4": 2, "ipv6": 10}))
PKTTYPE = Type(8, _symbols(PACKET_TYPES))
FIBTYPE = Type(32, _symbols(FIB_TYPES))
FLAGS = Type(8, _symbols(FLAG_NAMES))
GROUP = Type(32, _symbols({"default": 0}))
DEVICE_TYPE = Type(16, _symbols(DEVICE_TYPES))

META_TYPES: Mapping[str, tuple[str, Type]] = {
    "iifname": ("iifname", NAME), "oifname": ("oifname", NAME), "iif": ("iif", NAME), "oif": ("oif", NAME),
    "iifgroup": ("iifgroup", GROUP), "oifgroup": ("oifgroup", GROUP),
    "iiftype": ("iiftype", DEVICE_TYPE), "oiftype": ("oiftype", DEVICE_TYPE),
    "ibrname": ("ibrname", NAME), "obrname": ("obrname", NAME),
    "mark": ("meta mark", NUMBER), "l4proto": ("meta l4proto", PROTOCOL), "protocol": ("meta protocol", ETHERTYPE),
    "nfproto": ("meta nfproto", NFPROTO), "pkttype": ("meta pkttype", PKTTYPE), "length": ("meta length", NUMBER),
    "skuid": ("meta skuid", NUMBER), "skgid": ("meta skgid", NUMBER), "ipsec": ("meta ipsec", NUMBER),
    "secpath": ("meta ipsec", NUMBER),
}  # fmt: skip

CT_TYPES: Mapping[str, Type] = {
    "state": STATE, "status": STATUS, "direction": DIRECTION, "mark": NUMBER, "zone": Type(16), "helper": NAME,
    "protocol": PROTOCOL, "l3proto": NFPROTO, "proto-src": PORT, "proto-dst": PORT, "ip saddr": IPV4,
    "ip daddr": IPV4, "ip6 saddr": IPV6, "ip6 daddr": IPV6,
}  # fmt: skip

PAYLOAD_TYPES: Mapping[tuple[str, str], Type] = {
    ("ip", "saddr"): IPV4, ("ip", "daddr"): IPV4, ("ip6", "saddr"): IPV6, ("ip6", "daddr"): IPV6,
    ("ip", "protocol"): PROTOCOL, ("ip6", "nexthdr"): PROTOCOL, ("ip", "ttl"): Type(8), ("ip6", "hoplimit"): Type(8),
    ("ip", "dscp"): Type(6, _symbols(DSCP)), ("ip6", "dscp"): Type(6, _symbols(DSCP)),
    ("ip", "ecn"): Type(2, _symbols(ECN)), ("ip6", "ecn"): Type(2, _symbols(ECN)),
    ("tcp", "flags"): FLAGS, ("icmp", "type"): Type(8, _symbols(ICMP_TYPES)),
    ("icmpv6", "type"): Type(8, _symbols(ICMPV6_TYPES)), ("icmp", "code"): Type(8, _symbols(ICMP_CODES)),
    ("icmpv6", "code"): Type(8, _symbols(ICMPV6_CODES)),
    ("ether", "saddr"): ETHER, ("ether", "daddr"): ETHER, ("ether", "type"): ETHERTYPE,
    ("arp", "saddr ip"): IPV4, ("arp", "daddr ip"): IPV4, ("arp", "saddr ether"): ETHER, ("arp", "daddr ether"): ETHER,
    ("arp", "ptype"): ETHERTYPE, ("arp", "hlen"): Type(8), ("arp", "plen"): Type(8),
    ("arp", "htype"): Type(16), ("arp", "operation"): Type(16, _symbols({"request": 1, "reply": 2})),
}  # fmt: skip

SET_TYPES: Mapping[str, Type] = {
    "ipv4_addr": IPV4, "ipv6_addr": IPV6, "ether_addr": ETHER, "inet_proto": PROTOCOL, "inet_service": PORT,
    "mark": NUMBER, "ifname": NAME, "iface_index": NAME, "ct_state": STATE, "ct_status": STATUS,
    "ct_dir": DIRECTION, "icmp_type": Type(8, _symbols(ICMP_TYPES)), "icmpv6_type": Type(8, _symbols(ICMPV6_TYPES)),
    "fib_addrtype": FIBTYPE, "pkt_type": PKTTYPE, "dscp": Type(6, _symbols(DSCP)), "ether_type": ETHERTYPE,
    "nf_proto": NFPROTO, "devgroup": GROUP, "iface_type": DEVICE_TYPE, "tcp_flag": FLAGS, "integer": NUMBER,
    "icmp_code": Type(8, _symbols(ICMP_CODES)), "icmpv6_code": Type(8, _symbols(ICMPV6_CODES)),
}  # fmt: skip


def scalar(value: Json, kind: Type) -> int | str:
    """One value: a number, or text for names. Lists and ``|`` are flags put together."""
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, str):
        if kind.is_name:
            return value
        return _number(value, kind)
    parts = value if isinstance(value, list) else _operands(value, "|")
    total = 0
    for part in parts:
        number = scalar(part, kind)
        if not isinstance(number, int):
            raise ParseError(f"{part!r} is not a flag")
        total |= number
    return total


def _number(text: str, kind: Type) -> int:
    if "." in text or ":" in text:
        return kind.parse(text)
    try:
        return int(text, 0)
    except ValueError:
        return kind.parse(text)


def _operands(value: Json, operator: str) -> list[Json]:
    if isinstance(value, dict):
        parts = value.get(operator)
        if isinstance(parts, list) and len(value) == 1:
            return parts
    raise ParseError(f"{value!r} is not a value that is known here")


def span(value: Json, kind: Type) -> Span:
    """The lowest and the highest value that a right-hand side stands for."""
    if isinstance(value, dict):
        if "prefix" in value:
            return _prefix(value["prefix"], kind)
        if "range" in value:
            low, high = (scalar(edge, kind) for edge in _pair(value["range"]))
            if isinstance(low, int) and isinstance(high, int):
                return (low, high)
            raise ParseError(f"{value!r} is not a range of numbers")
        if "elem" in value and isinstance(value["elem"], dict):
            return span(value["elem"].get("val"), kind)
    one = scalar(value, kind)
    if isinstance(one, str):
        return (one, one)
    if isinstance(value, str) and value == "*":
        return (0, (1 << kind.bits) - 1)
    return (one, one)


def _pair(value: Json) -> tuple[Json, Json]:
    if isinstance(value, list) and len(value) == 2:
        return value[0], value[1]
    raise ParseError(f"{value!r} is not a range")


def _prefix(value: Json, kind: Type) -> tuple[int, int]:
    if not isinstance(value, dict) or not isinstance(value.get("len"), int):
        raise ParseError(f"{value!r} is not a prefix")
    base, length = scalar(value.get("addr"), kind), value["len"]
    if not isinstance(base, int) or not 0 <= length <= kind.bits:
        raise ParseError(f"{value!r} is not a prefix of {kind.bits} bits")
    host = (1 << (kind.bits - length)) - 1
    return (base & ~host, base | host)


def everything_but(operator: str, edge: int, bits: int) -> Ranges:
    """The values that compare so with an edge: ``<``, ``>``, ``<=``, ``>=``."""
    top = (1 << bits) - 1
    ranges = {"<": (0, edge - 1), "<=": (0, edge), ">": (edge + 1, top), ">=": (edge, top)}[operator]
    return (ranges,) if ranges[0] <= ranges[1] else ()
