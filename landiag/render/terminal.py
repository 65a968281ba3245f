"""A report for a terminal: one screen, the verdict first, colour where it helps and never needed."""

from __future__ import annotations

from collections.abc import Iterable

from landiag.model.facts import ReadStatus
from landiag.model.report import CheckResult, Finding, Outcome, ReadingNote, Report, Status
from landiag.model.terms import CheckName, StageName
from landiag.render.advice import edit_step, fix_lines, last_lines, see_also_lines
from landiag.render.columns import render_table
from landiag.render.escape import escape_text
from landiag.render.headline import (
    after_colon,
    ended,
    find_out,
    first_sentence,
    headline,
    is_of_another_way,
    second_lines,
    shut_out_alone,
    telling,
)
from landiag.render.parts import REDACTED_LINE, confirmation, facts, label_of
from landiag.render.style import Style

__all__ = ("Style", "edit_step", "render_answer", "render_quiet", "render_terminal", "render_verdict")

_MOST_LINES, _LABELLED = 2, 17
"""Lines that one finding gets on the screen, and the columns before its text."""

_NEXT = "you will hit this next"
_LATER = "shows once this is fixed"

_UNREAD = {
    ReadStatus.DENIED.value: "not read: that needs more rights",
    ReadStatus.FAILED.value: "not read: it ended with an error",
    ReadStatus.TIMED_OUT.value: "not read: it took too long",
}
"""What the row of a check says of a source that was not read; its own words are for --verbose and the files."""


def render_terminal(report: Report, style: Style, *, verbose: bool = False, about: bool = False) -> str:
    """Render the report that people read: verdict, checks, the fix, what to open then.

    ``about`` adds who was asked what, and when; ``verbose`` everything else that the report holds.
    """
    blocks = [
        [*_verdict_lines(report, style), *_note_lines(report, style)],
        [line for check in report.checks for line in _check_lines(report, check, style)],
        _survey_lines(report, style),
        fix_lines(report, style, every=verbose),
        last_lines(report, style),
        _about_lines(report, style) if about else [],
    ]
    if verbose:
        blocks += [
            see_also_lines(report, style) if not report.redacted else [],
            [*_path_lines(report, style)],
            [*_finding_lines(report, style)],
            [*reading_lines(report.readings, style)],
        ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def render_answer(report: Report, style: Style) -> str:
    """Render the verdict and the checks, without the advice: what ``--fix`` shows before it acts on that."""
    checks = [line for check in report.checks for line in _check_lines(report, check, style)]
    return "\n".join([render_verdict(report, style), *checks]) + "\n"


def render_verdict(report: Report, style: Style) -> str:
    """Render the verdict alone, as a person sees it first."""
    return "\n".join([*_verdict_lines(report, style), *_note_lines(report, style)]) + "\n"


def render_quiet(report: Report) -> str:
    """Render the verdict's sentence only."""
    return escape_text(headline(report)) + "\n"


def _verdict_lines(report: Report, style: Style) -> list[str]:
    outcome = style.of_status(report.verdict.status)
    mark = style.mark(outcome)
    lines = style.wrap(headline(report), first=f"{mark} ", rest="  ")
    lines[0] = style.painted(outcome) + lines[0][len(mark) :]
    for said in second_lines(report):
        lines += style.wrap(said, first="  ")
    said, commands = find_out(report)
    if said:
        lines += style.wrap(said, first="  Find out: ", rest="  ")
    if len(commands) == 1:
        return [*lines, *style.typed("  Find out:", commands[0])]
    return [*lines, *(["  Find out:"] if commands else []), *(f"    {line}" for line in commands)]


def _note_lines(report: Report, style: Style) -> list[str]:
    lines = style.wrap(confirmation(report), first="  ") if report.verdict.confirmed_by else []
    lines += style.wrap(REDACTED_LINE, first="  ") if report.redacted else []
    return lines + [line for note in report.notes for line in style.wrap(note, first="  Note: ")]


def _check_lines(report: Report, check: CheckResult, style: Style) -> list[str]:
    """Write a check: its mark, and what was found; what an earlier block hides is dim and comes later."""
    every = [finding for finding in report.findings if finding.id in check.findings]
    shown = [finding for finding in every if not _is_of_another_way(report, finding)]
    if not shown and check.outcome is Outcome.NOT_APPLICABLE and report.command in ("probe", "watch"):
        return []
    if not shown:
        is_of_others = check.summary in [finding.title for finding in every]
        outcome = Outcome.OK if every and not is_of_others else check.outcome
        return _row(check, outcome, check.summary, style, dim=outcome is Outcome.NOT_APPLICABLE)
    if _shows_later(report, check):
        return _row(check, Outcome.NOT_APPLICABLE, _LATER, style, dim=True)
    is_fine = check.summary not in [finding.title for finding in shown]
    lines = _row(check, Outcome.OK, check.summary, style) if is_fine and check.summary else []
    for finding in shown:
        is_dim = finding.hidden_by is not None
        said = _line_of(report, check.check, finding, style)
        note = f"({_NEXT})" if is_dim else ""
        lines += _row(check, finding.outcome, said, style, dim=is_dim, again=bool(lines), note=note)
    return lines


def _row(
    check: CheckResult,
    outcome: Outcome,
    text: str,
    style: Style,
    *,
    dim: bool = False,
    again: bool = False,
    note: str = "",
) -> list[str]:
    mark = style.mark(outcome)
    label = "" if again else label_of(check)
    first = f"  {mark} {label:<13}"
    lines = style.wrap(after_colon(text), first=first, most=_MOST_LINES, note=note) or [f"  {mark} {label}"]
    if dim:
        return [style.paint(line, "dim") for line in lines]
    lines[0] = f"  {style.painted(outcome)}{lines[0][2 + len(mark) :]}"
    return lines


def _shows_later(report: Report, check: CheckResult) -> bool:
    """Whether nothing can be said of the application before a known block is gone."""
    is_open = check.check is CheckName.APPLICATION and check.outcome is Outcome.UNKNOWN
    return is_open and report.verdict.status is Status.BLOCKED


def _line_of(report: Report, check: CheckName, finding: Finding, style: Style) -> str:
    """The line of a finding: its title, or where it was seen when the verdict says the title already."""
    found = telling(report) or shut_out_alone(report)
    if found is not None and finding.id != found.id and finding.outcome is Outcome.UNKNOWN and finding.detail:
        detail = first_sentence(finding.detail)
        both = f"{ended(finding.title)} {detail[:1].upper()}{detail[1:]}"
        return both if len(style.wrap(both, first=" " * _LABELLED)) <= _MOST_LINES else finding.title
    if found is None or finding.id != found.id or not finding.evidence:
        return finding.title
    evidence = finding.evidence[0]
    text = " ".join(evidence.text.split("\t"))
    unread = next(
        (note for note in report.readings if note.source == evidence.source and note.status in _UNREAD), None
    )
    if unread is not None:
        return f"{_UNREAD[unread.status]} ({unread.source})"
    return text if check is CheckName.LISTENING else f"{text} ({evidence.source})"


def _is_of_another_way(report: Report, finding: Finding) -> bool:
    """Whether something is about addresses that the verdict does not speak of: one screen has no room for them."""
    return finding.outcome is not Outcome.BLOCKS and is_of_another_way(report, finding)


def _about_lines(report: Report, style: Style) -> list[str]:
    return [line for label, text in facts(report) for line in style.wrap(text, first=f"{label + ':':<10}")]


def _survey_lines(report: Report, style: Style) -> list[str]:
    """Write what each host of a survey answered on its ports, one line a host; nothing for one port of one host."""
    if report.command != "probe" or not _is_survey(report):
        return []
    rows = [
        (style.mark(path.outcome), path.address, stage.detail)
        for path in report.paths
        for stage in path.stages
        if stage.stage is StageName.TCP
    ]
    if len(rows) == 1:
        mark, address, said = rows[0]
        return style.wrap(said, first=f"  {mark} {address}  ")
    table = render_table(("", "", ""), rows, style.width - 2, shrink=(2, 1), ellipsis=style.ellipsis)
    return [f"  {line}" for line in table]


def _is_survey(report: Report) -> bool:
    """Whether several ports were asked, or a whole network."""
    return report.target.port is None or (report.target.address or "").rpartition("/")[2].isdigit()


def _path_lines(report: Report, style: Style) -> list[str]:
    lines = [style.paint("The way of the packet:", "bold")] if report.paths else []
    for path in report.paths:
        where = f"{path.address} on {path.interface}" if path.interface else path.address
        lines += style.wrap(f"{path.id} {where}: {path.outcome.value}", first="  ")
        for stage in path.stages:
            decided = f" [{stage.decided_by}]" if stage.decided_by else ""
            first = f"    {style.mark(stage.outcome)} {stage.stage:<13}"
            lines += style.wrap(f"{stage.detail}{decided}", first=first) or [first.rstrip()]
    return lines


def _finding_lines(report: Report, style: Style) -> list[str]:
    lines = [style.paint("Findings:", "bold")] if report.findings else []
    for finding in report.findings:
        said = f"{finding.code} ({finding.outcome.value}): {finding.title}"
        lines += style.wrap(said, first=f"  {finding.id} ")
        lines += style.wrap(finding.detail, first="     ") if finding.detail else []
        for evidence in finding.evidence:
            lines += style.wrap(f"{evidence.source}: {evidence.text}", first="     - ")
    return lines


def reading_lines(notes: Iterable[ReadingNote], style: Style) -> list[str]:
    """Write what was read, one source a line, with the reason where that failed; nothing where nothing was."""
    rows = [
        (note.source, note.status, f"{note.seconds:.3f}", note.detail or " ".join(note.argv or ()))
        for note in notes
    ]
    headers = ("read", "status", "seconds", "why not, or how")
    table = render_table(headers, rows, style.width, shrink=(3, 0), ellipsis=style.ellipsis)
    return [style.paint("Readings:", "bold"), *table] if table else []
