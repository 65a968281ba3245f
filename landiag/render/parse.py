"""A saved report read back: all that is known of it, and a note of what is not."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator
from contextlib import suppress
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from msgspec import Struct, field
from msgspec.structs import fields, replace

from landiag.model.actions import Lasts
from landiag.model.facts import ParseError
from landiag.model.report import SCHEMA, Outcome, Report, Status
from landiag.model.terms import Symptom

T = TypeVar("T")

_FAMILY = SCHEMA.partition("/")[0] + "/"
_UNKNOWN_WORDS: dict[type[Enum], Enum] = {
    Outcome: Outcome.UNKNOWN,
    Status: Status.UNDETERMINED,
    Symptom: Symptom.UNKNOWN,
    Lasts: Lasts.UNTIL_RESTART,
}
"""What a word that only a newer landiag knows is taken for: never for ok, never for a block, never for good."""


def parse_report(text: str) -> Report:
    """Parse a report that ``render_json`` wrote, also one of a newer version.

    What this version does not know is left out and named in ``notes``. Raises ParseError with one sentence.
    """
    document = _load(text)
    reader = _Reader()
    try:
        report = _assemble(document, reader)
    except _DamagedError as damage:
        raise ParseError(f"the report is damaged: {damage}") from damage
    return replace(report, notes=(*report.notes, *_notes(document["schema"], reader.unread)))


_WHAT_ELSE = (
    "it is neither a report (.json) nor a recording of landiag; landiag report --help says how each is made"
)


def _load(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParseError(
            _WHAT_ELSE if text[:1] not in ("", "{", "[") else "it is not complete JSON: was the file cut off?"
        ) from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, str) or not schema.startswith(_FAMILY):
        raise ParseError("it is not a report of landiag (save one with: landiag check --output report.json)")
    return dict(document)


def _assemble(document: dict[str, Any], reader: _Reader) -> Report:
    """Read the report's own fields; the tool's version stands one level deeper than in the Report."""
    flat = {key: value for key, value in document.items() if key not in ("schema", "tool")}
    tool = document.get("tool")
    if not isinstance(tool, dict) or not isinstance(tool.get("version"), str):
        raise _DamagedError("tool.version is missing")
    known = {"tool_version": tool["version"]}
    known |= {
        field: tool[name] for name, field in (("command", "typed"), ("called", "called")) if name in tool
    }
    return reader.read_object({**flat, **known}, Report, "")


def _notes(schema: str, unread: list[str]) -> list[str]:
    notes = []
    if schema != SCHEMA:
        notes.append(
            f"This report was made by a newer landiag ({schema}): what this one knows of it is shown."
        )
    if unread:
        more = f" and {len(unread) - 5} more" if len(unread) > 5 else ""
        notes.append(f"Not known to this landiag, and left out: {', '.join(unread[:5])}{more}.")
    return notes


class _DamagedError(ValueError):
    """A field has no value of its kind; the message names it."""


class _NewerWordError(ValueError):
    """A word that only a newer landiag knows, and that nothing here can stand for."""


class _Reader(Struct):
    """Reads plain values into the nouns of the model, and remembers what it had to leave out."""

    unread: list[str] = field(default_factory=list)

    def read_object(self, value: Any, kind: type[T], where: str) -> T:
        """Read a JSON object into a dataclass. Fields that it does not have are left out."""
        if not isinstance(value, dict):
            raise _DamagedError(f"{where or 'it'} is not an object")
        hints = _hints(cast("Hashable", kind))
        for name in value.keys() - hints.keys():
            self._leave_out(_inside(where, name))
        given = {
            name: self._read(value[name], hint, _inside(where, name))
            for name, hint in hints.items()
            if name in value
        }
        for missing in _required(cast("Hashable", kind)) - given.keys():
            raise _DamagedError(f"{_inside(where, missing)} is missing")
        return kind(**given)

    def _read(self, value: Any, hint: Any, where: str) -> Any:
        if get_origin(hint) in (Union, UnionType):
            return self._read_optional(value, hint, where)
        if get_origin(hint) is tuple:
            if not isinstance(value, list):
                raise _DamagedError(f"{where} is not a list")
            (inner, _) = get_args(hint)
            return tuple(item for item in self._read_items(value, inner, where) if item is not None)
        if isinstance(hint, type) and issubclass(hint, Struct):
            return self.read_object(value, cast("type[Any]", hint), where)
        if issubclass(hint, Enum):
            return self._read_word(value, hint, where)
        return _read_plain(value, hint, where)

    def _read_items(self, values: list[Any], inner: Any, where: str) -> Iterator[Any]:
        """Read what a list holds; an item whose kind only a newer landiag knows is left out, and named."""
        for number, item in enumerate(values):
            with suppress(_NewerWordError):
                yield self._read(item, inner, f"{where}[{number}]")

    def _read_optional(self, value: Any, hint: Any, where: str) -> Any:
        if value is None:
            return None
        kinds = [part for part in get_args(hint) if part is not NoneType]
        if len(kinds) > 1:
            return self._read_tagged(value, kinds, where)
        try:
            return self._read(value, kinds[0], where)
        except _NewerWordError:
            return None

    def _read_tagged(self, value: Any, kinds: list[Any], where: str) -> Any:
        """Read an object that says by itself which of several it is; None for one that is not known."""
        field = kinds[0].__struct_config__.tag_field
        tag = value.get(field) if isinstance(value, dict) else None
        for kind in kinds:
            if kind.__struct_config__.tag == tag:
                rest = {name: item for name, item in value.items() if name != field}
                return self.read_object(rest, kind, where)
        self._leave_out(f"{where} = {tag}")
        return None

    def _read_word(self, value: Any, kind: type[Enum], where: str) -> Enum:
        for member in kind:
            if member.value == value:
                return member
        self._leave_out(f"{where} = {value}")
        if kind not in _UNKNOWN_WORDS:
            raise _NewerWordError(where)
        return _UNKNOWN_WORDS[kind]

    def _leave_out(self, what: str) -> None:
        general = re.sub(r"\[\d+\]", "", what)
        if general not in self.unread:
            self.unread.append(general)


def _read_plain(value: Any, kind: type, where: str) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _DamagedError(f"{where} is not {_WORDS[kind]}")
    return value


_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def _inside(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


@cache
def _required(kind: Any) -> frozenset[str]:
    return frozenset(item.name for item in fields(kind) if item.required)
