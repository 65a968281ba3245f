"""Routes and rules of the routing policy (ip-route(8), ip-rule(8)), and what the kernel can decide by them."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from landiag.model.facts import Family, IPAddress, IPNetwork


class RouteKind(str, Enum):
    """The kind of a routing decision."""

    LOCAL = "local"
    UNICAST = "unicast"
    BROADCAST = "broadcast"
    MULTICAST = "multicast"
    ANYCAST = "anycast"
    BLACKHOLE = "blackhole"
    UNREACHABLE = "unreachable"
    PROHIBIT = "prohibit"
    THROW = "throw"
    NAT = "nat"
    NONE = "none"  # no route matches
    NOT_FORWARDED = "not-forwarded"  # it is for somebody else, and this host forwards nothing
    MARTIAN = "martian"  # a loopback destination that came in from outside
    PERHAPS_MARTIAN = "perhaps-martian"  # the same, and the setting that allows it is not known
    REVERSE_PATH = "reverse-path"  # the way back to its source is another one (rp_filter)
    PERHAPS_REVERSE_PATH = "perhaps-reverse-path"  # the same, and the way back is not known
    OWN_SOURCE = "own-source"  # its source is an address of this host


REFUSING = (RouteKind.BLACKHOLE, RouteKind.PROHIBIT, RouteKind.UNREACHABLE)
"""Kinds of routes and rules that refuse packets (ip-route(8), ip-rule(8))."""


class Route(Struct, frozen=True):
    """One route, or one next hop of a ``multipath`` route.

    ``kind`` is ip-route(8)'s type; ``table`` is its name or number as ``ip`` prints it. ``hop_limit`` is the time to
    live that its packets begin with, where it sets that.
    """

    destination: IPNetwork
    kind: str = "unicast"
    table: str = "main"
    device: str | None = None
    gateway: IPAddress | None = None
    source: IPAddress | None = None
    metric: int = 0
    dead: bool = False
    multipath: bool = False
    hop_limit: int | None = None


class PolicyRule(Struct, frozen=True):
    """One rule of the routing policy database, ip-rule(8). None means "any".

    It does not take a route whose prefix is no longer than ``suppress_prefix_length``, or whose interface is in the
    group ``suppress_group``. ``goto`` is None where no rule is there to go to: then it does nothing.
    ``is_vrf``: it sends what belongs to a VRF to the table of that. ``unmodelled`` names selectors that are not
    understood: such a rule matches perhaps.
    """

    priority: int
    family: Family
    action: str = "table"
    table: str | None = None
    source: IPNetwork | None = None
    destination: IPNetwork | None = None
    in_interface: str | None = None
    out_interface: str | None = None
    mark: int | None = None
    mark_mask: int = 0xFFFFFFFF
    protocol: str | None = None
    source_ports: tuple[int, int] | None = None
    destination_ports: tuple[int, int] | None = None
    uids: tuple[int, int] | None = None
    negated: bool = False
    suppress_prefix_length: int | None = None
    suppress_group: str | None = None
    goto: int | None = None
    is_vrf: bool = False
    unmodelled: tuple[str, ...] = ()
