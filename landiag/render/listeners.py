"""The list of listeners as a table, JSON, Markdown and HTML. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from msgspec import to_builtins

from landiag.model.listener import Listener
from landiag.model.report import Outcome
from landiag.render.columns import render_table
from landiag.render.parts import REDACTED_LINE
from landiag.render.style import Style

SCHEMA = "landiag.list/1"
_HEADERS = ("port", "program", "listening on", "open / what stops it")
_OUTCOMES = {"yes": Outcome.OK, "no": Outcome.BLOCKS, "unknown": Outcome.UNKNOWN}
NOTHING = "Nothing is listening on this machine."


def render_listeners(
    found: Sequence[Listener], style: Style, called: str = "landiag", *, redacted: bool = False
) -> str:
    """Render the listeners as a table that fits the terminal; ``called`` is how landiag is typed there."""
    told = style.wrap(REDACTED_LINE) if redacted else []
    if not found:
        return "\n".join([NOTHING, *told]) + "\n"
    rows = [(style.mark(_OUTCOMES[one.reached]), *_row(one)) for one in found]
    # The program gives way first: the last column is what people came for.
    table = render_table(("", *_HEADERS), rows, style.width, shrink=(2, 3, 4), ellipsis=style.ellipsis)
    lines = [table[0], *(_painted(line, one, style) for line, one in zip(table[1:], found, strict=True))]
    more = style.typed("What to do about one:", f"{called} check --port PORT")
    return "\n".join([*lines, "", *more, *told]) + "\n"


def count_reached(found: Sequence[Listener]) -> str:
    """The list as one sentence."""
    open_ones = sum(one.reached == "yes" for one in found)
    if not found:
        return NOTHING
    listeners = "listener" if len(found) == 1 else "listeners"
    return (
        f"{open_ones} of {len(found)} {listeners} {'is' if open_ones == 1 else 'are'} open to other devices."
    )


def render_list_json(found: Sequence[Listener], *, redacted: bool = False) -> str:
    """Render the listeners as the JSON of ``landiag list --json``."""
    listeners = [to_builtins(one) for one in found]
    return json.dumps({"schema": SCHEMA, "redacted": redacted, "listeners": listeners}, indent=2) + "\n"


def _painted(line: str, one: Listener, style: Style) -> str:
    outcome = _OUTCOMES[one.reached]
    return style.painted(outcome) + line[len(style.mark(outcome)) :]


def _row(one: Listener) -> tuple[str, str, str, str]:
    apart = _apart(one)
    # The code is shorter than the sentence: it leaves room for those who fare otherwise.
    stop = one.url if one.reached == "yes" else one.cause if apart else one.why
    return str(one.port), one.program, one.address, f"{stop or ''}{apart}"


def _apart(one: Listener) -> str:
    """Those of the subnet that fare otherwise than most."""
    apart, words = (one.others, "not for") if one.reached == "yes" else (one.clients, "open for")
    if not (one.clients and one.others) or one.reached == "unknown":
        return ""
    spans = [span.first if span.first == span.last else f"{span.first} to {span.last}" for span in apart]
    more = f" and {len(spans) - SHOWN} more" if len(spans) > SHOWN else ""
    return f" ({words} {', '.join(spans[:SHOWN])}{more})"


SHOWN = 2
"""So many addresses are named in a row of the table."""


def _render_markdown(found: Sequence[Listener], *, redacted: bool = False) -> str:
    from landiag.render.markdown import plain, table

    rows = [(*_row(one), one.reached) for one in found]
    shown = table((*_HEADERS, "open"), rows) or plain(NOTHING)
    told = f"\n{plain(REDACTED_LINE)}\n" if redacted else ""
    return f"### {plain(count_reached(found))}\n\n{shown}\n{told}"


def _render_html(found: Sequence[Listener], *, redacted: bool = False) -> str:
    from landiag.render.html import page
    from landiag.render.markup import cell, element

    rows = [element("tr", *(cell(text) for text in (*_row(one), one.reached))) for one in found]
    head = element("tr", *(element("th", text, scope="col") for text in (*_HEADERS, "open")))
    table = element("table", element("thead", head), element("tbody", *rows))
    told = (element("p", REDACTED_LINE),) if redacted else ()
    return page("landiag list", element("h1", count_reached(found)), table, *told)


LIST_RENDERERS: Mapping[str, Callable[..., str]] = {
    ".json": render_list_json,
    ".txt": partial(render_listeners, style=Style(120)),
    ".md": _render_markdown,
    ".html": _render_html,
}
"""How the list is written into a file, by the file's suffix; ``redacted`` says that it was."""
