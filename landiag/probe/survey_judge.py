"""What a survey found."""

from __future__ import annotations

from landiag.probe.case import Case
from landiag.probe.judge import Judgement


def judge_survey(case: Case) -> Judgement:
    """Judge a survey."""
    raise NotImplementedError
