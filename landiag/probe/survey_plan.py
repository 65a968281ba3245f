"""What a survey of many ports or hosts reads."""

from __future__ import annotations

from landiag.model.facts import Source
from landiag.probe import sources
from landiag.probe.case import Case


def plan_survey(case: Case) -> tuple[Source, ...]:
    """Everything that is worth reading by now."""
    return sources.FIRST
