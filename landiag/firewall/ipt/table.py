"""One table of iptables-save(8): its chains, policies and rules, and how they enter the hooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct, field

from landiag.firewall.engine.nat import address_of
from landiag.firewall.engine.scan import ScannedRules, Wanted
from landiag.firewall.ipt.options import Setting
from landiag.firewall.ipt.rule import lower_line, split_words
from landiag.model.action import Opaque, Verdict
from landiag.model.facts import ParseError
from landiag.model.match import UnknownMatch
from landiag.model.operands import Fields
from landiag.model.packet import ABSENT, PROTOCOL_NUMBERS
from landiag.model.regex import regex
from landiag.model.ruleset import Chain, Hook, Rule, Step
from landiag.model.sets import ElementSet

NFT_BACKEND = "iptables-nft"
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
_NUMBER = regex(r"\d{1,5}")
_HOST = regex(r"\d{1,3}(?:\.\d{1,3}){3}(?:/32)?")


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
            return (UnknownMatch(self._line), Opaque(self._line))


_COMPARISON = regex(r"(! )?(-[sdpio]|--[sd]port) (\S+)(?= -| !|$)")


class IptRules(ScannedRules[str]):
    """The lines of one chain."""

    __slots__ = ("_lines", "_setting", "_strange")

    def __init__(
        self, lines: Sequence[str], setting: Setting, strange: AbstractSet[str] = frozenset()
    ) -> None:
        super().__init__()
        self._lines = lines
        self._setting = setting
        self._strange = strange

    def __len__(self) -> int:
        return len(self._lines)

    def build(self, at: int) -> Rule:
        """Make the rule at an index."""
        line = self._lines[at]
        if line in self._strange:
            return Rule(at + 1, line, (Opaque(line),))
        return IptRule(at + 1, line, self._setting)

    def comparisons(self, at: int) -> list[tuple[str, str]]:
        """The comparisons with one value, before anything is quoted and before the target.

        A rule with words that are not understood may do anything, whatever it seems to compare.
        """
        if self._lines[at] in self._strange:
            return []
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

    def is_interface(self, name: str) -> bool:
        """Whether it is the way in or out."""
        return name in ("-i", "-o")

    def name(self, word: str) -> str:
        """It is written as it is."""
        return word


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
    """A table as it was saved: policies and lines of every chain. ``version`` is the IP version.

    ``strange`` are the lines with words that are not understood.
    """

    name: str
    version: int
    policies: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    strange: set[str] = field(default_factory=set)

    @property
    def family(self) -> str:
        """``ip`` or ``ip6``."""
        return "ip" if self.version == 4 else "ip6"

    def rules(self, chain: str, sets: Mapping[str, ElementSet] | None) -> Sequence[Rule]:
        """The rules of a chain."""
        return IptRules(self.lines.get(chain, ()), Setting(self.version, None, sets), self.strange)

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
