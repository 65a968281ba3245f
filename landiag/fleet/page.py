"""A fleet as one HTML page: a heat map that reads as a table, by keyboard and screen reader, with filters of its own.

Rows that say the same of everybody, and clients that fare alike everywhere, are one row and one column: a thousand
hosts stay readable. The page asks no server for anything.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from msgspec import Struct

from landiag.fleet.drift import Group
from landiag.fleet.exposed import describe_gap, unread_hosts
from landiag.fleet.fate import CellVerdict, Fate
from landiag.fleet.reach import Reach
from landiag.fleet.rows import Row
from landiag.fleet.text import drift_lines, names
from landiag.render.markup import Markup, element, group, trusted

MAX_CELLS = 40_000
"""How many cells the page shows; the CSV has them all."""

_MARKS = {
    CellVerdict.REACHABLE: "open", CellVerdict.BLOCKED: "blocked", CellVerdict.NO_LISTENER: "no listener",
    CellVerdict.UNKNOWN: "can't tell",
}  # fmt: skip
_SIGNS = {
    CellVerdict.REACHABLE: "●", CellVerdict.BLOCKED: "–", CellVerdict.NO_LISTENER: "○", CellVerdict.UNKNOWN: "?",
}  # fmt: skip

_STYLE = """
:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;margin:1rem;max-width:none}
.map{overflow:auto;max-height:80vh;border:1px solid #888}table{border-collapse:collapse}
th,td{padding:.2rem .4rem;border:1px solid #8886;text-align:left;white-space:nowrap}
thead th{position:sticky;top:0;background:Canvas;z-index:1}tbody th{position:sticky;left:0;background:Canvas}
td{text-align:center}td:focus{outline:3px solid Highlight;outline-offset:-3px}
.reachable{background:#fdae61;color:#000}.blocked{background:#e8eef5;color:#000}
.no-listener{background:#fff7bc;color:#000}.unknown{background:#6a3d9a;color:#fff}
.say{min-height:3em}label{margin-right:1rem}
"""

_SCRIPT = """
const t=document.querySelector('table'),s=document.getElementById('say');
function f(){const q=document.getElementById('q').value.toLowerCase(),v=document.getElementById('v').value;let n=0;
for(const r of t.tBodies[0].rows){const a=!q||r.cells[0].textContent.toLowerCase().includes(q);
const b=!v||[...r.cells].some(c=>c.classList.contains(v));r.hidden=!(a&&b);n+=!r.hidden}
document.getElementById('n').textContent=n+' rows'}
document.getElementById('q').addEventListener('input',f);document.getElementById('v').addEventListener('change',f);
t.addEventListener('focusin',e=>{if(e.target.title)s.textContent=e.target.title});
t.addEventListener('click',e=>{const c=e.target.closest('td');if(c)c.focus()});
t.addEventListener('keydown',e=>{const c=e.target.closest('td');if(!c)return;let r=c.parentElement,i=c.cellIndex,n=null;
if(e.key=='ArrowRight')n=r.cells[i+1];if(e.key=='ArrowLeft')n=i>1?r.cells[i-1]:null;
if(e.key=='ArrowDown'){r=r.nextElementSibling;while(r&&r.hidden)r=r.nextElementSibling;n=r&&r.cells[i]}
if(e.key=='ArrowUp'){r=r.previousElementSibling;while(r&&r.hidden)r=r.previousElementSibling;n=r&&r.cells[i]}
if(n){c.tabIndex=-1;n.tabIndex=0;n.focus();e.preventDefault()}});
"""


class _Map(Struct, frozen=True):
    """Columns are classes of clients, rows are ports; both hold those that are alike."""

    columns: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[tuple[Row, ...], tuple[Fate | None, ...]], ...]


def render_page(reach: Reach, rows: Sequence[Row], groups: Sequence[Group]) -> str:
    """The page. Whatever was recorded is escaped; no script but the page's own may run."""
    parts = [element("h1", "What reaches what")]
    parts.append(
        element("p", f"{len(reach.hosts)} hosts, {len(rows)} addresses with ports that others may try.")
    )
    unread = unread_hosts(reach)
    if unread:
        parts.append(element("h2", "Can't tell"))
        parts.append(_list([f"{host.name}: {describe_gap(host)}" for host in unread]))
    parts += [element("h2", "Who reaches what"), *_filters(), _table(_fold(rows))]
    lines = [line for line in drift_lines(groups) if line]
    parts += [element("h2", "Drift"), _list(lines)]
    head = group(
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_rule()),
        element("title", "landiag fleet"),
        element("style", trusted(_STYLE)),
    )
    body = element("body", element("main", *parts), element("script", trusted(_SCRIPT)))
    return f"<!doctype html>\n{element('html', element('head', head), body, lang='en')}\n"


def _rule() -> str:
    """What the browser may run and load: this page's own script and style, by their hashes, and nothing else."""
    script, style = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (_SCRIPT, _STYLE)
    )
    return f"default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'"


def _list(lines: Sequence[str]) -> Markup:
    return element("ul", *(element("li", line) for line in lines))


def _filters() -> tuple[Markup, ...]:
    options = [element("option", "all", value="")]
    options += [element("option", text, value=verdict.value) for verdict, text in _MARKS.items()]
    search = element("label", "Host or port: ", element("input", id="q", type="search"))
    chosen = element("label", "With: ", element("select", *options, id="v"))
    count = element("span", "", id="n", role="status")
    return element("p", search, chosen, count), element(
        "p",
        "Arrow keys move through the map; the cell in focus is explained here.",
        id="say",
        class_="say",
        role="status",
    )


def _fold(rows: Sequence[Row]) -> _Map:
    """Put together the rows that say the same, and the clients that fare alike in every row."""
    fates: dict[str, dict[int, Fate]] = {}
    for number, row in enumerate(rows):
        for part in row.parts:
            for client in part.clients:
                fates.setdefault(client, {})[number] = part.fate
    columns: dict[tuple[object, ...], list[str]] = {}
    for client in sorted(fates):
        said = tuple(_said(fates[client].get(number)) for number in range(len(rows)))
        columns.setdefault(said, []).append(client)
    folded: dict[tuple[object, ...], tuple[list[Row], tuple[Fate | None, ...]]] = {}
    for number, row in enumerate(rows):
        line = tuple(fates[clients[0]].get(number) for clients in columns.values())
        key = (row.port, *map(_said, line))
        folded.setdefault(key, ([], line))[0].append(row)
    return _Map(
        tuple(map(tuple, columns.values())), tuple((tuple(same), line) for same, line in folded.values())
    )


def _said(fate: Fate | None) -> object:
    return None if fate is None else (fate.verdict, fate.cause)


def _table(found: _Map) -> Markup:
    heads = [
        element("th", names(clients, 2), scope="col", title=names(clients, 50)) for clients in found.columns
    ]
    most = max(1, MAX_CELLS // max(1, len(found.columns)))
    rows = [_row(found, same, line, number) for number, (same, line) in enumerate(found.rows[:most])]
    caption = (
        "Rows are ports of hosts, columns are their clients. ● open, – blocked, ○ no listener, ? can't tell."
    )
    if len(found.rows) > most:
        caption += f" {len(found.rows) - most} more rows are in the CSV only."
    table = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", element("th", "Port", scope="col"), *heads)),
        element("tbody", *rows),
    )
    return element("div", table, class_="map", role="region", aria_label="Who reaches what", tabindex=0)


def _row(found: _Map, same: tuple[Row, ...], line: tuple[Fate | None, ...], number: int) -> Markup:
    where = [f"{row.server} {row.address} port {row.port}" for row in same]
    cells = [
        _cell(fate, clients, names(where, 3), is_first=number == 0 and place == 0)
        for place, (fate, clients) in enumerate(zip(line, found.columns, strict=True))
    ]
    return element("tr", element("th", names(where, 2), scope="row", title=names(where, 50)), *cells)


def _cell(fate: Fate | None, clients: tuple[str, ...], where: str, *, is_first: bool) -> Markup:
    if fate is None:
        return element("td", "", tabindex=0 if is_first else -1)
    text = f"{names(clients, 3)} to {where}: {_MARKS[fate.verdict]}"
    why = f" ({fate.cause or ''} {fate.detail})" if fate.detail else ""
    return element(
        "td", _SIGNS[fate.verdict], class_=fate.verdict.value, title=text + why,
        aria_label=_MARKS[fate.verdict], tabindex=0 if is_first else -1,
    )  # fmt: skip
