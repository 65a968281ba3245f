"""A report as a text file: who, when and what was asked above, everything that was found below."""

from __future__ import annotations

from landiag.model.report import Report
from landiag.render.columns import wrap_columns
from landiag.render.escape import escape_text
from landiag.render.parts import confirmation, facts, fixes_in_order
from landiag.render.terminal import Style, render_terminal
from landiag.render.typed import undo_lines

_WIDTH = 100


def render_text(report: Report) -> str:
    """Render a report as plain text of at most 100 columns, all details included."""
    head = [line for label, text in facts(report) for line in _wrap(f"{label + ':':<10}{text}", " " * 10)]
    notes = _wrap(confirmation(report), "  ")
    undo = [
        line for _, fix in fixes_in_order(report) for line in _undo(fix.title, undo_lines(fix, report.host))
    ]
    parts = [head, notes, [render_terminal(report, Style(_WIDTH), verbose=True).rstrip()]]
    parts += [["To undo:", *undo]] if undo else []
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _wrap(text: str, indent: str) -> list[str]:
    return wrap_columns(escape_text(text), _WIDTH, rest=indent)


def _undo(title: str, commands: list[str]) -> list[str]:
    return [*_wrap(f"  {title}", "    "), *(f"     {line}" for line in commands)] if commands else []
