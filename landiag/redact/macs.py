"""Hardware addresses numbered anew; the kind of address stays, and the vendor when that was asked for."""

from __future__ import annotations

from msgspec import Struct, field

from landiag.collect.guests import virtual_cards
from landiag.collect.tunnels import is_tap
from landiag.redact.space import Space

_LOCAL_BIT = 0x02 << 40  # IEEE 802: set by software, no vendor
_GROUP_BIT = 0x01 << 40
_DOCUMENTATION = 0x00005E005300  # RFC 7042, 2.1.2: for examples
_VENDOR = 0xFFFFFF << 24
_EUI64_FILLER = 0xFFFE
_OF_IPV4 = 0x5255  # libslirp's gateways: their IPv4 address stands behind it (arp_table.c)
_OF_VIRTUALBOX = 0x5254001235  # its gateways, on every machine


class MacMap(Struct):
    """Collects hardware addresses, then maps them in the order in which they came.

    ``ipv4`` renumbers the addresses that some are made of.
    """

    ipv4: Space = field(default_factory=lambda: Space(32, 8, 0))
    keeps_vendor: bool = False
    _seen: dict[int, int | None] = field(default_factory=dict)

    def add(self, mac: int) -> None:
        """Remember an address that occurs."""
        self._seen.setdefault(mac, None)

    def map(self, mac: int) -> int:
        """Give the new address; groups, broadcast, the zero address and gateways of products stay."""
        is_long = mac >> 48 != 0  # EUI-64, InfiniBand, a fingerprint: no bit of it marks a group
        if (
            mac == 0
            or (mac & _GROUP_BIT and not is_long)
            or mac >> 8 == _OF_VIRTUALBOX
            or format_mac(mac) in virtual_cards()
        ):
            return mac
        if mac >> 32 == _OF_IPV4:
            return _OF_IPV4 << 32 | self.ipv4.map(mac & 0xFFFFFFFF)
        new = self._seen.get(mac)
        if new is None:
            new = self._seen[mac] = self._choose(mac)
        return new

    def freeze(self) -> None:
        """Choose the new addresses, once every one was added."""
        for mac in tuple(self._seen):
            self.map(mac)

    def _choose(self, mac: int) -> int:
        base = _LOCAL_BIT if mac & _LOCAL_BIT or mac >> 48 else _DOCUMENTATION
        if is_tap(format_mac(mac)):
            base = mac >> 32 << 32  # such adapters are known by how their addresses begin
        elif (begin := _product(mac)) is not None:
            base = begin
        elif self.keeps_vendor and not (mac & _LOCAL_BIT or mac >> 48):
            base = mac & _VENDOR
        taken = {*self._seen, *self._seen.values()}
        return next(new for number in range(1, 1 << 24) if (new := base + number) not in taken)

    @property
    def known(self) -> dict[int, int]:
        """Every address that has a new one, with it."""
        return {mac: new for mac, new in self._seen.items() if new is not None}


def _product(mac: int) -> int | None:
    """The lowest address that begins as one of a product for virtual machines does, and tells it; None for others."""
    text = format_mac(mac)
    begin = max((one for one in virtual_cards() if text.startswith(one)), key=len, default=None)
    return None if begin is None else int((begin.replace(":", "") + "0" * 12)[:12], 16)


def mac_of_interface_id(interface_id: int) -> int | None:
    """The hardware address inside the lower half of an IPv6 address (RFC 4291, appendix A); None without one."""
    if (interface_id >> 24) & 0xFFFF != _EUI64_FILLER:
        return None
    return ((interface_id >> 40) << 24 | interface_id & 0xFFFFFF) ^ _LOCAL_BIT


def interface_id_of_mac(mac: int) -> int:
    """The lower half of an IPv6 address that is made of a hardware address."""
    turned = mac ^ _LOCAL_BIT
    return (turned >> 24) << 40 | _EUI64_FILLER << 24 | turned & 0xFFFFFF


def format_mac(mac: int, separator: str = ":") -> str:
    """Write an address as pairs of digits, six or as many as it has."""
    digits = f"{mac:012x}".rjust(-(-mac.bit_length() // 8) * 2, "0")
    return separator.join(digits[at : at + 2] for at in range(0, len(digits), 2))
