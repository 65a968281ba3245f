"""The matches of iptables-extensions(8) that look at TCP, UDP and ICMP, lowered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from landiag.firewall.ipt.operands import (
    each,
    hold,
    ports,
)
from landiag.firewall.ipt.options import Option, Setting
from landiag.model.match import (
    AllOf,
    AnyOf,
    InRanges,
    Match,
    UnknownMatch,
)
from landiag.model.packet import COMMON_OPTIONS, TCP_FLAGS
from landiag.model.strict import integer


def _port(protocol: str, side: str) -> Callable[[Option, Setting], Match]:
    def lower(option: Option, setting: Setting) -> Match:  # noqa: ARG001
        return InRanges(f"{protocol} {side}", ports(option.value), option.text, option.negated)

    return lower


def port_options(protocol: str) -> dict[str, Callable[[Option, Setting], Match]]:
    """The options of a protocol with ports."""
    sport, dport = _port(protocol, "sport"), _port(protocol, "dport")
    return {"--sport": sport, "--source-port": sport, "--dport": dport, "--destination-port": dport}


def _flag_bits(words: str) -> int:
    total = 0
    for word in words.split(","):
        if word == "ALL":
            total |= 0x3F
        elif word != "NONE":
            total |= TCP_FLAGS[word.lower()]
    return total


def tcp_flags(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    """``--tcp-flags MASK SET``."""
    mask, compare = (_flag_bits(value) for value in option.values)
    return InRanges("tcp flags", ((compare, compare),), option.text, option.negated, mask)


def tcp_option(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    """``--tcp-option 2``: whether a segment has the option; of few kinds that can be known."""
    kinds = {kind: name for name, kind in COMMON_OPTIONS.items()}
    name = kinds.get(integer(option.value))
    if name is None:
        return UnknownMatch(option.text)
    return InRanges(f"tcp option {name}", ((1, 1),), option.text, option.negated)


def segment_size(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    """``--mss 1:500``; what has no such option is in no range (xt_tcpmss.c)."""
    inside = InRanges("tcp option maxseg size", ports(option.value), option.text)
    return AnyOf((inside,), option.text, negated=True) if option.negated else inside


def syn(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    """``--syn``: a segment that opens a connection."""
    hold((option,), {"--syn": 0})
    return InRanges("tcp flags", ((2, 2),), option.text, option.negated, 0x17)


def _both(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    ranges = ports(option.value)
    return AnyOf((InRanges("th sport", ranges), InRanges("th dport", ranges)), option.text, option.negated)


def _th(side: str) -> Callable[[Option, Setting], Match]:
    return _port("th", side)


MULTIPORT = each({
    "--sports": _th("sport"), "--source-ports": _th("sport"), "--sport": _th("sport"),
    "--dports": _th("dport"), "--destination-ports": _th("dport"), "--dport": _th("dport"),
    "--ports": _both, "--port": _both,
})  # fmt: skip


def icmp(name: str, table: Mapping[str, int]) -> Callable[[Option, Setting], Match]:
    """``--icmp-type``, ``--icmpv6-type``: a name, a number, or number/code."""

    def lower(option: Option, setting: Setting) -> Match:  # noqa: ARG001
        if option.value in ("any", "255"):
            return AllOf((), option.text, option.negated)
        kind, slash, code = option.value.partition("/")
        number = integer(kind) if kind[:1].isdigit() else table[kind]
        parts: list[Match] = [InRanges(f"{name} type", ((number, number),))]
        if slash:
            parts.append(InRanges(f"{name} code", ((integer(code), integer(code)),)))
        return AllOf(tuple(parts), option.text, option.negated)

    return lower
