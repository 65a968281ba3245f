"""One base chain and all packets at once: which of them fare alike in it.

The chain is walked once with sets of packets in place of one packet. Packets stay together as long as every match
answers them alike, or what it decides makes no difference. No verdict comes from here: a sweep only says for which
packets the walk of one of them speaks (``evaluate`` walks). Packets of which it cannot say so are tangled: each
speaks for itself alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from landiag.firewall.engine.ask import Blind
from landiag.firewall.engine.deal import Deal
from landiag.firewall.engine.endings import Ending
from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.fronts import Ended, Flow, Front, History
from landiag.firewall.engine.rule_run import RuleRun, Sweeping
from landiag.firewall.engine.tables import Table
from landiag.model.action import (
    Break,
)
from landiag.model.match import InRanges
from landiag.model.ruleset import Chain, Rule, RuleList, Step, Verdict

MAX_VISITS = 2_000_000
"""How many rules a sweep may meet, with each of its fronts."""

MAX_FRONTS = 512

PIECES = 8
"""So many pieces of a set take as long as a rule."""


class Sweep(Sweeping, kw_only=True):
    """A sweep through one base chain."""

    visits: int = 0

    def run(self, chain: Chain, fields: PacketFields) -> Table:
        """Sweep a base chain with every packet that may be asked for."""
        start = Front(self.asked, fields.copy())
        for front in self.chain(chain, [start], ()):
            # A policy that drops ends all as a rule does; of those that accept, a rule is told before a policy.
            word = None if chain.policy is Verdict.DROP else "policy"
            self.end(front.history, (chain.policy.value, word), Ended(chain, None, front.space))
        return Table(
            self.asked,
            self.ended,
            self.reads,
            frozenset(self.names),
            self.is_lasting,
            frozenset(self.constants),
        )

    def chain(self, chain: Chain, fronts: list[Front], above: tuple[str, ...]) -> list[Front]:
        """Walk a chain; returns those that come out at its end."""
        returned: list[Front] = []
        above = (*above, chain.name)
        dealt: Deal | None = None
        blind = Blind(self, fronts)
        if isinstance(chain.rules, RuleList):
            chain.rules.expect_many()
            self.names |= chain.rules.interfaces(blind)
        for rule in chain.candidates(blind):
            self.visits += len(fronts)
            is_plain = len(fronts) == 1 and self.visits <= MAX_VISITS
            if is_plain and (ending := self.ending(rule, fronts[0])) is not None:
                dealt = dealt or Deal(self.lens.universe, fronts[0].space)
                self._deal(dealt, ending, fronts[0], chain, rule)
            else:
                fronts, dealt = self._undealt(fronts, dealt), None
                fronts = self._past(chain, rule, fronts, above, returned)
            if not fronts or (dealt is not None and dealt.is_over):
                break
        fronts = self._undealt(fronts, dealt)
        back = [
            one.come_back(one.fields, *one.returns) if one.returns else one for one in (*fronts, *returned)
        ]
        return self._united(back)

    def _past(
        self, chain: Chain, rule: Rule, fronts: list[Front], above: tuple[str, ...], returned: list[Front]
    ) -> list[Front]:
        """Take all fronts through a rule; returns those that go on with the next."""
        if self.visits > MAX_VISITS or len(fronts) > MAX_FRONTS:
            for front in fronts:
                self.tangle(front, chain, rule)
            return []
        return self._united(
            [one for front in fronts for one in self._rule(chain, rule, front, above, returned)]
        )

    def _deal(self, dealt: Deal, ending: Ending, front: Front, chain: Chain, rule: Rule) -> None:
        box, event = ending
        if () not in box:
            self.end(front.history, event, Ended(chain, rule, dealt.take(box)))
            self.visits += dealt.met // PIECES

    @staticmethod
    def _undealt(fronts: list[Front], dealt: Deal | None) -> list[Front]:
        """Those that are left, where packets have been dealt out."""
        if dealt is None:
            return fronts
        return [] if dealt.is_over else [front.with_space(dealt.rest()) for front in fronts]

    def _united(self, fronts: list[Front]) -> list[Front]:
        """Those with one history are one."""
        fronts = [front for front in fronts if front.space is not None]
        if len(fronts) < 2:
            return fronts
        alike: dict[History, list[Front]] = {}
        for front in fronts:
            alike.setdefault(front.history, []).append(front)
        return [
            several[0].with_space(self.lens.universe.unite([one.space for one in several]))
            for several in alike.values()
        ]

    def _rule(
        self, chain: Chain, rule: Rule, front: Front, above: tuple[str, ...], returned: list[Front]
    ) -> list[Front]:
        """Take packets through a rule; returns those that go on with the next."""
        run = RuleRun(self, chain, rule, above, returned)
        flows = [Flow(front)]
        for step in _plain_first(rule.steps):
            if isinstance(step, Break) or not flows:
                break
            flows = [one for flow in flows for one in run.step(flow, step)]
        run.on += [flow.front for flow in flows]
        return run.on


def _plain_first(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps, those that no interval tells behind the comparisons beside them: these leave fewer packets to them."""
    for is_comparison, several in groupby(steps, lambda step: isinstance(step, InRanges)):
        if is_comparison:
            yield from sorted(several, key=lambda step: isinstance(step, InRanges) and step.values is None)
        else:
            yield from several
