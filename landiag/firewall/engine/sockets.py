"""Rules that ask for the socket of a packet, or hand it to another one (nft_socket.c, nft_tproxy.c, xt_TPROXY.c)."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.engine.context import Asked
from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.nat import address_of
from landiag.firewall.engine.socket_fields import (
    IS_HANDED,
    IS_MOVED,
    SOCKET_ADDRESS,
    SOCKET_PORT,
    listener_of,
)
from landiag.firewall.engine.surroundings import Listener
from landiag.model.action import Divert
from landiag.model.operands import Operand
from landiag.model.packet import ABSENT, Absent, IPAddress, Packet, Value


def divert(fields: PacketFields, action: Divert) -> bool | None:
    """Hand a packet to the socket that a rule names; False where none takes it, None where nobody can tell.

    A packet of a connection goes to its own socket, if that has the packet's address (nf_tproxy_get_sock_v4). Only one
    that is transparent takes what is handed to it.
    """
    if action.version is not None and action.version != fields.packet.version:
        return False
    is_moved = fields.get(IS_MOVED, 0) == 1
    if "syn" not in fields.packet.flags and not is_moved:
        return _takes(listener_of(fields))
    ip, port = _address(fields, action.address), _number(fields, action.port, fields.packet.destination_port)
    if ip is None or port is None:
        return None
    taken = _takes(fields.context.surroundings.listener(ip, port, fields.packet.in_interface))
    if taken and is_moved:
        fields[IS_HANDED] = 1
    elif taken:
        fields[SOCKET_ADDRESS], fields[SOCKET_PORT] = int(ip), port
        fields.forget("socket ")
    return taken


def _takes(listener: Listener | Absent | None) -> bool | None:
    if listener is ABSENT:
        return False
    return listener.transparent if isinstance(listener, Listener) else None


def _number(fields: PacketFields, operand: Operand | None, own: int | None) -> int | None:
    value: Value = 0 if operand is None else operand.value(fields)
    return (value or own) if isinstance(value, int) else None


def _address(fields: PacketFields, operand: Operand | None) -> IPAddress | None:
    """The address of the socket: the one that is given, else the first of the interface, else the packet's own."""
    packet = fields.packet
    value: Value = 0 if operand is None else operand.value(fields)
    if not isinstance(value, int) or packet.destination is None:
        return None
    if value:
        return address_of(value, packet.version)
    return fields.context.surroundings.first_address(packet.in_interface, packet.destination)


def as_taken(fields: Asked) -> Packet | None:
    """The packet with address and port of the socket to which a rule has handed it; None where none has."""
    ip, port, packet = fields[SOCKET_ADDRESS], fields[SOCKET_PORT], fields.packet
    if not isinstance(ip, int) or not isinstance(port, int) or port == 0:
        return None
    return replace(packet, destination=address_of(ip, packet.version), destination_port=port)
