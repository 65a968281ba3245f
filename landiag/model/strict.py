"""Holding a text to its format: what it does not have is a ParseError, never something to step over.

A word that is not known may hide the one that decides, so every reader names the shapes, keys and words that
its format has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from landiag.model.facts import ParseError
from landiag.model.regex import regex

SHOWN = 60
"""So many letters of what was not understood are shown."""


def load_json(text: str) -> Any:
    """JSON in which no object has a key twice: two objects have, of which a cut made one. Raises ValueError."""
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a key twice")
    return found


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


_CONTROLS = regex(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def only_print(text: str) -> str:
    """The text, which holds nothing but what a console program prints. Raises ParseError.

    A run of other bytes may have swallowed the ends of lines and whatever stood between them.
    """
    found = _CONTROLS.search(text)
    if found is not None:
        raise ParseError(f"control characters in it: {text[max(0, found.start() - 20) :][:SHOWN]!r}")
    return text


_INTEGER = regex(r"0x[0-9a-fA-F]+|[0-9]+")


def integer(text: str) -> int:
    """A number as tools write it, decimal or with ``0x``; Python's own reading takes more. Raises ParseError."""
    if _INTEGER.fullmatch(text) is None:
        raise ParseError(f"{text[:SHOWN]!r} is not a number")
    return int(text, 16 if text[:2] == "0x" else 10)
