"""The way of the packet as a drawing: the client above, the server below, and the place where it stops."""

from __future__ import annotations

import textwrap

from landiag.model.report import Outcome, Path, Stage
from landiag.render.escape import escape_text
from landiag.render.markup import Markup, element, group
from landiag.render.parts import describe_path, stop_of

_WIDTH, _ROW, _TOP, _LINE = 640, 34, 26, 28
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
    rows = [_row(number, stage, stop) for number, stage in enumerate(path.stages)]
    bottom = _TOP + _ROW * (len(rows) + 1)
    return element(
        "svg",
        element("title", f"The way of the packet to {path.address}", id=f"{name}-title"),
        element("desc", _alternative(path), id=f"{name}-desc"),
        _end("client", 0),
        *rows,
        _end(f"server {path.address}", len(rows) + 1, reached=stop is None),
        viewBox=f"0 0 {_WIDTH} {bottom + 22}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        class_="way",
    )


def _alternative(path: Path) -> str:
    """Tell in words what the drawing shows."""
    passed = ", ".join(f"{stage.stage} {stage.outcome.value}" for stage in path.stages)
    return f"{describe_path(path)} Stages from the client to the server: {passed}."


def _row(number: int, stage: Stage, stop: int | None) -> Markup:
    """Draw a stage: the line that leads to it, its mark, its name, what was found."""
    y = _TOP + _ROW * (number + 1)
    beyond = stop is not None and number > stop
    state = "beyond" if beyond else stage.outcome.value
    detail = textwrap.shorten(escape_text(stage.detail), 68, placeholder=" ...")
    here = stop == number and stage.outcome is Outcome.BLOCKS
    return element(
        "g",
        _line(number, beyond),
        element("circle", cx=_LINE, cy=y, r=10, class_="dot"),
        element("text", _SIGNS[stage.outcome], x=_LINE, y=y + 5, class_="sign"),
        element("text", stage.stage, x=_LINE + 24, y=y + 5, class_="stage"),
        element("text", ("stops here: " if here else "") + detail, x=_LINE + 130, y=y + 5, class_="detail"),
        class_=f"s-{state}",
    )


def _line(number: int, beyond: bool) -> Markup:
    top = _TOP + _ROW * number
    kind = "line beyond" if beyond else "line"
    return element("line", x1=_LINE, y1=top + 11, x2=_LINE, y2=top + _ROW - 11, class_=kind)


def _end(label: str, number: int, reached: bool = True) -> Markup:
    y = _TOP + _ROW * number
    square = element("rect", x=_LINE - 10, y=y - 10, width=20, height=20, rx=4, class_="end")
    text = element("text", label, x=_LINE + 24, y=y + 5, class_="stage")
    lead = _line(number - 1, not reached) if number else Markup("")
    return element("g", group(lead, square, text), class_="s-ok" if reached else "s-beyond")
