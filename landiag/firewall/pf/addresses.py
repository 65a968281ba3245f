"""The addresses of pf.conf(5), lowered: hosts, tables, own addresses of an interface."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_interface, ip_network

from msgspec import Struct

from landiag.firewall.pf.matches import address_of, packet_of
from landiag.firewall.pf.syntax import Name
from landiag.model.facts import IPAddress, IPNetwork
from landiag.model.match import Always, AnyOf, InRanges, Match, UnknownMatch
from landiag.model.operands import Cuts, Fields
from landiag.model.regex import regex

_INTERFACE = regex(r"^[a-z][a-z_]*[a-z0-9_]*\d+(?:\.\d+)?$")
_DYNAMIC = regex(r"^\(?([A-Za-z][\w.]*?)((?::(?:network|broadcast|peer|0))*)\)?(?:/(\d+))?$")


class OwnAddress(Match, Struct, frozen=True):
    """An address or network of an interface of this host, from the packet's ``interface_addresses``.

    ``interface`` is None for ``self``. ``kind`` is ``address``, ``network`` or ``broadcast``; ``length`` widens it.
    """

    side: str
    interface: str | None
    kind: str
    text: str
    length: int | None = None

    def test(self, fields: Fields) -> bool | None:
        """Look the address up; another interface's are not known, but they are not this one's."""
        packet = packet_of(fields)
        address = None if packet is None else address_of(packet, self.side)
        if packet is None or address is None:
            return None
        if self.interface is None and address.is_loopback:
            return True
        mine = [ip_interface(text) for text in packet.interface_addresses]
        own = [one for one in mine if one.version == address.version]
        if not own:
            return None
        arrived = fields["iifname"] if fields["iifname"] != "" else fields["oifname"]
        elsewhere = self.interface is not None and isinstance(arrived, str) and arrived != self.interface
        if elsewhere:
            return False if any(address in one.network for one in own) else None
        return any(self._holds(one, address) for one in own)

    def _holds(self, one: object, address: IPAddress) -> bool:
        own = ip_interface(str(one))
        if self.length is not None:
            return address in ip_network(f"{own.ip}/{self.length}", strict=False)
        if self.kind == "network":
            return address in own.network
        return address == (own.network.broadcast_address if self.kind == "broadcast" else own.ip)

    def cuts(self, fields: Fields) -> Cuts | None:
        """The ends of every network that the interface's addresses or the rule's own length make, and loopback's."""
        packet = packet_of(fields)
        if packet is None:
            return {}
        mine = [ip_interface(text) for text in packet.interface_addresses]
        networks = [one.network for one in mine] + [ip_network(one.ip) for one in mine]
        if self.length is not None:
            networks += [
                ip_network(f"{one.ip}/{self.length}", strict=False)
                for one in mine
                if self.length <= one.max_prefixlen
            ]
        networks += [ip_network(one.network.broadcast_address) for one in mine]
        return {f"packet {self.side}": (*_edges(networks), *_edges(_LOOPBACK))}


_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"), ip_network("::ffff:127.0.0.0/104"))


def _edges(networks: Iterable[IPNetwork]) -> tuple[int, ...]:
    return tuple(edge for network in networks for edge in (int(network[0]), int(network[-1]) + 1))


class NotRouted(Match, Struct, frozen=True):
    """``urpf-failed`` and ``no-route``: never for a source on a network of the interface itself."""

    side: str
    text: str

    def test(self, fields: Fields) -> bool | None:
        """False for on-link addresses, unknown for others."""
        packet = packet_of(fields)
        address = None if packet is None else address_of(packet, self.side)
        if packet is None or address is None:
            return None
        near = any(address in ip_interface(text).network for text in packet.interface_addresses)
        return False if near else None

    def cuts(self, fields: Fields) -> Cuts | None:
        """The ends of the interface's networks."""
        packet = packet_of(fields)
        mine = () if packet is None else packet.interface_addresses
        return {f"packet {self.side}": _edges(ip_interface(text).network for text in mine)}


class TableContent(Struct, frozen=True):
    """What is in a table: networks, the negated ones are exceptions. ``complete`` unless more may be in it."""

    networks: tuple[tuple[IPNetwork, bool], ...]
    complete: bool

    def holds(self, address: IPAddress) -> bool | None:
        """Whether an address is in it: the longest prefix decides."""
        best, answer = -1, False
        for network, negated in self.networks:
            if address in network and network.prefixlen > best:
                best, answer = network.prefixlen, not negated
        return answer if self.complete or (answer and best >= 0) else None


class InTable(Match, Struct, frozen=True):
    """An address is in a table."""

    side: str
    content: TableContent | None
    text: str

    def test(self, fields: Fields) -> bool | None:
        """Look it up; unknown where the table's content was not read."""
        packet = packet_of(fields)
        address = None if packet is None else address_of(packet, self.side)
        if address is None or self.content is None:
            return None
        return self.content.holds(address)

    def cuts(self, fields: Fields) -> Cuts | None:  # noqa: ARG002
        """The ends of the table's networks."""
        networks = () if self.content is None else self.content.networks
        return {f"packet {self.side}": _edges(network for network, _ in networks)}


class Not(Match, Struct, frozen=True):
    """The opposite; unknown stays unknown."""

    match: Match
    text: str

    def test(self, fields: Fields) -> bool | None:
        """Turn the answer round."""
        answer = self.match.test(fields)
        return None if answer is None else not answer

    def cuts(self, fields: Fields) -> Cuts | None:
        """Those of the match."""
        return self.match.cuts(fields)


def parse_network(text: str) -> IPNetwork | None:
    """``10/8``, ``172.16/12``, ``10.0.0.1``, ``fe80::/64``, ``fe80::1%em0``; None for anything else."""
    base, slash, length = text.partition("/")
    base = base.partition("%")[0]
    if slash and re.fullmatch(r"\d+(?:\.\d+){0,3}", base):
        base += ".0" * (3 - base.count("."))
    try:
        return ip_network(f"{base}/{length}" if slash else base, strict=False)
    except ValueError:
        return None


def hosts(side: str, wanted: Iterable[Name], tables: dict[str, TableContent]) -> Match | None:
    """One of the hosts is the packet's source or destination."""
    matches = [_host(side, name, tables) for name in wanted]
    if not matches:
        return None
    text = f"{'from' if side == 'source' else 'to'} " + ", ".join(match.text for match in matches)
    return matches[0] if len(matches) == 1 else AnyOf(tuple(matches), text)


def _host(side: str, name: Name, tables: dict[str, TableContent]) -> Match:
    match = _plain_host(side, name.text, tables)
    return Not(match, f"! {name.text}") if name.negated else match


def _plain_host(side: str, text: str, tables: dict[str, TableContent]) -> Match:
    if text.startswith("<"):
        return InTable(side, tables.get(text.strip("<>")), text)
    if text == "any":
        return Always(text=text)
    if text in ("urpf-failed", "no-route"):
        return NotRouted(side, text)
    first, dash, last = text.partition(" - ")
    network = parse_network(first)
    if network is not None:
        return _span(side, network, parse_network(last) if dash else network, text)
    if text == "localhost":
        return AnyOf((InRanges(f"ip {_END[side]}", ((127 << 24 | 1,) * 2,)),
                      InRanges(f"ip6 {_END[side]}", ((1, 1),))), text)  # fmt: skip
    dynamic = _DYNAMIC.match(text)
    if dynamic is None or not (text.startswith("(") or dynamic[1] == "self" or _INTERFACE.match(dynamic[1])):
        return UnknownMatch(text)
    if "peer" in dynamic[2]:
        return UnknownMatch(text)
    kind = dynamic[2].strip(":").partition(":")[0].replace("0", "") or "address"
    length = int(dynamic[3]) if dynamic[3] else None
    if dynamic[1] != "self" and not _INTERFACE.match(dynamic[1]):
        return UnknownMatch(text)
    return OwnAddress(side, None if dynamic[1] == "self" else dynamic[1], kind, text, length)


_END = {"source": "saddr", "destination": "daddr"}


def _span(side: str, first: IPNetwork, last: IPNetwork | None, text: str) -> Match:
    if last is None or first.version != last.version:
        return UnknownMatch(text)
    field = f"{'ip' if first.version == 4 else 'ip6'} {_END[side]}"
    return InRanges(field, ((int(first.network_address), int(last.broadcast_address)),), text)


def table_content(elements: Iterable[Name], *, complete: bool) -> TableContent:
    """The content that a table's elements make; names and interfaces among them leave it open."""
    networks: list[tuple[IPNetwork, bool]] = []
    for name in elements:
        network = parse_network(name.text)
        if network is None:
            complete = False
        else:
            networks.append((network, name.negated))
    return TableContent(tuple(networks), complete)


def target_address(text: str) -> IPAddress | None:
    """The single address of a translation's target; None for pools, interfaces and names."""
    try:
        return ip_address(text)
    except ValueError:
        return None
