"""The targets of iptables-extensions(8), lowered to actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_network

from landiag.firewall.engine.gaps import span_of
from landiag.firewall.ipt.operands import number_of
from landiag.firewall.ipt.options import Option, Setting
from landiag.firewall.ipt.set_matches import ipset_operands
from landiag.firewall.ipt.target_options import OPTIONS
from landiag.firewall.nft.types import DSCP
from landiag.model.action import (
    RESET,
    Action,
    Assign,
    Divert,
    Jump,
    NatKind,
    Opaque,
    Proxy,
    Queued,
    Remember,
    Return,
    Stop,
    Target,
    Translate,
    Untrack,
    Verdict,
)
from landiag.model.facts import ParseError
from landiag.model.operands import Bits, Constant, Field, Operand, Or

Lower = Callable[[Mapping[str, Option], Setting], Sequence[Action]]

HARMLESS = frozenset({
    "LOG", "NFLOG", "ULOG", "TRACE", "CHECKSUM", "AUDIT", "CLASSIFY", "LED", "RATEEST", "IDLETIMER", "SECMARK",
    "CONNSECMARK", "TEE", "ACCOUNT", "ECN", "CONTINUE",
})  # fmt: skip
ALL_BITS = 0xFFFFFFFF

REJECT_WORDS = {
    "net-unreach": "net-unreachable", "host-unreach": "host-unreachable", "port-unreach": "port-unreachable",
    "proto-unreach": "prot-unreachable", "proto-unreachable": "prot-unreachable", "net-prohib": "net-prohibited",
    "host-prohib": "host-prohibited", "admin-prohib": "admin-prohibited", "adm-prohibited": "admin-prohibited",
    "addr-unreach": "addr-unreachable",
}  # fmt: skip


def lower_target(name: str, options: Sequence[Option], setting: Setting, *, goto: bool) -> Sequence[Action]:
    """The actions of ``-j NAME`` (``-g NAME``) with its options; a name that is no target is a chain."""
    text = " ".join(["-g" if goto else "-j", name, *(option.text for option in options)])
    if not _are_known(name, options, goto=goto):
        return [Opaque(text)]
    if goto:
        return [Jump(name, goto=True)]
    if name in HARMLESS:
        return []
    lower = TARGETS.get(name)
    if lower is None:
        return [Opaque(text)] if name in NOT_MODELLED else [Jump(name)]
    try:
        return lower({option.name: option for option in options}, setting)
    except (ParseError, ValueError, KeyError):
        return [Opaque(text)]


def _are_known(name: str, options: Sequence[Option], *, goto: bool) -> bool:
    """Whether a target has these options; those of the harmless ones are not looked at."""
    if name in HARMLESS and not goto:
        return True
    known = () if goto else OPTIONS.get(name, ())
    return name in NOT_MODELLED or all(option.name in known and not option.negated for option in options)


NOT_MODELLED = frozenset({"MIRROR", "ROUTE", "CLUSTERIP", "TARPIT", "DNPT", "SNPT"})


def _reject(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:
    kind = "icmp" if setting.version == 4 else "icmpv6"
    if "--reject-with" not in options:
        return [Stop(Verdict.REJECT, f"{kind} port-unreachable")]
    word = options["--reject-with"].value
    if word in ("tcp-reset", "tcp-rst"):
        return [Stop(Verdict.REJECT, RESET)]
    word = word.removeprefix("icmp6-").removeprefix("icmp-")
    return [Stop(Verdict.REJECT, f"{kind} {REJECT_WORDS.get(word, word)}")]


def _pair(value: str) -> tuple[int, int]:
    number, _, mask = value.partition("/")
    return int(number, 0), int(mask, 0) if mask else ALL_BITS


def _set_bits(name: str, option: Option) -> Action:
    """``--set-xmark``, ``--set-mark``, ``--and-mark``, ``--or-mark``, ``--xor-mark`` of a mark."""
    value, mask = _pair(option.value)
    old: Operand = Field(name)
    if option.name == "--set-mark":
        mask |= value
    if option.name == "--and-mark":
        return Assign(name, Bits(old, value))
    if option.name == "--or-mark":
        return Assign(name, Bits(old, ALL_BITS & ~value, value))
    if option.name == "--xor-mark":
        return Assign(name, Bits(old, ALL_BITS, value))
    return Assign(name, Bits(old, ALL_BITS & ~mask, value))


def _nfqueue(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:  # noqa: ARG001
    """One queue, or those of a range among which connections are shared out; without either, queue 0."""
    shared = options.get("--queue-balance") or options.get("--queue-num")
    first, _, last = ("0" if shared is None else shared.value).partition(":")
    return [Queued(int(first), int(last or first), bypass="--queue-bypass" in options)]


def _mark(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:  # noqa: ARG001
    return [_set_bits("meta mark", option) for option in options.values()]


def _connmark(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:  # noqa: ARG001
    nfmask = _value(options, "--nfmask", _value(options, "--mask", ALL_BITS))
    ctmask = _value(options, "--ctmask", _value(options, "--mask", ALL_BITS))
    packet, connection = Field("meta mark"), Field("ct mark")
    if "--save-mark" in options:
        return [Assign("ct mark", Or(Bits(connection, ALL_BITS & ~ctmask), Bits(packet, nfmask), "^"))]
    if "--restore-mark" in options:
        return [Assign("meta mark", Or(Bits(packet, ALL_BITS & ~nfmask), Bits(connection, ctmask), "^"))]
    return [_set_bits("ct mark", option) for option in options.values()]


def _value(options: Mapping[str, Option], name: str, default: int) -> int:
    return int(options[name].value, 0) if name in options else default


def _nat(kind: NatKind, option_name: str) -> Lower:
    def lower(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:
        target = parse_target(options[option_name].value, setting.version)
        persistent, random = "--persistent" in options, "--random" in options
        return [Translate(kind, target, setting.version, persistent=persistent, random=random)]

    return lower


def parse_target(text: str, version: int) -> Target:
    """``1.2.3.4-1.2.3.9:80-90``, ``[fd00::1]:80``, ``:80``."""
    if version == 6 and text.startswith("["):
        place, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif version == 6:
        place, port = text, ""
    else:
        place, _, port = text.partition(":")
    low, _, high = place.partition("-")
    addresses = (number_of(low, version), number_of(high or low, version)) if place else None
    ports, _, base = port.partition("/")
    return Target(addresses, _ports(ports) if ports else None, int(base) if base else None)


def _ports(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def _redirect(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:
    option = options.get("--to-ports") or options.get("--to-port")
    target = Target(None, None if option is None else _ports(option.value))
    return [Translate(NatKind.REDIRECT, target, setting.version, random="--random" in options)]


def _masquerade(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:
    ports = _ports(options["--to-ports"].value) if "--to-ports" in options else None
    return [Translate(NatKind.MASQUERADE, Target(None, ports), setting.version)]


def _netmap(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:
    word = options["--to"].value
    number_of(word.partition("/")[0], setting.version)
    target = Target(span_of(ip_network(word, strict=False)))
    return [Translate(NatKind.DNAT, target, setting.version, netmap=True)]


def _ct(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:  # noqa: ARG001
    if "--notrack" in options:
        return [Untrack()]
    if any(name.startswith("--zone") for name in options):
        zone = options["--zone"].value if "--zone" in options else ""
        return [Assign("ct zone", Constant(int(zone) if zone.isdecimal() else None))]
    return []


def _set(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:
    for name in ("--add-set", "--del-set"):
        if name in options:
            set_name, directions = options[name].values
            found = None if setting.sets is None else setting.sets.get(set_name)
            operands = None if found is None else ipset_operands(found, directions.split(","), setting)
            if found is None or operands is None:
                return []
            found.dynamic = True
            return [Remember(operands, found, name == "--del-set")]
    return []


def _dscp(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:
    if "--set-dscp-class" in options:
        number = DSCP[options["--set-dscp-class"].value.lower()]
    else:
        number = int(options["--set-dscp"].value, 0)
    return [Assign(f"{setting.family} dscp", Constant(number))]


def _tos(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:  # noqa: ARG001
    return [Assign(f"{setting.family} dscp", Constant(None))]


def _segment_size(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:  # noqa: ARG001
    """``--clamp-mss-to-pmtu`` leaves a size that other hosts announce, too."""
    return [Assign("tcp option maxseg size", Constant(None))] if "--set-mss" in options else []


_STRIPPED = {"mss": "maxseg", "wscale": "window", "sack-permitted": "sack-perm"}
"""Options of TCP that matches ask for, as TCPOPTSTRIP names them."""


def _strip(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:  # noqa: ARG001
    words = options["--strip-options"].value.split(",")
    return [Assign(f"tcp option {_STRIPPED[word]}", Constant(0)) for word in words if word in _STRIPPED]


def _ttl(field_name: str, option_name: str) -> Lower:
    def lower(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:  # noqa: ARG001
        number = int(options[option_name].value) if option_name in options else None
        return [Assign(field_name, Constant(number))]

    return lower


def _tproxy(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:
    """Where a transparent socket takes the packet it is accepted, with a mark; else it is dropped (xt_TPROXY.c)."""
    address = number_of(options["--on-ip"].value, setting.version) if "--on-ip" in options else 0
    port = int(options["--on-port"].value)
    value, mask = _pair(options["--tproxy-mark"].value) if "--tproxy-mark" in options else (0, 0)
    mark = Assign("meta mark", Bits(Field("meta mark"), ALL_BITS & ~mask, value))
    return [
        Divert(Constant(address), Constant(port), setting.version, else_drop=True),
        *([mark] if value or mask else []),
        Stop(Verdict.ACCEPT),
    ]


def _notrack(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:  # noqa: ARG001
    return [Untrack()]


def _fixed(action: Action) -> Lower:
    def lower(options: Mapping[str, Option], setting: Setting) -> Sequence[Action]:  # noqa: ARG001
        return [action]

    return lower


TARGETS: Mapping[str, Lower] = {
    "ACCEPT": _fixed(Stop(Verdict.ACCEPT)),
    "DROP": _fixed(Stop(Verdict.DROP)),
    "RETURN": _fixed(Return()),
    "REJECT": _reject,
    "MARK": _mark,
    "CONNMARK": _connmark,
    "DNAT": _nat(NatKind.DNAT, "--to-destination"),
    "SNAT": _nat(NatKind.SNAT, "--to-source"),
    "REDIRECT": _redirect,
    "MASQUERADE": _masquerade,
    "NETMAP": _netmap,
    "SAME": _nat(NatKind.SNAT, "--to"),
    "CT": _ct,
    "NOTRACK": _notrack,
    "TPROXY": _tproxy,
    "SET": _set,
    "DSCP": _dscp,
    "TOS": _tos,
    "QUEUE": _fixed(Queued(0, 0)),
    "NFQUEUE": _nfqueue,
    "SYNPROXY": _fixed(Proxy("-j SYNPROXY")),
    "HMARK": _fixed(Assign("meta mark", Constant(None))),
    "TCPMSS": _segment_size,
    "TCPOPTSTRIP": _strip,
    "TTL": _ttl("ip ttl", "--ttl-set"),
    "HL": _ttl("ip6 hoplimit", "--hl-set"),
}

ALL_TARGETS = frozenset((*HARMLESS, *NOT_MODELLED, *TARGETS))
"""Everything that a rule may name behind ``-j`` and that is no chain."""
