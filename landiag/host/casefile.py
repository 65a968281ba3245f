"""A case as one text file, in which people read each reading, change it, and see the change in a review.

A head in TOML says what was asked and what is right. Sections follow, each begun by a line ``=== NAME``: the report
as a terminal shows it, then one for each reading, named like its source. A section's fields stand before a line
``---``, its text behind it, byte for byte; a text of one short line stands in the section's first line, behind
``:=``. A line of a text that looks like the beginning of a section has a backslash before it.
"""

from __future__ import annotations

import codecs
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from landiag.host.fixture import Fixture
from landiag.host.recording import undamaged
from landiag.knowledge.toml import parse_toml
from landiag.model.facts import ParseError, Reading, ReadStatus
from landiag.model.recording import Recording
from landiag.model.regex import regex
from landiag.model.report import Target

REPORT = "report"
"""The section that holds what the terminal shows; no source has this name."""

_SECTION, _FIELDS_END, _SHORT = "=== ", "---", " := "
_LOOKS_LIKE_SECTION = regex(r"\\*=== ")
_SHOWN = 0.1
"""Seconds: what a reading took is kept where it took that long."""


def render_case(fixture: Fixture) -> bytes:
    """Render a case as its file."""
    recording = fixture.recording
    head = [
        *_fields({"origin": fixture.origin, "description": fixture.description}),
        *_fields({"created": recording.created, "tool_version": recording.tool_version}),
        *_table("expect", {"status": fixture.status, "cause": fixture.cause, "codes": list(fixture.codes)}),
        *_table("target", {name: getattr(recording.target, name) for name in Target.__struct_fields__}),
        *_table("options", dict(recording.options)),
        "",
    ]
    sections = [_render_section(REPORT, {}, fixture.says)]
    sections += [_render_reading(reading) for reading in recording.readings.values()]
    return ("\n".join(head) + "\n" + "".join(sections)).encode()


def _render_reading(reading: Reading) -> str:
    encoding, text = _text_of(reading.data)
    fields = {
        "argv": list(reading.argv) if reading.argv else None,
        "status": None if reading.status is ReadStatus.OK else reading.status.value,
        "seconds": round(reading.seconds, 1) if reading.seconds >= _SHOWN else None,
        "detail": reading.detail or None,
        "remedy": reading.remedy,
        "encoding": encoding,
    }
    return _render_section(reading.source, fields, text)


def _render_section(name: str, fields: Mapping[str, Any], text: str) -> str:
    """Render a section. A text without its last newline says so in a field, for files end with one."""
    rows = _fields(fields)
    name = name if name.isprintable() and not name.startswith('"') else _quoted(name)
    is_line = text.endswith("\n") and text.count("\n") == 1 and len(text) < 60 and text.strip() == text[:-1]
    if is_line and text != "\n" and not rows:
        return f"{_SECTION}{name}{_SHORT}{text}"
    if text and not text.endswith("\n"):
        rows, text = [*rows, 'end = "without newline"'], text + "\n"
    body = "".join(
        "\\" + line if _LOOKS_LIKE_SECTION.match(line) else line for line in re.split(r"(?<=\n)", text)
    )
    parts = [f"{_SECTION}{name}", *rows, *([_FIELDS_END] if text else [])]
    return "\n".join(parts) + "\n" + body


def _text_of(data: bytes) -> tuple[str | None, str]:
    """Name the encoding of bytes, None for UTF-8, and give their text in it; base64 where they are none."""
    if data.startswith(codecs.BOM_UTF16_LE):
        text = data.decode("utf-16", "replace")
        if codecs.BOM_UTF16_LE + text.encode("utf-16-le") == data and _is_readable(text):
            return "utf-16", text
    text = data.decode("utf-8", "replace")
    if text.encode() == data and _is_readable(text):
        return None, text
    return "base64", b64encode(data).decode() + "\n"


def _is_readable(text: str) -> bool:
    """Whether a text has no control characters but tabs and the ends of lines, so that editors keep it as it is."""
    return re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)", text) is None


def parse_case(name: str, data: bytes) -> Fixture:
    """Parse the file of a case. Raises ParseError with what is wrong with it."""
    head, *sections = re.split(rf"^(?={_SECTION})", data.decode("utf-8", "replace"), flags=re.MULTILINE)
    try:
        case = parse_toml(head)
        read = [_parse_section(section) for section in sections]
        says = next((text for source, _, text in read if source == REPORT), "")
        readings = [
            make_reading(source, fields, _data(text, fields.get("encoding")))
            for source, fields, text in read
            if source != REPORT
        ]
        return make_fixture(name, case, readings, says)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ParseError(f"the case {name} is damaged: {type(error).__name__} at {error}") from error


def _parse_section(section: str) -> tuple[str, Mapping[str, Any], str]:
    """Parse a section: its name, its fields and its text."""
    first, _, rest = section.removeprefix(_SECTION).partition("\n")
    written, is_short, value = first.partition(_SHORT)
    name = str(json.loads(written)) if written.startswith('"') else written
    if is_short:
        return name, {}, value + "\n"
    rows, _, text = ("\n" + rest).partition(f"\n{_FIELDS_END}\n")
    fields = parse_toml(rows)
    text = re.sub(r"^\\(?=\\*=== )", "", text, flags=re.MULTILINE)
    return name, fields, text[:-1] if "end" in fields else text


def make_fixture(name: str, case: Mapping[str, Any], readings: Iterable[Reading], says: str = "") -> Fixture:
    """Make a case of its head and its readings. Raises KeyError, TypeError, ValueError or AttributeError."""
    expect, target = case["expect"], case["target"]
    return Fixture(
        name=name,
        recording=Recording(
            target=Target(
                port=target.get("port"),
                peer=target.get("peer"),
                address=target.get("address"),
                interface=target.get("interface"),
                scheme=target.get("scheme", "auto"),
                protocol=target.get("protocol", "tcp"),
            ),
            created=str(case["created"]),
            tool_version=str(case["tool_version"]),
            readings={reading.source: reading for reading in readings},
            options={str(key): str(value) for key, value in case.get("options", {}).items()},
        ),
        status=str(expect["status"]),
        cause=expect.get("cause"),
        codes=tuple(expect.get("codes", ())),
        origin=str(case["origin"]),
        description=str(case.get("description", "")),
        says=says,
    )


def make_reading(source: str, fields: Mapping[str, Any], data: bytes) -> Reading:
    """Make a reading of its fields and its bytes, damaged where it is cut off. Raises TypeError or ValueError."""
    reading = Reading(
        source=source,
        status=ReadStatus(fields.get("status", "ok")),
        data=data,
        argv=tuple(map(str, fields["argv"])) if "argv" in fields else None,
        seconds=float(fields.get("seconds", 0.0)),
        detail=str(fields.get("detail", "")),
        remedy=fields.get("remedy"),
    )
    return undamaged(reading)


def _data(text: str, encoding: str | None) -> bytes:
    if encoding == "base64":
        return b64decode(text)
    return codecs.BOM_UTF16_LE + text.encode("utf-16-le") if encoding == "utf-16" else text.encode()


def _table(name: str, values: Mapping[str, Any]) -> list[str]:
    return ["", f"[{name}]", *_fields(values)]


def _fields(values: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_quoted(value)}" for key, value in values.items() if value is not None]


def _quoted(value: Any) -> str:
    """Write a value as TOML. A JSON text, number, or list of texts in ASCII is one (TOML 1.0)."""
    # TOML has no lone surrogates and no escape for DEL that JSON would write.
    clean = value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
    written = json.dumps(clean, ensure_ascii=False)
    return "".join(f"\\u{ord(char):04x}" if ord(char) == 0x7F else char for char in written)
