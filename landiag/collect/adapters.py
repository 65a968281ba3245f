"""Adapters of Windows: which row of one list is which of another, and what each is to a person.

Two adapters may have one MAC (an external switch of Hyper-V takes that of its card), and a tunnel has none: the
index and the address tell them apart, the MAC comes last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from landiag.collect.tunnels import is_tap, tunnel_of
from landiag.model.regex import regex


class Adapter(Struct, frozen=True):
    """An adapter in the list above the routing tables."""

    index: int
    mac: str | None
    description: str


_GUEST_CARDS = (
    "microsoft hyper-v network adapter", "hyper-v network adapter", "vmxnet", "vmware pci ethernet",
    "vmware accelerated", "virtio ethernet", "virtio network", "parallels network", "parallels ethernet",
    "parallels virtio", "xen pv",
    "xen net", "amazon elastic", "google virtual ethernet", "gvnic", "mellanox", "e1000",
)  # fmt: skip
"""Cards that a virtual machine sees: its way to the network, whatever gives it to the machine."""

_VIRTUAL: tuple[tuple[str, str], ...] = (
    ("vethernet", "vm"), ("hyper-v virtual", "vm"), ("virtualbox", "vm"), ("vmware virtual", "vm"), ("vmware network",
    "vm"), ("vmnet", "vm"), ("parallels", "vm"), ("docker", "container"), ("wsl", "vm"),
    ("teredo", "tunnel"), ("isatap", "tunnel"), ("6to4", "tunnel"), ("ip-https", "tunnel"),
    ("bluetooth", "other"), ("wi-fi direct", "other"), ("wifi direct", "other"), ("hosted network", "other"),
)  # fmt: skip
_MOBILE = regex(r"\b(?:mobile broadband|wwan|cellular|cellulaire|mobilfunk|lte)\b")
"""A modem's adapter: what lies behind it is its provider's network."""
_WIFI = (
    "wi-fi", "wifi", "wlan", "wireless", "drahtlos", "802.11", "无线", "беспровод", "sans fil", "inalámbric",
)  # fmt: skip


def kind_of(name: str, description: str = "", said: str = "", mac: str | None = None) -> str:
    """What an adapter is to a person: see ``Interface.kind``. ``said`` is what ipconfig calls it.

    Its name is what somebody has called it: a card that has its maker's description may be called "Office VPN".
    """
    if any(sign in description.lower() for sign in _GUEST_CARDS):
        return "ethernet"
    everything = f"{name} {description}".lower()
    words = description.lower() if description and mac else everything
    if "loopback" in (description if mac else everything).lower():
        return "loopback"
    for sign, kind in _VIRTUAL:
        if sign in words:
            return kind
    if tunnel_of(words) is not None or is_tap(mac):
        return "vpn"
    if _MOBILE.search(words):
        return "mobile"
    if said == "wifi" or any(sign in everything for sign in _WIFI):
        return "wifi"
    return {"tunnel": "tunnel", "ppp": "vpn", "other": "other"}.get(said, "ethernet")


class Row(Struct, frozen=True):
    """An adapter as psutil lists it: its name, its MAC in small letters with colons, its addresses."""

    name: str
    mac: str | None
    addresses: tuple[str, ...]


def match_adapters(
    rows: Sequence[Row], listed: Sequence[Adapter], by_name: Mapping[str, int], by_address: Mapping[str, int]
) -> Mapping[str, Adapter]:
    """Find the listed adapter of each row, by its name.

    ``by_name`` and ``by_address`` are indexes that other sources tell. What they do not tell is found by a MAC that
    only one row and one listed adapter have, then, among those without a MAC, where only one is left of each.
    """
    known = {one.index: one for one in listed}
    found: dict[str, Adapter] = {}
    for row in rows:
        numbers = (by_name.get(row.name), *(by_address.get(address) for address in row.addresses))
        adapter = next((known[number] for number in numbers if number in known), None)
        if adapter is not None:
            found[row.name] = adapter
    for mac in {row.mac for row in rows}:
        _pair_up(found, [row for row in rows if row.mac == mac], [one for one in listed if one.mac == mac])
    return found


def _pair_up(found: dict[str, Adapter], rows: Iterable[Row], listed: Iterable[Adapter]) -> None:
    """Join the one row and the one adapter that are left; of several nobody knows which is which."""
    taken = set(found.values())
    left = [row for row in rows if row.name not in found and "loopback" not in row.name.lower()]
    free = [one for one in listed if one not in taken and "loopback" not in one.description.lower()]
    if len(left) == 1 and len(free) == 1:
        found[left[0].name] = free[0]


def is_external_switch(row: Row, rows: Sequence[Row]) -> bool:
    """Whether an adapter is the host's own on an external switch: it has the MAC of a card without an address."""
    others = [one for one in rows if one.name != row.name and one.mac == row.mac]
    return (
        row.mac is not None and bool(row.addresses) and any(not _is_usable(one.addresses) for one in others)
    )


def _is_usable(addresses: Iterable[str]) -> bool:
    return any(not re.match(r"fe80:|169\.254\.", address.lower()) for address in addresses)
