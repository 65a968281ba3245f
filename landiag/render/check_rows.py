"""The rows of a table of checks: what each says, and each warning of it in a row of its own."""

from __future__ import annotations

from collections.abc import Iterator

from landiag.model.report import Outcome, Report
from landiag.render.headline import is_of_another_way
from landiag.render.parts import label_of


def check_rows(report: Report) -> Iterator[tuple[str, Outcome, str]]:
    """Label, outcome and text of each row; the label is empty where a row belongs to the check above.

    Warnings about addresses that the verdict does not speak of stand with the findings alone, as in the terminal.
    """
    for check in report.checks:
        mine = [one for one in report.findings if one.id in check.findings and one.outcome is Outcome.WARNS]
        warnings = [one for one in mine if one.title != check.summary]
        is_fine = check.outcome is Outcome.WARNS and check.summary and warnings
        yield label_of(check), Outcome.OK if is_fine else check.outcome, check.summary
        yield from (("", Outcome.WARNS, one.title) for one in warnings if not is_of_another_way(report, one))
