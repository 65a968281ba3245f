"""The way of the packet as a drawing: the client above, the server below, and the place where it stops."""

from __future__ import annotations

import textwrap

from landiag.model.report import Outcome, Path, Stage
from landiag.render.escape import escape_text
from landiag.render.markup import Markup, element, group
from landiag.render.parts import describe_path, stop_of

_WIDTH, _ROW, _TOP, _LINE = 400, 32, 26, 28
_BESIDE, _LETTERS, _LEADING, _MOST_LINES = 126, 33, 15, 5
"""Where the text beside a stage begins; the letters of a line, the distance of lines, and how many there are."""

_SIGNS = {
    Outcome.OK: "✓",
    Outcome.BLOCKS: "✕",
    Outcome.WARNS: "!",
    Outcome.UNKNOWN: "?",
    Outcome.NOT_APPLICABLE: "–",
}


def render_path(path: Path, name: str) -> Markup:
    """Draw one way in. ``name`` is unique within the page: the text alternative is bound to it."""
    stop = stop_of(path)
    rows, y, before = [], _TOP, _TOP
    for number, stage in enumerate(path.stages):
        said = _said(stage, is_here=stop == number)
        y, above = y + _ROW, before
        rows.append(_row(stage, said, y, above, beyond=stop is not None and number > stop))
        before, y = y, y + _LEADING * max(0, len(said) - 1)
    bottom = y + _ROW
    return element(
        "svg",
        element("title", f"The way of the packet to {path.address}", id=f"{name}-title"),
        element("desc", _alternative(path), id=f"{name}-desc"),
        _end("client", _TOP),
        *rows,
        _end(f"server {path.address}", bottom, above=before, reached=stop is None),
        viewBox=f"0 0 {_WIDTH} {bottom + 22}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        class_="way",
    )


def _alternative(path: Path) -> str:
    """Tell in words what the drawing shows."""
    passed = ", ".join(f"{stage.stage} {stage.outcome.value}" for stage in path.stages)
    return f"{describe_path(path)} Stages from the client to the server: {passed}."


def _said(stage: Stage, *, is_here: bool) -> list[str]:
    """What was found at a stage, in lines that fit beside it."""
    here = "stops here: " if is_here and stage.outcome is Outcome.BLOCKS else ""
    return textwrap.wrap(
        f"{here}{escape_text(stage.detail)}", _LETTERS, max_lines=_MOST_LINES, placeholder=" ..."
    )


def _row(stage: Stage, said: list[str], y: int, above: int, *, beyond: bool) -> Markup:
    """Draw a stage: the line that leads to it, its mark, its name, what was found."""
    state = "beyond" if beyond else stage.outcome.value
    x = _LINE + _BESIDE
    lines = [element("tspan", line, x=x, y=y + 5 + _LEADING * number) for number, line in enumerate(said)]
    return element(
        "g",
        _line(above, y, beyond),
        element("circle", cx=_LINE, cy=y, r=10, class_="dot"),
        element("text", _SIGNS[stage.outcome], x=_LINE, y=y + 5, class_="sign"),
        element("text", stage.stage, x=_LINE + 24, y=y + 5, class_="stage"),
        *([element("text", *lines, class_="detail")] if lines else []),
        class_=f"s-{state}",
    )


def _line(above: int, y: int, beyond: bool) -> Markup:
    kind = "line beyond" if beyond else "line"
    return element("line", x1=_LINE, y1=above + 11, x2=_LINE, y2=y - 11, class_=kind)


def _end(label: str, y: int, above: int | None = None, reached: bool = True) -> Markup:
    square = element("rect", x=_LINE - 10, y=y - 10, width=20, height=20, rx=4, class_="end")
    text = element("text", label, x=_LINE + 24, y=y + 5, class_="stage")
    lead = Markup("") if above is None else _line(above, y, not reached)
    return element("g", group(lead, square, text), class_="s-ok" if reached else "s-beyond")
