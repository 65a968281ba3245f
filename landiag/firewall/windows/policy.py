"""Windows Firewall as stores of rules and settings of profiles, and its lowering to chains.

There is no order of rules: a block that matches wins over every allow, and the profile's default decides the
rest (MS-FASP 2.2.34). So each profile becomes one chain: its switches, its block rules, its allow rules, its
default. Only inbound rules of enabled rules are in it; replies and established connections pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import overload

from msgspec import Struct, field

from landiag.firewall.windows.conditions import FromItself, profiles
from landiag.firewall.windows.interfaces import interfaces
from landiag.firewall.windows.programs import is_path
from landiag.firewall.windows.settings import DEFAULTS, PROFILES, ProfileSettings, doubted
from landiag.model.action import Action, Jump, Opaque, Stop, Verdict
from landiag.model.facts import Unknown
from landiag.model.match import InRanges, Match, UnknownMatch
from landiag.model.operands import Fields
from landiag.model.packet import CT_STATES
from landiag.model.ruleset import Chain, Hook, Rule, RuleList, Ruleset, Step

BACKEND = "windows"
TABLE = "Windows Firewall"
ENTRY = "inbound"


class Store(str, Enum):
    """Where a rule or a setting comes from. RESTRICTED rules (services, app containers) only ever narrow."""

    LOCAL = "local"
    GROUP_POLICY = "group policy"
    MDM = "device management"
    RESTRICTED = "service restrictions"


STRENGTH = (Store.LOCAL, Store.MDM, Store.GROUP_POLICY)
"""Whose settings win, the strongest last."""


class FirewallRule(Struct):
    """One rule of a store. None in ``action``, ``inbound`` or ``enabled`` means that it is not known.

    ``action`` is ``allow``, ``block`` or ``bypass``. ``profiles`` is None for all of them. ``conditions``
    gives what must hold besides; it is asked once, when a packet meets the rule. ``text`` is the rule as its
    tool prints it. ``program`` is the path it is for, as written; ``ports`` are the local ports when they are
    nothing but single numbers, else None. ``is_named`` tells whether ``identity`` is the name under which the
    store keeps the rule; some tools print only its title.
    """

    identity: str
    title: str
    action: str | None
    inbound: bool | None
    enabled: bool | None
    profiles: frozenset[str] | None
    text: str
    conditions: Callable[[], tuple[Match, ...]]
    store: Store = Store.LOCAL
    program: str | None = None
    ports: frozenset[str] | None = None
    is_named: bool = True
    _matches: tuple[Match, ...] | None = None

    @property
    def matches(self) -> tuple[Match, ...]:
        """Everything that must hold for the rule to count, the profile apart."""
        if self._matches is None:
            doubts = tuple(
                UnknownMatch(f"{self.title}: {word}")
                for word, known in (("its direction", self.inbound), ("whether it is enabled", self.enabled))
                if known is None
            )
            self._matches = (*self.conditions(), *doubts)
        return self._matches

    def is_ruled_out(self, port: str | None, basename: str | None) -> bool:
        """Whether the rule certainly does not match this local port or program; costs next to nothing."""
        if port is not None and self.ports is not None and port not in self.ports:
            return True
        program = self.program
        if basename is None or program is None or "~" in program or not program.isascii():
            return False
        if not is_path(program):
            return False
        return not program.lower().rstrip('" ').endswith(basename)

    @property
    def is_prompt_block(self) -> bool:
        """Whether it is one of the block rules that a cancelled "allow access" prompt leaves behind."""
        return self.action == "block" and "query user{" in self.identity.lower()


class ProfileRule(Rule):
    """A rule in the chain of one profile, lowered when a packet meets it."""

    __slots__ = ("source",)

    def __init__(self, position: int, source: FirewallRule) -> None:
        super().__init__(position, source.text, None, comment=source.title)
        self.source = source

    def lower(self) -> tuple[Step, ...]:
        """The conditions, then what the rule does."""
        return (*self.source.matches, _action(self.source))


class ProfileRules(RuleList):
    """The rules of one profile's chain, gathered when a packet comes to it."""

    __slots__ = ("_policy", "_profile", "_rules")

    def __init__(self, policy: Policy, profile: str) -> None:
        self._policy = policy
        self._profile = profile
        self._rules: Sequence[Rule] | None = None

    def _all(self) -> Sequence[Rule]:
        if self._rules is None:
            self._rules = tuple(self._policy.profile_rules(self._profile))
        return self._rules

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, index: int) -> Rule: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Rule]: ...
    def __getitem__(self, index: int | slice) -> Rule | Sequence[Rule]:
        return self._all()[index]

    def candidates(self, fields: Fields) -> Iterable[Rule]:
        """The rules whose port and program do not rule them out; see ``RuleList.candidates``."""
        port, program = fields["th dport"], fields["program"]
        word = str(port) if isinstance(port, int) else None
        basename = None
        if isinstance(program, str) and "~" not in program:
            basename = program.lower().replace("/", "\\").rpartition("\\")[2]
        for rule in self._all():
            if not isinstance(rule, ProfileRule) or not rule.source.is_ruled_out(word, basename):
                yield rule


def _action(rule: FirewallRule) -> Action:
    if rule.action == "allow":
        return Stop(Verdict.ACCEPT)
    return Stop(Verdict.DROP) if rule.action == "block" else Opaque(f"{rule.title}: its action is not known")


class Policy(Struct):
    """Everything that was read of one machine's Windows Firewall.

    ``has_rules`` is False while no source with rules was read: then nobody knows them.
    """

    rules: list[FirewallRule] = field(default_factory=list)
    settings: dict[tuple[Store, str], ProfileSettings] = field(default_factory=dict)
    has_rules: bool = False
    gaps: list[Unknown] = field(default_factory=list)
    legacy: dict[str, ProfileSettings] = field(default_factory=dict)
    """What Group Policy says in the form of before Windows Vista, by profile: whether it counts nobody here knows."""

    def set(self, store: Store, profile: str, settings: ProfileSettings) -> None:
        """Add settings of a profile to those that the store has."""
        known = self.settings.get((store, profile), ProfileSettings())
        self.settings[store, profile] = known.under(settings)

    def add(self, other: Policy) -> None:
        """Add what another file of the same machine says."""
        self.rules += other.rules
        self.has_rules = self.has_rules or other.has_rules
        self.gaps += other.gaps
        self.legacy.update(other.legacy)
        for (store, profile), settings in other.settings.items():
            self.set(store, profile, settings)

    def effective(self, profile: str) -> ProfileSettings:
        """The settings that are in force for a profile."""
        settings = DEFAULTS
        for store in STRENGTH:
            settings = settings.under(self.settings.get((store, profile), ProfileSettings()))
        return doubted(settings, self.legacy.get(profile, ProfileSettings()))

    def ignores_rules_by(self, profile: str) -> Store | None:
        """The store that decides whether all rules are ignored (block all incoming connections)."""
        known = ((store, self.settings.get((store, profile))) for store in reversed(STRENGTH))
        return next((store for store, one in known if one is not None and one.blocks_all is not None), None)

    def lower(self) -> Ruleset:
        """The chains: one where packets enter, one for each profile."""
        chains = {ENTRY: Chain(BACKEND, "inet", TABLE, ENTRY, _entry_rules(), Hook("input"), Verdict.DROP)}
        for profile in PROFILES:
            chains[profile] = Chain(BACKEND, "inet", TABLE, profile, ProfileRules(self, profile))
        always_tracked: dict[tuple[str, str], object] = {("tracked", "ip"): True, ("tracked", "ip6"): True}
        return Ruleset({(BACKEND, "inet", TABLE): chains}, notes=always_tracked)

    def profile_rules(self, profile: str) -> Iterable[Rule]:
        """The rules of a profile's chain, in the order in which they decide."""
        settings = self.effective(profile)
        if settings.enabled is False:
            yield Rule(1, f"the firewall is off in the {profile} profile", (Stop(Verdict.ACCEPT),))
            return
        rules = [*_switches(profile, settings), *self._stores(profile, settings)]
        rules.append((None, f"default of the {profile} profile", _default(settings)))
        for position, (source, text, steps) in enumerate(rules, 1):
            yield ProfileRule(position, source) if source is not None else Rule(position, text, steps)

    def _stores(self, profile: str, settings: ProfileSettings) -> list[_Line]:
        if settings.blocks_all is True:
            return []
        lines: list[_Line] = [
            (None, f"{gap.source}: {gap.reason}", (Opaque(gap.reason),)) for gap in self.gaps
        ]
        if not self.has_rules:
            lines.append((None, "the rules were not read", (Opaque("the rules were not read"),)))
        if isinstance(settings.merges_local, Unknown):
            reason = settings.merges_local.reason
            lines.append((None, f"whether local rules count: {reason}", (Opaque(reason),)))
        rules = [rule for rule in self.rules if self._counts(rule, profile, settings)]
        for wanted in ((None, "block"), ("allow",)):
            lines += [(rule, "", ()) for rule in rules if rule.action in wanted]
        return lines

    @staticmethod
    def _counts(rule: FirewallRule, profile: str, settings: ProfileSettings) -> bool:
        if rule.inbound is False or rule.enabled is False:
            return False
        if rule.profiles is not None and profile not in rule.profiles:
            return False
        if rule.store is Store.RESTRICTED:
            return rule.action != "allow"
        return rule.store is not Store.LOCAL or settings.merges_local is not False


_Line = tuple["FirewallRule | None", str, tuple[Step, ...]]


def _entry_rules() -> tuple[Rule, ...]:
    states = InRanges("ct state", ((CT_STATES["established"],) * 2, (CT_STATES["related"],) * 2))
    return (
        Rule(1, "packets of an established connection pass", (states, Stop(Verdict.ACCEPT))),
        Rule(2, "loopback is not filtered", (FromItself(), Stop(Verdict.ACCEPT))),
        Rule(
            3,
            "interface in the domain profile",
            (profiles(frozenset(("domain",))), Jump("domain", goto=True)),
        ),
        Rule(
            4,
            "interface in the private profile",
            (profiles(frozenset(("private",))), Jump("private", goto=True)),
        ),
        Rule(5, "interface in the public profile, or in none", (Jump("public", goto=True),)),
    )


def _switches(profile: str, settings: ProfileSettings) -> list[_Line]:
    lines: list[_Line] = []
    if isinstance(settings.enabled, Unknown):
        text = f"whether the firewall is on in the {profile} profile: {settings.enabled.reason}"
        lines.append((None, text, (UnknownMatch(text), Stop(Verdict.ACCEPT))))
    if settings.excluded:
        text = f"interfaces that are not filtered: {', '.join(settings.excluded)}"
        match = interfaces(settings.excluded, text)
        lines.append((None, text, (*(() if match is None else (match,)), Stop(Verdict.ACCEPT))))
    if isinstance(settings.blocks_all, Unknown):
        text = f"whether all incoming connections are blocked: {settings.blocks_all.reason}"
        lines.append((None, text, (UnknownMatch(text), *_default(settings))))
    elif settings.blocks_all:
        text = f"all rules are ignored in the {profile} profile (block all incoming connections)"
        lines.append((None, text, _default(settings)))
    return lines


def _default(settings: ProfileSettings) -> tuple[Step, ...]:
    blocks = settings.blocks_by_default
    if isinstance(blocks, Unknown):
        return (Opaque(f"the default inbound action is not known: {blocks.reason}"), Stop(Verdict.DROP))
    return (Stop(Verdict.DROP if blocks else Verdict.ACCEPT),)
