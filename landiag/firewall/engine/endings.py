"""Rules that ask plain questions and end: most rules of long chains. Whom they end can be dealt out at once."""

from __future__ import annotations

from landiag.firewall.engine.ask import Questions
from landiag.firewall.engine.fronts import Front, both
from landiag.firewall.engine.lens import Tangled
from landiag.firewall.engine.spaces import Box
from landiag.model.action import Action, Break, Stop
from landiag.model.match import InRanges, Match, Names
from landiag.model.ruleset import Rule

Ending = tuple[Box, object]
"""Who ends for certain, and by what."""

NOBODY: Ending = (((),), None)


class Endings(Questions):
    """Asks whole rules."""

    def ending(self, rule: Rule, front: Front) -> Ending | None:
        """Who ends by a rule that only lets a box of packets end, for certain, and how; None for other rules."""
        if front.returns:
            return None
        box: Box = ()
        for step in rule.steps:
            if isinstance(step, Stop):
                return box, (step.verdict.value, step.reject_with)
            if isinstance(step, Break):
                break
            said = self._box(front, step)
            if said is None:
                return None
            if said is False:
                break
            if said is not True:
                box = both(box, said) if box else said
        return NOBODY

    def _box(self, front: Front, step: Match | Action) -> Box | bool | None:
        """What a plain question says of packets: one answer, or yes in one box alone; None for all else."""
        if isinstance(step, InRanges):
            try:
                return self.within(front, step)
            except Tangled:
                return None
        if not isinstance(step, Names):
            return None
        said = self.weigh(front, step)
        return said if isinstance(said, bool) else None
