"""What one base chain does with a packet: every end that is possible, with the rule behind it.

There is one evaluator and the trace is its output. A match that is unknown forks the walk in thought: the end
of its rule is noted as possible, and the walk goes on as if it had not matched. Fields that the two branches
leave different are unknown from there on. So an unknown never hides a decision that does not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.engine.changes import assign, remember, remembered, settled
from landiag.firewall.engine.draws import doubt_of, drawn_by, holds_when_settled, is_fixed, settle
from landiag.firewall.engine.ends import Doubts, End, Met, Next, gather, minus, share_of, shown, times, unlike
from landiag.firewall.engine.fields import PacketFields, merge
from landiag.firewall.engine.nat import translated
from landiag.firewall.engine.sockets import divert
from landiag.model.action import (
    Action,
    Assign,
    Break,
    Dispatch,
    Divert,
    Jump,
    Opaque,
    Remember,
    Return,
    Stop,
    Translate,
    Untrack,
)
from landiag.model.chance import Limited
from landiag.model.match import Doubt, Match, UnknownKind
from landiag.model.operands import Draw
from landiag.model.ruleset import Chain, Ruleset, Step, TraceLine, Verdict, policy_text
from landiag.model.sets import values_of

MAX_LINES = 20_000
"""How long a trace may become."""

MAX_RULES = 500_000
"""How many rules one walk may meet: chains that jump twice each to the next would otherwise never end."""


class Walk(Struct):
    """A walk through one base chain. ``lines`` is the trace; ``ends`` are the possible ends.

    ``open_doubts`` and ``rest`` are those of the ends behind it: what the rest of connections hang on, and how many
    they are. ``came_back``: whether the chain that was left last has not ended all.
    """

    ruleset: Ruleset
    fields: PacketFields
    hook: str
    leg: str = ""
    lines: list[TraceLine] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    untracked: bool | None = False
    budget: int = MAX_RULES
    open_doubts: Doubts = ()
    rest: float | None = 1.0
    came_back: bool = True
    _stack: list[str] = field(default_factory=list)
    _returns: list[list[PacketFields]] = field(default_factory=list)

    def run(self, chain: Chain) -> list[End]:
        """Walk a base chain and apply its policy; returns every possible end."""
        if self._chain(chain):
            policy = chain.policy
            line = TraceLine(
                self.hook, policy.value, chain, None, policy_text(policy), self.leg, verdict=policy
            )
            self.lines.append(line)
            self._end(policy, line)
        return self.ends

    def _chain(self, chain: Chain) -> bool:
        """Walk a chain; False when the packet certainly does not come out at its end."""
        self._stack.append(chain.name)
        self._returns.append([])
        gone = False
        for rule in chain.candidates(self.fields):
            self.budget -= 1
            if self.budget < 0 or len(self.lines) > MAX_LINES:
                self._opaque(Met(chain, rule), "too many rules to follow")
                gone = True
                break
            after = self._rule(Met(chain, rule))
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

    def _rule(self, met: Met) -> Next:
        for place, step in enumerate(met.rule.steps):
            if isinstance(step, Match):
                holds = self._test(step)
                if holds is False:
                    self._stay_below(met, step, met.rule.steps[place + 1 :])
                    if met.done:
                        self._note(met, ", ".join(met.done))
                    return Next.RULE
                if holds is None:
                    met.doubts = (*met.doubts, doubt_of(step, self.fields))
                elif isinstance(step, Limited):
                    met.limits = (*met.limits, step.limit)
                continue
            if isinstance(step, Break):
                break
            after = self._act(met, step)
            if after is not None:
                return after
        self._note(met, ", ".join(met.done) or "continue")
        return Next.RULE

    def _stay_below(self, met: Met, step: Match, others: Iterable[Step]) -> None:
        """Note a limit that would stop more than an ordinary visit, where all else of its rule holds."""
        if not isinstance(step, Limited) or not met.certain:
            return
        if all(self._test(one) is not False for one in others if isinstance(one, Match)):
            self._note(replace(met, limits=(*met.limits, step.limit)), "continue: stays below the limit")

    def _test(self, match: Match) -> bool | None:
        known = remembered(self.fields, match)
        known = match.test(self.fields) if known is None else known
        return holds_when_settled(match, self.fields) if known is None else known

    def _act(self, met: Met, action: Action) -> Next | None:
        """Do one action; None when the rule goes on behind it."""
        action = settled(action, self.fields, self.ruleset.queue_readers, certain=met.certain)
        if isinstance(action, Dispatch | Translate):
            draw = drawn_by(action, self.fields)
            if draw is not None:
                number = settle(draw, action, self.fields)
                return self._draw(met, action, draw, draw.numbers if number is None else (number,))
        if isinstance(action, Dispatch):
            return self._dispatch(met, action)
        if isinstance(action, Assign):
            if not assign(self.fields, action, certain=met.certain):
                return Next.RULE
            met.done.append(f"{action.field} {shown(self.fields[action.field])}")
            return None
        if isinstance(action, Untrack):
            self.untracked = True if met.certain else None
            met.done.append("notrack")
            return None
        if isinstance(action, Remember):
            return None if remember(self.fields, action, certain=met.certain) else Next.RULE
        if isinstance(action, Divert):
            return self._divert(met, action)
        if isinstance(action, Break):
            return Next.RULE
        return self._leave(met, action)

    def _draw(self, met: Met, action: Dispatch | Translate, draw: Draw, numbers: Sequence[int]) -> Next:
        """Follow each number that may be drawn: each for its share of connections, or always for some clients."""
        before, doubts, name = self.fields, met.doubts, draw.field
        is_fixed_for_it = self.fields.packet.is_named and is_fixed(draw)
        kind = UnknownKind.CHOICE if is_fixed_for_it else UnknownKind.SHARE
        all_end = True
        for at, number in enumerate(numbers):
            self.fields = before.copy()
            self.fields[name] = number
            left = len(numbers) - at
            met.doubts = (*doubts, Doubt(kind, name, 1 / left)) if left > 1 else doubts
            self._act(met, action)
            self.fields = before
            all_end = all_end and self._ends_with(action, name, number)
        return Next.GONE if all_end and not doubts else Next.RULE

    def _ends_with(self, action: Dispatch | Translate, name: str, number: int) -> bool:
        fields = self.fields.copy()
        fields[name] = number
        if isinstance(action, Translate):
            return translated(fields, action) is not None
        values = values_of(action.operands, fields)
        found = None if values is None else action.elements.lookup(values)
        first = None if found is None or not found.certain else next(iter(found.data), None)
        return isinstance(first, Stop) or (isinstance(first, Jump) and not self.came_back)

    def _divert(self, met: Met, action: Divert) -> Next | None:
        """Hand the packet to another socket; where none takes it, the rule drops it, or ends."""
        before = self.fields.copy()
        taken = divert(self.fields, action)
        if taken is None or (taken and not met.certain):
            self.fields = before
            self._opaque(met, "tproxy: whether a transparent socket takes the packet")
            return Next.RULE
        if taken:
            met.done.append("tproxy")
            return None
        if action.else_drop:
            return self._leave(met, Stop(Verdict.DROP))
        self._note(met, "continue: no transparent socket takes the packet")
        return Next.RULE

    def _leave(self, met: Met, action: Action) -> Next:
        if isinstance(action, Jump):
            return self._jump(met, action)
        if isinstance(action, Return):
            self._note(met, "return")
            if met.certain:
                return Next.CALLER
            self._returns[-1].append(self.fields.copy())
            return Next.RULE
        if isinstance(action, Stop):
            line = self._note(met, action.verdict.value, action.verdict)
            self._end(action.verdict, line, reject_with=action.reject_with)
            return Next.GONE if met.certain else Next.RULE
        if isinstance(action, Translate):
            if translated(self.fields, action) is None:
                return Next.RULE
            line = self._note(met, action.kind.value, Verdict.ACCEPT)
            self._end(Verdict.ACCEPT, line, translate=action)
            return Next.GONE if met.certain else Next.RULE
        self._opaque(met, action.text if isinstance(action, Opaque) else type(action).__name__)
        return Next.RULE

    def _opaque(self, met: Met, text: str) -> None:
        """Note that the packet may end here in any way."""
        met.doubts = (*met.doubts, Doubt(UnknownKind.UNMODELLED, text))
        line = self._note(met, "unknown", Verdict.UNKNOWN)
        for verdict in (Verdict.ACCEPT, Verdict.DROP):
            self._end(verdict, line)

    def _jump(self, met: Met, jump: Jump) -> Next:
        word = "goto" if jump.goto else "jump"
        self._note(met, f"{word} {jump.chain}")
        target = self.ruleset.tables.get(met.chain.key, {}).get(jump.chain)
        if target is None or jump.chain in self._stack:
            self._opaque(met, f"{word} {jump.chain}: no such chain" if target is None else "a cycle of jumps")
            return Next.RULE
        before, rest = (None if met.certain else self.fields.copy()), self.rest
        outer = self.open_doubts
        self.open_doubts, self.rest = gather(outer, met.doubts), times(rest, share_of(met.doubts))
        entered = self.rest
        self.came_back = back = self._chain(target)
        if before is None:
            if not back:
                return Next.GONE
            return Next.CALLER if jump.goto else Next.RULE
        # The rest of connections did not enter, or came back.
        ended = minus(entered, self.rest if back else 0.0)
        self.rest = minus(rest, ended)
        if back and jump.goto:
            self._returns[-1].append(self.fields.copy())
        self.fields = merge(before, self.fields) if back and not jump.goto else before
        return Next.RULE

    def _dispatch(self, met: Met, action: Dispatch) -> Next | None:
        values = values_of(action.operands, self.fields)
        if values is None:
            return Next.RULE
        found = action.elements.lookup(values)
        if found.certain and not found.data:
            return Next.RULE
        if not found.certain:
            met.doubts = (*met.doubts, Doubt(UnknownKind.UNMODELLED, f"vmap {action.elements.name}"))
        after: Next | None = Next.RULE
        for one in found.data or (Opaque(f"vmap {action.elements.name}"),):
            if isinstance(one, Action):
                after = self._act(met, one)
        return after if met.certain else Next.RULE

    def _end(
        self,
        verdict: Verdict,
        line: TraceLine,
        *,
        reject_with: str | None = None,
        translate: Translate | None = None,
    ) -> None:
        fields = self.fields if line.certain else self.fields.copy()
        share = times(self.rest, share_of(line.doubts))
        doubts = gather(self.open_doubts, line.doubts)
        self.ends.append(End(verdict, line, fields, reject_with, translate, doubts, share))
        self.open_doubts = gather(self.open_doubts, unlike(line.doubts))
        self.rest = minus(self.rest, share)

    def _note(self, met: Met, result: str, verdict: Verdict | None = None) -> TraceLine:
        if met.doubts:
            result = f"perhaps {result}: {met.doubts[0].text} is not known"
        line = TraceLine(
            self.hook, result, met.chain, met.rule, "", self.leg, verdict, met.doubts, met.limits
        )
        self.lines.append(line)
        return line
