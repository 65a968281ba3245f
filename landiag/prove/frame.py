"""The frames that are sent: a SYN as Linux clients send it, and the RST that ends what it began."""

from __future__ import annotations

import struct
from ipaddress import IPv6Address, ip_address

from msgspec import Struct

from landiag.wire.echo import checksum

SYN, RST = 0x02, 0x04
_TCP = 6
_OPTIONS = struct.pack("!BBHBBBBIIBBBB", 2, 4, 1460, 4, 2, 8, 10, 1, 0, 1, 3, 3, 7)
"""MSS 1460, SACK permitted, timestamps, window scale 7: 40 bytes of TCP header, as every Linux client sends."""


class Ends(Struct, frozen=True):
    """Who sends to whom. ``mac`` is the sender's, ``to_mac`` that of the interface that takes the frame."""

    source: str
    source_port: int
    destination: str
    port: int
    mac: bytes
    to_mac: bytes


def make_frame(ends: Ends, flags: int, sequence: int) -> bytes:
    """Make an Ethernet frame with one TCP segment without data."""
    source, destination = ip_address(ends.source).packed, ip_address(ends.destination).packed
    segment = _segment(ends, flags, sequence)
    pseudo = source + destination + struct.pack("!II", len(segment), _TCP)
    segment = segment[:16] + struct.pack("!H", checksum(pseudo + segment)) + segment[18:]
    if isinstance(ip_address(ends.destination), IPv6Address):
        head = struct.pack("!IHBB", 6 << 28, len(segment), _TCP, 64) + source + destination
        return ends.to_mac + ends.mac + b"\x86\xdd" + head + segment
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0x4000, 64, _TCP, 0) + source + destination
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return ends.to_mac + ends.mac + b"\x08\x00" + head + segment


def _segment(ends: Ends, flags: int, sequence: int) -> bytes:
    options = _OPTIONS if flags == SYN else b""
    words = (20 + len(options)) // 4
    window = 64240 if flags == SYN else 0
    head = (ends.source_port, ends.port, sequence, 0, words << 4, flags, window, 0, 0)
    return struct.pack("!HHIIBBHHH", *head) + options
