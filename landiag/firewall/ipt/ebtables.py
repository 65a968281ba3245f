"""Rules of ebtables-nft, by the text of `ebtables-save`: `nft -j` names their matches and hides what they compare.

Source: ebtables-nft(8). Words that are not here leave a rule unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from landiag.firewall.ipt.operands import address, interface, masked, ports, protocol_number
from landiag.firewall.ipt.options import Option, Setting
from landiag.firewall.ipt.rule import read_options, split_words
from landiag.firewall.nft.parse import NftRule
from landiag.firewall.nft.rules import SavedRule
from landiag.model.action import Action, Jump, Opaque, Return, Stop
from landiag.model.facts import ParseError
from landiag.model.match import AnyOf, InRanges, Match, UnknownMatch
from landiag.model.ruleset import Step, Verdict
from landiag.model.strict import integer

Lines = Mapping[tuple[str, str], Sequence[str]]
"""The rules of a chain, by the names of table and chain."""

_TYPES = {"IPV4": 0x0800, "IPV6": 0x86DD, "ARP": 0x0806, "802_1Q": 0x8100, "VLAN": 0x8100}
_KINDS = {"unicast": ("00:00:00:00:00:00", "01:00:00:00:00:00"), "multicast": ("01:00:00:00:00:00",) * 2,
          "broadcast": ("ff:ff:ff:ff:ff:ff",) * 2}  # fmt: skip
_OPERATIONS = {"request": 1, "reply": 2}
_TARGETS: Mapping[str, Sequence[Action]] = {
    "ACCEPT": (Stop(Verdict.ACCEPT),), "DROP": (Stop(Verdict.DROP),), "RETURN": (Return(),), "CONTINUE": (),
    # These rewrite a frame, which is not modelled.
    **{name: (Opaque(f"-j {name}"),) for name in ("mark", "snat", "dnat", "redirect", "arpreply")},
}  # fmt: skip
"""What ``-j`` names; any other word is a chain."""
_WATCHERS = ("--log", "--nflog", "--ulog")
"""They write down that a frame passed, and decide nothing."""


def parse_ebtables_save(text: str) -> Lines:
    """`ebtables-save` to the lines of each chain, in order. Raises ParseError."""
    lines: dict[tuple[str, str], list[str]] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith("-A ") and table:
            lines.setdefault((table, line.split()[1]), []).append(line)
        elif line.strip() and not line.startswith(("#", ":")):
            raise ParseError(f"line {number}: {line[:60]!r} is no line of ebtables-save")
    return lines


class BridgeRule(SavedRule):
    """A rule of ebtables-nft."""

    __slots__ = ()

    def __init__(self, rule: NftRule, line: str) -> None:
        super().__init__(rule, line, Setting(4))

    def lower_saved(self) -> tuple[Step, ...]:
        """The steps that the saved line says."""
        return lower_frame(self._line)


def lower_frame(line: str) -> tuple[Step, ...]:
    """The steps of a line of ebtables-save."""
    steps: list[Step] = []
    target: Sequence[Action] = ()
    try:
        for option in read_options(split_words(line)[2:]):
            if option.name in ("-j", "--jump"):
                target = _TARGETS[option.value] if option.value in _TARGETS else (Jump(option.value),)
            elif not option.name.startswith(_WATCHERS):
                steps.append(_match(option))
    except (ParseError, ValueError):
        return (UnknownMatch(line), Opaque(line))
    return (*steps, *target)


def _match(option: Option) -> Match:
    found = _MATCHES.get(option.name)
    if found is None:
        return UnknownMatch(option.text)
    match = found(option)
    return AnyOf((match,), option.text, negated=True) if option.negated else match


def _type(option: Option) -> Match:
    number = _TYPES.get(option.value.upper())
    number = integer(option.value) if number is None else number
    return InRanges("ether type", ((number, number),), option.text)


def _mac(name: str) -> Callable[[Option], Match]:
    def match(option: Option) -> Match:
        base, _, mask = option.value.partition("/")
        if base.lower() in _KINDS:
            base, mask = _KINDS[base.lower()]
        bits = _number(mask or "ff:ff:ff:ff:ff:ff")
        wanted = _number(base) & bits
        return InRanges(name, ((wanted, wanted),), option.text, mask=bits)

    return match


def _number(mac: str) -> int:
    parts = mac.split(":")
    if len(parts) != 6:
        raise ParseError(f"{mac!r} is no hardware address")
    return int("".join(part.zfill(2) for part in parts), 16)


def _name(name: str) -> Callable[[Option], Match]:
    return lambda option: interface(name, Option(option.name, option.values))


def _address(name: str, version: int) -> Callable[[Option], Match]:
    return lambda option: address(name, option.value, Setting(version), option.text)


def _ports(name: str) -> Callable[[Option], Match]:
    return lambda option: InRanges(name, ports(option.value), option.text)


def _protocol(option: Option) -> Match:
    number = protocol_number(option.value)
    return InRanges("meta l4proto", ((number, number),), option.text)


def _operation(option: Option) -> Match:
    number = _OPERATIONS.get(option.value.lower())
    number = integer(option.value) if number is None else number
    return InRanges("arp operation", ((number, number),), option.text)


_MATCHES: Mapping[str, Callable[[Option], Match]] = {
    "-p": _type, "--protocol": _type, "-s": _mac("ether saddr"), "-d": _mac("ether daddr"),
    "-i": _name("iifname"), "-o": _name("oifname"), "--logical-in": _name("ibrname"), "--logical-out": _name("obrname"),
    "--ip-src": _address("ip saddr", 4), "--ip-dst": _address("ip daddr", 4),
    "--ip6-src": _address("ip6 saddr", 6), "--ip6-dst": _address("ip6 daddr", 6),
    "--arp-ip-src": _address("arp saddr ip", 4), "--arp-ip-dst": _address("arp daddr ip", 4),
    "--ip-proto": _protocol, "--ip6-proto": _protocol,
    "--ip-sport": _ports("th sport"), "--ip-dport": _ports("th dport"),
    "--ip6-sport": _ports("th sport"), "--ip6-dport": _ports("th dport"),
    "--arp-op": _operation, "--arp-opcode": _operation,
    "--mark": lambda option: masked("meta mark", option.value, Option(option.name, option.values)),
}  # fmt: skip
