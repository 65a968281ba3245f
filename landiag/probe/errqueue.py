"""The kernel's error queue: which ICMP message ended a connection, and who sent it, without root.

Linux only (ip(7), IP_RECVERR). Elsewhere nothing is ever queued and every read gives None.
"""

from __future__ import annotations

import socket
import struct
import sys

from msgspec import Struct

_RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
_MSG_ERRQUEUE = 0x2000
_EXTENDED_ERROR = struct.Struct("=IBBBxII")  # errno, origin, type, code, pad, info, data
_ORIGIN_ICMP = {2: 4, 3: 6}


class IcmpError(Struct, frozen=True):
    """An ICMP error message. ``version`` is 4 or 6; ``sender`` is None where the kernel does not tell.

    ``mtu`` is the next hop's, in bytes, of "fragmentation needed" and "packet too big"; else None.
    """

    version: int
    type: int
    code: int
    sender: str | None = None
    mtu: int | None = None

    @property
    def word(self) -> str:
        """What the message says, in nmap's words where it has one."""
        return _WORDS.get((self.version, self.type, self.code)) or f"icmp-{self.type}-{self.code}"


_WORDS = {
    (4, 3, 0): "net-unreach",
    (4, 3, 1): "host-unreach",
    (4, 3, 2): "proto-unreach",
    (4, 3, 3): "port-unreach",
    (4, 3, 4): "fragmentation-needed",
    (4, 3, 6): "net-unknown",
    (4, 3, 7): "host-unknown",
    (4, 3, 9): "net-prohibited",
    (4, 3, 10): "host-prohibited",
    (4, 3, 11): "net-unreach-tos",
    (4, 3, 12): "host-unreach-tos",
    (4, 3, 13): "admin-prohibited",
    (4, 5, 0): "redirect",
    (4, 5, 1): "redirect",
    (4, 11, 0): "time-exceeded",
    (6, 1, 0): "no-route",
    (6, 1, 1): "admin-prohibited",
    (6, 1, 2): "beyond-scope",
    (6, 1, 3): "addr-unreach",
    (6, 1, 4): "port-unreach",
    (6, 1, 5): "policy-failed",
    (6, 1, 6): "reject-route",
    (6, 2, 0): "packet-too-big",
    (6, 3, 0): "time-exceeded",
}


def enable(sock: socket.socket) -> bool:
    """Ask the kernel to queue ICMP errors for this socket; False where it cannot."""
    if sys.platform != "linux":
        return False
    level, option = _RECVERR[socket.AddressFamily(sock.family)]
    try:
        sock.setsockopt(level, option, 1)
    except OSError:
        return False
    return True


def read(sock: socket.socket) -> IcmpError | None:
    """The next queued ICMP error of the socket, or None when there is none. Never waits."""
    queued = read_with_port(sock)
    return queued[0] if queued else None


def read_with_port(sock: socket.socket) -> tuple[IcmpError, str, int] | None:
    """The next queued ICMP error, with the address and the port that the packet it speaks of was for."""
    if sys.platform != "linux":
        return None
    try:
        _, ancillary, _, target = sock.recvmsg(512, 512, _MSG_ERRQUEUE)
    except OSError:
        return None
    for level, kind, data in ancillary:
        if (level, kind) in _RECVERR.values() and len(data) >= _EXTENDED_ERROR.size:
            error = _parse(data)
            return (error, str(target[0]), int(target[1])) if error and target else None
    return None


def _parse(data: bytes) -> IcmpError | None:
    """An extended error: struct sock_extended_err and the offender's socket address after it."""
    _, origin, kind, code, info, _ = _EXTENDED_ERROR.unpack_from(data)
    version = _ORIGIN_ICMP.get(origin)
    if version is None:
        return None
    too_big = (version, kind, code) == (4, 3, 4) or (version, kind) == (6, 2)
    return IcmpError(version, kind, code, _offender(data[_EXTENDED_ERROR.size :]), info if too_big else None)


def _offender(address: bytes) -> str | None:
    family = int.from_bytes(address[:2], sys.byteorder)
    if family == socket.AF_INET and len(address) >= 8:
        return socket.inet_ntop(socket.AF_INET, address[4:8])
    if family == socket.AF_INET6 and len(address) >= 24:
        return socket.inet_ntop(socket.AF_INET6, address[8:24])
    return None
