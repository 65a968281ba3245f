"""Who reaches what as a picture: ports across, sources down; one HTML file without script or request."""

from __future__ import annotations

from collections.abc import Iterable

from landiag.firewall.picture import Field, Grid
from landiag.model.ruleset import Verdict
from landiag.render.html import page
from landiag.render.markup import Markup, element, trusted

_STYLE = trusted("""
.reach{width:auto}
.reach th,.reach td{border:1px solid var(--line);padding:.2rem .4rem;text-align:center;white-space:nowrap}
.reach th[scope=row]{text-align:right;white-space:normal}.reach thead th{writing-mode:vertical-rl}
.reach .accept{background:var(--ok);color:var(--bg)}.reach .drop,.reach .reject{background:var(--box);color:var(--dim)}
.reach .unknown,.reach .partly{background:var(--warn);color:var(--bg)}.wide{overflow-x:auto}
""")

_SIGNS = {"accept": "✓", "partly": "◐", "drop": "·", "reject": "x", "unknown": "?"}
_KEY = (
    "✓ open, ◐ open to some addresses of this machine or from some source ports (see below), · dropped, x rejected, "
    "? can't tell. Ports across, sources down."
)


def render_picture(grids: Iterable[Grid], text: str) -> str:
    """Render the grids, and below them the page of text."""
    return page(
        "landiag: who reaches which ports",
        element("style", _STYLE),
        element("h1", "Who reaches which ports"),
        element("p", _KEY, class_="note"),
        *(part for grid in grids for part in _grid(grid)),
        element("h2", "In words"),
        element("pre", text),
    )


def _grid(grid: Grid) -> list[Markup]:
    head = element("tr", element("td"), *(element("th", one, scope="col") for one in grid.columns))
    rows = [
        element(
            "tr",
            element("th", who, scope="row"),
            *(_field(who, ports, field) for ports, field in zip(grid.columns, fields, strict=True)),
        )
        for who, fields in grid.rows
    ]
    table = element("table", element("thead", head), element("tbody", *rows), class_="reach")
    parts = [element("h2", grid.title), element("div", table, class_="wide")]
    columns, more = grid.left_out
    if columns or more:
        parts.append(
            element(
                "p", f"Not drawn: {columns} more ranges of ports, {more} more sets of sources.", class_="note"
            )
        )
    return parts


def _field(who: str, ports: str, field: Field) -> Markup:
    word = _word(field)
    return element(
        "td", _SIGNS[word], class_=word, title=f"{who} to {ports}: {' or '.join(one.value for one in field)}"
    )


def _word(field: Field) -> str:
    """What is said of packets of which some are open, or of which nobody can tell, before what stops the others."""
    if Verdict.ACCEPT in field:
        return "accept" if len(field) == 1 else "partly"
    return (Verdict.UNKNOWN if Verdict.UNKNOWN in field else field[0]).value
