"""The packets of a conversation by their names: what each looks like, and how the first one is tracked."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.engine.context import NO_SOCKET, Tracking
from landiag.firewall.engine.surroundings import Tuple
from landiag.model.packet import Packet, Within

SYN, SYN_ACK, DATA, ANSWER, REFUSAL = "syn", "syn-ack", "data", "answer", "refusal"

DATA_LENGTH = Within(53, 1500)
"""The length of a packet that carries data: more than its headers, at most what Ethernet takes."""

SEGMENT_SIZE = Within(536, 65495)
"""The largest segment that a SYN announces: what every host takes (RFC 9293), to what lo does."""

DATAGRAM_LENGTH = Within(28, 1500)
"""The length of the datagram that answers one."""

ECHO_ANSWERS = {8: 0, 128: 129}
"""Types of ICMP and ICMPv6 that are answered, and by which."""

PROTOCOL_NAMES = {
    "1": "icmp", "58": "icmp", "icmpv6": "icmp", "ipv6-icmp": "icmp", "6": "tcp", "17": "udp", "33": "dccp",
    "132": "sctp", "136": "udplite",
}  # fmt: skip
"""Other names of protocols whose fields are known: ICMPv6 is the ICMP of an IPv6 packet."""

PER_CONNECTION = 6
"""How many packets a client sends for one short request: SYN, ACK, data, two ACKs, FIN."""

NOT_TRACKED = frozenset({130, 131, 132, 133, 134, 135, 136, 143})
"""Types of ICMPv6 that connection tracking leaves alone: neighbours and groups (nf_conntrack_proto_icmpv6.c)."""

CONFIRMED, SEEN_REPLY, ASSURED = 8, 2, 4


def family_of(packet: Packet) -> str:
    """The family of chains that see a packet: ``ip`` or ``ip6``."""
    return "ip6" if packet.version == 6 else "ip"


def tuple_of(packet: Packet) -> Tuple:
    """The addresses and ports of a packet."""
    return Tuple(packet.source, packet.destination, packet.source_port, packet.destination_port)


def fresh(packet: Packet) -> Tracking:
    """What connection tracking says of a client's packet, when it gets there."""
    original = tuple_of(packet)
    is_left_alone = packet.version == 6 and packet.icmp_type in NOT_TRACKED
    state = packet.state or ("untracked" if is_left_alone else "new")
    status = 0 if state == "new" else CONFIRMED | SEEN_REPLY | ASSURED
    return Tracking(state, original, original.reversed(), 0, status, packet.ct_mark)


def answer_to(packet: Packet, leg: str) -> Packet:
    """The packet that answers this one; an echo is answered by the kernel itself, in kind."""
    if packet.protocol == "tcp":
        flags = frozenset({"syn", "ack"} if leg == SYN_ACK else {"ack", "psh"})
        length = packet.length if leg == SYN_ACK else DATA_LENGTH
    else:
        flags = frozenset()
        length = packet.length if packet.protocol == "icmp" else DATAGRAM_LENGTH
    if packet.icmp_type in ECHO_ANSWERS:
        kind = ECHO_ANSWERS[packet.icmp_type]
        packet = replace(packet, icmp_type=kind, skuid=NO_SOCKET, skgid=NO_SOCKET)
    return replace(
        packet, source=packet.destination, destination=packet.source, source_port=packet.destination_port,
        destination_port=packet.source_port, flags=flags, ttl=64, state=None, mark=0,
        length=length, in_interface=None, out_interface=None,
        source_mac=None, destination_mac=None, pkttype="host",
    )  # fmt: skip


def reset_to(packet: Packet) -> Packet:
    """The RST with which the kernel refuses a packet that no socket takes: it belongs to no socket itself."""
    length = 40 if packet.version == 4 else 60
    answer = replace(answer_to(packet, ANSWER), flags=frozenset({"rst", "ack"}), length=length)
    return replace(answer, skuid=NO_SOCKET, skgid=NO_SOCKET)
