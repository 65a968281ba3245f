"""Packets that a user asks about, one JSON object a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_interface
from typing import Any

import msgspec
from msgspec.structs import replace

from landiag.model.addresses import parse_ip
from landiag.model.facts import ParseError
from landiag.model.packet import CT_STATES, PACKET_TYPES, PROTOCOL_NUMBERS, TCP_FLAGS, IPAddress, Packet

_JSON = msgspec.json.Decoder(dict[str, Any])


def parse_packets(lines: Iterable[str], defaults: Packet) -> Iterator[Packet]:
    """Packets, one JSON object a line, one after the other; what a line leaves out is as in ``defaults``.

    Fields that are not known are ignored, and so are blank lines. Raises ParseError naming the line.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield parse_packet(line, defaults)
            except ParseError as error:
                raise ParseError(f"line {number}: {error}") from error


def parse_packet(line: str, defaults: Packet) -> Packet:
    """One packet. Raises ParseError."""
    try:
        given = _JSON.decode(line)
    except msgspec.DecodeError as error:
        raise ParseError(f"not a JSON object: {error}") from error
    values = {name: read(given[name]) for name, read in _FIELDS.items() if given.get(name) is not None}
    packet = replace(defaults, **_fitting(defaults, values), **values)
    if packet.destination_port is None and packet.protocol in ("tcp", "udp"):
        raise ParseError("destination_port is missing")
    if packet.source and packet.destination and packet.source.version != packet.destination.version:
        raise ParseError("source and destination are of different IP versions")
    return packet


def _fitting(defaults: Packet, values: dict[str, Any]) -> dict[str, Any]:
    """Defaults that do not fit what is given: addresses of the other version, TCP flags of a UDP packet."""
    changed: dict[str, Any] = {}
    given = values.get("source") or values.get("destination")
    version = given.version if given is not None else defaults.version
    for name in ("source", "destination"):
        default = getattr(defaults, name)
        if name not in values and default is not None and default.version != version:
            changed[name] = None
    if values.get("state") not in (None, "new") and "flags" not in values:
        changed["flags"] = frozenset({"ack", "psh"})
    if values.get("protocol", "tcp") != "tcp":
        changed.setdefault("flags", frozenset())
    if version == 6 and "length" not in values:
        changed["length"] = 80
    return {"ip_version": version, **changed}


def _address(value: object) -> IPAddress:
    try:
        return parse_ip(str(value))
    except ValueError as error:
        raise ParseError(f"{value!r} is not an IP address") from error


def _number(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, str) and value.isdigit():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ParseError(f"{value!r} is not a number from {low} to {high}")
        return value

    return read


def _word(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        word = str(value).lower()
        if word not in words:
            raise ParseError(f"{value!r} is none of {', '.join(words)}")
        return word

    return read


def _flags(value: object) -> frozenset[str]:
    parts = value if isinstance(value, list) else str(value).replace("|", ",").replace(" ", ",").split(",")
    words = frozenset(str(part).lower() for part in parts if part)
    if not words <= TCP_FLAGS.keys():
        raise ParseError(f"{value!r} are not TCP flags")
    return words


def _addresses(value: object) -> tuple[str, ...]:
    found = tuple(str(one) for one in (value if isinstance(value, list) else [value]))
    for one in found:
        try:
            ip_interface(one)
        except ValueError as error:
            raise ParseError(f"{one!r} is not an address with its prefix length") from error
    return found


_FIELDS: dict[str, Callable[[Any], Any]] = {
    "protocol": _word(*PROTOCOL_NUMBERS, *map(str, range(256))),
    "source": _address,
    "destination": _address,
    "source_port": _number(0, 65535),
    "destination_port": _number(0, 65535),
    "in_interface": str,
    "out_interface": str,
    "state": _word(*CT_STATES),
    "mark": _number(0, 0xFFFFFFFF),
    "ct_mark": _number(0, 0xFFFFFFFF),
    "flags": _flags,
    "ttl": _number(0, 255),
    "length": _number(20, 65535),
    "pkttype": _word(*PACKET_TYPES),
    "source_mac": str,
    "destination_mac": str,
    "icmp_type": _number(0, 255),
    "icmp_code": _number(0, 255),
    "dscp": _number(0, 63),
    "program": str,
    "profile": _word("domain", "private", "public"),
    "interface_addresses": _addresses,
}
