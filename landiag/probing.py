"""``landiag probe`` on one screen: ask, plan what to ask next, judge, report.

What judges the answers is imported once the first questions are asked: that takes as long as the answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from landiag.host import Recorder
from landiag.model.facts import Command
from landiag.model.report import Report
from landiag.probe.first import plan_of, plan_slowest
from landiag.probe.target import Request

if TYPE_CHECKING:
    from landiag.probe.case import Case
    from landiag.probe.judge import Judgement

MOST_ROUNDS = 8

Progress = Callable[[str], None]
"""Told what is being waited for, in a few words; empty when the waiting is over."""


def begin_asking(request: Request, recorder: Recorder) -> None:
    """Begin the first round of a request, and return; ``run`` waits for the answers."""
    recorder.begin(plan_slowest(request))
    from landiag.probe.case import Case

    case = Case(request, recorder.readings)
    # Starting a command takes time from everything else, and so does the description of this machine.
    recorder.begin(
        sorted(plan_of(case)(case), key=lambda one: (isinstance(one, Command), one.name == "machine"))
    )


def run(request: Request, recorder: Recorder, deadline: float, progress: Progress = lambda _: None) -> Report:
    """Answer a request. ``deadline`` is on ``time.monotonic()``'s clock.

    Raises UsageError where the request does not fit this machine (an interface that is not there, its own
    address, a broadcast address).
    """
    from landiag.probe.case import Case
    from landiag.probe.refuse import refuse
    from landiag.probe.report import assemble_report

    case = Case(request, recorder.readings)
    plan_next, judge = plan_of(case), _judge_of(case)
    for number in range(MOST_ROUNDS):
        wanted = plan_next(case)
        missing = [source for source in wanted if source.name not in recorder.readings]
        if not missing:
            break
        progress(_describe_round(case, number))
        recorder.read_all(missing, deadline)
        if number == 0:
            refuse(case)
        if time.monotonic() >= deadline:
            break
    progress("")
    return assemble_report(case, judge(case))


def _judge_of(case: Case) -> Callable[[Case], Judgement]:
    """How to judge: one request, or a survey, whose judge is loaded only when it is needed."""
    if not case.is_survey:
        from landiag.probe.judge import judge_host

        return judge_host
    from landiag.probe.survey_judge import judge_survey

    return judge_survey


def _describe_round(case: Case, number: int) -> str:
    """What is waited for in a round."""
    if number == 0:
        return f"asking {case.request.shown}"
    return f"looking closer at {case.request.shown}"
