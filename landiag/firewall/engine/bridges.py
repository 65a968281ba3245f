"""Frames on the ports of a bridge: what they look like to the chains of its family (br_input.c, br_device.c).

A packet to this host passes ``ingress`` of the port, then ``bridge prerouting`` and ``bridge input``, and only then
comes in by the bridge itself. One that leaves by the bridge passes ``bridge output`` and ``bridge postrouting``.
With br_netfilter ip's own prerouting happens amid the bridge's, at priority 0, and not again (br_netfilter_hooks.c).
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.engine.context import Tracking
from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.hooks import ALL, Span
from landiag.model.packet import Packet

Stage = tuple[str, str, Span]
"""A hook, its family (empty: the packet's own), and the priorities of the chains that run."""

INWARD: tuple[Stage, ...] = (
    ("ingress", "netdev", ALL),
    ("prerouting", "bridge", ALL),
    ("input", "bridge", ALL),
)
INWARD_FILTERED: tuple[Stage, ...] = (
    ("ingress", "netdev", ALL),
    ("prerouting", "bridge", (ALL[0], 0)),
    ("prerouting", "", ALL),
    ("prerouting", "bridge", (1, ALL[1])),
    ("input", "bridge", ALL),
)
LEAVING: tuple[Stage, ...] = (
    ("output", "bridge", ALL),
    ("postrouting", "bridge", ALL),
    ("egress", "netdev", ALL),
)


TAG = ("vlan id", "vlan pcp", "vlan dei", "vlan cfi", "vlan type", "ether type")
"""The fields of a VLAN's tag: what a tagged frame has there is not known."""


class Prerouting(Struct, frozen=True):
    """What a packet's own prerouting has to be told: its family, what is tracked, what is translated."""

    family: str
    tracking: Tracking | None
    rewrite: Packet | None


def put_on(fields: PacketFields, device: str | None, bridge: str | None, *, inward: bool) -> None:
    """Put a packet on a device (None: nobody knows which); ``bridge`` is that to which it belongs as a port."""
    side = "in_interface" if inward else "out_interface"
    fields.packet = replace(fields.packet, **{side: device})
    fields.forget("iif", "oif", "ibrname", "obrname")
    if bridge is not None:
        fields["ibrname" if inward else "obrname"] = bridge
