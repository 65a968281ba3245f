"""One table for every command: as wide as the terminal at most, cut with an ellipsis. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from landiag.render.escape import escape_text

_GAP = 2
_READABLE, _NARROWEST = 20, 6
"""Columns that a cell keeps as long as another has more, and however narrow the terminal is."""


def cut(text: str, width: int, ellipsis: str = "…") -> str:
    """Cut a text to so many columns, with an ellipsis where something is missing."""
    return text if len(text) <= width else text[: max(0, width - len(ellipsis))] + ellipsis


def render_table(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    width: int,
    *,
    shrink: Sequence[int] = (),
    ellipsis: str = "…",
) -> list[str]:
    """Lay out rows as the lines of a table, at most ``width`` columns wide; nothing without rows.

    ``shrink`` are the columns that give way, the first first: the important one stands last. Columns that it
    does not name keep their width. Texts are escaped. Headers that are all empty are left out.
    """
    cells = [[escape_text(str(cell)) for cell in row] for row in rows]
    if not cells:
        return []
    if any(headers):
        cells.insert(0, list(headers))
    widths = _fit([max(len(row[one]) for row in cells) for one in range(len(headers))], width, shrink)
    return [_line(row, widths, ellipsis) for row in cells]


def _fit(widths: list[int], width: int, shrink: Sequence[int]) -> list[int]:
    too_wide = sum(widths) + _GAP * (len(widths) - 1) - width
    for least in (_READABLE, _NARROWEST):
        for column in shrink:
            taken = min(max(0, too_wide), max(0, widths[column] - least))
            widths[column] -= taken
            too_wide -= taken
    return widths


def _line(row: Sequence[str], widths: Sequence[int], ellipsis: str) -> str:
    cells = (f"{cut(cell, width, ellipsis):<{width}}" for cell, width in zip(row, widths, strict=True))
    return (" " * _GAP).join(cells).rstrip()
