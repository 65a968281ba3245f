"""From the bytes of a captured packet to an event: TCP of the watched port, ICMP errors about it, ARP, ND. Pure."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

from msgspec import Struct

from landiag.watch.events import Question, Refusal, Segment

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
_KINDS = {0: "host", 1: "broadcast", 2: "multicast", 3: "other", 4: "out"}
_OUTGOING = 4  # PACKET_OUTGOING of packet(7)
_ICMP4_ERRORS = (3, 11, 12)
_ICMP6_ERRORS = (1, 2, 3, 4)


class Frame(Struct, frozen=True):
    """A packet as the capture gives it: from the network header on. ``protocol`` is the EtherType."""

    at: float
    interface: str
    protocol: int
    kind: int
    mac: bytes
    data: bytes


class _Ip(Struct, frozen=True):
    source: str
    destination: str
    protocol: int
    ttl: int
    length: int
    dscp: int
    payload: bytes


def parse_frame(frame: Frame, port: int) -> Segment | Refusal | Question | None:
    """Read a packet; None for what does not concern the port, and for damaged ones. Never raises."""
    if frame.protocol == 0x0806:
        return _arp(frame)
    ip = _ip(frame.data)
    if ip is None:
        return None
    if ip.protocol == 6:
        return _segment(frame, ip, port)
    if ip.protocol == 1 and ip.payload[:1] and ip.payload[0] in _ICMP4_ERRORS:
        return _refusal(frame, ip, port)
    if ip.protocol == 58 and ip.payload[:1]:
        return _refusal(frame, ip, port) if ip.payload[0] in _ICMP6_ERRORS else _solicitation(frame, ip)
    return None


def _ip(data: bytes) -> _Ip | None:
    if len(data) >= 20 and data[0] >> 4 == 4:
        start = (data[0] & 15) * 4
        length = struct.unpack_from("!H", data, 2)[0]
        source, destination = str(IPv4Address(data[12:16])), str(IPv4Address(data[16:20]))
        return _Ip(source, destination, data[9], data[8], length, data[1] >> 2, data[start:])
    if len(data) >= 40 and data[0] >> 4 == 6:
        length = 40 + struct.unpack_from("!H", data, 4)[0]
        source, destination = str(IPv6Address(data[8:24])), str(IPv6Address(data[24:40]))
        traffic_class = (data[0] & 15) << 4 | data[1] >> 4
        return _Ip(source, destination, data[6], data[7], length, traffic_class >> 2, data[40:])
    return None


def _segment(frame: Frame, ip: _Ip, port: int) -> Segment | None:
    if len(ip.payload) < 20:
        return None
    source, destination, sequence, acknowledged, offset, flags = struct.unpack_from("!HHIIBB", ip.payload)
    if port not in (source, destination):
        return None
    start = (offset >> 4) * 4
    headers = 20 if ":" not in ip.source else 40
    if ip.length > headers:
        size = max(0, ip.length - (len(frame.data) - len(ip.payload)) - start)
    else:
        size = max(0, len(ip.payload) - start)  # segmentation offload leaves the length empty
    return Segment(
        at=frame.at,
        interface=frame.interface,
        outgoing=frame.kind == _OUTGOING,
        source=ip.source,
        source_port=source,
        destination=ip.destination,
        destination_port=destination,
        flags=flags,
        sequence=sequence,
        acknowledged=acknowledged,
        data=size,
        head=_head(ip.payload[start : start + 16]),
        mac=frame.mac.hex(":") if len(frame.mac) == 6 and frame.kind != _OUTGOING else None,
        kind=_KINDS.get(frame.kind, "other"),
        ttl=ip.ttl,
        length=ip.length,
        dscp=ip.dscp,
    )


def _head(data: bytes) -> str:
    """Keep the start of an HTTP status line, and nothing of other data: it may be private."""
    return data[:12].decode("ascii", "replace") if data.startswith(b"HTTP/") else ""


def _refusal(frame: Frame, ip: _Ip, port: int) -> Refusal | None:
    quoted = _ip(ip.payload[8:])
    if quoted is None or quoted.protocol != 6 or len(quoted.payload) < 4:
        return None
    source, destination = struct.unpack_from("!HH", quoted.payload)
    if port not in (source, destination):
        return None
    return Refusal(
        frame.at,
        frame.interface,
        frame.kind == _OUTGOING,
        ip.source,
        ip.payload[0],
        ip.payload[1] if len(ip.payload) > 1 else 0,
        quoted.source,
        source,
        quoted.destination,
        destination,
    )


def _arp(frame: Frame) -> Question | None:
    """Read ARP for IPv4 (RFC 826)."""
    data = frame.data
    if len(data) < 28 or data[2:6] != b"\x08\x00\x06\x04":
        return None
    sender, target = str(IPv4Address(data[14:18])), str(IPv4Address(data[24:28]))
    is_answer = data[7] == 2
    asked = sender if is_answer else target
    return Question(frame.at, frame.interface, frame.kind == _OUTGOING, sender, asked, is_answer)


def _solicitation(frame: Frame, ip: _Ip) -> Question | None:
    """Read a neighbour solicitation or advertisement (RFC 4861)."""
    if len(ip.payload) < 24 or ip.payload[0] not in (135, 136):
        return None
    target = str(IPv6Address(ip.payload[8:24]))
    return Question(
        frame.at, frame.interface, frame.kind == _OUTGOING, ip.source, target, ip.payload[0] == 136
    )
