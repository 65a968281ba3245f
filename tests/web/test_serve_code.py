"""The QR code of ``landiag serve``, read by a real reader as light and as dark terminals show it."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest

from landiag.cli.commands import serve

URL = "http://192.168.77.10:8780/t/Ea_Vnb65_5SbE-dt/"
HALVES = {"█": (255, 255), "▀": (255, 0), "▄": (0, 255), " ": (0, 0)}
SCALE, MARGIN = 6, 40


class Terminal(io.StringIO):
    """Standard error that is a terminal of UTF-8."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    shown = Terminal()
    monkeypatch.setattr("sys.stderr", shown)
    serve.show_code(URL)
    return shown.getvalue().splitlines()


def picture(lines: list[str], background: int) -> bytes:
    """A screenshot: two pixels a character, the terminal's own background around it."""
    rows = []
    for line in lines:
        modules = [HALVES[char] for char in line]
        rows += [[pair[half] for pair in modules] for half in (0, 1)]
    wide = [[value for value in row for _ in range(SCALE)] for row in rows for _ in range(SCALE)]
    width = len(wide[0]) + 2 * MARGIN
    side, edge = [background] * MARGIN, [[background] * width] * MARGIN
    pixels = [*edge, *([*side, *row, *side] for row in wide), *edge]
    head = f"P5 {width} {len(pixels)} 255\n".encode()
    return head + b"".join(bytes(row) for row in pixels)


@pytest.mark.parametrize("background", [255, 0, 40], ids=["light", "dark", "grey"])
def test_a_reader_reads_the_code(background: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if shutil.which("zbarimg") is None:
        pytest.skip("no reader of codes: install Debian's zbar-tools")
    before, after = (
        "\x1b[38;5;231;48;5;16m",
        "\x1b[0m",
    )  # white blocks on black, whatever the terminal's colours
    lines = drawn(monkeypatch)
    assert all(line.startswith(before) and line.endswith(after) for line in lines)
    bare = [line.removeprefix(before).removesuffix(after) for line in lines]
    file = tmp_path / "code.pgm"
    file.write_bytes(picture(bare, background))
    argv = ("zbarimg", "--quiet", "--raw", str(file))
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == URL
    assert all(line.startswith("████") for line in bare[1:-1])  # the quiet zone: four modules
