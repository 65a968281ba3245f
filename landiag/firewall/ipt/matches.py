"""The matches of iptables-extensions(8), lowered. One that is not known is unknown, with its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address, ip_network

from msgspec import Struct

from landiag.firewall.engine.surroundings import FIB_TYPES
from landiag.firewall.ipt import limits
from landiag.firewall.ipt.options import Lower, Option, Setting
from landiag.firewall.nft.types import CT_STATUS, DSCP, ICMP_TYPES, ICMPV6_TYPES
from landiag.model.facts import ParseError
from landiag.model.match import (
    AllOf,
    Always,
    AnyOf,
    Bits,
    Computed,
    Field,
    Fields,
    InRanges,
    Match,
    Names,
    Ranges,
    UnknownKind,
    UnknownMatch,
)
from landiag.model.packet import ABSENT, CT_STATES, PACKET_TYPES, PROTOCOL_NUMBERS, TCP_FLAGS
from landiag.model.sets import ElementSet, InSet
from landiag.model.strict import integer, only_words


def lower_module(module: str, options: Sequence[Option], setting: Setting) -> Sequence[Match]:
    """The matches of one ``-m MODULE`` with its options."""
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
        return [AnyOf(tuple(address(f"{setting.family} {side}", part, setting, text) for part in
                            option.value.split(",")), text, negated)]  # fmt: skip
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


def protocol_number(name: str) -> int:
    """A protocol by name or number."""
    if name[:1].isdigit():
        return integer(name)
    if name.lower() not in PROTOCOL_NUMBERS:
        raise ParseError(f"{name!r} is not a protocol that is known here")
    return PROTOCOL_NUMBERS[name.lower()]


def interface(name: str, option: Option) -> Match:
    """An interface, or all that begin so (``eth+``)."""
    value = option.value
    if value.endswith("+"):
        return Names(name, frozenset(), (value[:-1],), option.text, option.negated)
    return Names(name, frozenset({value}), (), option.text, option.negated)


def address(name: str, value: str, setting: Setting, text: str) -> Match:
    """An address with a mask; a mask with holes is compared bit by bit.

    ``0.0.0.1/0.0.0.1`` is such a mask here (iptables(8)), and not the wildcard mask that ``ip_network`` reads.
    """
    base, _, mask = value.partition("/")
    whole = (1 << (32 if setting.version == 4 else 128)) - 1
    if mask.isdigit() or not mask:
        network = ip_network(value, strict=False)
        return InRanges(name, ((int(network[0]), int(network[-1])),), text)
    bits = int(ip_address(mask))
    wanted, free = int(ip_address(base)) & bits, whole & ~bits
    if free & (free + 1) == 0:
        return InRanges(name, ((wanted, wanted | free),), text)
    return Computed(Bits(Field(name), bits), ((wanted, wanted),), text)


def ports(value: str) -> Ranges:
    """``22``, ``80:90``, ``:1023``, ``22,80:90``; names are refused."""
    ranges = []
    for part in value.split(","):
        low, colon, high = part.partition(":")
        if not low and not (colon and high):
            raise ParseError(f"{part!r} is no port")
        first = integer(low or "0")
        ranges.append((first, integer(high or "65535") if colon else first))
    return tuple(ranges)


def masked(name: str, value: str, option: Option) -> Match:
    """``value/mask`` of a mark."""
    number, _, mask = value.partition("/")
    wanted = integer(number)
    bits = integer(mask) if mask else 0xFFFFFFFF
    return InRanges(name, ((wanted, wanted),), option.text, option.negated, bits)


def _each(table: Mapping[str, Callable[[Option, Setting], Match]]) -> Lower:
    """A module each of whose options is a condition of its own."""

    def lower(options: Sequence[Option], setting: Setting) -> Sequence[Match]:
        return [table[option.name](option, setting) if option.name in table else UnknownMatch(option.text)
                for option in options]  # fmt: skip

    return lower


def _hold(options: Sequence[Option], known: Mapping[str, int]) -> None:
    """Raise ParseError where an option is none of these, each with the number of its values."""
    for option in options:
        if known.get(option.name) != len(option.values):
            raise ParseError(f"{option.text} is not known here")


def _always(known: Mapping[str, int]) -> Lower:
    """A module that puts no condition on packets."""

    def lower(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
        _hold(options, known)
        return []

    return lower


def _port(protocol: str, side: str) -> Callable[[Option, Setting], Match]:
    def lower(option: Option, setting: Setting) -> Match:  # noqa: ARG001
        return InRanges(f"{protocol} {side}", ports(option.value), option.text, option.negated)

    return lower


def _port_options(protocol: str) -> dict[str, Callable[[Option, Setting], Match]]:
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


def _tcp_flags(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    mask, compare = (_flag_bits(value) for value in option.values)
    return InRanges("tcp flags", ((compare, compare),), option.text, option.negated, mask)


def _syn(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    _hold((option,), {"--syn": 0})
    return InRanges("tcp flags", ((2, 2),), option.text, option.negated, 0x17)


def _both(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    ranges = ports(option.value)
    return AnyOf((InRanges("th sport", ranges), InRanges("th dport", ranges)), option.text, option.negated)


def _th(side: str) -> Callable[[Option, Setting], Match]:
    return _port("th", side)


MULTIPORT = _each({
    "--sports": _th("sport"), "--source-ports": _th("sport"), "--sport": _th("sport"),
    "--dports": _th("dport"), "--destination-ports": _th("dport"), "--dport": _th("dport"),
    "--ports": _both, "--port": _both,
})  # fmt: skip

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


def _conntrack(options: Sequence[Option], setting: Setting) -> Sequence[Match]:
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


def _range(side: str) -> Callable[[Option, Setting], Match]:
    def lower(option: Option, setting: Setting) -> Match:
        low, _, high = option.value.partition("-")
        edges = (int(ip_address(low)), int(ip_address(high or low)))
        return InRanges(f"{setting.family} {side}", (edges,), option.text, option.negated)

    return lower


def _match_set(option: Option, setting: Setting) -> Match:
    name, directions = option.values
    found = None if setting.sets is None else setting.sets.get(name)
    if found is None:
        return UnknownMatch(option.text, UnknownKind.UNREADABLE)
    members = found.members or (found,)
    matches = [_in_ipset(member, directions.split(","), setting, option.text) for member in members]
    return (
        matches[0]
        if len(matches) == 1 and not option.negated
        else AnyOf(tuple(matches), option.text, option.negated)
    )


def _in_ipset(found: ElementSet, directions: Sequence[str], setting: Setting, text: str) -> Match:
    operands = ipset_operands(found, directions, setting)
    return Always(answer=False, text=text) if operands is None else InSet(operands, found, text)


def ipset_operands(
    found: ElementSet, directions: Sequence[str], setting: Setting
) -> tuple[Field, ...] | None:
    """The fields that an ipset of this type takes from a packet; None: a set of the other family."""
    kinds = found.kinds
    if found.version is not None and found.version != setting.version:
        return None
    fields = []
    for kind, direction in zip(kinds, directions, strict=False):
        source = direction == "src"
        names = {
            "ip": f"{setting.family} {'saddr' if source else 'daddr'}",
            "net": f"{setting.family} {'saddr' if source else 'daddr'}",
            "iface": "iifname" if source else "oifname",
            "mac": f"ether {'saddr' if source else 'daddr'}",
            "mark": "meta mark",
        }
        if kind == "port":
            side = "sport" if source else "dport"
            fields += [Field("meta l4proto"), Field(f"ipset {side}" if len(kinds) > 1 else f"bitmap {side}")]
        elif kind in names:
            fields.append(Field(names[kind]))
        else:
            raise ParseError(f"a set of {kind} is not known here")
    if len(directions) < len(kinds):
        raise ParseError(f"{found.name} needs {len(kinds)} directions")
    return tuple(fields)


def _addrtype(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
    _hold(options, {"--limit-iface-in": 0, "--limit-iface-out": 0, "--src-type": 1, "--dst-type": 1})
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


def _mac(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    number = int(option.value.replace(":", ""), 16)
    return InRanges("ether saddr", ((number, number),), option.text, option.negated)


def _pkttype(option: Option, setting: Setting) -> Match:  # noqa: ARG001
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


def _physdev(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    """Packets to this host and from it leave by no port that br_netfilter has chosen."""
    _hold((option,), {option.name: 0 if "-is-" in option.name else 1})
    if option.name in ("--physdev-in", "--physdev-is-in"):
        return CameInBy(option.values[0] if option.values else "", option.text, option.negated)
    return Always(option.negated, option.text)


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


def _owner(name: str) -> Callable[[Option, Setting], Match]:
    def lower(option: Option, setting: Setting) -> Match:  # noqa: ARG001
        value = "0" if option.value == "root" else option.value
        low, _, high = value.partition("-")
        return Owner(name, ((integer(low), integer(high or low)),), option.text, option.negated)

    return lower


def _rpfilter(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
    _hold(options, dict.fromkeys(("--loose", "--validmark", "--accept-local", "--invert"), 0))
    names = {option.name for option in options}
    mark = " mark" if "--validmark" in names else ""
    device = "" if "--loose" in names else " iif"
    text = " ".join(["-m rpfilter", *sorted(names)])
    return [_Present(f"fib saddr{mark}{device} oif", text, "--invert" in names)]


class _Present(Match, Struct, frozen=True):
    """A route exists."""

    field: str
    text: str
    negated: bool

    def test(self, fields: Fields) -> bool | None:
        value = fields[self.field]
        return None if value is None else (value != 0) is not self.negated


def _icmp(name: str, table: Mapping[str, int]) -> Callable[[Option, Setting], Match]:
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


def _policy(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
    """IPsec: a packet of the LAN has not gone through any."""
    _hold(options, _POLICY)
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


def _helper(option: Option, setting: Setting) -> Match:  # noqa: ARG001
    return Names("ct helper", frozenset({option.value}), (), option.text, option.negated)


def _mark(name: str) -> Callable[[Option, Setting], Match]:
    def lower(option: Option, setting: Setting) -> Match:  # noqa: ARG001
        return masked(name, option.value, option)

    return lower


def _group(side: str) -> Callable[[Option, Setting], Match]:
    def lower(option: Option, setting: Setting) -> Match:  # noqa: ARG001
        return masked(side, option.value, option)

    return lower


PHYSDEV = ("--physdev-in", "--physdev-out", "--physdev-is-in", "--physdev-is-out", "--physdev-is-bridged")
LIMITS = frozenset({"quota", "dstlimit", "random", "nth", "connbytes"})
"""What counts in ways that are not modelled."""
NEVER = frozenset({"frag", "hbh", "dst", "rt", "mh", "ah", "esp", "ipcomp"})

MODULES: Mapping[str, Lower] = {
    "tcp": _each({**_port_options("tcp"), "--tcp-flags": _tcp_flags, "--syn": _syn}),
    "udp": _each(_port_options("udp")),
    "sctp": _each(_port_options("sctp")),
    "dccp": _each(_port_options("dccp")),
    "udplite": _each(_port_options("udplite")),
    "multiport": MULTIPORT,
    "mport": MULTIPORT,
    "conntrack": _conntrack,
    "state": _conntrack,
    "iprange": _each({"--src-range": _range("saddr"), "--dst-range": _range("daddr")}),
    "set": _each({"--match-set": _match_set, "--set": _match_set}),
    "addrtype": _addrtype,
    "mac": _each({"--mac-source": _mac}),
    "mark": _each({"--mark": _mark("meta mark")}),
    "connmark": _each({"--mark": _mark("ct mark")}),
    "pkttype": _each({"--pkt-type": _pkttype}),
    "physdev": _each(dict.fromkeys(PHYSDEV, _physdev)),
    "length": _each({"--length": _compared("meta length")}),
    "ttl": _each({name: _compared("ip ttl") for name in ("--ttl-eq", "--ttl-gt", "--ttl-lt", "--ttl")}),
    "hl": _each({name: _compared("ip6 hoplimit") for name in ("--hl-eq", "--hl-gt", "--hl-lt", "--hl")}),
    "owner": _each({"--uid-owner": _owner("meta skuid"), "--gid-owner": _owner("meta skgid")}),
    "recent": limits.recent,
    "limit": limits.limit,
    "hashlimit": limits.hashlimit,
    "connlimit": limits.connlimit,
    "statistic": limits.statistic,
    "rpfilter": _rpfilter,
    "icmp": _each({"--icmp-type": _icmp("icmp", ICMP_TYPES)}),
    "icmp6": _each({"--icmpv6-type": _icmp("icmpv6", ICMPV6_TYPES)}),
    "icmpv6": _each({"--icmpv6-type": _icmp("icmpv6", ICMPV6_TYPES)}),
    "policy": _policy,
    "comment": _always({"--comment": 1}),
    "nfacct": _always({"--nfacct-name": 1}),
    "dscp": _each({"--dscp": _dscp, "--dscp-class": _dscp}),
    "helper": _each({"--helper": _helper}),
    "devgroup": _each({"--src-group": _group("iifgroup"), "--dst-group": _group("oifgroup")}),
}  # fmt: skip
