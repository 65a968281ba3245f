"""What people read, file by file: the strings of the program, its pages, its tables, and everything in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from landiag.knowledge.tables import read_tables
from tests.test_words import MODULES, texts_of

HOUSE = Path(__file__).parents[2]
KNOWLEDGE = HOUSE / "landiag" / "knowledge"

ENGLISH = re.compile(
    r"(?<![\w-])(a|an|and|are|as|at|by|can|for|from|has|in|is|it|no|not|of|on|or|that|the|this|to|was|with)(?![\w-])"
)
MOST_NAMES = 15
"""What has fewer of them, a word in so many, is data: a command line, names, a pattern."""

_CODE = re.compile(r"(?ms)^[ ]*```.*?^[ ]*```|`[^`]*`|<[^>]*>|\{[{%].*?[%}]\}|\]\([^)]*\)|https?://\S+")
_INDENTED = re.compile(r"(?m)^ {4}.*$")
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_SAID = re.compile(r'(?:echo|fail) "([^"]*)"|^# (.*)', re.MULTILINE)


@cache
def sentences() -> tuple[tuple[str, str], ...]:
    """Each text with the place where it stands."""
    return tuple(_read())


def _read() -> Iterator[tuple[str, str]]:
    for path in MODULES:
        yield from ((f"{_named(path)}:{line}", text) for line, text in texts_of(path) if is_prose(text))
    for path in _written():
        text = without_code(path.read_text(encoding="utf-8"))
        yield _named(path), _INDENTED.sub("_", text) if path.suffix == ".md" else text
    for path in sorted((HOUSE / "landiag" / "web").rglob("*.js")):
        yield from ((_named(path), text) for text in _STRING.findall(path.read_text(encoding="utf-8")))
    for path in sorted(KNOWLEDGE.glob("*.toml")):
        values = _values(read_tables(path.name))
        yield from ((_named(path), text) for text in values if is_prose(text))
    for path in (HOUSE / "setup", HOUSE / "test"):
        said = _SAID.findall(path.read_text(encoding="utf-8"))
        yield from ((_named(path), text) for pair in said for text in pair if is_prose(text))


def is_prose(text: str) -> bool:
    """Tell a sentence from data that happens to have spaces."""
    return len(ENGLISH.findall(text)) * MOST_NAMES > len(text.split())


def without_code(text: str) -> str:
    """A page without what is typed, shown, linked to or marked up."""
    return _CODE.sub("_", text)


def _written() -> Iterator[Path]:
    for folder in (HOUSE, HOUSE / "docs", KNOWLEDGE / "causes", HOUSE / "ansible", HOUSE / "tests" / "lab"):
        pages = folder.glob("*.md") if folder == HOUSE else folder.rglob("*.md")
        yield from sorted(pages)
    yield from sorted((HOUSE / ".github").rglob("*.md"))
    yield from sorted((HOUSE / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    yield from sorted((HOUSE / "landiag" / "web").rglob("*.html"))


def _values(table: object) -> Iterator[str]:
    if isinstance(table, dict):
        for value in table.values():
            yield from _values(value)
    elif isinstance(table, list):
        for value in table:
            yield from _values(value)
    elif isinstance(table, str):
        yield table


def _named(path: Path) -> str:
    return str(path.relative_to(HOUSE))
