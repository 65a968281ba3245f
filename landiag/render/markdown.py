"""A report as Markdown that pastes well into GitHub and Jira: tables, commands in fences, details folded.

Every text comes from outside. A word that Markdown, HTML, a spreadsheet or GitHub's own links could take for
more than a word is written as code, where none of them looks (CommonMark 0.31, 6.1; GFM 4.10 and 6.9).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from landiag.model.regex import regex
from landiag.model.report import Edit, Finding, Fix, HostInfo, Outcome, Path, Report, Status
from landiag.render.check_rows import check_rows
from landiag.render.escape import escape_text
from landiag.render.headline import ended, find_out, fix_title, headline, second_lines, use_then
from landiag.render.parts import (
    ON_THE_CLIENT,
    OUTCOME_WORDS,
    clip,
    clip_rows,
    confirmation,
    describe_path,
    facts,
    fixes_in_order,
    lasting,
    stop_of,
)
from landiag.render.typed import command_lines, masked_note, undo_lines

_ACTIVE = regex(r"[\\`*_~<>\[\]|$&^{}@]|://|(?i:www\.)|#\d|(?i:\bgh-\d)|:[a-zA-Z][\w+-]*:|!\(|==|--|\+\+")
"""What makes a word more than a word, wherever it stands."""

_ACTIVE_FIRST = regex(r"[#>=+\-:]|\d+[.)]$|(?i:javascript|data|vbscript):")
"""What does so at the beginning of a line or a cell: headings, lists, quotes, formulas."""


def render_markdown(report: Report) -> str:
    """Render a report as GitHub-flavoured Markdown."""
    blocks = [
        f"### {plain(headline(report))}",
        " ".join(plain(one) for one in (*second_lines(report), confirmation(report)) if one),
        *_find_out(report),
        *_fixes(report),
        _then(report),
        *_checks(report),
        *(f"> {plain(note)}" for note in report.notes),
        table(("", ""), facts(report)),
        fold("Details", (*_client(report), *_paths(report), *_findings(report), *_readings(report))),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def plain(text: str, most: int = 1500) -> str:
    """Write text so that it says nothing but itself; words that could do more become code."""
    words = clip(escape_text(" ".join(text.split())), most).split(" ")
    pieces: list[str] = []
    quoted: list[str] = []
    for number, word in enumerate(words):
        if _ACTIVE.search(word) or (number == 0 and _ACTIVE_FIRST.match(word)):
            quoted.append(word)
            continue
        if quoted:
            pieces.append(code(" ".join(quoted)))
            quoted = []
        pieces.append(word)
    return " ".join([*pieces, *([code(" ".join(quoted))] if quoted else [])])


def code(text: str) -> str:
    """Write one line of text as code, with more backticks around it than it has inside."""
    shown = escape_text(" ".join(text.split()))
    if not shown:
        return ""
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def fenced(text: str, language: str = "") -> str:
    """Write text of several lines as a block of code."""
    shown = escape_text(clip(text), keep="\n\t")
    fence = "`" * max(3, _longest_run(shown) + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; the cells are text from outside. Empty without rows."""
    # A bar ends a cell even inside code (GFM 4.10), unless a backslash stands before it.
    cells = [[plain(cell, 300).replace("|", "\\|") for cell in row] for row in rows]
    if not cells:
        return ""
    from tabulate import tabulate

    return tabulate(cells, headers=list(headers), tablefmt="github", disable_numparse=True)


def fold(summary: str, blocks: Iterable[str]) -> str:
    """Fold blocks behind a line that opens them; once, for Jira shows its tags as text. Empty without blocks."""
    inner = "\n\n".join(block for block in blocks if block)
    return f"<details>\n<summary>{summary}</summary>\n\n{inner}\n\n</details>" if inner else ""


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _find_out(report: Report) -> list[str]:
    said, lines = find_out(report)
    if not said and not lines:
        return []
    return [f"Find out: {plain(said)}" if said else "Find out:\n\n" + fenced("\n".join(lines), "sh")]


def _checks(report: Report) -> list[str]:
    rows = [(label, OUTCOME_WORDS[outcome], text) for label, outcome, text in check_rows(report)]
    return ["#### Checks", table(("check", "result", "found"), rows)] if rows else []


def _fixes(report: Report) -> list[str]:
    fixes = [] if report.verdict.status is Status.CLEAR else fixes_in_order(report)
    blocks = ["#### Fixes, in this order"] if len(fixes) > 1 else []
    for number, (finding, fix) in enumerate(fixes, 1):
        start = f"{number}. Fix" if len(fixes) > 1 else "Fix"
        blocks += [f"**{start}: {plain(fix_title(fix))}** ({code(finding.code)})", *_fix(fix, report.host)]
    return blocks


def _fix(fix: Fix, host: HostInfo) -> list[str]:
    blocks = ["\n".join(f"- {plain(step)}" for step in (*fix.steps, *masked_note(fix)))]
    if fix.edit is not None:
        blocks += _edit(fix.edit)
    commands = command_lines(fix, host)
    blocks.append(fenced("\n".join(commands), _language(host.os)) if commands else "")
    blocks.append(plain(lasting(fix)))
    blocks.append(plain(ended(f"Risk: {fix.risk}")) if fix.risk else "")
    if undo_lines(fix, host):
        blocks.append("Undo:\n\n" + fenced("\n".join(undo_lines(fix, host)), _language(host.os)))
    return blocks


def _language(os: str) -> str:
    return "powershell" if os == "win32" else "sh"


def _edit(edit: Edit) -> list[str]:
    where = f"In {code(edit.file)}" + (f", line {edit.line}:" if edit.line is not None else ":")
    removed = "\n".join(f"-{line}" for line in edit.find.splitlines())
    added = "\n".join(f"+{line}" for line in edit.replace.splitlines())
    return [where, fenced(f"{removed}\n{added}", "diff")]


def _then(report: Report) -> str:
    """What works once the fix is made; it stands near the top, as in every format."""
    if report.redacted:
        return ON_THE_CLIENT
    use = use_then(report)
    return f"Then {use.how} {code(use.place)} {use.where}." if use else ""


def _client(report: Report) -> list[str]:
    seen = [] if report.redacted else [[code(item.command), item.expect] for item in report.see_also]
    return _titled(
        "What to type on the other device, and what each answer means", [_code_table(seen)] if seen else []
    )


def _titled(title: str, blocks: list[str]) -> list[str]:
    """Blocks under their title; nothing without blocks."""
    return [f"#### {title}", *blocks] if blocks else []


def _code_table(rows: Iterable[Sequence[str]]) -> str:
    from tabulate import tabulate

    cells = [[first.replace("|", "\\|"), plain(second, 300).replace("|", "\\|")] for first, second in rows]
    return tabulate(cells, headers=["type", "it means"], tablefmt="github", disable_numparse=True)


def _paths(report: Report) -> list[str]:
    shown, more = clip_rows(report.paths, 30)
    blocks = [block for path in shown for block in _path(path)]
    return _titled("The way of the packet", [*blocks, more] if blocks else [])


def _path(path: Path) -> list[str]:
    stop = stop_of(path)
    rows = [
        (
            ("STOPS HERE: " if number == stop and stage.outcome is Outcome.BLOCKS else "") + stage.stage,
            OUTCOME_WORDS[stage.outcome],
            stage.detail,
            stage.decided_by or "",
        )
        for number, stage in enumerate(path.stages)
    ]
    return [plain(describe_path(path)), table(("stage", "result", "what was found", "decided by"), rows)]


def _findings(report: Report) -> list[str]:
    shown, more = clip_rows(report.findings, 100)
    blocks = [block for finding in shown for block in _finding(finding)]
    return _titled(f"Findings ({len(report.findings)})", [*blocks, more] if blocks else [])


def _finding(finding: Finding) -> list[str]:
    hidden = f", shows only when {finding.hidden_by} is fixed" if finding.hidden_by else ""
    head = f"**{plain(finding.id)}** {code(finding.code)} ({OUTCOME_WORDS[finding.outcome]}{plain(hidden)}): "
    return [
        head + plain(finding.title),
        plain(finding.detail),
        table(
            ("where it was read", "what stood there"), [(item.source, item.text) for item in finding.evidence]
        ),
    ]


def _readings(report: Report) -> list[str]:
    shown, more = clip_rows(report.readings)
    rows = [(note.source, note.status, f"{note.seconds:.3f} s", note.detail) for note in shown]
    inner = table(("what was read", "status", "time", "why not"), rows)
    return _titled(f"What was read ({len(report.readings)})", [inner, more] if inner else [])
