"""The packet socket: every interface of this machine at once, filtered by the kernel (packet(7))."""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from collections.abc import Iterator

from landiag.watch.bpf import SNAP, assemble, port_filter
from landiag.watch.packets import Frame

_ETH_P_ALL = 0x0003
_SO_ATTACH_FILTER = 26
_SO_TIMESTAMPNS = 35  # the 64-bit ABI; 32-bit systems use the same number with a smaller structure
_SO_RCVBUFFORCE = 33
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_BUFFER = 8 << 20
_TIMESPEC = struct.Struct("@ll")
BATCH = 512
"""How many packets are taken before time is looked at again."""


def _packet_socket() -> socket.socket:
    if sys.platform != "linux":
        raise OSError("packets are taken as they are on Linux alone")
    return socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))


class Capture:
    """Packets from and to one port, on all interfaces. Raises PermissionError where that is not allowed."""

    def __init__(self, port: int) -> None:
        self._socket = _packet_socket()
        try:
            self._attach(port)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            self._enlarge()
            self._socket.setblocking(False)
        except OSError:
            self._socket.close()
            raise
        self.lost = 0

    def _attach(self, port: int) -> None:
        code = b"".join(struct.pack("=HBBI", *one) for one in assemble(port_filter(port)))
        memory = ctypes.create_string_buffer(code, len(code))
        program = struct.pack("@HP", len(code) // 8, ctypes.addressof(memory))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)

    def _enlarge(self) -> None:
        """Ask for a larger buffer; without the right to pass the system's limit, up to that limit."""
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)

    def fileno(self) -> int:
        """The descriptor, for a selector."""
        return self._socket.fileno()

    def take(self) -> Iterator[Frame]:
        """Take what has come, a batch at most; never waits."""
        if sys.platform != "linux":
            raise OSError("packets are taken as they are on Linux alone")
        for _ in range(BATCH):
            try:
                data, ancillary, _, address = self._socket.recvmsg(SNAP, 64)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # an interface went down: packet(7) reports it once as an error
            name, protocol, kind, _, mac = address
            yield Frame(_stamp(ancillary), name, protocol, kind, mac, data)

    def count_lost(self) -> int:
        """Count the packets that came faster than they were taken, since the capture began."""
        _, dropped = struct.unpack("II", self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
        self.lost += dropped
        return self.lost

    def close(self) -> None:
        """End the capture."""
        self._socket.close()


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> float:
    """The kernel's own time of the packet, in seconds since the epoch."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return float(seconds) + float(nanoseconds) / 1e9
    return 0.0
