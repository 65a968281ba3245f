"""Every word that landiag's own code or knowledge contains: no other word can decide anything.

What a parser looks for stands as a string in the code of that parser. So a word that stands nowhere in it may be
replaced by another one, the same everywhere, and landiag says the same of the text as before.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from importlib.resources import files
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING

from landiag.model.regex import regex
from landiag.redact.vocabulary import vocabulary

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

WORD = regex(r"[^\W_]+")
_HAS_DOCSTRING = 0x4000000  # CO_HAS_DOCSTRING, from Python 3.13 on
_OPTIMIZED = 0x1  # CO_OPTIMIZED: a function, neither a module nor a class


@lru_cache(maxsize=1)
def own_words() -> frozenset[str]:
    """Every word, in small letters, of strings in the code (not of its documentation) and of its tables."""
    words = set(vocabulary())
    for text in {*_strings_of_code(), *_tables()}:
        words.update(word.lower() for word in WORD.findall(text))
        if "\\" in text:  # a pattern: \bpid is the word pid
            words.update(word.lower() for word in WORD.findall(re.sub(r"\\[A-Za-z]", " ", text)))
    return frozenset(words)


def _tables() -> Iterator[str]:
    for item in files("landiag.knowledge").iterdir():
        if item.name.endswith(".toml"):
            yield item.read_text(encoding="utf-8")


def _strings_of_code() -> Iterator[str]:
    root = Path(__file__).parents[1]
    for path in sorted(root.rglob("*.py")):
        name = ".".join(("landiag", *path.relative_to(root).with_suffix("").parts))
        code = _Reader(name, str(path)).get_code(name)
        if code is not None:
            yield from _strings(code)


class _Reader(SourceFileLoader):
    """Reads a module's code, from the cache of bytecode where there is one, and writes none."""

    def set_data(self, path: str, data: ReadableBuffer, *, _mode: int = 0o666) -> None:
        """Write nothing: reading must leave no file behind."""


def _strings(code: CodeType) -> Iterator[str]:
    for constant in _without_docstring(code):
        stack = [constant]
        while stack:
            value = stack.pop()
            if isinstance(value, CodeType):
                yield from _strings(value)
            elif isinstance(value, str):
                yield value
            elif isinstance(value, bytes):
                yield value.decode("latin-1")
            elif isinstance(value, tuple | frozenset):
                stack.extend(value)


def _without_docstring(code: CodeType) -> tuple[object, ...]:
    constants: tuple[object, ...] = code.co_consts
    if code.co_flags & _OPTIMIZED and not code.co_name.startswith("<"):  # a def; no comprehension has one
        return constants[1:] if _is_documented(code) else constants
    if "__doc__" not in code.co_names:
        return constants
    found = next((one for one in constants if isinstance(one, str) and " " in one), None)
    return tuple(one for one in constants if one is not found)


def _is_documented(function: CodeType) -> bool:
    """Before Python 3.13 a function without documentation has None as its first constant."""
    if sys.version_info >= (3, 13):
        return bool(function.co_flags & _HAS_DOCSTRING)
    return isinstance(next(iter(function.co_consts), None), str)
