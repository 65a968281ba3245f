"""The socket that takes a packet, as rules ask for it (nft_socket.c, xt_socket.c)."""

from __future__ import annotations

from landiag.firewall.engine.context import Asked
from landiag.firewall.engine.surroundings import Listener
from landiag.model.packet import Absent, Value

SOCKET_ADDRESS, SOCKET_PORT = "to socket address", "to socket port"
"""Of the socket to which a rule has handed the packet; the port is 0 where none has."""

IS_MOVED, IS_HANDED = "socket is moved", "socket is handed"
"""Whether the connection's own socket has another address than its packets until they are translated, so that rules
before do not find it; and whether a rule has handed such a packet to the socket that listens, which refuses it."""


def listener_of(fields: Asked) -> Listener | Absent | None:
    """The socket that takes a client's packet: that of its connection, or for a SYN the one that listens."""
    packet, around = fields.packet, fields.context.surroundings
    ip, port = packet.destination, packet.destination_port
    is_own = fields[SOCKET_PORT] != 0 and fields.get(IS_MOVED, 0) == 0
    if is_own and "syn" not in packet.flags and ip is not None:
        address, port_known = fields[SOCKET_ADDRESS], fields[SOCKET_PORT]
        if not isinstance(address, int) or not isinstance(port_known, int):
            return None
        ip, port = type(ip)(address), port_known
    if ip is None or port is None or packet.protocol != "tcp":
        return None
    return around.listener(ip, port, packet.in_interface)


def socket_transparent(fields: Asked) -> Value:
    """Whether that socket is transparent, 1 or 0; ABSENT where there is none."""
    found = listener_of(fields)
    return _number(found.transparent) if isinstance(found, Listener) else found


def socket_wildcard(fields: Asked) -> Value:
    """Whether that socket listens on all addresses; a connection's own socket has one."""
    found = listener_of(fields)
    if not isinstance(found, Listener):
        return found
    return _number(found.wildcard) if "syn" in fields.packet.flags else 0


def _number(known: bool | None) -> int | None:
    return None if known is None else int(known)
