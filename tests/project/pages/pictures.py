"""Pictures: what a terminal shows of a recorded case, in its colours, and the way of its packet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from landiag.render.markup import Markup, element, trusted
from landiag.render.style import Style
from landiag.render.svg import render_path
from landiag.render.terminal import render_terminal
from tests.cases import load, replay

XMLNS = "http://www.w3.org/2000/svg"
THEMES = {
    "light": {
        "back": "#ffffff",
        "fore": "#1f2328",
        "38;5;28": "#116329",
        "38;5;160": "#b3121d",
        "38;5;130": "#7d4e00",
        "2": "#59636e",
    },
    "dark": {
        "back": "#0d1117",
        "fore": "#e6edf3",
        "38;5;28": "#4ac26b",
        "38;5;160": "#ff7b72",
        "38;5;130": "#d4a72c",
        "2": "#9198a1",
    },
}
"""Colours by the codes in which landiag writes them; each reads well on its ground."""

COLUMNS, WIDE, HIGH, EDGE = 80, 8.4, 19, 16
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
PAINTED = re.compile(r"\x1b\[([\d;]+)m(.*?)\x1b\[0m")
WAY = """.way { color: #1f2328; font: 14px sans-serif; fill: currentColor }
@media (prefers-color-scheme: dark) { .way { color: #e6edf3 } }
.way line { stroke: currentColor } .way .dot { fill: none; stroke: currentColor }
.way .sign { text-anchor: middle } .way .beyond, .way .s-beyond { opacity: .6 } .way .detail { font-size: 12px }
"""


def terminal_picture(case: str, line: str, theme: str) -> str:
    """Draw the terminal in which a line was typed, for a light or a dark ground."""
    text = f"$ {line}\n{render_terminal(replay(load(case).recording), Style(COLUMNS, colour=True))}"
    lines = text.rstrip().splitlines()
    width, height = round(COLUMNS * WIDE) + 2 * EDGE, len(lines) * HIGH + 2 * EDGE
    colours = THEMES[theme]
    drawn = element(
        "svg",
        element("title", f"A terminal: {line}"),
        element("rect", width=width, height=height, rx=8, fill=colours["back"]),
        *(_line(number, one, colours) for number, one in enumerate(lines)),
        xmlns=XMLNS,
        viewBox=f"0 0 {width} {height}",
        font_family=FONT,
        font_size=14,
        fill=colours["fore"],
    )
    return f"{drawn}\n"


def _line(number: int, line: str, colours: dict[str, str]) -> Markup:
    return element("text", *_pieces(line, colours), x=EDGE, y=EDGE + number * HIGH + 14)


def _pieces(line: str, colours: dict[str, str]) -> Iterator[Markup]:
    """The painted and the plain parts of a line; blanks are kept by being no-break spaces."""
    end = 0
    kept = line.replace(" ", "\N{NO-BREAK SPACE}")
    for found in PAINTED.finditer(kept):
        yield element("tspan", kept[end : found.start()])
        bold = "bold" if found[1] == "1" else None
        yield element("tspan", found[2], fill=colours.get(found[1]), font_weight=bold)
        end = found.end()
    yield element("tspan", kept[end:])


def way_picture(case: str) -> str:
    """Draw the way of a packet into the machine of a case, as an image of its own."""
    drawn = render_path(replay(load(case).recording).paths[0], "way")
    opening, _, rest = drawn.partition(">")
    style = element("style", trusted(WAY))
    return f'{opening} xmlns="{XMLNS}">{style}{rest}\n'
