"""Echo requests and replies as bytes (RFC 792, RFC 4443)."""

from __future__ import annotations

import socket
import struct

_HEADER = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence (RFC 792, RFC 4443)
_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}


def echo_request(family: int, identifier: int, sequence: int, payload: bytes) -> bytes:
    """An echo request. The kernel fills in the checksum of ICMPv6, which covers addresses we do not know."""
    kind = _REQUEST[socket.AddressFamily(family)]
    packet = _HEADER.pack(kind, 0, 0, identifier, sequence) + payload
    if family == socket.AF_INET6:
        return packet
    return _HEADER.pack(kind, 0, checksum(packet), identifier, sequence) + payload


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def reply_sequence(family: int, data: bytes, token: bytes) -> int | None:
    """The sequence number of our reply; None for anything else. An IPv4 header before it is skipped."""
    if family == socket.AF_INET and data[:1] and data[0] >> 4 == 4:
        data = data[(data[0] & 0x0F) * 4 :]
    if len(data) < _HEADER.size + len(token) or data[_HEADER.size :][: len(token)] != token:
        return None
    sequence = int.from_bytes(data[6:8], "big")
    return sequence if data[0] == _REPLY[socket.AddressFamily(family)] else None
