"""The terminal that a report is written to."""

from __future__ import annotations

import os
import shutil
import sys

from landiag.render.style import MARKS, Style

NARROWEST, WIDEST = 40, 120
"""The columns that text is laid out for, whatever the terminal has."""


def terminal_style(*, no_color: bool) -> Style:
    """Look at the terminal: its width, whether colour is wanted (no-color.org), and its encoding."""
    width = shutil.get_terminal_size((80, 24)).columns
    plain = no_color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return Style(max(NARROWEST, min(WIDEST, width)), sys.stdout.isatty() and not plain, _shows_marks())


def show_passing(text: str) -> None:
    """Put a line on standard error in place of the one before; empty takes it away. ``text`` is escaped already."""
    sys.stderr.write(f"\r\x1b[K{text}")
    sys.stderr.flush()


def _shows_marks() -> bool:
    """Whether the terminal's encoding holds the marks."""
    try:
        MARKS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
