"""The first questions, asked before whatever judges the answers is imported: that takes as long as the answers."""

from __future__ import annotations

from collections.abc import Callable

from landiag.host import Recorder
from landiag.model.facts import Command, Source
from landiag.probe.case import Case
from landiag.probe.target import Request


def begin_asking(request: Request, recorder: Recorder) -> None:
    """Begin the first round of a request, and return; ``command.run`` waits for the answers."""
    case = Case(request, recorder.readings)
    # The network takes longest to answer, and starting a command takes time from everything else.
    recorder.begin(sorted(plan_of(case)(case), key=lambda source: isinstance(source, Command)))


def plan_of(case: Case) -> Callable[[Case], tuple[Source, ...]]:
    """How to plan what to ask: one request, or a survey, which is loaded only when it is asked for."""
    if case.is_survey:
        from landiag.probe.survey_plan import plan_survey

        return plan_survey
    from landiag.probe.plan import plan

    return plan
