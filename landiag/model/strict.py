"""Holding a text to its format: what it does not have is a ParseError, never something to step over.

A word that is not known may hide the one that decides, so every reader names the shapes, keys and words that
its format has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from landiag.model.facts import ParseError

T = TypeVar("T")

SHOWN = 60
"""So many letters of what was not understood are shown."""


def match_lines(text: str, shape: re.Pattern[str], what: str) -> Iterator[re.Match[str]]:
    """Every line that is not blank, as the one shape that lines of this format have.

    The names of the groups tell which of its alternatives a line is. Raises ParseError for any other line.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            found = shape.fullmatch(line)
            if found is None:
                raise ParseError(f"line {number} is none of {what}: {line[:SHOWN]!r}")
            yield found


def only_keys(item: Mapping[str, object], known: frozenset[str], what: str) -> None:
    """Raise ParseError where an object has a key that its format does not have."""
    strange = item.keys() - known
    if strange:
        raise ParseError(f"{what} has no {min(strange)[:SHOWN]!r}")


def only_words(words: Iterable[object], known: frozenset[str], what: str) -> None:
    """Raise ParseError where one of the words is none that the format has."""
    for word in words:
        if word not in known:
            raise ParseError(f"{what} has no {str(word)[:SHOWN]!r}")


def one_of(table: Mapping[str, T], word: object, what: str) -> T:
    """What a word means. Raises ParseError for one that the format does not have."""
    if not isinstance(word, str) or word not in table:
        raise ParseError(f"{what} has no {str(word)[:SHOWN]!r}")
    return table[word]


_INTEGER = re.compile(r"0x[0-9a-fA-F]+|[0-9]+")


def integer(text: str) -> int:
    """A number as tools write it, decimal or with ``0x``; Python's own reading takes more. Raises ParseError."""
    if _INTEGER.fullmatch(text) is None:
        raise ParseError(f"{text[:SHOWN]!r} is not a number")
    return int(text, 16 if text[:2] == "0x" else 10)
