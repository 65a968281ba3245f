"""A report as one HTML file: no script, no request to anywhere, light and dark, on screen and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from landiag.model.report import Edit, Finding, Fix, HostInfo, Outcome, Path, Report, Status
from landiag.render.check_rows import check_rows
from landiag.render.headline import ended, find_out, headline, second_lines, use_then
from landiag.render.markup import Markup, cell, code_cell, element, group, trusted
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
)
from landiag.render.svg import render_path
from landiag.render.typed import command_lines, masked_note, undo_lines

MOST_DRAWINGS = 4
"""Ways in that are drawn; further ones are listed."""

MOST_EVIDENCE = 600
"""Letters of a piece of evidence: a page of one command line helps nobody, and the JSON has all."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_STYLE = trusted("""
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#d0d7de;--box:#f6f8fa;
--ok:#1a7f37;--no:#cf222e;--warn:#9a6700}
@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;--line:#3d444d;--box:#161b22;
--ok:#3fb950;--no:#ff7b72;--warn:#d29922}}
body{background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif;max-width:60rem;
margin:0 auto;padding:1rem}
h1{font-size:1.4rem;border-left:.4rem solid var(--tone);padding-left:.7rem;overflow-wrap:anywhere}
h1:not([class]){border:0;padding:0}
h2{font-size:1.15rem;margin-top:2rem}h3{font-size:1rem;margin-bottom:.3rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
td,th{border-bottom:1px solid var(--line);padding:.3rem .6rem .3rem 0;text-align:left;vertical-align:top}
td{overflow-wrap:anywhere}td:first-child{min-width:7rem}
th[scope=row],thead+tbody th[scope=row]+td{white-space:nowrap}
pre{background:var(--box);border:1px solid var(--line);border-radius:6px;padding:.6rem;white-space:pre-wrap;
overflow-wrap:anywhere}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}
.dim,.note{color:var(--dim)}.ok{color:var(--ok)}.blocks{color:var(--no);font-weight:600}
.warns,.unknown{color:var(--warn)}.not-applicable{color:var(--dim)}
.clear{--tone:var(--ok)}.blocked{--tone:var(--no)}.undetermined{--tone:var(--warn)}
summary{cursor:pointer;margin:.5rem 0}
.way{width:100%;max-width:25rem;height:auto;font:14px system-ui,sans-serif}.way text{fill:var(--fg)}
.way .detail{fill:var(--dim);font-size:12px}.way .sign{text-anchor:middle;fill:var(--bg);font-weight:700}
.way .dot,.way .end{fill:var(--ok)}.way .line{stroke:var(--ok);stroke-width:2}
.way .s-blocks .dot{fill:var(--no)}
.way .s-blocks .stage,.way .s-blocks .detail{fill:var(--no);font-weight:600}
.way .s-warns .dot,.way .s-unknown .dot{fill:var(--warn)}.way .s-not-applicable .dot{fill:var(--dim)}
.way .s-beyond .dot,.way .s-beyond .end{fill:var(--line)}.way .s-beyond text{fill:var(--dim)}
.way .line.beyond{stroke:var(--line);stroke-dasharray:3 4}
@media(max-width:34rem){table:has(th:nth-child(5)){display:block;overflow-x:auto}
table:has(th:nth-child(5)) td{overflow-wrap:normal}
table:not(:has(th:nth-child(5))){thead{position:absolute;clip-path:inset(50%)}
thead+tbody tr{display:grid;grid-template-columns:max-content 1fr;column-gap:.8rem;padding:.3rem 0;
border-bottom:1px solid var(--line)}thead+tbody>tr>*{border:0;padding:0}
thead+tbody>tr>:nth-child(n+3),thead+tbody td:first-child+td:last-child{grid-column:1/-1}}}
@media print{:root{--bg:#fff;--fg:#000;--dim:#444;--line:#999;--box:#fff;--ok:#075;--no:#a00;--warn:#850}
body{font-size:9.5pt;max-width:none;padding:0}h1{font-size:14pt}h2{font-size:11pt;margin-top:.8rem}
p,pre{margin:.3rem 0}tr,svg,.drawn{break-inside:avoid}h1,h2,h3,summary{break-after:avoid}
.way{max-width:20rem}.long,.more{display:none}
details::details-content{content-visibility:visible;display:block;height:auto}}
""")


def render_html(report: Report) -> str:
    """Render a report as an HTML page that needs nothing else."""
    return page(
        f"landiag: {headline(report)}",
        element("h1", headline(report), class_=report.verdict.status.value),
        *_paragraphs([*second_lines(report), confirmation(report)]),
        *_find_out(report),
        *_paragraphs(report.notes, "note"),
        *_fixes(report),
        *_checks(report),
        *_client(report),
        *_ways(report),
        *_findings(report),
        *_facts(report),
        *_readings(report),
    )


def render_below(report: Report) -> str:
    """Render what stands below the verdict and its fix, for a page that has said both: the way, then the rest."""
    return page(
        f"landiag: {headline(report)}",
        *_ways(report),
        *_checks(report),
        *_findings(report),
        *_readings(report),
    )


def _find_out(report: Report) -> list[Markup]:
    said, lines = find_out(report)
    if not said and not lines:
        return []
    typed = [element("pre", "\n".join(lines))] if lines else []
    return [element("p", f"Find out: {said}"), *typed]


def page(title: str, *parts: Markup) -> str:
    """Make a whole page of these parts."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", _STYLE),
    )
    return f"<!doctype html>\n{element('html', head, element('body', *parts), lang='en')}\n"


def _paragraphs(texts: Iterable[str], kind: str | None = None) -> list[Markup]:
    return [element("p", clip(text), class_=kind) for text in texts if text]


def _rows(headers: Sequence[str], rows: Iterable[Iterable[Markup]]) -> Markup:
    """Make a table of cells; nothing without rows."""
    body = [element("tr", *row) for row in rows]
    if not body:
        return Markup("")
    head = element("thead", element("tr", *(element("th", header, scope="col") for header in headers)))
    return element("table", head, element("tbody", *body))


def _facts(report: Report) -> list[Markup]:
    rows = [element("tr", element("th", label, scope="row"), cell(text)) for label, text in facts(report)]
    return [element("h2", "About this report"), element("table", element("tbody", *rows))]


def _outcome(outcome: Outcome) -> Markup:
    return element("td", OUTCOME_WORDS[outcome], class_=outcome.value)


def _checks(report: Report) -> list[Markup]:
    rows = [
        (element("th", label, scope="row"), _outcome(outcome), cell(clip(text)))
        for label, outcome, text in check_rows(report)
    ]
    return [element("h2", "Checks"), _rows(("check", "result", "found"), rows)] if rows else []


def _fixes(report: Report) -> list[Markup]:
    fixes = [] if report.verdict.status is Status.CLEAR else fixes_in_order(report)
    if not fixes:
        return []
    title = element("h2", "Fixes, in this order" if len(fixes) > 1 else "Fix")
    numbers = range(1, len(fixes) + 1) if len(fixes) > 1 else [0]
    pairs = zip(numbers, fixes, strict=True)
    return [title, *(part for number, pair in pairs for part in _fix(number, *pair, report.host))]


def _fix(number: int, finding: Finding, fix: Fix, host: HostInfo) -> list[Markup]:
    commands = command_lines(fix, host)
    start = f"{number}. {fix.title} " if number else f"{fix.title} "
    parts = [element("h3", start, element("span", f"({finding.code})", class_="dim"))]
    steps = (*fix.steps, *masked_note(fix))
    if steps:
        parts.append(element("ul", *(element("li", step) for step in steps)))
    parts += _edit(fix.edit) if fix.edit is not None else []
    parts += [element("pre", "\n".join(commands))] if commands else []
    parts += _paragraphs([lasting(fix), ended(f"Risk: {fix.risk}") if fix.risk else ""])
    if undo_lines(fix, host):
        undo = element("pre", "\n".join(undo_lines(fix, host)))
        parts.append(_fold("Undo", undo))
    return parts


def _edit(edit: Edit) -> list[Markup]:
    where = f", line {edit.line}:" if edit.line is not None else ":"
    lines = [
        *(f"- {line}" for line in edit.find.splitlines()),
        *(f"+ {line}" for line in edit.replace.splitlines()),
    ]
    return [element("p", "In ", element("code", edit.file), where), element("pre", "\n".join(lines))]


def _fold(summary: str, *children: Markup, is_long: bool = False) -> Markup:
    """Fold something away; what is long stays off the paper."""
    return element("details", element("summary", summary), *children, class_="long" if is_long else None)


def _client(report: Report) -> list[Markup]:
    title = element("h2", "On the other device")
    if report.redacted:
        return [title, element("p", ON_THE_CLIENT)]
    use = use_then(report)
    parts = [element("p", f"Then {use.how} ", element("code", use.place), f" {use.where}.")] if use else []
    rows = [(code_cell(item.command), cell(item.expect)) for item in report.see_also]
    if rows:
        parts.append(
            _fold(
                "What to type there, and what each answer means",
                _rows(("type", "it means"), rows),
                is_long=True,
            )
        )
    return [title, *parts] if parts else []


def _ways(report: Report) -> list[Markup]:
    if not report.paths:
        return []
    drawn = [
        element(
            "div",
            element("p", clip(describe_path(path))),
            render_path(path, f"way{number}"),
            class_="drawn more" if number > 1 else "drawn",
        )
        for number, path in enumerate(report.paths[:MOST_DRAWINGS], 1)
    ]
    others, more = clip_rows(report.paths[MOST_DRAWINGS:])
    listed = [element("li", describe_path(path)) for path in others]
    rest = (
        [_fold("Further ways in", element("ul", *listed), *_paragraphs([more]), is_long=True)]
        if listed
        else []
    )
    decided = _fold(
        "Which rule, socket or route decided",
        *(_stages(path) for path in report.paths[:MOST_DRAWINGS]),
        is_long=True,
    )
    return [element("h2", "The way of the packet"), *drawn, decided, *rest]


def _stages(path: Path) -> Markup:
    rows = [
        (
            cell(stage.stage),
            _outcome(stage.outcome),
            cell(clip(stage.detail)),
            cell(clip(stage.decided_by or "")),
        )
        for stage in path.stages
    ]
    return group(
        element("h3", path.address), _rows(("stage", "result", "what was found", "decided by"), rows)
    )


def _findings(report: Report) -> list[Markup]:
    shown, more = clip_rows(report.findings, 100)
    parts = [part for finding in shown for part in _finding(finding)]
    if not parts:
        return []
    return [element("h2", "Findings"), *parts, *_paragraphs([more])]


def _finding(finding: Finding) -> list[Markup]:
    hidden = f"Shows only when {finding.hidden_by} is fixed." if finding.hidden_by else ""
    evidence = [(cell(item.source), code_cell(clip(item.text, MOST_EVIDENCE))) for item in finding.evidence]
    table = _rows(("where it was read", "what stood there"), evidence)
    return [
        element("h3", f"{finding.id} ", element("code", finding.code), f": {finding.title}"),
        *_paragraphs(
            [OUTCOME_WORDS[finding.outcome] + "." if not finding.detail else finding.detail, hidden]
        ),
        *([_fold("Evidence", table)] if evidence else []),
    ]


def _readings(report: Report) -> list[Markup]:
    shown, more = clip_rows(report.readings)
    rows = [
        (cell(note.source), cell(note.status), cell(f"{note.seconds:.3f} s"), cell(clip(note.detail, 300)))
        for note in shown
    ]
    table = _rows(("what was read", "status", "time", "why not"), rows)
    title = f"What was read ({len(report.readings)})"
    return (
        [element("h2", "Readings", class_="long"), _fold(title, table, *_paragraphs([more]), is_long=True)]
        if rows
        else []
    )
