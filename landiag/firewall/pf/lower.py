"""pf's rules as chains of the neutral model.

pf walks all rules; the last one that matches decides, unless one with ``quick`` ends the walk; without any the
packet passes (pf_test_rule() in pf.c, pf.conf(5)). For chains in which the first match decides that is: the
quick rules in their order, then the others from the last to the first. Established states are asked before;
whether the packet that opened the connection left a state is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import overload

from msgspec import Struct, field

from landiag.firewall.pf import addresses
from landiag.firewall.pf import matches as want
from landiag.firewall.pf.addresses import TableContent
from landiag.firewall.pf.conditions import FIELD, Entry, conditions_of, is_stateless
from landiag.firewall.pf.order import Gathering
from landiag.firewall.pf.syntax import PfRule, PfText, RuleLine
from landiag.firewall.pf.target import ELSEWHERE, block
from landiag.firewall.pf.translation import BYPASS, Translations
from landiag.firewall.pf.write import write_rule
from landiag.model.action import (
    Action,
    Opaque,
    Remember,
    Stop,
    Verdict,
)
from landiag.model.match import InRanges, Match, UnknownMatch
from landiag.model.operands import Constant, Fields
from landiag.model.packet import CT_STATES
from landiag.model.ruleset import Chain, Hook, Rule, RuleList, Ruleset, Step, TableKey
from landiag.model.sets import ElementSet, InSet

BACKEND = "pf"
KEY: TableKey = (BACKEND, "inet", "main")
ALWAYS_TRACKED = {("tracked", "ip"): True, ("tracked", "ip6"): True}
"""What the evaluator finds out of Linux' rulesets; pf keeps states whatever its rules say."""


class PfSystem(Struct):
    """Everything that was read of one machine's pf.

    ``unread`` names anchors whose rules could not be read. ``doubt`` says why nobody knows whether pf is on.

    ``anchors`` holds the rules of anchors by full name, where they were read apart; ``tables`` the addresses of
    tables that were read apart. ``groups`` are those of the interfaces. ``enabled`` is None where nothing
    says it: then pf is taken to be on.
    """

    texts: list[PfText] = field(default_factory=list)
    anchors: dict[str, Sequence[PfRule | RuleLine]] = field(default_factory=dict)
    tables: dict[str, TableContent] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    doubt: str = ""
    groups: want.Groups = field(default_factory=dict)

    @property
    def enabled(self) -> bool:
        """Whether pf filters at all."""
        said = [text.enabled for text in self.texts if text.enabled is not None]
        return all(said)

    @property
    def shows_rules(self) -> bool:
        """Whether filter rules were read, be it none."""
        return any(text.shows_rules for text in self.texts)

    def contents(self) -> dict[str, TableContent]:
        """What is known of every table; what was read apart counts more than a declaration."""
        found: dict[str, TableContent] = {}
        for text in self.texts:
            for table in text.tables:
                content = addresses.table_content(table.elements, complete=table.complete)
                if table.name not in found or content.complete:
                    found[table.name] = content
        return {**found, **self.tables}

    def lower(self) -> Ruleset:
        """The chains: translation, the way in, the way out."""
        if not self.enabled:
            rules = (Rule(1, "pf is disabled", (Stop(Verdict.ACCEPT),)),)
            return Ruleset({KEY: {"in": Chain(*KEY, "in", rules, Hook("prerouting"))}})
        return _Lowering(self, self.contents()).ruleset()


class FilterRule(Rule):
    """A filter rule, lowered when a packet meets it."""

    __slots__ = ("_direction", "_entry", "_lowering")

    def __init__(self, entry: Entry, direction: str, lowering: _Lowering) -> None:
        super().__init__(entry.source.position, None, None)
        self._entry = entry
        self._direction = direction
        self._lowering = lowering

    def write(self) -> str:
        """The rule as pfctl prints it."""
        return self._entry.source.text or write_rule(self._entry.rule)

    def lower(self) -> tuple[Step, ...]:
        """The steps."""
        return self._lowering.steps(self._entry, self._direction)


class FilterRules(RuleList):
    """The rules of one direction in the order in which they decide, gathered when a packet comes to them."""

    __slots__ = ("_direction", "_entries", "_first", "_last", "_lowering")

    def __init__(self, lowering: _Lowering, direction: str, first: Sequence[Rule], last: Rule) -> None:
        self._lowering = lowering
        self._direction = direction
        self._first = first
        self._last = last
        self._entries: Sequence[Entry] | None = None

    def _all(self) -> Sequence[Entry]:
        if self._entries is None:
            self._entries = self._lowering.entries(self._direction)
        return self._entries

    def _rule(self, entry: Entry) -> Rule:
        return FilterRule(entry, self._direction, self._lowering)

    def __len__(self) -> int:
        return len(self._first) + len(self._all()) + 1

    @overload
    def __getitem__(self, index: int) -> Rule: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Rule]: ...
    def __getitem__(self, index: int | slice) -> Rule | Sequence[Rule]:
        return (*self._first, *map(self._rule, self._all()), self._last)[index]

    def candidates(self, fields: Fields) -> Iterable[Rule]:
        """The rules whose single destination port does not rule them out; see ``RuleList.candidates``."""
        yield from self._first
        port = fields["th dport"]
        known = isinstance(port, int)
        for entry in self._all():
            source = entry.source
            if known and isinstance(source, RuleLine) and source.port is not None and source.port != port:
                continue
            yield self._rule(entry)
        yield self._last


class _Lowering(Struct):
    system: PfSystem
    tables: dict[str, TableContent]
    stateless: ElementSet = field(default_factory=lambda: ElementSet("stateless", list, dynamic=True))

    def ruleset(self) -> Ruleset:
        """Every chain."""
        translation = Translations(
            self.system.texts,
            self.system.anchors,
            self.tables,
            self.system.groups,
            lambda: self.entries("in"),
        ).rules()
        chains = {
            "in": Chain(*KEY, "in", self._filter("in", bypass=bool(translation)), Hook("prerouting")),
            "out": Chain(*KEY, "out", self._filter("out"), Hook("postrouting")),
        }
        if translation:
            chains["translation"] = Chain(*KEY, "translation", translation, Hook("prerouting", -100, "nat"))
        return Ruleset({KEY: chains}, notes=dict(ALWAYS_TRACKED))

    def _filter(self, direction: str, *, bypass: bool = False) -> Sequence[Rule]:
        state = InRanges("ct state", ((CT_STATES["established"],) * 2, (CT_STATES["related"],) * 2))
        left_one = InSet((Constant(1),), self.stateless, "it left a state", negated=True)
        kept = (state, left_one, Stop(Verdict.ACCEPT))
        rules: list[Rule] = [Rule(0, "a state of an earlier packet", kept)]
        if bypass:
            passed = InRanges(BYPASS, ((1, 1),))
            rules.append(Rule(0, "the translation rule says pass", (passed, Stop(Verdict.ACCEPT))))
        rules += self._skipped(direction)
        if self.system.doubt:
            rules.append(Rule(0, self.system.doubt, (UnknownMatch(self.system.doubt), Stop(Verdict.ACCEPT))))
        problems = [*self.system.gaps, *(problem for text in self.system.texts for problem in text.problems)]
        if not self.system.shows_rules:
            problems.append("the rules were not read")
        rules += [Rule(0, problem, (Opaque(problem),)) for problem in problems]
        last = Rule(0, "no rule matches: pass", (*self._leave_no_state(direction), Stop(Verdict.ACCEPT)))
        return FilterRules(self, direction, rules, last)

    def _leave_no_state(self, direction: str) -> tuple[Action, ...]:
        """Remember that the client's packet left no state; what a forwarded one leaves on its way out is its own."""
        return (Remember((Constant(1),), self.stateless),) if direction == "in" else ()

    def _skipped(self, direction: str) -> list[Rule]:
        names = tuple(name for text in self.system.texts for name in text.skip)
        if not names:
            return []
        text = f"set skip on {' '.join(name.text for name in names)}"
        on = want.OnInterface(FIELD[direction], names, text, self.system.groups)
        return [Rule(0, text, (on, Stop(Verdict.ACCEPT)))]

    def entries(self, direction: str) -> Sequence[Entry]:
        """The filter rules of a direction, in the order in which they decide."""
        gathered = Gathering(self.system.anchors, self.system.unread, self.conditions, direction)
        for text in self.system.texts:
            gathered.take(text.items, (), text.block_policy, "", 0)
        return (*gathered.quick, *reversed(gathered.slow))

    def steps(self, entry: Entry, direction: str) -> tuple[Step, ...]:
        """The matches of a rule, then what it does."""
        conditions = (*entry.around, *self.conditions(entry, direction))
        if entry.opaque:
            return (*conditions, Opaque(entry.opaque))
        return (*conditions, *self._actions(entry, direction))

    def _actions(self, entry: Entry, direction: str) -> tuple[Action, ...]:
        rule = entry.rule
        if rule.action == "match":
            return ()
        if rule.action == "block":
            return (block(rule, entry.policy),)
        options = [*rule.route, *rule.options]
        away = next((option for option in options if option.name in ELSEWHERE), None)
        if away is not None and direction == "in":
            return (Opaque(f"{away.name} {away.value} takes the packet elsewhere"),)
        if is_stateless(rule):
            return (*self._leave_no_state(direction), Stop(Verdict.ACCEPT))
        return (Stop(Verdict.ACCEPT),)

    def conditions(self, entry: Entry, direction: str) -> tuple[Match, ...]:
        """What a rule asks of a packet."""
        return conditions_of(entry, direction, self.tables, self.system.groups)
