"""The numbers of one IP version renumbered: order, common prefixes and classes stay, nothing lands on an old one.

Between two addresses of one class the first bit that differs stays where and as it is, so that routes, rules,
ranges and comparisons say the same of the new addresses as of the old. All other bits of the network part
become zero, but for one that is turned over: so every new network lies where no old one was, and shows nothing
of the old. Addresses are plain integers here: a ruleset may hold a hundred thousand.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import accumulate

from msgspec import Struct, field

from landiag.collect.guests import usual_networks

IPNetwork = IPv4Network | IPv6Network


def networks(text: str) -> tuple[IPNetwork, ...]:
    """The networks of a list with blanks between."""
    return tuple(ip_network(word) for word in text.split())


KEPT = networks(
    "0.0.0.0/8 127.0.0.0/8 192.0.0.0/24 192.88.99.0/24 224.0.0.0/4 240.0.0.0/4 ::/128 ::1/128 ff00::/8"
)
"""Networks whose addresses say nothing of anybody (RFC 6890): loopback, multicast, masks."""

EMBEDDING = networks("::/96 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/96")
"""Networks whose addresses are nothing but IPv4 addresses in another dress (RFC 4291, RFC 6052)."""

CLASSES = networks(
    "10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 198.18.0.0/15"
    " 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24"
    " fe80::/64 fe80::/10 fec0::/10 fc00::/8 fd00::/8 2001:db8::/32 2001::/32 2001::/23 2002::/16"
    " 3fff::/20 100::/64 ::/64 64:ff9b::/64 64:ff9b:1::/64"
    " ::/3 2000::/3 4000::/3 6000::/3 8000::/3 a000::/3 c000::/3 e000::/3 0.0.0.0/0"
)
"""The classes within which an address stays, the narrower ones first; the last is public IPv4."""

Part = tuple[int, int]
"""A network part: its first address and its length in bits."""


class Space(Struct):
    """The addresses of one version that occur, and their new numbers once ``freeze`` was called.

    ``host_bits`` stay as they are, and so does the host part within the ``on_link`` networks. Where a class
    leaves no network part, only the ``last_bits`` stay.
    """

    width: int
    host_bits: int
    last_bits: int
    addresses: dict[int, None] = field(default_factory=dict)
    on_link: set[Part] = field(default_factory=set)
    _bounds: list[int] = field(default_factory=list)
    _classes: list[IPNetwork | None] = field(default_factory=list)
    _ordered: list[Part] = field(default_factory=list)
    _edges: set[int] = field(default_factory=set)
    _kept: set[Part] = field(default_factory=set)
    _new: dict[Part, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        everything = [
            network for network in (*KEPT, *EMBEDDING, *CLASSES) if network.max_prefixlen == self.width
        ]
        edges = {int(network.network_address) for network in everything}
        edges |= {int(network.broadcast_address) + 1 for network in everything}
        self._bounds = sorted(edges)
        self._classes = [_class_at(bound, everything) for bound in self._bounds]

    def class_of(self, address: int) -> IPNetwork | None:
        """The class within which an address is renumbered; None for one that stays as it is."""
        return self._classes[bisect_right(self._bounds, address) - 1]

    def freeze(self) -> None:
        """Choose the new networks, once every address is there."""
        self._ordered = sorted(self.on_link, key=lambda part: part[1])
        self._kept = self._of_products()
        grouped: dict[IPNetwork, set[Part]] = {}
        self._edges = {edge for part in self._ordered for edge in self._edges_of(part)}
        for address in self.addresses:
            within = self.class_of(address)
            part = None if within is None or address in self._edges else self._part(address, within)
            if within is not None and part is not None and part not in self._kept:
                grouped.setdefault(within, set()).add(part)
        self._new = {}
        for within, parts in grouped.items():
            root = (int(within.network_address), within.prefixlen)
            kept = [part for part in self._kept if self.class_of(part[0]) == within]
            self._new |= renumber(root, parts, [*_occupied(within), *kept], self.width)
        self._crowded()

    def _of_products(self) -> set[Part]:
        """The networks that a product for virtual machines gives everybody: they stay, for they tell the product."""
        usual = [(int(one.network_address), one.prefixlen, int(gate)) for one, gate in usual_networks()]
        return {
            (start, length)
            for start, length, gateway in usual
            if self.width == 32 and gateway in self.addresses and not self._is_crossed((start, length))
        }

    def _is_crossed(self, part: Part) -> bool:
        """Whether another network on the link lies around this one, or inside it."""
        start, length = part
        others = self.on_link - {part}
        return any(
            (start ^ other) >> (self.width - min(length, other_length)) == 0 for other, other_length in others
        )

    def _edges_of(self, part: Part) -> list[int]:
        """The ends of a network as wide as its class: they can only stay where they are."""
        start, length = part
        within = self.class_of(start)
        if within is None or length > within.prefixlen:
            return []
        return [start, start | (1 << (self.width - length)) - 1]

    def _crowded(self) -> None:
        """Where a class is so full that a network found no new place, its hosts change places instead."""
        unmoved = {part for part, new in self._new.items() if part[0] == new and part[1] < self.width}
        stuck = unmoved - self._kept
        hosts: dict[Part, set[Part]] = {}
        for address in self.addresses if stuck else ():
            within = self.class_of(address)
            part = self._part(address, within) if within is not None else None
            if part is not None and part in stuck:
                hosts.setdefault(part, set()).add((address, self.width))
        for part, inside in hosts.items():
            self._new |= renumber(part, inside, (), self.width)

    def map(self, address: int) -> int:
        """Give the new number of an address; one that was never added, or stays, comes back as it is."""
        within = self.class_of(address)
        if within is None or address in self._edges:
            return address
        single = self._new.get((address, self.width))
        if single is not None:
            return single
        start, length = self._part(address, within)
        if (start, length) in self._kept:
            return address
        new = self._new.get((start, length))
        return address if new is None else new | address ^ start

    def _part(self, address: int, within: IPNetwork) -> Part:
        """The network part of an address."""
        length = self.width - self.host_bits
        for start, on_link in self._ordered:
            if on_link > within.prefixlen and (address ^ start) >> (self.width - on_link) == 0:
                length = min(length, on_link)
                break
        if length <= within.prefixlen:
            length = self.width - self.last_bits
        rest = self.width - length
        return address >> rest << rest, length


def _class_at(address: int, everything: Sequence[IPNetwork]) -> IPNetwork | None:
    for network in everything:
        if int(network.network_address) <= address <= int(network.broadcast_address):
            return network if network in CLASSES else None
    return None


def _occupied(within: IPNetwork) -> list[Part]:
    """The networks inside a class that are not its own: nothing may move there."""
    inside = [
        network
        for network in (*KEPT, *EMBEDDING, *CLASSES)
        if network.version == within.version and network != within and _covers(within, network)
    ]
    outer = {one for one in inside if not any(other != one and _covers(other, one) for other in inside)}
    return [(int(network.network_address), network.prefixlen) for network in outer]


def _covers(outer: IPNetwork, inner: IPNetwork) -> bool:
    return outer.prefixlen <= inner.prefixlen and inner.network_address in outer


def renumber(root: Part, parts: Iterable[Part], occupied: Iterable[Part], width: int) -> dict[Part, int]:
    """Choose new first addresses for the parts of one class: walk the tree of their bits, branches stay.

    ``occupied`` parts stay where they are. Parts and occupied ones do not overlap.
    """
    leaves = sorted([(*part, False) for part in parts] + [(*part, True) for part in occupied])
    starts = [start for start, _, _ in leaves]
    fixed = [0, *accumulate(is_fixed for _, _, is_fixed in leaves)]
    found: dict[Part, int] = {}
    # A run of the sorted leaves, the bits they share, the new bits for those, and whether one was turned over.
    work = [(0, len(leaves), root[1], root[0], False)]
    while work:
        low, high, depth, image, moved = work.pop()
        start, length, _ = leaves[low]
        until = length if high - low == 1 else width - (start ^ starts[high - 1]).bit_length()
        if until > depth:
            keeps = fixed[high] > fixed[low]
            image |= _chain(start, depth, until, width, keeps=keeps, moved=moved)
            moved = moved or not keeps
        if high - low == 1:
            found[start, length] = image
            continue
        bit = 1 << (width - until - 1)
        middle = bisect_left(starts, start >> (width - until) << (width - until) | bit, low, high)
        work += [(low, middle, until + 1, image, moved), (middle, high, until + 1, image | bit, moved)]
    return found


def _chain(start: int, depth: int, until: int, width: int, *, keeps: bool, moved: bool) -> int:
    """The new bits from ``depth`` to ``until``, where no two leaves part: kept, turned over once, or zero."""
    if keeps:
        mask = ((1 << (until - depth)) - 1) << (width - until)
        return start & mask
    first = 1 << (width - depth - 1)
    return 0 if moved else ~start & first
