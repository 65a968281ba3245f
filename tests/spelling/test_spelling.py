"""A spell checker reads every sentence that people read; what it cannot know is in ``words.txt``."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.spelling.sentences import is_prose, sentences, without_code

LIST = Path(__file__).with_name("words.txt")
KNOWN = frozenset(LIST.read_text(encoding="utf-8").split())
ENDS = ".,:;!?()[]{}\"'“”‘’…*_>|✓✗·"
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*(?:[-/–][^\W\d_]+(?:['’][^\W\d_]+)*)*")
DOUBLED = re.compile(r"[a-z,;.:] {2,}[A-Za-z]")
PARTS = re.compile(r"[-/–]")


def words_of(text: str) -> Iterator[str]:
    """The words of a text; what holds digits, dots or underscores is a name of something."""
    for token in text.split():
        word = token.strip(ENDS)
        if WORD.fullmatch(word):
            yield from PARTS.split(word.replace("’", "'"))


def unknown(words: Iterable[str]) -> set[str]:
    """Those of the words that neither the dictionary nor the list has."""
    asked = {word for word in words if word not in KNOWN and word.removesuffix("'s") not in KNOWN}
    if shutil.which("aspell") is None or "en_GB" not in _run("dicts").split():
        pytest.skip("no spell checker: install Debian's aspell and aspell-en")
    return set(_run("list", "--lang=en_GB", "--encoding=utf-8", said="\n".join(sorted(asked))).split())


def _run(*words: str, said: str = "") -> str:
    command = ("aspell", *words)
    return subprocess.run(command, input=said, capture_output=True, text=True, check=True).stdout


def test_every_sentence_is_spelt_right() -> None:
    places: dict[str, list[str]] = {}
    for place, text in sentences():
        for word in words_of(text):
            places.setdefault(word, []).append(place)
    assert {word: places[word][:3] for word in sorted(unknown(places))} == {}


def test_no_sentence_has_two_spaces() -> None:
    """Strings of the program may begin or end with some: they are joined, or indent."""
    found = [(place, text) for place, text in sentences() if DOUBLED.search(text)]
    assert found == []


def test_a_wrong_word_is_found() -> None:
    assert unknown(words_of("The firewal of Flask is recieving nothing")) == {"firewal", "recieving"}


def test_code_is_no_prose() -> None:
    assert list(words_of(without_code("Type `xyzzy -p 1`: the [page](qwrt.md), or\n```\nplugh\n```\n"))) == [
        *("Type", "the", "page", "or")
    ]
    assert not is_prose("nft add rule inet filter input")


def test_the_list_is_sorted_and_needed() -> None:
    listed = LIST.read_text(encoding="utf-8").split()
    assert listed == sorted(set(listed), key=lambda word: (word.lower(), word))
    used = {word for _, text in sentences() for word in words_of(text)}
    assert {word for word in listed if word not in used and f"{word}'s" not in used} == set()
