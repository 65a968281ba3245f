"""Text on a terminal: wrapped, cut where it may be, and never where it says what is later."""

from __future__ import annotations

import pytest

from landiag.render.style import Style


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_a_note_stands_whole_behind_a_text_that_is_cut(width: int) -> None:
    text = "Django refuses the name that other devices use: 400 for 192.168.77.10:5000, but not for localhost"
    note = "(you will hit this next)"
    lines = Style(width).wrap(text, first="  x application  ", most=2, note=note)
    assert note in " ".join(line.strip() for line in lines)
    assert len(lines) <= 4
    assert max(map(len, lines)) <= width


def test_a_note_that_fits_stands_on_the_same_line() -> None:
    assert Style(80).wrap("Too short", first="  ", most=2, note="(later)") == ["  Too short (later)"]
