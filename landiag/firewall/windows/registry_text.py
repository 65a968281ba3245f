"""Values of the registry out of texts: `.reg` files, `reg query`, tab-separated dumps, landiag's own JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from msgspec import Struct

from landiag.model.facts import ParseError
from landiag.model.regex import regex

RULE_STRING = regex(r"v\d+\.\d+\|")
"""How every rule begins."""


class Entry(Struct, frozen=True):
    """One value of the registry; ``kind`` is as its tool writes it (``REG_SZ``, ``RegDWord``...)."""

    key: str
    name: str
    kind: str
    data: str


def is_registry(text: str) -> bool:
    """Whether a text is one of the forms that `parse_entries` reads."""
    return bool(_REG_HEAD.match(text) or RULE_STRING.search(text) or _PROFILE_VALUE.search(text))


_REG_HEAD = regex(r"\s*(?:Windows Registry Editor|REGEDIT4)")
_PROFILE_VALUE = regex(
    r"^\s*\"?(?:EnableFirewall|DoNotAllowExceptions)\"?(?:=dword:|\s+REG_DWORD\s|\t)"
    r"|(?:Domain|Standard|Private|Public)Profile\t(?:EnableFirewall|DoNotAllowExceptions)\t",
    re.MULTILINE,
)


def parse_entries(text: str) -> list[Entry]:
    """The values in a registry text of any form. Raises ParseError when there is none."""
    if text.lstrip().startswith(("{", "[{")):
        entries = list(_parse_json(text))
    elif _REG_HEAD.match(text):
        entries = list(_parse_reg_file(text))
    else:
        entries = [entry for line in _lines_with_key(text) if (entry := _parse_line(*line)) is not None]
    if not entries:
        raise ParseError("no value of the registry in it")
    return entries


def _parse_json(text: str) -> Iterator[Entry]:
    """The JSON of landiag's own reading: ``{"values": [[key, name, type, data], ...]}``."""
    try:
        for key, name, kind, data in json.loads(text)["values"]:
            yield Entry(str(key), str(name), str(kind), str(data))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ParseError(f"not a reading of the registry: {error}") from error


_REG_VALUE = regex(r'"((?:[^"\\]|\\.)*)"=(.*)$')


_REG_OTHER = regex(r"|;.*|@=.*|Windows Registry Editor Version 5\.00|REGEDIT4")
"""What else stands there: comments, the key's own value, its heading."""


def _parse_reg_file(text: str) -> Iterator[Entry]:
    key = ""
    for line in re.sub(r"\\\n\s*", "", text).split("\n"):
        stripped = line.strip()
        if stripped.startswith("[") and stripped.endswith("]"):
            key = stripped[1:-1]
            continue
        found = _REG_VALUE.match(stripped)
        if found is None and _REG_OTHER.fullmatch(stripped) is None:
            raise ParseError(f"not a line of a .reg file: {stripped[:60]!r}")
        if found and not key.startswith("-"):
            yield _reg_entry(key, _unescape(found[1]), found[2])


def _reg_entry(key: str, name: str, data: str) -> Entry:
    if data.startswith('"'):
        text = data.strip()
        return Entry(key, name, "REG_SZ", _unescape(text[1:-1] if text.endswith('"') else text[1:]))
    if data.startswith(("hex(2):", "hex(1):")):
        raw = bytes(
            int(part, 16) for part in data[7:].split(",") if re.fullmatch(r"[0-9a-fA-F]{2}", part.strip())
        )
        return Entry(key, name, "REG_EXPAND_SZ", raw.decode("utf-16-le", "replace").rstrip("\0"))
    return Entry(key, name, "REG_DWORD" if data.startswith("dword:") else "REG_BINARY", data)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    if '\\"' not in text:
        return text.replace("\\\\", "\\")
    return re.sub(r"\\(.)", r"\1", text)


def _lines_with_key(text: str) -> Iterator[tuple[str, str]]:
    """Lines of `reg query`, each with the key under which it stands."""
    key = ""
    # Other characters at which Python ends a line are damage within one.
    for line in text.replace("\r\n", "\n").split("\n"):
        if _KEY_LINE.match(line):
            key = line.strip()
        elif line.strip() and not line.startswith("#"):
            yield key, line


_KEY_LINE = regex(r"\s*(?:HKEY_[A-Z_]+|HKLM)\\[^\t]*$")
_QUERY_LINE = regex(r"^\s+(.*?)\s{2,}(REG_[A-Z_]+)(?:\s{2,}|\t|$)(.*)$")


def _parse_line(key: str, line: str) -> Entry | None:
    columns = line.split("\t")
    if len(columns) >= 4:
        return Entry(columns[0], columns[1], columns[2], "\t".join(columns[3:]))
    found = _QUERY_LINE.match(line)
    if found:
        return Entry(key, found[1], found[2], found[3].strip())
    rule = RULE_STRING.search(line)
    if rule is None and key:
        raise ParseError(f"not a value of reg query: {line.strip()[:60]!r}")
    if rule is None:
        return None
    name = line[: rule.start()].strip(" :=\t\"'")
    return Entry(key, name or "rule", "REG_SZ", line[rule.start() :].strip(" \"'"))
