"""A SYN by a raw socket of Linux: what scapy does elsewhere, without the half second that loading it takes.

Sources: raw(7), RFC 9293. IPv4 hands its header up with each packet; IPv6 tells the hop limit beside it.
"""

from __future__ import annotations

import os
import selectors
import socket
import struct
import sys
import time
from collections.abc import Mapping

from msgspec import Struct

from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.wire import errqueue
from landiag.wire.echo import checksum
from landiag.wire.sockets import bind_source, family_of, sockaddr

_TCP = struct.Struct(
    "!HHIIBBHHH"
)  # ports, sequence, acknowledgement, offset, flags, window, checksum, urgent

_SYN = 0x02
_IPV6_CHECKSUM, _IPV6_RECVHOPLIMIT, _IPV6_HOPLIMIT = 7, 51, 52
_FLAGS = "FSRPAUEC"


class Segment(Struct, frozen=True):
    """A TCP segment that answered, or the ICMP error that came instead; flags as tcpdump's letters."""

    sender: str
    ttl: int | None
    flags: str = ""
    window: int | None = None
    icmp: IcmpError | None = None


def send_syn(address: str, port: int, params: Mapping[str, str], timeout: float) -> Segment | None:
    """Send one SYN and wait for its answer; None when nothing came. Raises OSError without root."""
    family, target = family_of(address), sockaddr(address, 0)
    own_port, sequence = 0x8000 | int.from_bytes(os.urandom(2), "big"), int.from_bytes(os.urandom(4), "big")
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP) as sock:
        sock.setblocking(False)
        errqueue.enable(sock)
        bind_source(sock, params)
        sock.connect(target)  # only its packets, and only errors about ours, come to this socket
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_CHECKSUM, 16)
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVHOPLIMIT, 1)
        source = str(sock.getsockname()[0])
        sock.send(syn_segment(source, str(target[0]), own_port, port, sequence))
        return _await(sock, (port, own_port, sequence + 1 & 0xFFFFFFFF), time.monotonic() + timeout)


def syn_segment(source: str, target: str, own_port: int, port: int, sequence: int) -> bytes:
    """The bytes of a SYN; its checksum is left to the kernel for IPv6."""
    head = _TCP.pack(own_port, port, sequence, 0, 5 << 4, _SYN, 1024, 0, 0)
    if ":" in target:
        return head
    pseudo = (
        socket.inet_aton(source)
        + socket.inet_aton(target)
        + struct.pack("!HH", socket.IPPROTO_TCP, len(head))
    )
    return head[:16] + struct.pack("!H", checksum(pseudo + head)) + head[18:]


def _await(sock: socket.socket, wanted: tuple[int, int, int], end: float) -> Segment | None:
    if sys.platform != "linux":
        raise OSError("packets are taken as they are on Linux alone")
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        while (left := end - time.monotonic()) > 0:
            if not selector.select(left):
                return None
            if icmp := errqueue.read(sock):
                return Segment(icmp.sender or "", None, icmp=icmp)
            try:
                data, ancillary, _, place = sock.recvmsg(2048, 256)
            except OSError:
                continue
            if segment := parse_segment(data, ancillary, str(place[0]), wanted):
                return segment
    return None


def parse_segment(
    data: bytes, ancillary: list[tuple[int, int, bytes]], sender: str, wanted: tuple[int, int, int]
) -> Segment | None:
    """The answer to our SYN in a received packet: from that port, to ours, acknowledging it; else None."""
    ttl = None
    if ":" not in sender:
        ttl, data = data[8], data[(data[0] & 0x0F) * 4 :]
    for level, kind, value in ancillary:
        if (level, kind) == (socket.IPPROTO_IPV6, _IPV6_HOPLIMIT):
            ttl = int.from_bytes(value[:4], "little")
    if len(data) < _TCP.size:
        return None
    port, own_port, _, acknowledged, _, flags, window, _, _ = _TCP.unpack_from(data)
    if (port, own_port, acknowledged) != wanted:
        return None
    letters = "".join(letter for place, letter in enumerate(_FLAGS) if flags >> place & 1)
    return Segment(sender, ttl, letters, window)
