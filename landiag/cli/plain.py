"""The plainest command lines of ``check``, read without typer, whose newest release takes half of the start-up.

What is not plainly one of the words below is left to typer, which knows all options and says what is wrong. A test
holds both against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from landiag.cli.checking import CheckOptions

_FLAGS: Mapping[str, tuple[str, bool]] = {
    "--json": ("as_json", True),
    "--quiet": ("quiet", True),
    "-q": ("quiet", True),
    "--verbose": ("verbose", True),
    "-v": ("verbose", True),
    "--no-color": ("no_color", True),
    "--redact": ("redact", True),
    "--no-http": ("http", False),
    "--fix": ("fix", True),
    "--yes": ("yes", True),
    "-y": ("yes", True),
    "--wait": ("wait", True),
    "--sudo": ("sudo", True),
    "--prove": ("prove", True),
    "--cleanup": ("cleanup", True),
    "--force": ("force", True),
}

_VALUES: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "--port": ("port", str),
    "-p": ("port", str),
    "--peer": ("peer", str),
    "--to": ("to", str),
    "--interface": ("interface", str),
    "--scheme": ("scheme", str),
    "--path": ("path", str),
    "--only": ("only", str),
    "--replay": ("replay", Path),
    "--save": ("save", Path),
}

_PLAIN = re.compile(r"[!-~]+", re.ASCII)
"""A word that no encoding and no shell has anything to say about."""


def parse_plain(words: Sequence[str]) -> CheckOptions | None:
    """Read ``check`` and its plain options; None where typer shall read them."""
    if words[:1] != ["check"] or not all(map(_PLAIN.fullmatch, words)):
        return None
    found: dict[str, Any] = {}
    rest = iter(words[1:])
    for word in rest:
        read = _read(word, rest)
        if read is None or (read[0] == "where" and "where" in found):
            return None
        found[read[0]] = read[1]
    return CheckOptions(**found)


def _read(word: str, rest: Iterator[str]) -> tuple[str, Any] | None:
    """One option's field and value; what follows it is taken from ``rest``. None where it is not plain."""
    if not word.startswith("-"):
        return "where", word
    if word in _FLAGS:
        return _FLAGS[word]
    value = next(rest, "-")
    if word not in _VALUES or value.startswith("-"):
        return None
    field, convert = _VALUES[word]
    return field, convert(value)
