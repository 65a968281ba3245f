"""Socket addresses from parameters, and errors by name."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Mapping
from ipaddress import ip_address

SocketAddress = tuple[str, int] | tuple[str, int, int, int]


def family_of(address: str) -> socket.AddressFamily:
    """The family of a numeric address, which may carry a zone. Raises ValueError."""
    return socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET


def sockaddr(address: str, port: int) -> SocketAddress:
    """The socket address of a numeric address; a zone (``fe80::1%eth0``) becomes its scope id.

    Raises ValueError when it is no address, or OSError when there is no such interface.
    """
    host, _, zone = address.partition("%")
    if family_of(host) is socket.AF_INET:
        return (host, port)
    return (host, port, 0, scope_id(zone))


def scope_id(zone: str) -> int:
    """The interface index of a zone, a name or a number; 0 for none. Raises OSError."""
    if zone.isdecimal() or not zone:
        return int(zone or 0)
    return socket.if_nametoindex(zone)


def error_name(number: int) -> str:
    """The name of an error number, without Windows' prefix: ``ECONNREFUSED``."""
    return errno.errorcode.get(number, f"error {number}").removeprefix("WSA")


def bind_source(sock: socket.socket, params: Mapping[str, str]) -> None:
    """Leave by the parameters ``source`` (an address) and ``interface``, where given. Raises OSError."""
    if interface := params.get("interface"):
        bind_to_interface(sock, interface)
    if source := params.get("source"):
        sock.bind(sockaddr(source, 0))


def bind_to_interface(sock: socket.socket, interface: str) -> None:
    """Tie a socket to an interface: SO_BINDTODEVICE on Linux, IP_BOUND_IF on macOS. Raises OSError."""
    if sys.platform == "linux":
        sock.setsockopt(socket.SOL_SOCKET, 25, interface.encode() + b"\0")
    elif sys.platform == "darwin":
        level, option = (
            (socket.IPPROTO_IPV6, 125) if sock.family == socket.AF_INET6 else (socket.IPPROTO_IP, 25)
        )
        sock.setsockopt(level, option, socket.if_nametoindex(interface))
