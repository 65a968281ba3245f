"""A fleet as one HTML page: a heat map that reads as a table, by keyboard and screen reader, with filters of its own.

Rows that say the same of everybody, and clients that fare alike everywhere, are one row and one column: a thousand
hosts stay readable. Each reason is told once, and shown for the cell in focus. The page asks no server for anything.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from landiag.fleet.drift import Group
from landiag.fleet.exposed import describe_gap, unread_hosts
from landiag.fleet.fate import CellVerdict, Fate
from landiag.fleet.fold import Map, fold
from landiag.fleet.reach import Reach
from landiag.fleet.rows import Row
from landiag.fleet.text import count, drift_lines, names
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

_FOLDED = 8
"""A list that is longer is folded; how long it is stands beside its heading."""

_SPOKEN = 20
"""How many names are told of a row or column in focus."""

_STYLE = """
:root{color-scheme:light dark}*{box-sizing:border-box}
body{font:1rem/1.5 system-ui,sans-serif;margin:0;padding:1rem}h1{margin-top:0}
li{overflow-wrap:anywhere}ul{padding-left:1.2rem}summary{cursor:pointer;font-weight:600}
.map{overflow:auto;max-height:75vh;border:1px solid #767676}table{border-collapse:collapse}
caption{text-align:left;padding:.3rem;position:sticky;left:0;min-width:min(24rem,80vw);max-width:90vw}
th,td{padding:.15rem .4rem;border:1px solid #7676767f;text-align:left;white-space:nowrap}
thead th{position:sticky;top:0;background:Canvas;z-index:1;vertical-align:bottom}
thead th+th{writing-mode:vertical-rl;max-height:11rem;overflow:hidden;text-overflow:ellipsis}
thead th:first-child{left:0;z-index:2}
tbody th{position:sticky;left:0;background:Canvas;max-width:min(22rem,42vw);min-width:min(22rem,42vw);
white-space:normal;overflow-wrap:break-word}
td{text-align:center;min-width:2rem}
td:focus{outline:3px solid #005fcc;outline-offset:-3px;box-shadow:inset 0 0 0 5px #fff}
.reachable{background:#fdae61;color:#000}.blocked{background:#e8eef5;color:#000}
.no-listener{background:#fff7bc;color:#000}.unknown{background:#6a3d9a;color:#fff}
.say{min-height:4.5em;overflow-wrap:anywhere;position:sticky;top:0;background:Canvas;z-index:3;margin:0}
label{display:inline-block;margin:0 1rem .5rem 0}
input,select{font:inherit;max-width:100%}
"""

_SCRIPT = """
const d=document,t=d.querySelector('table'),s=d.getElementById('say'),w=d.getElementById('why'),
B=[...t.tBodies[0].rows],H=[...t.tHead.rows[0].cells],v=i=>d.getElementById(i).value.toLowerCase(),
all=h=>(h.dataset.all||h.title||h.textContent).toLowerCase(),full=h=>h.title||h.textContent;
function rows(){const q=v('q'),k=v('v');let n=0;for(const r of B){
const a=!q||all(r.cells[0]).includes(q),b=!k||r.querySelector('td.'+k+':not([hidden])')!==null;
r.hidden=!(a&&b);n+=!r.hidden}d.getElementById('n').textContent=n+' of '+B.length+' rows'}
function columns(){const q=v('c');H.forEach((h,i)=>{if(!i)return;const x=!!q&&!all(h).includes(q);
if(x!==h.hidden){h.hidden=x;for(const r of B)r.cells[i].hidden=x}});rows()}
d.getElementById('q').addEventListener('input',rows);d.getElementById('v').addEventListener('change',rows);
d.getElementById('c').addEventListener('input',columns);
const many=c=>[H[c.cellIndex],c.parentElement.cells[0]].some(h=>h.textContent.includes(' × '));
function tell(c){const r=c.parentElement;s.textContent=full(H[c.cellIndex])+' to '+full(r.cells[0])+': '+
c.getAttribute('aria-label')+(c.dataset.w?(many(c)?', for example: ':': ')+w.children[c.dataset.w].textContent:'')}
t.addEventListener('focusin',e=>{if(e.target.tagName=='TD')tell(e.target)});
function go(c,n){c.tabIndex=-1;n.tabIndex=0;n.focus()}
t.addEventListener('click',e=>{const c=e.target.closest('td'),h=e.target.closest('th');
if(c)go(t.querySelector('td[tabindex="0"]')||c,c);else if(h)s.textContent=full(h)});
const next=(x,k)=>{do x=x&&x[k];while(x&&x.hidden);return x};
t.addEventListener('keydown',e=>{const c=e.target.closest('td');if(!c)return;let n=null;
const i=c.cellIndex,r=c.parentElement,at=r=>r&&r.cells[i];
if(e.key=='ArrowRight')n=next(c,'nextElementSibling');if(e.key=='ArrowLeft')n=next(c,'previousElementSibling');
if(e.key=='ArrowDown')n=at(next(r,'nextElementSibling'));if(e.key=='ArrowUp')n=at(next(r,'previousElementSibling'));
if(e.key=='Home')n=[...r.cells].find(x=>x.tagName=='TD'&&!x.hidden);
if(e.key=='End')n=[...r.cells].reverse().find(x=>x.tagName=='TD'&&!x.hidden);
if(n&&n.tagName=='TD'){go(c,n);e.preventDefault()}});rows();
"""


def render_page(reach: Reach, rows: Sequence[Row], groups: Sequence[Group]) -> str:
    """The page. Whatever was recorded is escaped; no script but the page's own may run."""
    unread = [f"{host.name}: {describe_gap(host)}" for host in unread_hosts(reach)]
    drift = [line for line in drift_lines(groups) if line]
    intro = f"{count(len(reach.hosts), 'host')}, {count(len(rows), 'port')} that others may try."
    parts = [element("h1", "What reaches what"), element("p", intro)]
    parts += _section("Can't tell", unread) if unread else []
    if rows:
        parts += [element("h2", "Who reaches what"), *_filters(), *_table(fold(rows))]
    parts += _section("Drift", drift)
    head = group(
        element("meta", charset="utf-8"),
        element("meta", name_="viewport", content="width=device-width,initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_rule()),
        element("title", "landiag fleet"),
        element("style", trusted(_STYLE)),
    )
    scripts = (element("script", trusted(_SCRIPT)),) if rows else ()
    body = element("body", element("main", *parts), *scripts)
    return f"<!doctype html>\n{element('html', element('head', head), body, lang='en')}\n"


def _rule() -> str:
    """What the browser may run and load: this page's own script and style, by their hashes, and nothing else."""
    script, style = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (_SCRIPT, _STYLE)
    )
    return f"default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'"


def _section(title: str, lines: Sequence[str]) -> list[Markup]:
    """A heading and a list under it, folded where it is long."""
    found = element("ul", *(element("li", line) for line in lines))
    if len(lines) > _FOLDED:
        found = element("details", element("summary", f"{len(lines)} lines"), found)
    return [element("h2", title), found]


def _filters() -> tuple[Markup, ...]:
    options = [element("option", "all", value="")]
    options += [element("option", text, value=verdict.value) for verdict, text in _MARKS.items()]
    fields = (
        element("label", "Host or port: ", element("input", id="q", type="search")),
        element("label", "Client: ", element("input", id="c", type="search")),
        element("label", "With: ", element("select", *options, id="v")),
        element("span", "", id="n", role="status"),
    )
    hint = "Tap a cell, or move through the map with the arrow keys, Home and End: it is explained here."
    return element("p", *fields), element("p", hint, id="say", class_="say", role="status")


def _table(found: Map) -> tuple[Markup, Markup]:
    """The map, and the reasons that its cells name."""
    reasons: dict[str, int] = {}
    heads = [_head(one, "col") for one in found.columns]
    most = max(1, MAX_CELLS // max(1, len(found.columns)))
    rows = [
        _row(same, line, reasons, is_first=place == 0) for place, (same, line) in enumerate(found.rows[:most])
    ]
    caption = f"Rows are ports of hosts, columns are their clients. {_legend()}."
    if len(found.rows) > most:
        caption += f" {len(found.rows) - most} more rows are in the CSV only."
    table = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", element("th", "Port", scope="col"), *heads)),
        element("tbody", *rows),
    )
    told = element("ol", *(element("li", reason) for reason in reasons), id="why", hidden="")
    return element("div", table, class_="map", role="region", aria_label="Who reaches what", tabindex=0), told


def _legend() -> str:
    """What the signs mean; each stays on one line with its words."""
    return ", ".join(f"{_SIGNS[one]} {_MARKS[one]}".replace(" ", "\N{NO-BREAK SPACE}") for one in _MARKS)


def _head(all_names: Sequence[str], scope: str) -> Markup:
    """The head of a row or column: one name to read, more to hear, all of them for the filters."""
    kept = " ".join(all_names) if len(all_names) > _SPOKEN else None
    text = all_names[0] if len(all_names) == 1 else f"{len(all_names)} × {all_names[0]}"
    return element("th", text, scope=scope, title=names(all_names, _SPOKEN), data_all=kept)


def _row(
    same: tuple[Row, ...], line: tuple[Fate | None, ...], reasons: dict[str, int], *, is_first: bool
) -> Markup:
    where = [f"{row.server} {row.address} port {row.port}" for row in same]
    cells = [
        _cell(fate, reasons, tabindex=0 if is_first and place == 0 else -1) for place, fate in enumerate(line)
    ]
    return element("tr", _head(where, "row"), *cells)


def _cell(fate: Fate | None, reasons: dict[str, int], tabindex: int) -> Markup:
    if fate is None:
        return element("td", "", aria_label="its own port", tabindex=tabindex)
    why = f"{fate.detail} ({fate.cause})" if fate.cause else fate.detail
    number = reasons.setdefault(why, len(reasons)) if why else None
    return element(
        "td", _SIGNS[fate.verdict], class_=fate.verdict.value, aria_label=_MARKS[fate.verdict], data_w=number,
        tabindex=tabindex,
    )  # fmt: skip
