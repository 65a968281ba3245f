"""The comparison of two reports as text, Markdown, HTML and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from landiag.render.columns import wrap_columns
from landiag.render.escape import escape_text
from landiag.verdict.change import Change

SCHEMA = "landiag.comparison/1"
NOTHING = "Nothing that matters changed between the two."


def render_changes(changes: Sequence[Change], width: int = 80) -> str:
    """Render the changes for people, one paragraph each."""
    if not changes:
        return NOTHING + "\n"
    lines = []
    for number, change in enumerate(changes, 1):
        first = f"{number}. "
        said = escape_text(f"{change.kind}: {change.text}")
        lines += wrap_columns(said, width, first, " " * len(first))
    return "\n".join(lines) + "\n"


def _render_json(changes: Sequence[Change]) -> str:
    rows = [{name: getattr(change, name) for name in change.__struct_fields__} for change in changes]
    return json.dumps({"schema": SCHEMA, "changes": rows}, indent=2) + "\n"


def _render_markdown(changes: Sequence[Change]) -> str:
    from landiag.render.markdown import plain, table

    rows = [(change.kind, change.text) for change in changes]
    return f"## landiag: what changed\n\n{table(('kind', 'change'), rows) or plain(NOTHING)}\n"


def _render_html(changes: Sequence[Change]) -> str:
    from landiag.render.html import page
    from landiag.render.markup import cell, element

    rows = [element("tr", element("th", change.kind, scope="row"), cell(change.text)) for change in changes]
    body = element("table", element("tbody", *rows)) if rows else element("p", NOTHING)
    return page("landiag: what changed", element("h1", "What changed"), body)


CHANGE_RENDERERS: Mapping[str, Callable[[Sequence[Change]], str]] = {
    ".json": _render_json,
    ".txt": lambda changes: render_changes(changes, 100),
    ".md": _render_markdown,
    ".html": _render_html,
}
"""How a comparison is written into a file, by the file's suffix."""
