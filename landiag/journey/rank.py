"""Which of several addresses clients use first."""

from __future__ import annotations

from collections.abc import Iterable

from landiag.model.facts import Address, Interface

_PHYSICAL = ("ethernet", "wifi")
_ORDER = (
    "ethernet",
    "wifi",
    "bond",
    "vlan",
    "bridge",
    "veth",
    "vrf",
    "other",
    "dummy",
    "tunnel",
    "vpn",
    "mobile",
    "vm",
    "container",
)


def rank_kind(kind: str) -> int:
    """Rank a kind of interface: physical ones first, VPNs and bridges of containers last."""
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def rank(interface: Interface, address: Address, defaults: Iterable[str]) -> tuple[object, ...]:
    """The order in which clients try addresses: of the LAN before others, IPv4 first, lasting ones first."""
    return (
        interface.kind in ("vpn", "tunnel", "mobile", "vm", "container", "dummy"),
        address.ip.version,
        interface.name not in defaults,
        interface.kind not in _PHYSICAL,
        rank_kind(interface.kind),
        address.scope == "host",
        address.deprecated,
        address.temporary,
        _is_unusual(address),
        interface.index,
        address.ip.packed,
    )


def _is_unusual(address: Address) -> bool:
    """Whether an IPv6 address is a private ULA: a global one serves more clients; IPv4 has no preference."""
    return address.ip.version == 6 and address.ip.is_private
