"""The kernel's error queue: which ICMP message ended a connection, and who sent it, without root.

Linux only (ip(7), IP_RECVERR). Elsewhere nothing is ever queued and every read gives None.
"""

from __future__ import annotations

import socket
import struct
import sys

from landiag.collect.exchanges.icmp_error import IcmpError

_RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
_MSG_ERRQUEUE = 0x2000
_EXTENDED_ERROR = struct.Struct("=IBBBxII")  # errno, origin, type, code, pad, info, data
_ORIGIN_ICMP = {2: 4, 3: 6}


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
