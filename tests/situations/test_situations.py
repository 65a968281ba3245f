"""The table of situations (``table.txt``): the first two lines that people read, as they were asked for beforehand."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from landiag.cli.commands.serve import say_verdict
from landiag.host import render_recording
from tests.cases import load, report_of
from tests.test_words import LOST, MOST_WORDS

HERE = Path(__file__).parent
WIDTH = 120
TIME = re.compile(r"\d\d:\d\d:\d\d")


@dataclass(frozen=True)
class Situation:
    """One entry of the table: what is wrong, what is typed, the two lines that are wanted."""

    what: str
    typed: str
    lines: tuple[str, ...]


def _read(entry: str) -> Situation:
    what, typed, *lines = entry.splitlines()
    return Situation(what, typed.removeprefix("$ landiag "), tuple(lines))


TABLE = tuple(_read(one) for one in (HERE / "table.txt").read_text(encoding="utf-8").split("\n\n")[1:])


def _files(words: list[str], folder: Path) -> list[str]:
    """The words as they are typed: a case becomes the file of its recording, a name that of this folder."""
    made = []
    for before, word in zip(["", *words], words, strict=False):
        if before == "case":
            file = folder / f"{word}.json"
            file.write_text(render_recording(load(word).recording), encoding="utf-8")
            made.append(str(file))
        elif word != "case":
            made.append(str(HERE / word) if word.endswith(".json") else word)
    return made


def _answer(typed: str, folder: Path) -> list[str]:
    words = shlex.split(typed)
    if words[0] == "serve":
        return _before_any_phone(words[-1])
    done = subprocess.run(
        (sys.executable, "-W", "ignore", "-m", "landiag", *_files(words, folder)),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": str(WIDTH)},
    )
    return done.stdout.splitlines()


def _before_any_phone(case: str) -> list[str]:
    """What ``landiag serve`` says of the check with which it begins."""
    said: list[str] = []
    report = report_of(case)
    say_verdict(report, report, said.append)
    return "\n".join(said).splitlines()


def test_the_table_is_whole() -> None:
    assert [one.what.partition(".")[0] for one in TABLE] == [str(number) for number in range(1, 26)]
    assert all(len(one.lines) == 2 for one in TABLE)


@pytest.mark.parametrize("situation", TABLE, ids=lambda one: one.what)
def test_the_first_two_lines(situation: Situation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    lines = _answer(situation.typed, tmp_path)
    assert tuple(TIME.sub("HH:MM:SS", line) for line in lines[:2]) == situation.lines


@pytest.mark.parametrize("situation", TABLE, ids=lambda one: one.what)
def test_the_table_keeps_to_the_voice(situation: Situation) -> None:
    for line in situation.lines:
        assert len(line.split()) <= MOST_WORDS + 2
        assert not LOST.search(line)
        assert "!" not in line.replace("! ", "", 1)
