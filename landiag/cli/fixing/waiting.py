"""``check --wait``: checks again until nothing blocks, and says each change once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from landiag.cli.fixing.asking import Budget
from landiag.model.report import Outcome, Report, Status
from landiag.render.terminal import render_quiet

PAUSE = 2.0
"""Seconds between two checks."""


def wait_until_clear(check: Callable[[], Report], budget: Budget, first: Report | None = None) -> Report:
    """Check until the verdict is clear or the time is over; changes are told on standard error.

    Returns the last report. ``first`` is one that was made, and told, already.
    """
    report = first or check()
    told = _said(report)
    if first is None and report.verdict.status is not Status.CLEAR:
        _tell(report)
    while report.verdict.status is not Status.CLEAR and budget.left() > PAUSE:
        time.sleep(PAUSE)
        report = check()
        if _said(report) != told and report.verdict.status is not Status.CLEAR:
            _tell(report)
        told = _said(report)
    return report


def _said(report: Report) -> object:
    """What two reports have in common when nothing has changed for a reader."""
    blocks = [one for one in report.findings if one.outcome is Outcome.BLOCKS]
    return report.verdict.status, report.verdict.cause, [(one.code, one.paths) for one in blocks]


def _tell(report: Report) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {render_quiet(report)}")
    sys.stderr.flush()
