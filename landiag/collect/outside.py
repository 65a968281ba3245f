"""Adapters that look like those of virtual machines, and carry this machine's own way to the network."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from landiag.model.facts import Interface, Unknown
from landiag.model.route import Route

_INSIDE = ("vm", "container")
_CARDS = ("ethernet", "wifi", "bond", "vlan")


def with_ways_out(
    interfaces: tuple[Interface, ...] | Unknown, routes: Sequence[Route] | Unknown
) -> tuple[Interface, ...] | Unknown:
    """Take an adapter of virtual machines that carries a default route, or has a card in it, for what it is: a way in.

    External switches of Hyper-V, bridges of VMware, VirtualBox, Parallels and libvirt that hold the LAN address:
    nobody gives a network inside a machine a default gateway, or a card of the machine. A tunnel stays one.
    """
    if isinstance(interfaces, Unknown) or isinstance(routes, Unknown):
        return interfaces
    out = {one.device for one in routes if _leads_out(one)}
    out |= {one.master for one in interfaces if one.kind in _CARDS and one.up}
    return tuple(
        _outside(one, interfaces) if one.kind in _INSIDE and one.name in out else one for one in interfaces
    )


def _leads_out(route: Route) -> bool:
    return route.destination.prefixlen == 0 and route.gateway is not None and route.table == "main"


def _outside(interface: Interface, interfaces: Sequence[Interface]) -> Interface:
    is_bridge = any(one.master == interface.name for one in interfaces)
    return replace(interface, kind="bridge" if is_bridge else "ethernet")
