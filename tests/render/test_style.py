"""Text on a terminal: wrapped, cut where it may be, and never where it says what is later."""

from __future__ import annotations

import re
import unicodedata

import pytest

from landiag.model.report import Outcome
from landiag.render.columns import columns_of, cut, render_table
from landiag.render.style import Style

WIDTHS = [40, 60, 80, 120, 200]
LONG = "很长的服务器程序 with a name that no terminal holds " * 4


def shown(line: str) -> int:
    """The columns that a terminal gives a line."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_note_stands_whole_behind_a_text_that_is_cut(width: int) -> None:
    text = "Django refuses the name that other devices use: 400 for 192.168.77.10:5000, but not for localhost"
    note = "(you will hit this next)"
    lines = Style(width).wrap(text, first="  x application  ", most=2, note=note)
    assert note in " ".join(line.strip() for line in lines)
    assert len(lines) <= 4
    assert max(map(len, lines)) <= width


def test_a_note_that_fits_stands_on_the_same_line() -> None:
    assert Style(80).wrap("Too short", first="  ", most=2, note="(later)") == ["  Too short (later)"]


@pytest.mark.parametrize("width", WIDTHS)
def test_characters_of_two_columns_make_no_line_too_wide(width: int) -> None:
    lines = Style(width).wrap(LONG, first="  服务  ", most=2)
    lines += render_table(
        ("port", "program", "why"), [(5000, LONG, "服务 " * 60), (80, "x", "y")], width, shrink=(1, 2)
    )
    assert max(map(shown, lines)) <= width
    assert not any("\0" in line for line in lines)


def test_a_table_stands_in_columns_whatever_the_characters() -> None:
    first, second = render_table(("", ""), [("服务器", "a"), ("server", "b")], 40)
    assert shown(first[: first.index("a")]) == shown(second[: second.index("b")])


@pytest.mark.parametrize("width", range(1, 8))
def test_a_character_is_never_cut_in_half(width: int) -> None:
    assert shown(cut("服务器服务器", width)) <= width
    assert columns_of("服务") == 4


@pytest.mark.parametrize("ground", [0.0, 1.0], ids=["black", "white"])
@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.BLOCKS, Outcome.WARNS, Outcome.UNKNOWN])
def test_marks_show_on_light_and_on_dark_terminals(outcome: Outcome, ground: float) -> None:
    """Contrast as WCAG 2.2 reckons it; colours of the cube (16 + 36 r + 6 g + b) are the same in every palette."""
    found = re.match(r"\x1b\[38;5;(\d+)m", Style(colour=True).painted(outcome))
    assert found is not None
    number = int(found[1]) - 16
    assert 0 <= number < 216
    levels = [(0, 95, 135, 175, 215, 255)[number // place % 6] / 255 for place in (36, 6, 1)]
    linear = [level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4 for level in levels]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    brighter, darker = max(light, ground), min(light, ground)
    assert (brighter + 0.05) / (darker + 0.05) >= 3.8
