"""pf.conf(5) text to statements of words: comments, continued lines, braces over several lines, macros."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from landiag.model.facts import ParseError
from landiag.model.regex import regex

_TOKEN = regex(r'"(?:[^"\\]|\\.)*"|<[A-Za-z_][^\s<>]*>|->|!=|<=|>=|><|<>|[=<>!]|[{}(),]|[^\s{}(),"!=<>]+')
_MACRO = regex(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_DEFINITION = regex(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(\S.*)$", re.DOTALL)
_NUMBERED = regex(r"^\s*@\d+(?:\(\d+\))?\s*")
MAX_EXPANSION = 1 << 16


def strip_comment(line: str) -> str:
    """A line without its comment; ``#`` in quotes is none."""
    if "#" not in line:
        return line
    quoted = False
    for at, letter in enumerate(line):
        if letter == '"':
            quoted = not quoted
        elif letter == "#" and not quoted:
            return line[:at]
    return line


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with continuations joined, lists in braces too; an anchor's block opens and closes by itself."""
    pending, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = strip_comment(raw).rstrip()
        if pending:
            line = f"{pending} {line.strip()}"
        else:
            start = number
        if line.endswith("\\"):
            pending = line[:-1].rstrip()
            continue
        if _unbalanced(line) and not _opens_block(line):
            pending = line
            continue
        pending = ""
        if line.strip():
            yield start, line.strip()
    if pending.strip():
        yield start, pending.strip()


def _unbalanced(line: str) -> bool:
    if "{" not in line and "(" not in line:
        return False
    bare = re.sub(r'"[^"]*"', "", line)
    return bare.count("{") > bare.count("}") or bare.count("(") > bare.count(")")


def _opens_block(line: str) -> bool:
    """Whether an open brace at the end begins the rules of an anchor, not a list."""
    bare = _NUMBERED.sub("", line)
    return bare.endswith("{") and re.match(r"\s*(?:nat-|rdr-|binat-)?anchor\b", bare) is not None


def tokenize(text: str) -> list[str]:
    """The words of a statement; quoted strings keep their quotes."""
    words: list[str] = []
    at = 0
    for found in _TOKEN.finditer(text):
        if text[at : found.start()].strip():
            raise ParseError(f"{text[at : found.start()].strip()[:40]!r} is not understood")
        words.append(found[0])
        at = found.end()
    if text[at:].strip():
        raise ParseError(f"{text[at:].strip()[:40]!r} is not understood")
    return words


def definition(line: str) -> tuple[str, str] | None:
    """A macro definition: its name and the text of its value; None for other lines."""
    found = _DEFINITION.match(line)
    return None if found is None else (found[1], found[2].strip())


def unquoted(value: str) -> str:
    """The value of a macro: quoted texts without their quotes, one behind the other."""
    return " ".join(re.findall(r'"([^"]*)"', value)) if value.startswith('"') else value


def expand(line: str, macros: Mapping[str, str]) -> str:
    """A line with its macros filled in. A macro that is not defined stays as it is."""
    for _ in range(8):
        wider = _MACRO.sub(lambda found: macros.get(found[1], found[0]), line)
        if len(wider) > MAX_EXPANSION:
            raise ParseError("macros expand without end")
        if wider == line:
            break
        line = wider
    return line


def unnumbered(line: str) -> str:
    """A line without the ``@12`` that pfctl -vv puts before rules."""
    return _NUMBERED.sub("", line)
