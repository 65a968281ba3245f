"""What one base chain does with a packet: every end that is possible, with the rule behind it.

There is one evaluator and the trace is its output. A match that is unknown forks the walk in thought: the end
of its rule is noted as possible, and the walk goes on as if it had not matched. Fields that the two branches
leave different are unknown from there on. So an unknown never hides a decision that does not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from msgspec import Struct, field

from landiag.firewall.engine.fields import REWRITTEN, PacketFields, merge
from landiag.firewall.engine.nat import translated
from landiag.model.action import (
    Action,
    Assign,
    Break,
    Dispatch,
    Jump,
    Opaque,
    Remember,
    Return,
    Stop,
    Translate,
    Untrack,
)
from landiag.model.match import Match
from landiag.model.packet import ABSENT, Value
from landiag.model.ruleset import Chain, Rule, RuleList, Ruleset, TraceLine, Verdict
from landiag.model.sets import InSet, values_of

MAX_LINES = 20_000
"""How long a trace may become."""

MAX_RULES = 500_000
"""How many rules one walk may meet: chains that jump twice each to the next would otherwise never end."""


class End(Struct):
    """One way in which a walk can end: the verdict, the line that says so, and the packet as it is then."""

    verdict: Verdict
    line: TraceLine
    fields: PacketFields
    certain: bool
    reject_with: str | None = None
    translate: Translate | None = None
    unknown: tuple[TraceLine, ...] = ()


class Next(Enum):
    """Where a walk goes after a rule."""

    RULE = "the next rule"
    CALLER = "back to the chain that jumped here"
    GONE = "it has ended"


class Walk(Struct):
    """A walk through one base chain. ``lines`` is the trace; ``ends`` are the possible ends."""

    ruleset: Ruleset
    fields: PacketFields
    hook: str
    leg: str = ""
    lines: list[TraceLine] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    untracked: bool | None = False
    budget: int = MAX_RULES
    _stack: list[str] = field(default_factory=list)
    _returns: list[list[PacketFields]] = field(default_factory=list)

    def run(self, chain: Chain) -> list[End]:
        """Walk a base chain and apply its policy; returns every possible end."""
        if self._chain(chain):
            policy = chain.policy
            line = TraceLine(self.hook, policy.value, chain, None, f"policy {policy.value}", self.leg)
            self.lines.append(line)
            self._end(policy, line, certain=True)
        return self.ends

    def _chain(self, chain: Chain) -> bool:
        """Walk a chain; False when the packet certainly does not come out at its end."""
        self._stack.append(chain.name)
        self._returns.append([])
        gone = False
        for rule in candidates(chain, self.fields):
            self.budget -= 1
            if self.budget < 0 or len(self.lines) > MAX_LINES:
                self._opaque(chain, rule, "too many rules to follow")
                gone = True
                break
            after = self._rule(chain, rule)
            if after is not Next.RULE:
                gone = after is Next.GONE
                break
        self._stack.pop()
        returned = self._returns.pop()
        if gone and not returned:
            return False
        states = returned if gone else [self.fields, *returned]
        self.fields = states[0]
        for state in states[1:]:
            self.fields = merge(self.fields, state)
        return True

    def _rule(self, chain: Chain, rule: Rule) -> Next:
        certain, unknown = True, ""
        done: list[str] = []
        for step in rule.steps:
            if isinstance(step, Match):
                holds = self._test(step)
                if holds is False:
                    if done:
                        self._note(chain, rule, ", ".join(done), certain=certain, unknown=unknown)
                    return Next.RULE
                if holds is None:
                    certain, unknown = False, unknown or step.text
                continue
            if isinstance(step, Break):
                break
            after = self._act(chain, rule, step, certain=certain, unknown=unknown, done=done)
            if after is not None:
                return after
        self._note(chain, rule, ", ".join(done) or "continue", certain=certain, unknown=unknown)
        return Next.RULE

    def _test(self, match: Match) -> bool | None:
        if isinstance(match, InSet) and match.elements.dynamic:
            known = self.fields.context.remembered.get(id(match.elements))
            values = values_of(match.operands, self.fields) if known else None
            for there, key in reversed(known or []):
                if values is not None and tuple(values) == key:
                    return there is not match.negated
        return match.test(self.fields)

    def _act(
        self, chain: Chain, rule: Rule, action: Action, *, certain: bool, unknown: str, done: list[str]
    ) -> Next | None:
        """Do one action; None when the rule goes on behind it."""
        if isinstance(action, Dispatch):
            return self._dispatch(chain, rule, action, certain=certain, unknown=unknown, done=done)
        if isinstance(action, Assign):
            if not self._assign(action, certain=certain):
                return Next.RULE
            done.append(f"{action.field} {_shown(self.fields[action.field])}")
            return None
        if isinstance(action, Untrack):
            self.untracked = True if certain else None
            done.append("notrack")
            return None
        if isinstance(action, Remember):
            return None if self._remember(action, certain=certain) else Next.RULE
        if isinstance(action, Break):
            return Next.RULE
        return self._leave(chain, rule, action, certain=certain, unknown=unknown)

    def _leave(self, chain: Chain, rule: Rule, action: Action, *, certain: bool, unknown: str) -> Next:
        if isinstance(action, Jump):
            return self._jump(chain, rule, action, certain=certain, unknown=unknown)
        if isinstance(action, Return):
            self._note(chain, rule, "return", certain=certain, unknown=unknown)
            if certain:
                return Next.CALLER
            self._returns[-1].append(self.fields.copy())
            return Next.RULE
        if isinstance(action, Stop):
            line = self._note(chain, rule, action.verdict.value, certain=certain, unknown=unknown)
            self._end(action.verdict, line, certain=certain, reject_with=action.reject_with)
            return Next.GONE if certain else Next.RULE
        if isinstance(action, Translate):
            if translated(self.fields, action) is None:
                return Next.RULE
            line = self._note(chain, rule, action.kind.value, certain=certain, unknown=unknown)
            self._end(Verdict.ACCEPT, line, certain=certain, translate=action)
            return Next.GONE if certain else Next.RULE
        self._opaque(chain, rule, action.text if isinstance(action, Opaque) else type(action).__name__)
        return Next.RULE

    def _opaque(self, chain: Chain, rule: Rule, text: str) -> None:
        """Note that the packet may end here in any way."""
        line = self._note(chain, rule, "unknown", certain=False, unknown=text)
        for verdict in (Verdict.ACCEPT, Verdict.DROP):
            self._end(verdict, line, certain=False)

    def _jump(self, chain: Chain, rule: Rule, jump: Jump, *, certain: bool, unknown: str) -> Next:
        word = "goto" if jump.goto else "jump"
        self._note(chain, rule, f"{word} {jump.chain}", certain=certain, unknown=unknown)
        target = self.ruleset.tables.get(chain.key, {}).get(jump.chain)
        if target is None or jump.chain in self._stack:
            self._opaque(
                chain, rule, f"{word} {jump.chain}: no such chain" if target is None else "a cycle of jumps"
            )
            return Next.RULE
        before = None if certain else self.fields.copy()
        back = self._chain(target)
        if before is not None:
            if back and jump.goto:
                self._returns[-1].append(self.fields.copy())
            self.fields = merge(before, self.fields) if back and not jump.goto else before
            return Next.RULE
        if not back:
            return Next.GONE
        return Next.CALLER if jump.goto else Next.RULE

    def _dispatch(
        self, chain: Chain, rule: Rule, action: Dispatch, *, certain: bool, unknown: str, done: list[str]
    ) -> Next | None:
        values = values_of(action.operands, self.fields)
        if values is None:
            return Next.RULE
        found = action.elements.lookup(values)
        if found.certain and not found.data:
            return Next.RULE
        certain = certain and found.certain
        unknown = unknown or f"vmap {action.elements.name}"
        after: Next | None = Next.RULE
        for one in found.data or (Opaque(unknown),):
            if isinstance(one, Action):
                after = self._act(chain, rule, one, certain=certain, unknown=unknown, done=done)
        return after if certain else Next.RULE

    def _assign(self, action: Assign, *, certain: bool) -> bool:
        """Set a field; False where the rule ends here because it cannot be set."""
        old, new = self.fields[action.field], action.operand.value(self.fields)
        if new is ABSENT or (old is ABSENT and not action.field.startswith("ct ")):
            return False
        if old is not ABSENT:
            self.fields[action.field] = new if certain or new == old else None
            if action.field.endswith(("addr", "port")):
                self.fields[REWRITTEN] = 1
        return True

    def _remember(self, action: Remember, *, certain: bool) -> bool:
        """Add to a set; False where the packet has no such key, which ends the rule."""
        values = values_of(action.operands, self.fields)
        if values is None:
            return False
        if not certain:
            return True
        known = self.fields.context.remembered.setdefault(id(action.elements), [])
        known.append((not action.delete, tuple(values)))
        return True

    def _end(
        self,
        verdict: Verdict,
        line: TraceLine,
        *,
        certain: bool,
        reject_with: str | None = None,
        translate: Translate | None = None,
    ) -> None:
        fields = self.fields if certain else self.fields.copy()
        self.ends.append(End(verdict, line, fields, certain, reject_with, translate))

    def _note(self, chain: Chain, rule: Rule, result: str, *, certain: bool, unknown: str) -> TraceLine:
        if not certain:
            result = f"perhaps {result}: {unknown} is not known" if unknown else f"perhaps {result}"
        line = TraceLine(self.hook, result, chain, rule, "", self.leg)
        self.lines.append(line)
        return line


def candidates(chain: Chain, fields: PacketFields) -> Iterable[Rule]:
    """The rules of a chain that may match the packet, in order."""
    rules = chain.rules
    return rules.candidates(fields) if isinstance(rules, RuleList) else rules


def _shown(value: Value) -> str:
    return hex(value) if isinstance(value, int) else "unknown"
