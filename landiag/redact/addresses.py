"""IP addresses renumbered, IPv6 with what it carries inside: IPv4 addresses and hardware addresses."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from msgspec import Struct, field

from landiag.redact.macs import MacMap, interface_id_of_mac, mac_of_interface_id
from landiag.redact.space import EMBEDDING, Space

IPAddress = IPv4Address | IPv6Address

_LOWER_HALF = (1 << 64) - 1
_LOWER_IPV4 = (1 << 32) - 1
_EMBEDDING = tuple(int(network.network_address) >> 32 for network in EMBEDDING)


class AddressMap(Struct):
    """Collects addresses as integers, then maps them. ``macs`` numbers the hardware addresses inside them."""

    macs: MacMap = field(default_factory=MacMap)
    ipv4: Space = field(default_factory=lambda: Space(32, 8, 0))
    ipv6: Space = field(default_factory=lambda: Space(128, 64, 16))

    def add(self, version: int, address: int) -> None:
        """Remember an address that occurs."""
        if version == 4:
            self.ipv4.addresses[address] = None
        elif _carries_ipv4(address):
            self.ipv4.addresses[address & _LOWER_IPV4] = None
        else:
            self.ipv6.addresses[address] = None
            mac = mac_of_interface_id(address & _LOWER_HALF)
            if mac is not None:
                self.macs.add(mac)

    def freeze(self) -> None:
        """Choose the new networks, once every address was added."""
        self.ipv4.freeze()
        self.ipv6.freeze()

    def map(self, version: int, address: int, length: int | None = None) -> int:
        """Give the new address of one that was added; one that says nothing of anybody comes back as it is.

        ``length`` is the prefix length where the address may be that of a network: its host part stays zero.
        """
        new = self.ipv4.map(address) if version == 4 else self._map6(address)
        width = 32 if version == 4 else 128
        if length is None or length >= width:
            return new
        host_mask = (1 << (width - length)) - 1
        return new if address & host_mask else new & ~host_mask

    def _map6(self, address: int) -> int:
        if _carries_ipv4(address):
            return address >> 32 << 32 | self.ipv4.map(address & _LOWER_IPV4)
        new = self.ipv6.map(address)
        within = self.ipv6.class_of(address)
        mac = mac_of_interface_id(address & _LOWER_HALF)
        if mac is None or within is None or self.macs.map(mac) == mac:
            return new
        upper = address if within.prefixlen >= 64 else new
        return upper >> 64 << 64 | interface_id_of_mac(self.macs.map(mac))

    @property
    def known(self) -> dict[str, str]:
        """Every address that has a new one, with it, as text."""
        pairs: dict[str, str] = {}
        for version, kind, space in ((4, IPv4Address, self.ipv4), (6, IPv6Address, self.ipv6)):
            new = {old: self.map(version, old) for old in sorted(space.addresses)}
            pairs |= {str(kind(old)): str(kind(now)) for old, now in new.items() if old != now}
        return pairs


def _carries_ipv4(address: int) -> bool:
    return address > 1 and address >> 32 in _EMBEDDING
