"""`iptables-save` and `ip6tables-save` of either backend to tables. Rules stay text until a packet meets them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from landiag.firewall.engine.nat import address_of
from landiag.firewall.engine.scan import ScannedRules, Wanted
from landiag.firewall.ipt.options import Setting
from landiag.firewall.ipt.rule import lower_line, split_words
from landiag.model.action import Verdict
from landiag.model.facts import ParseError
from landiag.model.match import Fields, UnknownMatch
from landiag.model.packet import ABSENT, PROTOCOL_NUMBERS
from landiag.model.ruleset import Chain, Hook, Rule, Step
from landiag.model.sets import ElementSet

NFT_BACKEND = "iptables-nft"
LEGACY_BACKEND = "iptables-legacy"

HOOKS: Mapping[str, Mapping[str, tuple[str, int]]] = {
    "filter": {"INPUT": ("input", 0), "FORWARD": ("forward", 0), "OUTPUT": ("output", 0)},
    "mangle": {
        "PREROUTING": ("prerouting", -150), "INPUT": ("input", -150), "FORWARD": ("forward", -150),
        "OUTPUT": ("output", -150), "POSTROUTING": ("postrouting", -150),
    },
    "raw": {"PREROUTING": ("prerouting", -300), "OUTPUT": ("output", -300)},
    "nat": {
        "PREROUTING": ("prerouting", -100), "INPUT": ("input", 100), "OUTPUT": ("output", -100),
        "POSTROUTING": ("postrouting", 100),
    },
    "security": {"INPUT": ("input", 50), "FORWARD": ("forward", 50), "OUTPUT": ("output", 50)},
}  # fmt: skip

_NUMBER = re.compile(r"\d{1,5}")
_HOST = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?:/32)?")

_COUNTERS = re.compile(r"^\[\d+:\d+\] ")
_CHAIN = re.compile(r"^:(\S+)\s+(\S+)")


class IptRule(Rule):
    """A line of iptables-save, lowered when it is first met."""

    __slots__ = ("_line", "_setting")

    def __init__(self, position: int, line: str, setting: Setting, handle: int | None = None) -> None:
        super().__init__(position, line, None, handle=handle)
        self._line = line
        self._setting = setting

    def lower(self) -> tuple[Step, ...]:
        """The steps."""
        try:
            return lower_line(split_words(self._line)[2:], self._setting)
        except ParseError:
            return (UnknownMatch(self._line),)


_COMPARISON = re.compile(r"(! )?(-[sdpio]|--[sd]port) (\S+)")


class IptRules(ScannedRules[str]):
    """The lines of one chain."""

    __slots__ = ("_lines", "_setting")

    def __init__(self, lines: Sequence[str], setting: Setting) -> None:
        super().__init__()
        self._lines = lines
        self._setting = setting

    def __len__(self) -> int:
        return len(self._lines)

    def build(self, at: int) -> Rule:
        """Make the rule at an index."""
        return IptRule(at + 1, self._lines[at], self._setting)

    def comparisons(self, at: int) -> list[tuple[str, str]]:
        """The comparisons with one value, before anything is quoted and before the target."""
        head = self._lines[at].partition('"')[0].partition(" -j ")[0]
        return [
            (name, value)
            for negated, name, value in _COMPARISON.findall(head)
            if not negated and _is_exact(name, value)
        ]

    def wanted(self, fields: Fields) -> Wanted[str]:
        """The values of the packet, as iptables-save writes them."""
        family, length = ("ip", 32) if self._setting.version == 4 else ("ip6", 128)
        names = {
            "-s": f"{family} saddr", "-d": f"{family} daddr", "-p": "meta l4proto", "-i": "iifname",
            "-o": "oifname", "--sport": "th sport", "--dport": "th dport",
        }  # fmt: skip

        def values(name: str) -> frozenset[str] | None:
            value = fields[names[name]]
            if value is ABSENT:
                return frozenset()
            if not isinstance(value, int | str):
                return None
            if name in ("-s", "-d") and isinstance(value, int):
                text = str(address_of(value, self._setting.version))
                return frozenset({text, f"{text}/{length}"})
            if name == "-p":
                numbers = {word for word, number in PROTOCOL_NUMBERS.items() if number == value}
                return frozenset({*numbers, str(value), "all", "0", "ip"})
            return frozenset({str(value)})

        return values


def _is_exact(name: str, value: str) -> bool:
    """Whether an option compares with exactly one value, and it is plain to see with which."""
    if name in ("-s", "-d"):
        return _HOST.fullmatch(value) is not None
    if name == "-p":
        return value in PROTOCOL_NUMBERS
    if name in ("-i", "-o"):
        return not value.endswith("+") and value != "!"
    return _NUMBER.fullmatch(value) is not None


class IptTable(Struct):
    """A table as it was saved: policies and lines of every chain. ``version`` is the IP version."""

    name: str
    version: int
    policies: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """``ip`` or ``ip6``."""
        return "ip" if self.version == 4 else "ip6"

    def rules(self, chain: str, sets: Mapping[str, ElementSet] | None) -> Sequence[Rule]:
        """The rules of a chain."""
        return IptRules(self.lines.get(chain, ()), Setting(self.version, None, sets))

    def chains(self, backend: str, sets: Mapping[str, ElementSet] | None) -> dict[str, Chain]:
        """Every chain, lowered lazily."""
        return {
            name: Chain(
                backend,
                self.family,
                self.name,
                name,
                self.rules(name, sets),
                self.hook(name),
                self.policy(name),
            )
            for name in {**self.policies, **self.lines}
        }

    def hook(self, chain: str) -> Hook | None:
        """Where a built-in chain is hooked in."""
        place = HOOKS.get(self.name, {}).get(chain)
        if place is None:
            return None
        kind = (
            "nat"
            if self.name == "nat"
            else "route"
            if (self.name, chain) == ("mangle", "OUTPUT")
            else "filter"
        )
        return Hook(place[0], place[1], kind)

    def policy(self, chain: str) -> Verdict:
        """A built-in chain's policy."""
        return Verdict.DROP if self.policies.get(chain) == "DROP" else Verdict.ACCEPT


def parse_iptables_save(text: str, version: int | None = None) -> list[IptTable]:
    """`iptables-save` (or hand-written rules for iptables-restore) to tables. Raises ParseError.

    Without ``version`` the addresses in the text tell whether it is for IPv4 or IPv6.
    """
    tables: list[IptTable] = []
    table: IptTable | None = None
    version = version or guess_version(text)
    for number, written in enumerate(text.splitlines(), 1):
        line = _COUNTERS.sub("", written.strip())
        if not line or line.startswith("#"):
            continue
        if line.startswith("*"):
            table = next((one for one in tables if one.name == line[1:].strip()), None)
            if table is None:
                table = IptTable(line[1:].strip(), version)
                tables.append(table)
        elif line == "COMMIT":
            table = None
        elif table is None and line.startswith(("-", ":")):
            raise ParseError(f"line {number}: {_shown(line)} stands outside of a table")
        elif table is None:
            continue  # prose around a pasted dump
        else:
            _take(table, line, number)
    if not tables:
        raise ParseError("no table of iptables-save")
    if table is not None:
        raise ParseError(f"it is cut off: table {table.name} has no COMMIT")
    return tables


def _take(table: IptTable, line: str, number: int) -> None:
    chain = _CHAIN.match(line)
    if chain:
        table.policies[chain[1]] = chain[2]
        return
    words = line.split(None, 2)
    command = words[0]
    if command in ("-N", "--new-chain") and len(words) > 1:
        table.policies.setdefault(words[1], "-")
    elif command in ("-P", "--policy") and len(words) == 3:
        table.policies[words[1]] = words[2].split()[0]
    elif command in ("-A", "--append") and len(words) > 1:
        table.lines.setdefault(words[1], []).append(line)
    elif command in ("-I", "--insert") and len(words) > 1:
        _insert(table, words)
    elif command in ("-F", "--flush"):
        for name in [words[1]] if len(words) > 1 else list(table.lines):
            table.lines[name] = []
    elif command not in ("-X", "--delete-chain", "-Z", "--zero"):
        raise ParseError(f"line {number}: {_shown(line)} is not a rule")


def _insert(table: IptTable, words: Sequence[str]) -> None:
    rest = words[2] if len(words) > 2 else ""
    place, _, rule = rest.partition(" ")
    at = int(place) - 1 if place.isdigit() else 0
    rule = rule if place.isdigit() else rest
    table.lines.setdefault(words[1], []).insert(at, f"-A {words[1]} {rule}".rstrip())


def _shown(line: str) -> str:
    return repr(line if len(line) <= 60 else line[:57] + "...")


_VERSION6 = re.compile(r"-[sd] [0-9a-f]*:[0-9a-f:]*|icmp6|ipv6-icmp|icmpv6", re.IGNORECASE)


def guess_version(text: str) -> int:
    """4 or 6: whether IPv6 addresses or ICMPv6 are written in rules."""
    return 6 if _VERSION6.search(text) else 4
