"""What to do, as a terminal shows it: the fix with its lines, what to open then, and where to read more. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from landiag.model.report import Finding, Fix, Outcome, Report, Status
from landiag.render.escape import escape_text
from landiag.render.headline import (
    does_it,
    first_sentence,
    fix_title,
    fixes_shown,
    is_of_another_way,
    looks_again,
    shut_out_alone,
    telling,
    use_then,
)
from landiag.render.parts import ON_THE_CLIENT, fixes_in_order, lasting
from landiag.render.style import Style
from landiag.render.typed import command_lines, masked_note, undo_lines


def fix_lines(report: Report, style: Style, *, every: bool = False) -> list[str]:
    """Write a fix for each block, the first first; with ``every``, all that there are and how to undo each."""
    if every:
        fixes = fixes_in_order(report)
        return [line for pair in fixes for line in _fix_lines(report, *pair, style, undoes=True)]
    shut_out = shut_out_alone(report)
    if shut_out is not None:
        return _fix_lines(report, shut_out, shut_out.fixes[0], style, label="If that isn't meant:")
    lines: list[str] = []
    is_taken = False
    for finding, fix in fixes_shown(report):
        label = "Then fix, in another terminal:" if is_taken else "Then fix:" if lines else "Fix:"
        lines += [*([""] if lines else []), *_fix_lines(report, finding, fix, style, label=label)]
        is_taken |= fix.needs == "restart-server" and bool(fix.commands)  # the server runs on in this one
    return lines


def _fix_lines(
    report: Report, finding: Finding, fix: Fix, style: Style, *, label: str = "Fix:", undoes: bool = False
) -> list[str]:
    commands = [f"    {line}" for line in command_lines(fix, report.host)]
    commands += _wrap_all(masked_note(fix), style)
    steps = [*_wrap_all(edit_step(fix), style), *_step_lines(fix, style)]
    title = style.wrap(f"{fix_title(fix)} ({finding.code})", first=f"{label} ", rest="  ")
    title[0] = style.paint(label, "bold") + title[0][len(label) :]
    lines = [*title, *steps, *commands]
    lines += _wrap_all([lasting(fix)], style)
    lines += style.wrap(first_sentence(fix.risk), first="  Risk: ", rest="  ") if fix.risk else []
    undo = undo_lines(fix, report.host) if undoes else []
    return [*lines, *(["  Undo:"] if undo else []), *(f"    {line}" for line in undo)]


def _step_lines(fix: Fix, style: Style) -> list[str]:
    """What is to be done by hand; numbered where it is more than two things."""
    numbered = len(fix.steps) > _MOST_UNNUMBERED
    firsts = [f"  {number}. " if numbered else "  " for number in range(1, len(fix.steps) + 1)]
    return [
        line for first, step in zip(firsts, fix.steps, strict=True) for line in style.wrap(step, first=first)
    ]


_MOST_UNNUMBERED = 2


def edit_step(fix: Fix) -> tuple[str, ...]:
    """Say what to write into which line of a file; empty where a fix edits none."""
    if fix.edit is None:
        return ()
    where = fix.edit.file if fix.edit.line is None else f"{fix.edit.file}, line {fix.edit.line}"
    return (f"In {where}: {fix.edit.find.strip()}  ->  {fix.edit.replace.strip()}",)


def last_lines(report: Report, style: Style) -> list[str]:
    """Write what to open once it is fixed, what carries the fix out, and where the finding is explained."""
    if report.redacted:
        return style.wrap(ON_THE_CLIENT)
    use, command, code = use_then(report), does_it(report), _code(report)
    lines = style.wrap(f"Then {use.how} {use.place} {use.where}.") if use else []
    again = looks_again(report) if use else None
    lines += style.typed("If that fails:", again) if again and again != command else []
    ends = [f"Do it for me: {escape_text(command)}"] if command else []
    word = "More" if report.verdict.status is Status.CLEAR else "Why"
    ends += [f"{word}: {escape_text(report.called)} explain {code}"] if code else []
    for between in (f"   {style.dot}   ", f" {style.dot} "):
        joined = between.join(ends)
        if len(joined) <= style.width:
            return [*lines, *([joined] if joined else [])]
    shown = style.typed("Do it for me:", command) if command else []
    return [*lines, *shown, *(ends[1:] if command else ends)]


def _code(report: Report) -> str | None:
    """The code that is explained: that of the verdict; where all is clear, of the first warning."""
    found = telling(report)
    warned = [one for one in report.findings if one.outcome is Outcome.WARNS]
    warnings = (one for one in warned if not is_of_another_way(report, one))
    worth = next(warnings, None) if report.verdict.status is Status.CLEAR else found
    return None if worth is None else worth.code


def see_also_lines(report: Report, style: Style) -> list[str]:
    """Write what to type on the client, one command a line, each with what its answers mean."""
    where = (
        "The same without landiag:" if report.command == "probe" else "On the other device, to see it there:"
    )
    lines = [style.paint(where, "bold")] if report.see_also else []
    for item in report.see_also:
        lines += [*style.wrap(item.command, first="    "), *style.wrap(item.expect, first="      ")]
    return lines


def _wrap_all(texts: Iterable[str], style: Style) -> list[str]:
    return [line for text in texts if text for line in style.wrap(text, first="  ")]
