"""What a rule of Windows Firewall can ask of a packet, as matches of the neutral model.

The values of one field are or-ed, fields are and-ed (MS-GPFAS 2.2.2.19). Keywords that stand for what only
the running system knows are unknown, never "any".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_interface, ip_network

from msgspec import Struct

from landiag.firewall.engine.fields import PacketFields
from landiag.model.facts import ParseError
from landiag.model.match import Always, AnyOf, InRanges, Match, Names, UnknownMatch
from landiag.model.operands import Cuts, Fields
from landiag.model.packet import PROTOCOL_NUMBERS, Packet

ANY_WORDS = frozenset(("any", "*", ""))

_PORT_KEYWORDS = {"mdns": 5353}


def packet_of(fields: Fields) -> Packet | None:
    """The packet behind the fields; None where they are plain fields."""
    return fields.packet if isinstance(fields, PacketFields) else None


_LOOPBACK = (1, 2, 127 << 24, 128 << 24, 0xFFFF7F000000, 0xFFFF80000000)
"""Where loopback addresses of either version begin and end, those of IPv4 in IPv6 among them."""


class FromItself(Match, Struct, frozen=True):
    """The packet comes from this very host. A packet whose source nobody gave is a client's, and does not."""

    text: str = "loopback"

    def test(self, fields: Fields) -> bool | None:
        """Compare the two ends."""
        packet = packet_of(fields)
        if packet is None or packet.source is None:
            return False
        return packet.source.is_loopback or packet.source == packet.destination

    def cuts(self, fields: Fields) -> Cuts | None:
        """Loopback addresses, and the destination, which must be one."""
        packet = packet_of(fields)
        if packet is None or packet.destination is None:
            return {"packet source": _LOOPBACK}
        here = int(packet.destination)
        return {"packet source": (*_LOOPBACK, here, here + 1)}


def parse_protocol(text: str) -> int | None:
    """The protocol's number; None for every protocol. Raises ParseError."""
    word = text.strip().lower()
    if word in ANY_WORDS or word == "256":
        return None
    number = int(word) if word.isdecimal() else {**PROTOCOL_NUMBERS, "icmpv4": 1, "hopopt": 0}.get(word)
    if number is None or number > 255:
        raise ParseError(f"protocol {text!r}")
    return number


def protocol(number: int) -> Match:
    """The packet is of this protocol."""
    return InRanges("meta l4proto", ((number, number),), f"protocol {number}")


def ports(field: str, values: Iterable[str], text: str) -> Match | None:
    """A port is one of the values: numbers, ranges, keywords; None where the values allow every port."""
    ranges: list[tuple[int, int]] = []
    unknown = False
    for value in values:
        word = value.strip().lower()
        if word in ANY_WORDS:
            return None
        low, dash, high = word.partition("-")
        if word in _PORT_KEYWORDS:
            ranges.append((_PORT_KEYWORDS[word],) * 2)
        elif _is_port(low) and (not dash or _is_port(high)):
            ranges.append((int(low), int(high if dash else low)))
        else:
            unknown = True
    return _either(InRanges(field, tuple(ranges), text), text, unknown=unknown, known=bool(ranges))


def _is_port(word: str) -> bool:
    return word.isascii() and word.isdigit() and int(word) <= 65535


def _either(match: Match, text: str, *, unknown: bool, known: bool) -> Match:
    if not unknown:
        return match
    return AnyOf((match, UnknownMatch(text)), text) if known else UnknownMatch(text)


class LocalSubnet(Match, Struct, frozen=True):
    """The other end is on a network of the interface's own addresses; with ``version`` by that IP version alone."""

    field: str = "source"
    text: str = "LocalSubnet"
    version: int | None = None

    def test(self, fields: Fields) -> bool | None:
        """Look the address up among the networks that the packet's interface has."""
        packet = packet_of(fields)
        if packet is None:
            return None
        address = packet.source if self.field == "source" else packet.destination
        if address is None:
            return None
        if self.version not in (None, address.version):
            return False
        if address.version == 6 and address.is_link_local:
            return True
        networks = [ip_interface(text).network for text in packet.interface_addresses]
        mine = [network for network in networks if network.version == address.version]
        if not mine:
            return None
        return any(address in network for network in mine)

    def cuts(self, fields: Fields) -> Cuts | None:
        """The networks' ends, and those of link-local addresses."""
        packet = packet_of(fields)
        if packet is None:
            return {}
        networks = [ip_interface(text).network for text in packet.interface_addresses]
        edges = [edge for network in networks for edge in (int(network[0]), int(network[-1]) + 1)]
        return {f"packet {self.field}": (*edges, 0xFE80 << 112, 0xFEC0 << 112)}


_LOCAL_SUBNETS: Mapping[str, int | None] = {"localsubnet": None, "localsubnet4": 4, "localsubnet6": 6}
"""The IP version of each form of the keyword."""


def addresses(side: str, values: Iterable[str], text: str) -> Match | None:
    """The packet's ``source`` or ``destination`` is one of the values; None where they allow every address.

    Addresses of one IP version never match a packet of the other.
    """
    ranges: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    matches: list[Match] = []
    for value in values:
        word = value.strip()
        if word.lower() in ANY_WORDS:
            return None
        if word.lower() in _LOCAL_SUBNETS:
            matches.append(LocalSubnet(side, word, _LOCAL_SUBNETS[word.lower()]))
            continue
        found = _address_range(word)
        if found is None:
            matches.append(UnknownMatch(word))
        else:
            ranges[found[0]].append(found[1:])
    suffix = "saddr" if side == "source" else "daddr"
    for version, name in ((4, f"ip {suffix}"), (6, f"ip6 {suffix}")):
        if ranges[version]:
            matches.append(InRanges(name, tuple(ranges[version]), text))
    return matches[0] if len(matches) == 1 else AnyOf(tuple(matches), text)


def _address_range(word: str) -> tuple[int, int, int] | None:
    """Version, first and last address of ``a``, ``a-b``, ``a/len`` or ``a/mask``; None for anything else."""
    try:
        first, dash, last = word.partition("-")
        if dash:
            low, high = ip_address(first.strip()), ip_address(last.strip())
            return (low.version, int(low), int(high)) if low.version == high.version else None
        network = ip_network(word.partition("%")[0], strict=False)
    except ValueError:
        return None
    return network.version, int(network.network_address), int(network.broadcast_address)


def icmp(version: int, values: Sequence[str], text: str) -> Match:
    """An ICMP type and code: ``8:*``, ``3:4``."""
    name = "icmp" if version == 4 else "icmpv6"
    matches: list[Match] = []
    for value in values:
        kind, _, code = value.partition(":")
        if kind in ("", "*") or kind.lower() == "any":
            return Always(text=text)
        if not kind.isdecimal() or (code not in ("", "*") and not code.isdecimal()):
            return UnknownMatch(text)
        matches.append(InRanges(f"{name} type", ((int(kind), int(kind)),), text))
    return AnyOf(tuple(matches), text)


def profiles(names: frozenset[str]) -> Match:
    """The interface is in one of the profiles."""
    return Names("profile", names, text=f"profile {','.join(sorted(names))}")
