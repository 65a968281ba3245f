"""A report for a terminal: one screen, the verdict first, colour where it helps and never needed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from msgspec import Struct

from landiag.model.report import CheckResult, Finding, Fix, Outcome, Report, Status
from landiag.render.escape import escape_text
from landiag.render.parts import ON_THE_CLIENT, REDACTED, confirmation, lasting, symptom_sentence
from landiag.render.typed import command_lines, masked_note

_MARKS = {
    Outcome.OK: ("ok", "green"),
    Outcome.BLOCKS: ("NO", "red"),
    Outcome.WARNS: ("!!", "yellow"),
    Outcome.UNKNOWN: ("??", "yellow"),
    Outcome.NOT_APPLICABLE: ("--", "dim"),
}
_STATUS = {
    Status.CLEAR: ("CLEAR", "green"),
    Status.BLOCKED: ("BLOCKED", "red"),
    Status.UNDETERMINED: ("NOT CERTAIN", "yellow"),
}
_COLOURS = {"green": "32", "red": "31", "yellow": "33", "dim": "2", "bold": "1"}


class Style(Struct, frozen=True):
    """How the terminal is: its width in columns, and whether it shows colour."""

    width: int = 80
    colour: bool = False

    def paint(self, text: str, colour: str) -> str:
        """Colour a text; unchanged where there is no colour."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.colour else text


def render_terminal(report: Report, style: Style, *, verbose: bool = False) -> str:
    """Render the report that people read: verdict, checks, fixes in order, what to try on the client."""
    blocks = [
        [*_verdict_lines(report, style), *_note_lines(report, style)],
        [line for check in report.checks for line in _check_lines(report, check, style)],
        [*_fix_lines(report, style)],
        [*_client_lines(report, style)],
    ]
    if verbose:
        blocks += [
            [*_path_lines(report, style)],
            [*_finding_lines(report, style)],
            [*_reading_lines(report, style)],
        ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def render_answer(report: Report, style: Style) -> str:
    """Render the verdict and the checks, without the advice: what ``--fix`` shows before it acts on that."""
    checks = [line for check in report.checks for line in _check_lines(report, check, style)]
    return render_verdict(report, style) + "\n" + "\n".join(checks) + "\n"


def render_verdict(report: Report, style: Style) -> str:
    """Render the verdict alone, as a person sees it first."""
    return "\n".join([*_verdict_lines(report, style), *_note_lines(report, style)]) + "\n"


def render_quiet(report: Report) -> str:
    """Render the verdict's sentence only."""
    return escape_text(report.verdict.summary) + "\n"


def _wrap(text: str, style: Style, first: str = "", rest: str | None = None) -> list[str]:
    """Wrap escaped text to the width; ``first`` and ``rest`` are the indents."""
    first = escape_text(first)
    indent = " " * len(first) if rest is None else rest
    return textwrap.wrap(
        escape_text(text), style.width, initial_indent=first, subsequent_indent=indent,
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip


def _verdict_lines(report: Report, style: Style) -> list[str]:
    word, colour = _STATUS[report.verdict.status]
    lines = _wrap(report.verdict.summary, style, first=f"{word}: ", rest="  ")
    lines[0] = style.paint(f"{word}:", colour) + lines[0][len(word) + 1 :]
    return [*lines, *_wrap(symptom_sentence(report), style, first="  ")]


def _note_lines(report: Report, style: Style) -> list[str]:
    lines = _wrap(f"Redacted: {REDACTED}.", style, first="  ") if report.redacted else []
    lines += [line for note in report.notes for line in _wrap(note, style, first="  Note: ")]
    return [f"  {confirmation(report)}", *lines] if report.verdict.confirmed_by else lines


def _check_lines(report: Report, check: CheckResult, style: Style) -> list[str]:
    """Write a check: its mark, what was found, and for what is not ok where it was read."""
    every = [finding for finding in report.findings if finding.id in check.findings]
    shown = [finding for finding in every if not _is_of_another_way(report, finding)]
    outcome = check.outcome if shown or not every else Outcome.OK
    mark, colour = _MARKS[outcome]
    texts = [finding.title for finding in shown]
    if check.summary not in texts:
        texts.insert(0, check.summary + (" (other addresses: --verbose)" if len(shown) < len(every) else ""))
    if shown and shown[0].id == _cause_id(report) and shown[0].evidence:
        texts[texts.index(shown[0].title)] = _evidence_text(shown[0])  # the verdict says the title already
    lines = []
    for number, text in enumerate(texts):
        lines += _clip(_wrap(text, style, first=f"{mark}  {check.check:<12}" if number == 0 else " " * 16), 3)
    lines = lines or [f"{mark}  {check.check:<12}"]
    lines[0] = style.paint(mark, colour) + lines[0][len(mark) :]
    for finding in shown[:1]:
        if finding.id != _cause_id(report) and finding.evidence and finding.outcome is not Outcome.WARNS:
            evidence = _clip(_wrap(_evidence_text(finding), style, first=" " * 16), 2)
            lines += [style.paint(line, "dim") for line in evidence]
    return lines


def _is_of_another_way(report: Report, finding: Finding) -> bool:
    """Whether a warning is about addresses that the verdict does not speak of: one screen has no room for them."""
    first = report.paths[0].id if report.paths else None
    return finding.outcome is Outcome.WARNS and bool(finding.paths) and first not in finding.paths


def _cause_id(report: Report) -> str | None:
    """Name the finding whose title is the verdict's sentence; None when the verdict is clear."""
    return report.findings[0].id if report.findings and _is_open(report) else None


def _evidence_text(finding: Finding) -> str:
    evidence = finding.evidence[0]
    return f"{evidence.source}: {evidence.text}"


def _clip(lines: list[str], most: int) -> list[str]:
    return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1] + " ..."]


def _fixes(report: Report) -> list[tuple[Finding, Fix]]:
    """List the fix to print for each finding that has one, in the order of mending."""
    wanted = (Outcome.BLOCKS, Outcome.UNKNOWN) if _is_open(report) else (Outcome.WARNS,)
    return [
        (finding, finding.fixes[0])
        for finding in report.findings
        if finding.fixes and finding.outcome in wanted and not _is_of_another_way(report, finding)
    ]


def _is_open(report: Report) -> bool:
    return report.verdict.status is not Status.CLEAR


def _fix_lines(report: Report, style: Style) -> list[str]:
    fixes = _fixes(report)
    if not fixes:
        return []
    heading = "Fix:" if len(fixes) == 1 else "Fix, in this order:"
    lines = [style.paint(heading if _is_open(report) else "Worth a look:", "bold")]
    for number, (_, fix) in enumerate(fixes, 1):
        commands = [f"     {line}" for line in command_lines(fix, report.host.os)]
        commands += _wrap_all(masked_note(fix), style)
        steps = _wrap_all((*edit_step(fix), *fix.steps), style)
        lines += _wrap(fix.title, style, first=f"{number}. ")
        # What is to be done by hand comes before a restart; what keeps a rule for ever comes after it works.
        lines += [*commands, *_clip(steps, 2)] if fix.needs == "root" else [*steps, *commands]
        lines += _wrap(lasting(fix), style, first="   ") if lasting(fix) else []
        lines += _clip(_wrap(f"Mind: {_first_sentence(fix.risk)}", style, first="   "), 2) if fix.risk else []
    return lines


def edit_step(fix: Fix) -> tuple[str, ...]:
    """Say what to write into which line of a file; empty where a fix edits none."""
    if fix.edit is None:
        return ()
    where = fix.edit.file if fix.edit.line is None else f"{fix.edit.file}, line {fix.edit.line}"
    return (f"In {where}: {fix.edit.find.strip()}  ->  {fix.edit.replace.strip()}",)


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".") + "."


def _wrap_all(texts: Iterable[str], style: Style) -> list[str]:
    return [line for text in texts for line in _wrap(text, style, first="   ")]


def _client_lines(report: Report, style: Style) -> list[str]:
    if report.redacted:
        return _wrap(ON_THE_CLIENT, style)
    lines = []
    url = next((path.url for path in report.paths if path.url), None)
    if url is not None:
        lines += _wrap(
            f"Then open on the client: {url}" if _is_open(report) else f"Open on the client: {url}", style
        )
    commands = [item.command for item in report.see_also if not item.command.startswith("Test-")]
    if commands:
        lines += _wrap("To see it there too: " + " | ".join(commands[:3]), style, rest="  ")
    return lines


def _path_lines(report: Report, style: Style) -> list[str]:
    lines = [style.paint("The way of the packet:", "bold")] if report.paths else []
    for path in report.paths:
        lines += _wrap(
            f"{path.id} {path.address} on {path.interface}: {path.outcome.value}", style, first="  "
        )
        for stage in path.stages:
            mark, _ = _MARKS[stage.outcome]
            decided = f" [{stage.decided_by}]" if stage.decided_by else ""
            lines += _wrap(f"{stage.detail}{decided}", style, first=f"    {mark}  {stage.stage:<13}")
    return lines


def _finding_lines(report: Report, style: Style) -> list[str]:
    lines = [style.paint("Findings:", "bold")] if report.findings else []
    for finding in report.findings:
        lines += _wrap(
            f"{finding.code} ({finding.outcome.value}): {finding.title}", style, first=f"  {finding.id} "
        )
        lines += _wrap(finding.detail, style, first="     ") if finding.detail else []
        for evidence in finding.evidence:
            lines += _wrap(f"{evidence.source}: {evidence.text}", style, first="     - ")
    return lines


def _reading_lines(report: Report, style: Style) -> list[str]:
    from tabulate import tabulate

    rows = [
        (
            escape_text(note.source)[:40],
            escape_text(note.status),
            f"{note.seconds:.3f}",
            escape_text(note.detail)[:50],
        )
        for note in report.readings
    ]
    table = tabulate(rows, headers=("read", "status", "seconds", "why not"), disable_numparse=True)
    return [style.paint("Readings:", "bold"), *table.splitlines()]
