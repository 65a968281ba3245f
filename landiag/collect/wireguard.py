"""Which addresses the peers of WireGuard's interfaces may have: wg(8), allowed-ips.

A packet whose sender is none of its peer's addresses is dropped, and one to an address of no peer is never sent
(wg_packet_consume_data_done in receive.c, wg_xmit in device.c). Private keys are never asked for.
"""

from __future__ import annotations

from ipaddress import ip_network

from msgspec import Struct

from landiag.model.facts import Command, IPAddress, IPNetwork, ParseError
from landiag.model.regex import regex

ALLOWED = Command(
    "wireguard-allowed-ips", ("wg", "show", "all", "allowed-ips"), needs_root=True, module="wireguard"
)

_KEY = regex(r"[A-Za-z0-9+/]{43}=")


class Peer(Struct, frozen=True):
    """One peer of an interface: its public key, and the addresses that it may have."""

    interface: str
    key: str
    allowed: tuple[IPNetwork, ...]

    def has(self, address: IPAddress) -> bool:
        """Whether an address is one of its own."""
        return any(address in network for network in self.allowed)

    def is_in(self, network: IPNetwork) -> bool:
        """Whether some address of a network is one of its own."""
        return any(one.version == network.version and one.overlaps(network) for one in self.allowed)


def parse_peers(text: str) -> tuple[Peer, ...]:
    """Parse ``wg show all allowed-ips``: a line for each peer. Raises ParseError when it is not that."""
    return tuple(_parse(line) for line in text.splitlines() if line.strip())


def _parse(line: str) -> Peer:
    interface, *rest = line.strip().split("\t")
    if len(rest) != 2 or not _KEY.fullmatch(rest[0]):
        raise ParseError(f"not a peer of WireGuard: {line[:60]!r}")
    key, allowed = rest
    words = () if allowed == "(none)" else allowed.split()
    try:
        return Peer(interface, key, tuple(ip_network(word, strict=False) for word in words))
    except ValueError as error:
        raise ParseError(f"not a peer of WireGuard: {error}") from error
