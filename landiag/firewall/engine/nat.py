"""What an address translation makes of a packet (nf_nat_core.c: one address or port, or one of a range)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from msgspec.structs import replace

from landiag.firewall.engine.draws import spread_over
from landiag.firewall.engine.fields import PacketFields
from landiag.model.action import Chosen, NatKind, Target, Translate
from landiag.model.packet import ABSENT, IPAddress, Packet, Value
from landiag.model.sets import values_of

SOURCE_KINDS = (NatKind.SNAT, NatKind.MASQUERADE)


def address_of(number: int, version: int) -> IPAddress:
    """An address from its number."""
    return IPv4Address(number) if version == 4 else IPv6Address(number)


def translated(fields: PacketFields, action: Translate) -> Packet | None:
    """The packet after the translation; what cannot be known of it is None.

    The whole is None when the rule does not translate this packet after all (its map lacks the key).
    """
    packet = fields.packet
    target = action.target if isinstance(action.target, Target) else _choose(fields, action.target)
    if target is None:
        return None
    version = packet.version
    if action.version is not None and version != action.version:
        return None
    if action.kind in SOURCE_KINDS:
        source = _address(fields, action, target, packet.source, packet.out_interface)
        return replace(packet, source=source, source_port=_source_port(target, packet.source_port))
    destination = _address(fields, action, target, packet.destination, packet.in_interface)
    port = _destination_port(action, target, packet.destination_port)
    return replace(packet, destination=destination, destination_port=port)


def _address(
    fields: PacketFields, action: Translate, target: Target, old: IPAddress | None, device: str | None
) -> IPAddress | None:
    version = fields.packet.version
    if action.kind in (NatKind.REDIRECT, NatKind.MASQUERADE):
        return None if old is None else fields.context.surroundings.first_address(device, old)
    if target.addresses is None:
        return old
    low, high = target.addresses
    if low == high:
        return address_of(low, version)
    if action.netmap and old is not None:
        size = high - low
        return address_of(low | (int(old) & size), version)
    spread = spread_over(action)
    chosen = None if spread is None else spread.value(fields)
    return address_of(chosen, version) if isinstance(chosen, int) else None


def _source_port(target: Target, old: int | None) -> int | None:
    if target.ports is None:
        return old
    low, high = target.ports
    return low if low == high else None


def _destination_port(action: Translate, target: Target, old: int | None) -> int | None:
    """The port that the kernel takes of a range: the packet's own if it is one, else the first (get_unique_tuple)."""
    if target.ports is None:
        return old
    low, high = target.ports
    if low == high:
        return low
    if old is None or target.ports == UNKNOWN_PORTS:
        return None
    if target.base is not None:
        return low + ((old - target.base) & _LAST_PORT) % (high - low + 1)
    if action.random:
        return None
    return old if low <= old <= high else low


_LAST_PORT = 65535
UNKNOWN_PORTS = (0, _LAST_PORT)


def _choose(fields: PacketFields, chosen: Chosen) -> Target | None:
    """The target that a map or an expression gives; a range of everything where it is not known."""
    version = fields.packet.version
    everything = (0, (1 << (32 if version == 4 else 128)) - 1)
    if chosen.elements is not None:
        values = values_of(chosen.operands, fields)
        if values is None:
            return None
        found = chosen.elements.lookup(values)
        if found.certain and not found.data:
            return None
        return _from_data(found.data[0]) if found.certain else Target(everything, UNKNOWN_PORTS)
    address = None if chosen.address is None else chosen.address.value(fields)
    port = None if chosen.port is None else chosen.port.value(fields)
    if ABSENT in (address, port):
        return None
    return Target(
        None if chosen.address is None else _span(address, everything),
        None if chosen.port is None else _span(port, UNKNOWN_PORTS),
    )


def _from_data(data: object) -> Target:
    spans = data if isinstance(data, tuple) else ()
    addresses, ports = (*spans, None, None)[:2]
    return Target(addresses, ports)


def _span(value: Value, everything: tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else everything
