"""The rules of a chain of `nft -j`, scanned as JSON text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from landiag.firewall.engine.nat import address_of
from landiag.firewall.engine.scan import ScannedRules, Wanted, known
from landiag.firewall.ipt.options import Setting
from landiag.firewall.ipt.table import IptRule
from landiag.firewall.nft.parse import REWRITES, NftRule, NftTable, RuleObject
from landiag.firewall.nft.sets import Sets
from landiag.model.operands import Fields
from landiag.model.packet import ABSENT, PROTOCOL_NUMBERS, Value
from landiag.model.regex import regex
from landiag.model.ruleset import Rule, Step

_STATEMENT = regex(
    rb'[\[,] ?\{"match": \{"op": "==", "left": (\{"(?:payload|meta)": \{[^{}]*\}\}), "right": ("[^"\\*@]*"|\d+)\}\}'
)


MEMORY = 4096
"""So many values are remembered as they were written."""


@lru_cache(MEMORY)
def _number(value: Value) -> frozenset[bytes]:
    return frozenset({b"%d" % value}) if isinstance(value, int) else frozenset()


def _address(version: int) -> Callable[[Value], frozenset[bytes]]:
    @lru_cache(MEMORY)
    def write(value: Value) -> frozenset[bytes]:
        if version == 4 and isinstance(value, int):
            return frozenset(
                {b'"%d.%d.%d.%d"' % (value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255)}
            )
        return (
            frozenset({f'"{address_of(value, version)}"'.encode()}) if isinstance(value, int) else frozenset()
        )

    return write


@lru_cache(MEMORY)
def _name(value: Value) -> frozenset[bytes]:
    return frozenset({f'"{value}"'.encode()}) if isinstance(value, str) else frozenset()


_PROTOCOLS: Mapping[int, frozenset[bytes]] = {
    number: frozenset(
        {
            b"%d" % number,
            *(f'"{name}"'.encode() for name, other in PROTOCOL_NUMBERS.items() if other == number),
        }
    )
    for number in PROTOCOL_NUMBERS.values()
}


def _protocol(value: Value) -> frozenset[bytes]:
    return _PROTOCOLS.get(value, _number(value)) if isinstance(value, int) else frozenset()


def _payload(protocol: str, name: str) -> bytes:
    return f'{{"payload": {{"protocol": "{protocol}", "field": "{name}"}}}}'.encode()


_IIFNAME, _OIFNAME = b'{"meta": {"key": "iifname"}}', b'{"meta": {"key": "oifname"}}'
_COMPARED: Mapping[bytes, tuple[str, Callable[[Value], frozenset[bytes]]]] = {
    **{
        _payload(protocol, side): (f"{protocol} {side}", _number)
        for protocol in ("tcp", "udp", "th", "sctp", "dccp")
        for side in ("sport", "dport")
    },
    **{_payload("ip", side): (f"ip {side}", _address(4)) for side in ("saddr", "daddr")},
    **{_payload("ip6", side): (f"ip6 {side}", _address(6)) for side in ("saddr", "daddr")},
    _IIFNAME: ("iifname", _name),
    _OIFNAME: ("oifname", _name),
    b'{"meta": {"key": "l4proto"}}': ("meta l4proto", _protocol),
    _payload("ip", "protocol"): ("ip protocol", _protocol),
    _payload("ip6", "nexthdr"): ("ip6 nexthdr", _protocol),
}


class Changes:
    """Whether a table has a rule that rewrites what packets carry; looked up once."""

    __slots__ = ("_answer", "_rules")

    def __init__(self, table: NftTable) -> None:
        self._rules = table.rules
        self._answer: bool | None = None if table.may_rewrite else False

    def __call__(self) -> bool:
        """The answer."""
        if self._answer is None:
            self._answer = any(
                REWRITES in bytes(rule.expr) for rules in self._rules.values() for rule in rules
            )
        return self._answer


class NftRules(ScannedRules[bytes]):
    """The rules of one chain. ``lines`` are those that another program saved for the same rules, where they are known.

    ``make`` makes the rule of such a line.
    """

    __slots__ = ("_changes", "_lines", "_make", "_sets", "_sources")

    def __init__(
        self,
        sources: Sequence[RuleObject],
        sets: Sets,
        changes: Changes,
        lines: Sequence[str] | None = None,
        make: Callable[[NftRule, str], Rule] | None = None,
    ) -> None:
        super().__init__()
        self._sources = sources
        self._sets = sets
        self._changes = changes
        self._lines = lines
        self._make = make

    def __len__(self) -> int:
        return len(self._sources)

    def build(self, at: int) -> Rule:
        """Make the rule at an index."""
        rule = NftRule(at + 1, self._sources[at], self._sets)
        if self._lines is None or self._make is None:
            return rule
        return self._make(rule, self._lines[at])

    def comparisons(self, at: int) -> list[tuple[bytes, bytes]]:
        """The comparisons at the head of a rule."""
        expression = bytes(self._sources[at].expr)
        pairs = []
        found = _STATEMENT.match(expression)
        while found is not None:
            pairs.append((found[1], found[2]))
            found = _STATEMENT.match(expression, found.end())
        return pairs

    def _scan(self, wanted: Wanted[bytes]) -> Iterator[Rule]:
        """The same as for other texts, without a call for every rule: this decides how long 100,000 rules take."""
        compare, known_values = _STATEMENT.match, dict[bytes, frozenset[bytes] | None]()
        for at, source in enumerate(self._sources):
            expression = bytes(source.expr)
            found = compare(expression)
            while found is not None:
                left, right = found.groups()
                if left not in known_values:
                    known_values[left] = wanted(left)
                values = known_values[left]
                if values is not None and right not in values:
                    break
                found = compare(expression, found.end())
            else:
                yield self[at]

    def wanted(self, fields: Fields) -> Wanted[bytes]:
        """The values of the packet, as nft writes them."""

        def values(left: bytes) -> frozenset[bytes] | None:
            compared = _COMPARED.get(left)
            if compared is None:
                return None
            value = fields[compared[0]]
            if value is ABSENT:
                return frozenset()
            return compared[1](value) if known(value) else None

        return values

    def is_interface(self, name: bytes) -> bool:
        """Whether it is the way in or out."""
        return name in (_IIFNAME, _OIFNAME)

    def name(self, word: bytes) -> str:
        """The name without its quotes."""
        return word[1:-1].decode()

    def may_change(self) -> bool:
        """Whether the table rewrites what is compared."""
        return self._changes()


class SavedRule(IptRule):
    """A rule of iptables-nft: its text from iptables-save, and its meaning too where nft hides some of it."""

    __slots__ = ("_nft",)

    def __init__(self, rule: NftRule, line: str, setting: Setting) -> None:
        super().__init__(rule.position, line, setting, rule.handle)
        self._nft = rule

    def lower(self) -> tuple[Step, ...]:
        """The steps."""
        return self.lower_saved() if self._nft.hides_something else self._nft.lower()

    def lower_saved(self) -> tuple[Step, ...]:
        """The steps that the saved line says."""
        return IptRule.lower(self)
