"""The matches of iptables-extensions(8), lowered. One that is not known is unknown, with its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from landiag.firewall.ipt import limits
from landiag.firewall.ipt.conntrack import conntrack
from landiag.firewall.ipt.operands import (
    address,
    always,
    each,
    hold,
    interface,
    masked,
    number_of,
    ports,
    protocol_number,
)
from landiag.firewall.ipt.options import Lower, Option, Setting
from landiag.firewall.ipt.origin import PHYSDEV, addrtype, group, mac, owner, physdev, pkttype, rpfilter
from landiag.firewall.ipt.schedule import schedule
from landiag.firewall.ipt.set_matches import match_set
from landiag.firewall.ipt.transport import (
    MULTIPORT,
    icmp,
    port_options,
    segment_size,
    syn,
    tcp_flags,
    tcp_option,
)
from landiag.firewall.nft.types import DSCP, ICMP_TYPES, ICMPV6_TYPES
from landiag.model.facts import ParseError
from landiag.model.match import (
    Always,
    AnyOf,
    InRanges,
    Match,
    Names,
    UnknownKind,
    UnknownMatch,
)
from landiag.model.ruleset import Step
from landiag.model.strict import only_words


def lower_module(module: str, options: Sequence[Option], setting: Setting) -> Sequence[Step]:
    """The steps of one ``-m MODULE`` with its options."""
    text = " ".join(["-m", module, *(option.text for option in options)])
    if module in LIMITS:
        return [UnknownMatch(text, UnknownKind.LIMIT)]
    if module in NEVER and all(len(option.values) < 2 for option in options):
        return [Always(answer=False, text=text)]
    lower = MODULES.get(module)
    if lower is None:
        return [UnknownMatch(text)]
    try:
        return lower(options, setting)
    except (ParseError, ValueError, KeyError):
        return [UnknownMatch(text)]


def lower_general(option: Option, setting: Setting) -> Sequence[Match]:
    """An option that every rule may have: ``-p -s -d -i -o -f``."""
    negated, text = option.negated, option.text
    if option.name in ("-s", "-d"):
        side = "saddr" if option.name == "-s" else "daddr"
        several = [
            address(f"{setting.family} {side}", part, setting, text) for part in option.value.split(",")
        ]
        return several if len(several) == 1 and not negated else [AnyOf(tuple(several), text, negated)]
    if option.name in ("-i", "-o"):
        return [interface("iifname" if option.name == "-i" else "oifname", option)]
    if option.name == "-p":
        if option.value in ("all", "0", "ip"):
            return []
        number = protocol_number(option.value)
        return [InRanges("meta l4proto", ((number, number),), text, negated)]
    if option.name == "-f":
        return [InRanges("ip fragment", ((1, 0x1FFF),), text, negated, 0x1FFF)]
    return [UnknownMatch(text)]


def _range(side: str) -> Callable[[Option, Setting], Match]:
    def lower(option: Option, setting: Setting) -> Match:
        low, _, high = option.value.partition("-")
        edges = (number_of(low, setting.version), number_of(high or low, setting.version))
        return InRanges(f"{setting.family} {side}", (edges,), option.text, option.negated)

    return lower


def _compared(field_name: str) -> Callable[[Option, Setting], Match]:
    """``--length 60:80``, ``--ttl-eq 1``, ``--ttl-gt``, ``--ttl-lt``."""

    def lower(option: Option, setting: Setting) -> Match:  # noqa: ARG001
        ranges = ports(option.value)
        if option.name.endswith("-gt"):
            ranges = ((ranges[0][0] + 1, 255),)
        elif option.name.endswith("-lt"):
            ranges = ((0, ranges[0][0] - 1),)
        return InRanges(field_name, ranges, option.text, option.negated)

    return lower


def _policy(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
    """IPsec: a packet of the LAN has not gone through any."""
    hold(options, _POLICY)
    for option in options:
        if option.name == "--pol":
            only_words(option.values, frozenset({"none", "ipsec"}), "-m policy")
            return [Always((option.value == "none") is not option.negated, f"-m policy {option.text}")]
    raise ParseError("policy without --pol")


_POLICY = {
    "--dir": 1, "--pol": 1, "--strict": 0, "--next": 0, "--reqid": 1, "--spi": 1, "--proto": 1, "--mode": 1,
    "--tunnel-src": 1, "--tunnel-dst": 1,
}  # fmt: skip


def _dscp(option: Option, setting: Setting) -> Match:
    value = option.value.lower()
    number = DSCP[value] if option.name == "--dscp-class" else int(value, 0)
    return InRanges(f"{setting.family} dscp", ((number, number),), option.text, option.negated)


def _socket(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
    """A socket takes the packet: unless ``--nowildcard``, none that listens on all addresses (xt_socket.c)."""
    hold(options, {"--transparent": 0, "--nowildcard": 0, "--restore-skmark": 0})
    given, text = {option.name for option in options}, "-m socket"
    if "--restore-skmark" in given:
        raise ParseError("the mark of the socket is not known")
    found = InRanges("socket wildcard", ((0, int("--nowildcard" in given)),), text)
    transparent = InRanges("socket transparent", ((1, 1),), text)
    return [found, transparent] if "--transparent" in given else [found]


def _helper(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    return Names("ct helper", frozenset({option.value}), (), option.text, option.negated)


def _mark(name: str) -> Callable[[Option, Setting], Match]:
    def lower(option: Option, setting: Setting) -> Match:  # noqa: ARG001
        return masked(name, option.value, option)

    return lower


LIMITS = frozenset({"quota", "dstlimit", "random", "nth"})
"""What counts in ways that are not modelled."""
NEVER = frozenset({"frag", "hbh", "dst", "rt", "mh", "ah", "esp", "ipcomp"})

MODULES: Mapping[str, Lower] = {
    "tcp": each({**port_options("tcp"), "--tcp-flags": tcp_flags, "--syn": syn, "--tcp-option": tcp_option}),
    "udp": each(port_options("udp")),
    "sctp": each(port_options("sctp")),
    "dccp": each(port_options("dccp")),
    "udplite": each(port_options("udplite")),
    "multiport": MULTIPORT,
    "mport": MULTIPORT,
    "conntrack": conntrack,
    "state": conntrack,
    "iprange": each({"--src-range": _range("saddr"), "--dst-range": _range("daddr")}),
    "set": each({"--match-set": match_set, "--set": match_set}),
    "addrtype": addrtype,
    "mac": each({"--mac-source": mac}),
    "mark": each({"--mark": _mark("meta mark")}),
    "connmark": each({"--mark": _mark("ct mark")}),
    "pkttype": each({"--pkt-type": pkttype}),
    "physdev": each(dict.fromkeys(PHYSDEV, physdev)),
    "tcpmss": each({"--mss": segment_size}),
    "length": each({"--length": _compared("meta length")}),
    "ttl": each({name: _compared("ip ttl") for name in ("--ttl-eq", "--ttl-gt", "--ttl-lt", "--ttl")}),
    "hl": each({name: _compared("ip6 hoplimit") for name in ("--hl-eq", "--hl-gt", "--hl-lt", "--hl")}),
    "owner": each({"--uid-owner": owner("meta skuid"), "--gid-owner": owner("meta skgid")}),
    "recent": limits.recent,
    "limit": limits.limit,
    "hashlimit": limits.hashlimit,
    "connbytes": limits.connbytes,
    "connlimit": limits.connlimit,
    "statistic": limits.statistic,
    "rpfilter": rpfilter,
    "icmp": each({"--icmp-type": icmp("icmp", ICMP_TYPES)}),
    "icmp6": each({"--icmpv6-type": icmp("icmpv6", ICMPV6_TYPES)}),
    "icmpv6": each({"--icmpv6-type": icmp("icmpv6", ICMPV6_TYPES)}),
    "policy": _policy,
    "time": schedule,
    "socket": _socket,
    "comment": always({"--comment": 1}),
    "nfacct": always({"--nfacct-name": 1}),
    "dscp": each({"--dscp": _dscp, "--dscp-class": _dscp}),
    "helper": each({"--helper": _helper}),
    "devgroup": each({"--src-group": group("iifgroup"), "--dst-group": group("oifgroup")}),
}  # fmt: skip
