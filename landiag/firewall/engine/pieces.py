"""A network's clients in classes that no rule and no set tells apart.

Rules and sets tell clients apart only at the addresses that they mention. So the network is cut at those that
lie in it, and one client speaks for each piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from msgspec import Struct

from landiag.firewall.engine.nat import address_of
from landiag.model.match import AllOf, AnyOf, Computed, InRanges, edges_of
from landiag.model.operands import Bits, Field
from landiag.model.packet import IPAddress
from landiag.model.regex import regex
from landiag.model.ruleset import Ruleset, Step
from landiag.model.sets import InSet

IPNetwork = IPv4Network | IPv6Network

MAX_PIECES = 1024
_LENGTH4 = rb'(?:/(\d{1,2})(?!\d)|", "len": (\d{1,2}))?'
_ADDRESS6 = regex(
    rb"(?<![\w:.])([0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})(?:/(\d{1,3})|\", \"len\": (\d{1,3}))?"
)
_MASKED = regex(
    rb'"&": \[\{"payload": \{"protocol": "ip6?", "field": "[sd]addr"|-[sd] [0-9a-f.:]+/[0-9a-f]*[.:]'
)


class Piece(Struct, frozen=True):
    """Neighbouring clients that are treated alike: the first and the last, and one that speaks for them."""

    first: IPAddress
    last: IPAddress
    speaker: IPAddress

    @property
    def size(self) -> int:
        """How many addresses it holds."""
        return int(self.last) - int(self.first) + 1


def split_network(ruleset: Ruleset, network: IPNetwork, own: Sequence[IPAddress] = ()) -> tuple[Piece, ...]:
    """Cut a network at the addresses that the ruleset mentions; the largest piece first.

    ``own`` are the host's addresses: they are no clients. It is worked out once for a ruleset.
    """
    name = ("pieces", " ".join(map(str, (network, *own))))
    found = ruleset.notes.get(name)
    if not isinstance(found, tuple):
        found = ruleset.notes[name] = _split(ruleset, network, own)
    return found


def _split(ruleset: Ruleset, network: IPNetwork, own: Sequence[IPAddress]) -> tuple[Piece, ...]:
    first, last = int(network[0]), int(network[-1])
    if network.version == 4 and network.prefixlen < 31:
        first, last = first + 1, last - 1
    excluded = {int(address) for address in own if address in network}
    edges = {first, *(value + extra for value in excluded for extra in (0, 1))}
    edges.update(edge for edge in _edges(ruleset, network) if first <= edge <= last)
    if _has_masks(ruleset) and network.num_addresses <= MAX_PIECES:
        edges.update(range(first, last + 1))
    cuts = sorted(edge for edge in edges if first <= edge <= last)
    pieces = [
        _piece(low, high - 1, network.version)
        for low, high in zip(cuts, [*cuts[1:], last + 1], strict=True)
        if low not in excluded
    ]
    return tuple(sorted(pieces, key=lambda piece: -piece.size)[:MAX_PIECES])


def _piece(low: int, high: int, version: int) -> Piece:
    speaker = low + min(99, (high - low) // 2)
    return Piece(address_of(low, version), address_of(high, version), address_of(speaker, version))


def _edges(ruleset: Ruleset, network: IPNetwork) -> Iterator[int]:
    if not ruleset.texts:
        for chain in ruleset.chains():
            for rule in chain.rules:
                yield from _edges_of_steps(rule.steps, network.version)
        return
    for text in ruleset.texts:
        yield from _edges_in_text(text, network)


def _edges_in_text(text: bytes, network: IPNetwork) -> Iterator[int]:
    """Every address in the text that lies in the network, and what follows it or its prefix."""
    if network.version == 6 and _stem6(network) not in text.lower():
        return
    pattern = _pattern4(network) if network.version == 4 else _ADDRESS6
    for found in set(pattern.findall(text)):
        base, *lengths = (part.decode() for part in found)
        length = next((word for word in lengths if word), "")
        try:
            address = ip_address(base)
            if address in network:
                mentioned = ip_network(f"{base}/{length}" if length else base, strict=False)
                yield from (int(address), int(mentioned[0]), int(address) + 1, int(mentioned[-1]) + 1)
        except ValueError:
            continue


def _pattern4(network: IPNetwork) -> re.Pattern[bytes]:
    """Addresses that begin with the octets that all addresses of an IPv4 network begin with."""
    whole = network.prefixlen // 8
    stem = "".join(f"{octet}." for octet in str(network.network_address).split(".")[:whole])
    rest = rb"\.".join([rb"\d{1,3}"] * (4 - whole))
    return re.compile(b"(" + re.escape(stem.encode()) + rest + b")" + _LENGTH4)


def _stem6(network: IPNetwork) -> bytes:
    """What every address of an IPv6 network begins with, however it is compressed: its first group, if any."""
    first = int(network.network_address) >> 112
    return b":" if network.prefixlen < 16 or first == 0 else f"{first:x}:".encode()


_MASKS = ("classes", "masks")


def _has_masks(ruleset: Ruleset) -> bool:
    """Whether any rule compares a part of an address, worked out once for a ruleset."""
    if _MASKS not in ruleset.notes:
        ruleset.notes[_MASKS] = any(_is_masked(text) for text in ruleset.texts)
    return bool(ruleset.notes[_MASKS])


def _is_masked(text: bytes) -> bool:
    """The words that such a comparison must have are found many times faster than the comparison itself."""
    return (b'"&"' in text or b"*" in text) and _MASKED.search(text) is not None


def _edges_of_steps(steps: Iterable[Step], version: int) -> Iterator[int]:
    names = ("ip saddr", "ip daddr") if version == 4 else ("ip6 saddr", "ip6 daddr")
    for step in steps:
        if isinstance(step, AnyOf | AllOf):
            yield from _edges_of_steps(step.matches, version)
        elif isinstance(step, InRanges) and step.field in names:
            yield from edges_of(step.values or ())
        elif isinstance(step, Computed) and isinstance(step.operand, Bits):
            yield from ()
        elif isinstance(step, InSet):
            for operand, index in zip(step.operands, step.elements.indexes, strict=False):
                if isinstance(operand, Field) and operand.name in names:
                    yield from index.edges()
