"""The conntrack and state matches of iptables-extensions(8), lowered."""

from __future__ import annotations

from collections.abc import Sequence

from landiag.firewall.ipt.operands import (
    address,
    ports,
    protocol_number,
)
from landiag.firewall.ipt.options import Option, Setting
from landiag.firewall.nft.types import CT_STATUS
from landiag.model.match import (
    AllOf,
    AnyOf,
    InRanges,
    Match,
    UnknownMatch,
)
from landiag.model.packet import CT_STATES

NO_CONNECTION = InRanges("ct state", ((1, 65),), "", mask=65)


def _states(option: Option) -> Match:
    state = status = 0
    for word in option.value.split(","):
        name = word.lower()
        if name in ("snat", "dnat"):
            status |= CT_STATUS[name]
        else:
            state |= CT_STATES[name]
    parts: list[Match] = [InRanges("ct state", ((1, state),), mask=state)] if state else []
    if status:
        parts.append(InRanges("ct status", ((1, status),), mask=status))
    return AnyOf(tuple(parts), option.text, option.negated)


def _ct_status(option: Option) -> Match:
    bits = 0
    for word in option.value.split(","):
        bits |= 0 if word == "NONE" else CT_STATUS[word.lower().replace("_", "-")]
    return InRanges("ct status", ((1, bits),), option.text, option.negated, bits)


def _ct_address(option: Option, setting: Setting) -> Match:
    name = f"ct {_DIRECTIONS[option.name[4:8]]} {'saddr' if 'src' in option.name else 'daddr'}"
    return AllOf((address(name, option.value, setting, option.text),), option.text, option.negated)


_DIRECTIONS = {"orig": "original", "repl": "reply"}


def _ct_port(option: Option) -> Match:
    name = f"ct {_DIRECTIONS[option.name[4:8]]} {'proto-src' if 'src' in option.name else 'proto-dst'}"
    return InRanges(name, ports(option.value), option.text, option.negated)


def conntrack(options: Sequence[Option], setting: Setting) -> Sequence[Match]:
    """xt_conntrack: without a connection only the state is compared, and where it matches, all does."""
    states: list[Match] = []
    others: list[Match] = []
    for option in options:
        if option.name in ("--ctstate", "--state"):
            states.append(_states(option))
        else:
            others.append(_ct_other(option, setting))
    if not others:
        return states
    rest = AllOf((InRanges("ct direction", ((0, 1),)), *(_having_connection(one) for one in others)))
    return [*states, AnyOf((NO_CONNECTION, rest))] if states else [rest]


def _having_connection(match: Match) -> Match:
    return match


def _ct_other(option: Option, setting: Setting) -> Match:
    name = option.name
    if name == "--ctdir":
        wanted = {"ORIGINAL": 0, "REPLY": 1}[option.value]
        return InRanges("ct direction", ((wanted, wanted),), option.text, option.negated)
    if name == "--ctproto":
        number = protocol_number(option.value)
        return InRanges("ct protocol", ((number, number),), option.text, option.negated)
    if name == "--ctstatus":
        return _ct_status(option)
    if name.endswith("port"):
        return _ct_port(option)
    if name in ("--ctorigsrc", "--ctorigdst", "--ctreplsrc", "--ctrepldst"):
        return _ct_address(option, setting)
    return UnknownMatch(option.text)
