"""How far a SYN gets: connection attempts with small hop limits, whose ICMP answers name the routers.

Without root on Linux, by the error queue. "Time exceeded" from hop N says that the packet came so far.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Mapping

from landiag.collect.exchanges.trace import Hop, Trace
from landiag.collect.exchanges.transcript import encode
from landiag.wire import errqueue
from landiag.wire.sockets import bind_source, family_of, sockaddr

MOST_HOPS = 8


def trace(params: Mapping[str, str], timeout: float) -> bytes:
    """Try to connect to ``address`` and ``port`` with hop limits 1 to ``hops`` (8), all at once.

    ``wait`` (0.8) bounds the answers. ``source`` and ``interface`` say where to leave from.
    """
    address = params["address"]
    if sys.platform != "linux":
        return encode(Trace(address, (), supported=False))
    limits = range(1, min(MOST_HOPS, int(params.get("hops", str(MOST_HOPS)))) + 1)
    end = time.monotonic() + min(timeout, float(params.get("wait", "0.8")))
    sockets = {limit: _start(address, int(params["port"]), limit, params) for limit in limits}
    hops: dict[int, Hop] = {}
    try:
        while time.monotonic() < end and len(hops) < len(sockets) and not _ended(hops):
            for limit, sock in sockets.items():
                if limit not in hops and (hop := _look(limit, sock)):
                    hops[limit] = hop
            time.sleep(0.01)
    finally:
        for sock in sockets.values():
            if sock is not None:
                sock.close()
    return encode(Trace(address, _until_end([hops.get(limit, Hop(limit)) for limit in limits])))


def _start(address: str, port: int, limit: int, params: Mapping[str, str]) -> socket.socket | None:
    """A connection attempt with that hop limit; None where this machine cannot send it."""
    sock = socket.socket(family_of(address), socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        errqueue.enable(sock)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, limit)
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, limit)
        bind_source(sock, params)
        sock.connect_ex(sockaddr(address, port))
    except OSError:
        sock.close()
        return None
    return sock


def _look(limit: int, sock: socket.socket | None) -> Hop | None:
    """What one attempt has met so far."""
    if sock is None:
        return Hop(limit)
    if icmp := errqueue.read(sock):
        return Hop(limit, icmp)
    if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or _is_connected(sock):
        return Hop(limit, arrived=True)
    return None


def _is_connected(sock: socket.socket) -> bool:
    try:
        sock.getpeername()
    except OSError:
        return False
    return True


def _is_end(hop: Hop) -> bool:
    return hop.arrived or (hop.icmp is not None and hop.icmp.word != "time-exceeded")


def _ended(hops: dict[int, Hop]) -> bool:
    """Whether the way is known up to its end."""
    last = next((limit for limit in sorted(hops) if _is_end(hops[limit])), None)
    return last is not None and all(limit in hops for limit in range(1, last))


def _until_end(hops: list[Hop]) -> tuple[Hop, ...]:
    for number, hop in enumerate(hops):
        if _is_end(hop):
            return tuple(hops[: number + 1])
    while hops and hops[-1].icmp is None:
        hops.pop()
    return tuple(hops)
