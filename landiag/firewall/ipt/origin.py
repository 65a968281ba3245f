"""The matches of iptables-extensions(8) that ask where a packet comes from: device, bridge port, owner; lowered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from landiag.firewall.engine.surroundings import FIB_TYPES
from landiag.firewall.ipt.operands import (
    hold,
    masked,
)
from landiag.firewall.ipt.options import Option, Setting
from landiag.model.match import Always, InRanges, Match
from landiag.model.operands import Fields, Ranges
from landiag.model.packet import ABSENT, PACKET_TYPES
from landiag.model.strict import integer


def addrtype(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
    """``-m addrtype``: what kind of address the routing table says that it is."""
    hold(options, {"--limit-iface-in": 0, "--limit-iface-out": 0, "--src-type": 1, "--dst-type": 1})
    limit = ""
    for option in options:
        if option.name in ("--limit-iface-in", "--limit-iface-out"):
            limit = " iif" if option.name.endswith("in") else " oif"
    matches: list[Match] = []
    for option in options:
        if option.name in ("--src-type", "--dst-type"):
            side = "saddr" if option.name == "--src-type" else "daddr"
            numbers = [FIB_TYPES[word.lower()] for word in option.value.split(",")]
            ranges = tuple((number, number) for number in numbers)
            matches.append(InRanges(f"fib {side}{limit} type", ranges, option.text, option.negated))
    return matches


def mac(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    """``-m mac``: the sender's hardware address."""
    number = int(option.value.replace(":", ""), 16)
    return InRanges("ether saddr", ((number, number),), option.text, option.negated)


def pkttype(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    """``-m pkttype``: whether the frame was sent to this host, to all, or to a group."""
    number = PACKET_TYPES[option.value]
    return InRanges("meta pkttype", ((number, number),), option.text, option.negated)


class CameInBy(Match, Struct, frozen=True):
    """A condition on the port of a bridge; without a port only a negated one holds (xt_physdev.c).

    ``name`` is the port; empty for any.
    """

    name: str
    text: str
    negated: bool

    def test(self, fields: Fields) -> bool | None:
        """Whether it holds."""
        port = fields["physdev in"]
        if port is ABSENT:
            return self.negated
        if not isinstance(port, str):
            return None
        same = port.startswith(self.name[:-1]) if self.name.endswith("+") else self.name in ("", port)
        return same is not self.negated


def physdev(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    """Packets to this host and from it leave by no port that br_netfilter has chosen."""
    hold((option,), {option.name: 0 if "-is-" in option.name else 1})
    if option.name in ("--physdev-in", "--physdev-is-in"):
        return CameInBy(option.values[0] if option.values else "", option.text, option.negated)
    return Always(option.negated, option.text)


class Owner(Match, Struct, frozen=True):
    """A condition on the socket's owner; a packet without a socket meets only negated ones (xt_owner.c)."""

    field: str
    ranges: Ranges
    text: str
    negated: bool

    def test(self, fields: Fields) -> bool | None:
        """Whether it holds."""
        if fields[self.field] is ABSENT:
            return self.negated
        return InRanges(self.field, self.ranges, self.text, self.negated).test(fields)


def owner(name: str) -> Callable[[Option, Setting], Match]:
    """``-m owner``: the user or group whose socket sends the packet."""

    def lower(option: Option, setting: Setting) -> Match:  # noqa: ARG001
        value = "0" if option.value == "root" else option.value
        low, _, high = value.partition("-")
        return Owner(name, ((integer(low), integer(high or low)),), option.text, option.negated)

    return lower


def rpfilter(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
    """``-m rpfilter``: whether the answer would leave by the interface by which the packet came."""
    hold(options, dict.fromkeys(("--loose", "--validmark", "--accept-local", "--invert"), 0))
    names = {option.name for option in options}
    mark = " mark" if "--validmark" in names else ""
    device = "" if "--loose" in names else " iif"
    text = " ".join(["-m rpfilter", *sorted(names)])
    return [RoutePresent(f"fib saddr{mark}{device} oif", text, "--invert" in names)]


class RoutePresent(Match, Struct, frozen=True):
    """A route exists."""

    field: str
    text: str
    negated: bool

    def test(self, fields: Fields) -> bool | None:
        """Whether it is there; None where nobody knows."""
        value = fields[self.field]
        return None if value is None else (value != 0) is not self.negated


def group(side: str) -> Callable[[Option, Setting], Match]:
    """``-m devgroup``: the group of the interface; that of most has a name (/usr/share/iproute2/group)."""

    def lower(option: Option, setting: Setting) -> Match:  # noqa: ARG001
        return masked(side, "0" if option.value == "default" else option.value, option)

    return lower


PHYSDEV = ("--physdev-in", "--physdev-out", "--physdev-is-in", "--physdev-is-out", "--physdev-is-bridged")
