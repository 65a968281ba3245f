"""pf's rules as chains of the neutral model.

pf walks all rules; the last one that matches decides, unless one with ``quick`` ends the walk; without any the
packet passes (pf_test_rule() in pf.c, pf.conf(5)). For chains in which the first match decides that is: the
quick rules in their order, then the others from the last to the first. Established states are asked before;
whether the packet that opened the connection left a state is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import overload

from msgspec import Struct, field

from landiag.firewall.pf import matches as want
from landiag.firewall.pf.syntax import ANCHORS, FILTER, PfRule, PfText, RuleLine
from landiag.firewall.pf.write import write_rule
from landiag.model.action import Action, Assign, NatKind, Opaque, Remember, Stop, Target, Translate, Verdict
from landiag.model.match import Always, Constant, Fields, InRanges, Match, UnknownKind, UnknownMatch
from landiag.model.packet import CT_STATES
from landiag.model.ruleset import Chain, Hook, Rule, RuleList, Ruleset, Step, TableKey
from landiag.model.sets import ElementSet, InSet

BACKEND = "pf"
KEY: TableKey = (BACKEND, "inet", "main")
BYPASS = "pf pass"
MAX_DEPTH = 16
ALWAYS_TRACKED = {("tracked", "ip"): True, ("tracked", "ip6"): True}
"""What the evaluator finds out of Linux' rulesets; pf keeps states whatever its rules say."""


class PfSystem(Struct):
    """Everything that was read of one machine's pf.

    ``unread`` names anchors whose rules could not be read. ``doubt`` says why nobody knows whether pf is on.

    ``anchors`` holds the rules of anchors by full name, where they were read apart; ``tables`` the addresses of
    tables that were read apart. ``enabled`` is None where nothing says it: then pf is taken to be on.
    """

    texts: list[PfText] = field(default_factory=list)
    anchors: dict[str, Sequence[PfRule | RuleLine]] = field(default_factory=dict)
    tables: dict[str, want.TableContent] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    doubt: str = ""

    @property
    def enabled(self) -> bool:
        """Whether pf filters at all."""
        said = [text.enabled for text in self.texts if text.enabled is not None]
        return all(said)

    @property
    def shows_rules(self) -> bool:
        """Whether filter rules were read, be it none."""
        return any(text.shows_rules for text in self.texts)

    def contents(self) -> dict[str, want.TableContent]:
        """What is known of every table; what was read apart counts more than a declaration."""
        found: dict[str, want.TableContent] = {}
        for text in self.texts:
            for table in text.tables:
                content = want.table_content(table.elements, complete=table.complete)
                if table.name not in found or content.complete:
                    found[table.name] = content
        return {**found, **self.tables}

    def lower(self) -> Ruleset:
        """The chains: translation, the way in, the way out."""
        if not self.enabled:
            rules = (Rule(1, "pf is disabled", (Stop(Verdict.ACCEPT),)),)
            return Ruleset({KEY: {"in": Chain(*KEY, "in", rules, Hook("prerouting"))}})
        return _Lowering(self, self.contents()).ruleset()


class _Entry(Struct):
    """One rule as it takes part: the conditions of the anchors around it, then its own.

    ``tags`` are the rules that may have tagged the packet before, of which the first ``before`` count.
    """

    source: PfRule | RuleLine
    around: tuple[Match, ...]
    policy: str
    opaque: str = ""
    tags: Sequence[_Setter] = ()
    before: int = 0

    @property
    def rule(self) -> PfRule:
        """The rule itself."""
        return self.source.rule if isinstance(self.source, RuleLine) else self.source


_Setter = tuple[tuple[Match, ...], str]


class FilterRule(Rule):
    """A filter rule, lowered when a packet meets it."""

    __slots__ = ("_direction", "_entry", "_lowering")

    def __init__(self, entry: _Entry, direction: str, lowering: _Lowering) -> None:
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
        self._entries: Sequence[_Entry] | None = None

    def _all(self) -> Sequence[_Entry]:
        if self._entries is None:
            self._entries = self._lowering.entries(self._direction)
        return self._entries

    def _rule(self, entry: _Entry) -> Rule:
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
    tables: dict[str, want.TableContent]
    stateless: ElementSet = field(default_factory=lambda: ElementSet("stateless", list, dynamic=True))

    def ruleset(self) -> Ruleset:
        """Every chain."""
        translation = self._translation()
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
        return [Rule(0, text, (want.OnInterface(_FIELD[direction], names, text), Stop(Verdict.ACCEPT)))]

    def entries(self, direction: str) -> Sequence[_Entry]:
        """The filter rules of a direction, in the order in which they decide."""
        gathered = _Gathering(self, direction)
        for text in self.system.texts:
            gathered.take(text.items, (), text.block_policy, "", 0)
        return (*gathered.quick, *reversed(gathered.slow))

    def steps(self, entry: _Entry, direction: str) -> tuple[Step, ...]:
        """The matches of a rule, then what it does."""
        conditions = (*entry.around, *self.conditions(entry, direction))
        if entry.opaque:
            return (*conditions, Opaque(entry.opaque))
        return (*conditions, *self._actions(entry, direction))

    def _actions(self, entry: _Entry, direction: str) -> tuple[Action, ...]:
        rule = entry.rule
        if rule.action == "match":
            return ()
        if rule.action == "block":
            return (_block(rule, entry.policy),)
        options = [*rule.route, *rule.options]
        away = next((option for option in options if option.name in _ELSEWHERE), None)
        if away is not None and direction == "in":
            return (Opaque(f"{away.name} {away.value} takes the packet elsewhere"),)
        if _is_stateless(rule):
            return (*self._leave_no_state(direction), Stop(Verdict.ACCEPT))
        return (Stop(Verdict.ACCEPT),)

    def conditions(self, entry: _Entry, direction: str) -> tuple[Match, ...]:
        """Everything that must hold, the cheap and likely false first."""
        rule = entry.rule
        found: list[Match | None] = []
        if rule.protocols:
            found.append(want.protocols(rule.protocols))
        if rule.destination_ports:
            found.append(want.ports("th dport", rule.destination_ports, "to port"))
        if rule.af:
            found.append(InRanges("ip version" if rule.af == "inet" else "ip6 version", ((4, 6),), rule.af))
        if rule.interfaces:
            text = "on " + ", ".join(name.text for name in rule.interfaces)
            found.append(want.OnInterface(_FIELD[direction], tuple(rule.interfaces), text))
        if rule.rdomain:
            found.append(UnknownMatch(f"on rdomain {rule.rdomain}"))
        found += [want.hosts("destination", rule.destinations, self.tables)]
        found += [want.hosts("source", rule.sources, self.tables)]
        if rule.source_ports:
            found.append(want.ports("th sport", rule.source_ports, "from port"))
        found += [UnknownMatch(f"os {name}") for name in rule.os]
        found += _options(entry)
        return tuple(match for match in found if match is not None)

    def _translation(self) -> tuple[Rule, ...]:
        """The rdr and binat rules, first match wins; match rules with rdr-to of later versions too."""
        rules: list[Rule] = []
        for text in self.system.texts:
            for rule in text.items:
                if not isinstance(rule, PfRule):
                    continue
                if rule.action in ("rdr", "binat", "rdr-anchor", "binat-anchor"):
                    rules.append(Rule(rule.position, rule.text or write_rule(rule), self._translate(rule)))
                elif rule.action == "match" and rule.option("rdr-to") is not None and rule.direction != "out":
                    rules.append(Rule(rule.position, rule.text, self._translate(rule)))
        rules += self._passing_elsewhere()
        if not rules:
            return ()
        return (Rule(0, "before translation", (Assign(BYPASS, Constant(0)),)), *rules)

    def _passing_elsewhere(self) -> list[Rule]:
        """Pass rules with rdr-to (OpenBSD, FreeBSD 15): they translate where they are the ones that decide."""
        items = [item for text in self.system.texts for item in text.items]
        if not any(
            isinstance(item, PfRule) and item.action == "pass" and item.option("rdr-to") for item in items
        ):
            return []
        entries = self.entries("in")
        rules = []
        for at, entry in enumerate(entries):
            target = parse_target(entry.rule.option("rdr-to") or "") if entry.rule.action == "pass" else None
            if target is not None:
                before = tuple((*one.around, *self.conditions(one, "in")) for one in entries[:at])
                own = (*entry.around, *self.conditions(entry, "in"))
                steps: tuple[Step, ...] = (
                    *own,
                    NoneOf(before, "no other rule decides"),
                    Assign(BYPASS, Constant(1)),
                )
                translate = Translate(NatKind.DNAT, target)
                rules.append(Rule(entry.source.position, entry.source.text, (*steps, translate)))
        return rules

    def _translate(self, rule: PfRule) -> tuple[Step, ...]:
        if rule.action in ANCHORS:
            return self._translating_anchor(rule)
        if rule.action == "binat":
            return self._binat(rule)
        conditions = self.conditions(_Entry(rule, (), ""), "in")
        if rule.no:
            return (*conditions, Stop(Verdict.ACCEPT))
        target = parse_target(rule.target or rule.option("rdr-to") or "")
        if target is None:
            return (*conditions, Opaque(f"the target {rule.target or rule.option('rdr-to')} is not followed"))
        bypass: tuple[Step, ...] = (Assign(BYPASS, Constant(1)),) if rule.passes else ()
        return (*conditions, *bypass, Translate(NatKind.DNAT, target))

    def _translating_anchor(self, rule: PfRule) -> tuple[Step, ...]:
        found = children(self.system.anchors, rule.name) if rule.body is None else [("", rule.body)]
        rules = [one for _, body in found for one in body or ()]
        conditions = self.conditions(_Entry(rule, (), ""), "in")
        kind = rule.action.removesuffix("-anchor")
        if found and not any(one.action == kind for one in rules):
            return (Always(answer=False, text="empty anchor"),)
        return (*conditions, Opaque(f'the rules of {rule.action} "{rule.name}" were not read'))

    def _binat(self, rule: PfRule) -> tuple[Step, ...]:
        """Incoming packets to the outer address go to the inner one."""
        outer, inner = want.target_address(rule.target.split()[0] if rule.target else ""), None
        if len(rule.sources) == 1:
            inner = want.target_address(rule.sources[0].text)
        if outer is None or inner is None or rule.no:
            return (Opaque(f"binat to {rule.target} is not followed"),)
        field_name = "ip daddr" if outer.version == 4 else "ip6 daddr"
        target = Target(addresses=(int(inner), int(inner)))
        return (
            InRanges(field_name, ((int(outer),) * 2,), "to"),
            Translate(NatKind.DNAT, target, inner.version),
        )


class _Gathering(Struct):
    """Sorts the rules of a direction by when they decide, anchors entered in their place."""

    lowering: _Lowering
    direction: str
    quick: list[_Entry] = field(default_factory=list)
    slow: list[_Entry] = field(default_factory=list)
    tags: list[_Setter] = field(default_factory=list)

    def take(
        self, items: Iterable[object], around: tuple[Match, ...], policy: str, path: str, depth: int
    ) -> None:
        """Add the rules among some items."""
        for item in items:
            if not isinstance(item, RuleLine | PfRule) or item.direction not in ("", self.direction):
                continue
            entry = _Entry(item, around, policy, tags=self.tags, before=len(self.tags))
            if isinstance(item, RuleLine):
                (self.quick if item.quick else self.slow).append(entry)
            elif item.action == "anchor":
                self._anchor(entry, path, depth)
            elif item.action in FILTER:
                self._rule(entry, item)

    def _rule(self, entry: _Entry, rule: PfRule) -> None:
        tag = rule.option("tag")
        if tag is not None:
            conditions = (*entry.around, *self.lowering.conditions(entry, self.direction))
            self.tags.append((conditions, tag))
        if rule.action != "match":
            (self.quick if rule.quick else self.slow).append(entry)

    def _anchor(self, entry: _Entry, path: str, depth: int) -> None:
        rule = entry.rule
        name = f"{path}/{rule.name}".lstrip("/")
        contents = (
            [("", rule.body)] if rule.body is not None else children(self.lowering.system.anchors, name)
        )
        prefix = name.rstrip("*")
        unread = [one for one in self.lowering.system.unread if one == name or one.startswith(prefix)]
        if not contents or depth > MAX_DEPTH or (unread and rule.body is None):
            entry.opaque = f'the rules of anchor "{unread[0] if unread else name}" were not read'
            self.quick.append(entry)
            return
        around = (*entry.around, *self.lowering.conditions(entry, self.direction))
        outer = self.slow
        self.slow = []
        for child, body in contents:
            self.take(body or (), around, entry.policy, child or name, depth + 1)
        inner, self.slow = self.slow, outer
        if rule.quick:
            self.quick += reversed(inner)
        else:
            self.slow += inner


_Body = Sequence["PfRule | RuleLine"]


def children(anchors: Mapping[str, _Body], name: str) -> list[tuple[str, _Body | None]]:
    """The anchors that a name stands for: ``x/*`` are those below x by their names' order."""
    if not name.endswith("*"):
        return [(name, anchors[name])] if name in anchors else []
    prefix = name[:-1]
    below = sorted(one for one in anchors if one.startswith(prefix) and "/" not in one[len(prefix) :])
    return [(one, anchors[one]) for one in below]


_FIELD = {"in": "iifname", "out": "oifname"}
_LIMITS = frozenset(("probability", "max-pkt-rate"))
_SILENT = frozenset(
    (
        "state",
        "label",
        "tag",
        "allow-opts",
        "set",
        "scrub",
        "queue",
        "prio",
        "rtable",
        "ridentifier",
        "nat-to",
        "rdr-to",
    )
    + (
        "route-to",
        "reply-to",
        "dup-to",
        "fastroute",
        "divert-to",
        "divert-reply",
        "divert-packet",
        "af-to",
        "binat-to",
    )
    + (
        "static-port",
        "sticky-address",
        "round-robin",
        "random",
        "bitmask",
        "source-hash",
        "dnpipe",
        "dnqueue",
    )
    + ("least-states", "no-sync", "once", "max-pkt-size")
)
"""Options that put no condition on a packet; what some of them do is in ``_actions``."""

_ELSEWHERE = ("route-to", "fastroute", "divert-to", "divert-packet", "af-to", "rdr-to", "binat-to")


def _options(entry: _Entry) -> list[Match | None]:
    found: list[Match | None] = []
    rule = entry.rule
    given = {option.name for option in rule.options}
    if "flags" not in given and rule.action == "pass" and not _is_stateless(rule):
        found.append(want.flags("S/SA"))
    for option in rule.options:
        name, value = option.name, option.value
        if name == "flags":
            found.append(want.flags(value))
        elif name == "fragment":
            found.append(Always(answer=False, text="fragment"))
        elif name in ("tagged", "! tagged"):
            before = tuple(entry.tags[: entry.before])
            found.append(Tagged(before, value, f"{name} {value}", negated=name != "tagged"))
        elif name in _LIMITS:
            found.append(UnknownMatch(f"{name} {value}", UnknownKind.LIMIT))
        elif name not in _SILENT:
            found.append(UnknownMatch(f"{name} {value}".replace("\0", ", ").strip()))
    return found


def _is_stateless(rule: PfRule) -> bool:
    return (rule.option("state") or "").startswith("no state")


def _block(rule: PfRule, policy: str) -> Stop:
    returns = rule.returns or ("return" if policy == "return" else "drop")
    if returns == "drop":
        return Stop(Verdict.DROP)
    if returns.startswith("return-icmp"):
        code = returns.partition("(")[2].rstrip(")")
        return Stop(Verdict.REJECT, f"icmp {code or 'port-unreachable'}")
    return Stop(Verdict.REJECT, "tcp reset")


def parse_target(text: str) -> Target | None:
    """``127.0.0.1 port 8080`` behind ``->`` or ``rdr-to``; None for pools, interfaces and port ranges."""
    words = text.split()
    if not words:
        return None
    address = want.target_address(words[0])
    number: int | None = None
    if len(words) == 3 and words[1] == "port":
        number = want.port_number(words[2])
    if address is None or (len(words) > 1 and number is None):
        return None
    ports = None if number is None else (number, number)
    return Target(addresses=(int(address), int(address)), ports=ports)


class NoneOf(Match, Struct, frozen=True):
    """None of several rules matches, each given by what must hold for it."""

    rules: tuple[tuple[Match, ...], ...]
    text: str

    def test(self, fields: Fields) -> bool | None:
        """Ask them in order; a rule that matches perhaps leaves it open."""
        answers = []
        for conditions in self.rules:
            found = [match.test(fields) for match in conditions]
            if False not in found:
                answers.append(None if None in found else True)
        if True in answers:
            return False
        return None if answers else True


class Tagged(Match, Struct, frozen=True):
    """An earlier rule has put this tag on the packet: of those that match and set one, the last."""

    setters: tuple[tuple[tuple[Match, ...], str], ...]
    tag: str
    text: str
    negated: bool = False

    def test(self, fields: Fields) -> bool | None:
        """Walk the rules that set tags, the last one first."""
        possible: set[bool] = set()
        for conditions, tag in reversed(self.setters):
            answers = [match.test(fields) for match in conditions]
            if False in answers:
                continue
            possible.add(tag == self.tag)
            if None not in answers:
                break
        else:
            possible.add(False)
        return possible.pop() is not self.negated if len(possible) == 1 else None
