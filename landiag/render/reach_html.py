"""Who reaches what as a picture: ports across, sources down; one HTML file without script or request."""

from __future__ import annotations

from collections.abc import Iterable

from landiag.firewall.picture import Grid
from landiag.model.ruleset import Verdict
from landiag.render.html import page
from landiag.render.markup import Markup, element, trusted

_STYLE = trusted("""
.reach{width:auto}
.reach th,.reach td{border:1px solid var(--line);padding:.2rem .4rem;text-align:center;white-space:nowrap}
.reach th[scope=row]{text-align:right;white-space:normal}.reach thead th{writing-mode:vertical-rl}
.reach .accept{background:var(--ok);color:var(--bg)}.reach .drop,.reach .reject{background:var(--box);color:var(--dim)}
.reach .unknown{background:var(--warn);color:var(--bg)}.wide{overflow-x:auto}
""")

_SIGNS = {Verdict.ACCEPT: "✓", Verdict.DROP: "·", Verdict.REJECT: "x", Verdict.UNKNOWN: "?"}
_KEY = "✓ open, · dropped, x rejected, ? can't tell. Ports across, sources down."


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
            *(_field(who, one, row) for one, row in _pairs(grid, verdicts)),
        )
        for who, verdicts in grid.rows
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


def _pairs(grid: Grid, verdicts: tuple[Verdict, ...]) -> Iterable[tuple[str, Verdict]]:
    return zip(grid.columns, verdicts, strict=True)


def _field(who: str, ports: str, verdict: Verdict) -> Markup:
    return element("td", _SIGNS[verdict], class_=verdict.value, title=f"{who} to {ports}: {verdict.value}")
