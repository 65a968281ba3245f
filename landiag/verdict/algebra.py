"""What is done with findings and reports, whoever made them: order, number, hide, choose, add, overrule. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from landiag.model.causes import find_cause, rank
from landiag.model.report import CheckResult, Finding, Outcome, Report, Status, Verdict
from landiag.model.terms import CheckName

MAX_EVIDENCE = 8
"""How many observations of findings that are alike are kept: thousands of clients can meet one rule."""

_STATUSES = {Outcome.BLOCKS: Status.BLOCKED, Outcome.UNKNOWN: Status.UNDETERMINED}


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in the order in which a person should fix them: what blocks first."""
    return sorted(findings, key=lambda one: (one.outcome is not Outcome.BLOCKS, rank(one.code)))


def unite(findings: Iterable[Finding], alike: Callable[[Finding], object]) -> list[Finding]:
    """One finding for all that are alike: the first, with the paths of every other, and some of their evidence."""
    united: dict[object, Finding] = {}
    for finding in findings:
        known = united.setdefault(alike(finding), finding)
        if known is not finding:
            united[alike(finding)] = replace(
                known,
                paths=tuple(dict.fromkeys((*known.paths, *finding.paths))),
                evidence=tuple(dict.fromkeys((*known.evidence, *finding.evidence)))[:MAX_EVIDENCE],
            )
    return list(united.values())


def says(finding: Finding) -> object:
    """What a finding says: two that say the same are one, however often the same rule was met."""
    return finding.code, finding.outcome, finding.title, finding.evidence, finding.paths, finding.clients


def hide(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Mark the later blocks as hidden by the first: they show only after it is fixed."""
    blocking = [finding.id for finding in findings if finding.outcome is Outcome.BLOCKS]
    return tuple(replace(one, hidden_by=blocking[0] if one.id in blocking[1:] else None) for one in findings)


def number(findings: Iterable[Finding], prefix: str = "f") -> tuple[Finding, ...]:
    """Give findings ids: the prefix, and their place from 1 on."""
    return tuple(replace(one, id=f"{prefix}{place}") for place, one in enumerate(findings, 1))


def rename(report: Report, side: str) -> Report:
    """Give the findings of a report ids that no other report's have: ``m-f1``."""

    def named(one: str) -> str:
        return f"{side}-{one}"

    findings = (
        replace(one, id=named(one.id), hidden_by=None if one.hidden_by is None else named(one.hidden_by))
        for one in report.findings
    )
    checks = (replace(one, findings=tuple(map(named, one.findings))) for one in report.checks)
    return replace(report, findings=tuple(findings), checks=tuple(checks))


def decisive(findings: Iterable[Finding]) -> Finding | None:
    """The finding that makes the verdict: the first that blocks, else the first unknown; None where all is clear."""
    deciding = [one for one in findings if one.outcome in _STATUSES]
    return max(deciding, key=lambda one: one.outcome.severity, default=None)


def verdict_of(finding: Finding, summary: str = "", confirmed_by: str | None = None) -> Verdict:
    """The verdict that a finding makes. ``summary`` is its sentence where the title is not."""
    return Verdict(
        _STATUSES[finding.outcome], summary or finding.title, finding.code, confirmed_by=confirmed_by
    )


def demote(finding: Finding, why: str = "") -> Finding:
    """Turn what blocks into a warning that says why it is none; anything else stays as it is."""
    if finding.outcome is not Outcome.BLOCKS:
        return finding
    title = f"{why}: {finding.title}" if why else finding.title
    return replace(finding, outcome=Outcome.WARNS, title=title, hidden_by=None)


def check_of(finding: Finding) -> CheckName:
    """The line of the report that a finding belongs to; what only a newer landiag knows is the application's."""
    cause = find_cause(finding.code)
    return CheckName.APPLICATION if cause is None else cause.check


def line_of(name: CheckName, findings: Sequence[Finding], summary: str, empty: Outcome) -> CheckResult:
    """One line of a report: its worst finding; ``empty`` and ``summary`` where nothing was found."""
    if not findings:
        return CheckResult(name, empty, summary)
    worst = max(findings, key=lambda one: one.outcome.severity)
    return CheckResult(name, worst.outcome, worst.title, tuple(one.id for one in findings))


def draw_lines(
    checks: Iterable[CheckResult], findings: Iterable[Finding], added: Sequence[Finding] = (), empty: str = ""
) -> tuple[CheckResult, ...]:
    """Write the lines of a report anew after its findings have changed.

    ``findings`` are all that there are now, ``added`` those that no line names yet: each goes to the line of its
    cause. A line that has lost all of its findings is fine, and says ``empty``.
    """
    there = {one.id: one for one in findings}
    return tuple(_draw(check, there, added, empty) for check in checks)


def _draw(check: CheckResult, there: dict[str, Finding], added: Sequence[Finding], empty: str) -> CheckResult:
    mine = [one for one in added if check_of(one) is check.check]
    mine += [there[name] for name in check.findings if name in there]
    if not mine and not check.findings:
        return check
    line = line_of(check.check, mine, empty, Outcome.OK)
    said_before = line.outcome is check.outcome and bool(mine) and mine[0].id in check.findings
    return replace(line, summary=check.summary) if said_before else line


def add_findings(report: Report, more: Sequence[Finding]) -> Report:
    """Put numbered findings in front of those of a report, each into the line of its cause. The verdict stays."""
    findings = (*more, *report.findings)
    return replace(report, findings=findings, checks=draw_lines(report.checks, findings, more))
