"""Text in the columns of a terminal: wrapped, cut, and one table for every command. Pure.

Characters of Chinese, Japanese and Korean, and emoji, take two columns: while text is laid out, a filler that no
escaped text can hold stands behind each, so that its length is its columns.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

from landiag.render.escape import escape_text

_GAP = 2
_READABLE, _NARROWEST = 20, 6
"""Columns that a cell keeps as long as another has more, and however narrow the terminal is."""


_FILLER = "\0"


def _filled(text: str) -> str:
    if text.isascii():
        return text
    return "".join(
        f"{char}{_FILLER}" if unicodedata.east_asian_width(char) in "WF" else char for char in text
    )


def columns_of(text: str) -> int:
    """How many columns of a terminal an escaped text takes."""
    return len(_filled(text))


def wrap_columns(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Wrap an escaped text to so many columns between words; ``first`` and ``rest`` stand before the lines."""
    lines = textwrap.wrap(
        _filled(text), width, initial_indent=_filled(first), subsequent_indent=_filled(rest),
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
    return [line.replace(_FILLER, "") for line in lines]


def cut(text: str, width: int, ellipsis: str = "…") -> str:
    """Cut an escaped text to so many columns, with an ellipsis where something is missing."""
    return _cut(_filled(text), width, ellipsis).replace(_FILLER, "")


def _cut(filled: str, width: int, ellipsis: str) -> str:
    if len(filled) <= width:
        return filled
    kept = max(0, width - len(ellipsis))
    is_half = filled[kept : kept + 1] == _FILLER
    return f"{filled[: kept - 1] if is_half else filled[:kept]}{ellipsis}"


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
    cells = [[_filled(escape_text(str(cell))) for cell in row] for row in rows]
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
    cells = (f"{_cut(cell, width, ellipsis):<{width}}" for cell, width in zip(row, widths, strict=True))
    return (" " * _GAP).join(cells).rstrip().replace(_FILLER, "")
