"""What a routing decision can be: the types of ip-route(8), and the ways in which the kernel refuses to route."""

from __future__ import annotations

from enum import Enum


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
