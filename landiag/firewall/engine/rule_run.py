"""Sets of packets on their way through one rule: what each of its steps makes of them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.engine.changes import assign
from landiag.firewall.engine.context import REWRITTEN
from landiag.firewall.engine.draws import drawn_by
from landiag.firewall.engine.effects import targets_of, values_of_assign
from landiag.firewall.engine.endings import Endings
from landiag.firewall.engine.evaluate import Walk
from landiag.firewall.engine.fields import merge
from landiag.firewall.engine.fronts import TANGLED, Ended, Flow, Front, History, Parts, both
from landiag.firewall.engine.lens import Tangled
from landiag.firewall.engine.nodes import Space
from landiag.model.action import (
    Action,
    Assign,
    Dispatch,
    Divert,
    Jump,
    Remember,
    Return,
    Stop,
    Translate,
    Untrack,
)
from landiag.model.chance import Limited
from landiag.model.match import Match
from landiag.model.operands import Draw
from landiag.model.ruleset import Chain, Rule, Ruleset


class Sweeping(Endings, kw_only=True):
    """What rules do to a sweep: packets end, go into other chains, or can be told no more."""

    ruleset: Ruleset
    hook: str
    asked: Space
    ended: dict[History, list[Ended]] = field(default_factory=dict)

    def chain(self, chain: Chain, fronts: list[Front], above: tuple[str, ...]) -> list[Front]:
        """Walk a chain; returns those that come out at its end."""
        raise NotImplementedError

    def end(self, history: History, event: object, ended: Ended) -> None:
        """Packets leave the base chain for certain, by a rule or by the policy."""
        if ended.space is not None:
            self.ended.setdefault((*history, event), []).append(ended)

    def tangle(self, front: Front, chain: Chain, rule: Rule) -> None:
        """Nobody can say of packets who fares alike from this rule on."""
        self.ended.setdefault((TANGLED,), []).append(Ended(chain, rule, front.space))


class RuleRun(Struct):
    """Packets on their way through one rule. ``on`` are those that go on with the next."""

    sweep: Sweeping
    chain: Chain
    rule: Rule
    above: tuple[str, ...]
    returned: list[Front]
    on: list[Front] = field(default_factory=list)

    def step(self, flow: Flow, step: Match | Action) -> list[Flow]:
        """Take packets through a match or an action; returns those that stay in the rule."""
        try:
            if isinstance(step, Match):
                said = self.sweep.weigh(flow.front, step)
                return self._limit(flow, said) if isinstance(step, Limited) else self._match(flow, said)
            return [one for settled in self.settle(flow) for one in self._act(settled, step)]
        except Tangled:
            for settled in self.settle(flow):
                self.sweep.tangle(settled.front, self.chain, self.rule)
            return []

    def settle(self, flow: Flow) -> list[Flow]:
        """Separate the packets in the box from the others, which go on with the next rule."""
        if not flow.box:
            return [flow]
        inside, outside = self.sweep.lens.universe.split(flow.front.space, flow.box)
        if outside is not None:
            self.on.append(flow.front.with_space(outside))
        if inside is None:
            return []
        return [replace(flow, front=flow.front.with_space(inside), box=())]

    def _limit(self, flow: Flow, said: bool | Parts | None) -> list[Flow]:
        """A limit is told of those that it holds for, also where they stay below and go on."""
        if said is not False:
            return self._match(replace(flow, limited=True), said)
        self.on += [one.front.after(("limited", self.rule)) for one in self.settle(flow)]
        return []

    def _match(self, flow: Flow, said: bool | Parts | None) -> list[Flow]:
        if not isinstance(said, Parts):
            if said is False:
                self.on.append(flow.front)
                return []
            return [flow if said else replace(flow, certain=False)]
        if said.rest is False and list(said.boxes) == [True] and len(said.boxes[True]) == 1:
            box = both(flow.box, said.boxes[True][0])
            if () not in box:
                return [replace(flow, box=box)]
        return [one for settled in self.settle(flow) for one in self._part(settled, said)]

    def _part(self, flow: Flow, said: Parts) -> list[Flow]:
        front, rest = flow.front, flow.front.space
        found: list[tuple[bool | None, Space]] = []
        for answer, boxes in said.boxes.items():
            inside, rest = self.sweep.among(rest, boxes)
            found.append((answer, inside))
        flows = []
        for answer, space in (*found, (said.rest, rest)):
            if answer is False and space is not None:
                self.on.append(front.with_space(space))
            elif space is not None:
                certain = flow.certain and answer is True
                flows.append(replace(flow, front=front.with_space(space), certain=certain))
        return flows

    # What actions do

    def _act(self, flow: Flow, action: Action) -> list[Flow]:
        front, certain = flow.front, flow.certain
        if not certain:
            front = front.after(("perhaps", self.rule))
        if flow.limited:
            front = front.after(("limited", self.rule))
        if isinstance(action, Dispatch | Translate) and (draw := drawn_by(action, front.fields)) is not None:
            self._draw(front, action, draw, certain=certain)
            return []
        if isinstance(action, Dispatch):
            return self._dispatch(front, action, certain=certain)
        if isinstance(action, Assign):
            return self._assign(front, action, certain=certain)
        if isinstance(action, Untrack):
            return [Flow(front.after("notrack"), (), certain)]
        if isinstance(action, Divert):
            raise Tangled
        if isinstance(action, Remember):
            return self._remember(front, action, certain=certain)
        self._leave(front, action, certain=certain)
        return []

    def _leave(self, front: Front, action: Action, *, certain: bool) -> None:
        if isinstance(action, Jump):
            self._jump(front, action, certain=certain)
        elif isinstance(action, Translate):
            self._translate(front, action, certain=certain)
        elif isinstance(action, Return):
            if certain:
                self.returned.append(front)
            else:
                self.on.append(replace(front, returns=(*front.returns, front.fields)))
        elif isinstance(action, Stop) and certain:
            self._end(front, (action.verdict.value, action.reject_with))
        else:
            self.on.append(front.after(("may end", self.rule)))

    def _draw(self, front: Front, action: Dispatch | Translate, draw: Draw, *, certain: bool) -> None:
        """Follow each number that may be drawn; where each of them ends the walk, it has ended."""
        fronts = [front.after(("drawn", self.rule))]
        does_end = True
        for number in draw.numbers:
            fields = front.fields.copy()
            fields[draw.field] = number
            does_end = does_end and self._ends_with(replace(front, fields=fields), action)
            drawn = [replace(one, fields=fields) for one in fronts]
            fronts = [replace(one, fields=front.fields) for one in self._captured(drawn, action)]
        for one in fronts:
            if certain and does_end:
                self._end(one, ("drawn", self.rule))
            else:
                self.on.append(one)

    def _ends_with(self, front: Front, action: Dispatch | Translate) -> bool:
        if isinstance(action, Translate):
            return all(is_done for _, is_done in targets_of(self.sweep, front, action))
        found = [one for one, _ in self.sweep.lookups(front, action.operands, action.elements)]
        return all(
            one is not None and one.certain and isinstance(next(iter(one.data), None), Stop) for one in found
        )

    def _captured(self, fronts: Sequence[Front], action: Action) -> list[Front]:
        """Do an action, perhaps; all go on."""
        before, self.on = self.on, []
        try:
            for one in fronts:
                self.on += [flow.front for flow in self._act(Flow(one, certain=False), action)]
            return self.on
        finally:
            self.on = before

    def _dispatch(self, front: Front, action: Dispatch, *, certain: bool) -> list[Flow]:
        flows = []
        for found, part in self.sweep.lookups(front, action.operands, action.elements):
            actions = [one for one in found.data if isinstance(one, Action)] if found is not None else []
            if found is None or (found.certain and not actions):
                self.on.append(part)
            elif certain and found.certain:
                flows += self._act(Flow(part), actions[0])
            else:
                self.on += self._perhaps(part.after(("perhaps", self.rule)), actions)
        return flows

    def _perhaps(self, front: Front, actions: Sequence[Action]) -> list[Front]:
        """Do, perhaps, one action after the other."""
        fronts = [front.after(("may end", self.rule))] if not actions else [front]
        for action in actions:
            fronts = self._captured(fronts, action)
        return fronts

    def _end(self, front: Front, event: object) -> None:
        """They end here for certain; those that have perhaps returned before go on above all the same."""
        if front.returns:
            self.returned.append(front.after(event, ("gone", self.rule)).come_back(*front.returns))
        else:
            self.sweep.end(front.history, event, Ended(self.chain, self.rule, front.space))

    def _assign(self, front: Front, action: Assign, *, certain: bool) -> list[Flow]:
        flows = []
        for operand, part in values_of_assign(self.sweep, front, action):
            if self.sweep.axis(part, action.field) is not None and not certain:
                raise Tangled
            fields = part.fields.copy()
            walk = Walk(self.sweep.ruleset, fields, self.sweep.hook)
            self.sweep.write(operand.value(fields))
            if not assign(walk.fields, Assign(action.field, operand), certain=certain):
                self.on.append(part)
                continue
            event = ("set", action.field, fields[action.field])
            changed = replace(
                part.after(event), fields=fields, changed=part.changed | {action.field, REWRITTEN}
            )
            flows.append(Flow(changed, (), certain))
        return flows

    def _remember(self, front: Front, action: Remember, *, certain: bool) -> list[Flow]:
        key = self.sweep.key_of(front, action.operands)
        if key is None:
            self.on.append(front)
            return []
        event = ("add", id(action.elements), not action.delete, key)
        return [Flow(front.after(event) if certain else front, (), certain)]

    def _jump(self, front: Front, jump: Jump, *, certain: bool) -> None:
        sweep = self.sweep
        target = sweep.ruleset.tables.get(self.chain.key, {}).get(jump.chain)
        if target is None or jump.chain in self.above:
            self.on.append(front.after(("may end", self.rule)))
            return
        before, sweep.ended = sweep.ended, {}
        back = sweep.chain(target, [replace(front, returns=())], self.above)
        gone, sweep.ended = sweep.ended, before
        back = [replace(one, returns=front.returns) for one in back]
        if certain:
            (self.returned if jump.goto else self.on).extend(back)
        else:
            self.on += [self._perhaps_back(front, one, is_goto=jump.goto) for one in back]
        self._take_over(front, gone, certain=certain)

    def _take_over(self, front: Front, gone: dict[History, list[Ended]], *, certain: bool) -> None:
        """Packets that have ended in a chain, which they have perhaps not entered, or from which they had returned."""
        for history, ends in gone.items():
            if history == (TANGLED,) or (certain and not front.returns):
                self.sweep.ended.setdefault(history, []).extend(ends)
                continue
            for end in ends:
                one = replace(front, space=end.space, history=(*history, ("gone", end.rule)))
                if certain:
                    self.returned.append(one.come_back(*front.returns))
                else:
                    self.on.append(one)

    @staticmethod
    def _perhaps_back(front: Front, one: Front, *, is_goto: bool) -> Front:
        """From a chain that was perhaps entered: as they were, or as they are now."""
        if is_goto:
            return replace(one, fields=front.fields, returns=(*front.returns, one.fields))
        return replace(one, fields=merge(front.fields, one.fields))

    def _translate(self, front: Front, action: Translate, *, certain: bool) -> None:
        for number, part in enumerate(targets_of(self.sweep, front, action)):
            fields, is_done = part
            if not is_done:
                self.on.append(fields)
            elif certain:
                self._end(fields, ("nat", self.rule, number))
            else:
                self.on.append(fields.after(("nat", self.rule, number)))
