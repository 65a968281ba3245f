"""Recorded cases as folders: ``OS-cause[-detail]/case.toml`` and ``readings/NAME``, byte for byte.

A folder says the same as a recording, in a form in which people can read each reading, change it, and see
the change in a review.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from landiag.knowledge.toml import parse_toml
from landiag.model.facts import ParseError, Reading, ReadStatus
from landiag.model.recording import Recording
from landiag.model.report import Report, Target

CASE = "case.toml"
READINGS = "readings"

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Fixture(Struct, frozen=True):
    """A case: its recording, the verdict that it must give, and where it is from.

    ``origin`` is ``recorded`` or ``synthetic``; ``description`` says from where, or what it shows.
    """

    name: str
    recording: Recording
    status: str
    cause: str | None = None
    codes: tuple[str, ...] = ()
    origin: str = "recorded"
    description: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


def read_fixture(folder: Path) -> Fixture:
    """Read a case. Raises ParseError with a sentence that names the file and what is wrong with it."""
    try:
        case = parse_toml((folder / CASE).read_text(encoding="utf-8"))
    except OSError as error:
        raise ParseError(f"{folder / CASE} could not be read: {error.strerror}") from error
    except ValueError as error:
        raise ParseError(f"{folder / CASE} is not TOML: {error}") from error
    try:
        readings = [_read_reading(folder, item) for item in case["reading"]]
        expect = case["expect"]
        return Fixture(
            name=folder.name,
            recording=Recording(
                target=_target(case["target"]),
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
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ParseError(f"{folder / CASE} is damaged: {type(error).__name__} at {error}") from error
    except OSError as error:
        raise ParseError(f"a reading of {folder} is missing: {error.filename}") from error


def _target(item: Mapping[str, Any]) -> Target:
    return Target(
        port=item.get("port"),
        peer=item.get("peer"),
        address=item.get("address"),
        interface=item.get("interface"),
        scheme=item.get("scheme", "auto"),
        protocol=item.get("protocol", "tcp"),
    )


def _read_reading(folder: Path, item: Mapping[str, Any]) -> Reading:
    name = item.get("file")
    data = b""
    if name is not None:
        if Path(name).name != name or name in ("", ".", ".."):
            raise ValueError(f"the file name {name!r}")
        data = (folder / READINGS / name).read_bytes()
    return Reading(
        source=str(item["source"]),
        status=ReadStatus(item["status"]),
        data=data,
        argv=tuple(map(str, item["argv"])) if "argv" in item else None,
        seconds=float(item.get("seconds", 0.0)),
        detail=str(item.get("detail", "")),
        remedy=item.get("remedy"),
    )


def fixture_name(report: Report) -> str:
    """Make the name of a case: the operating system and the cause."""
    return f"{report.host.os}-{report.verdict.cause or report.verdict.status.value}"


def fixture_of(recording: Recording, report: Report, name: str | None = None) -> Fixture:
    """Make a case of a recording and of what it gives today."""
    chosen = name or fixture_name(report)
    if not _NAME.fullmatch(chosen):
        raise ValueError(
            f"{chosen!r} is not a name for a case: small letters, digits and hyphens, for example linux-ufw"
        )
    return Fixture(
        name=chosen,
        recording=recording,
        status=report.verdict.status.value,
        cause=report.verdict.cause,
        codes=tuple(dict.fromkeys(finding.code for finding in report.findings)),
        description="redacted by landiag" if recording.options.get("redacted") else "",
    )


def render_fixture(fixture: Fixture) -> dict[str, bytes]:
    """Render a case as its files: path within the folder, and content."""
    recording = fixture.recording
    names = _file_names(list(recording.readings))
    files = {
        f"{READINGS}/{names[source]}": reading.data
        for source, reading in recording.readings.items()
        if reading.data
    }
    lines = [
        f"origin = {_quoted(fixture.origin)}",
        f"description = {_quoted(fixture.description)}",
        f"created = {_quoted(recording.created)}",
        f"tool_version = {_quoted(recording.tool_version)}",
        "",
        *_table("expect", {"status": fixture.status, "cause": fixture.cause, "codes": list(fixture.codes)}),
        *_table("target", {name: getattr(recording.target, name) for name in Target.__struct_fields__}),
        *_table("options", dict(recording.options)),
    ]
    for source, reading in recording.readings.items():
        item = {
            "source": source,
            "argv": list(reading.argv) if reading.argv else None,
            "status": reading.status.value,
            "seconds": reading.seconds,
            "detail": reading.detail or None,
            "remedy": reading.remedy,
            "file": names[source] if reading.data else None,
        }
        lines += _table("[reading]", item)
    return {CASE: "\n".join(lines).encode(), **files}


def _table(name: str, values: Mapping[str, Any]) -> list[str]:
    rows = [f"{key} = {_quoted(value)}" for key, value in values.items() if value is not None]
    return [f"[{name}]", *rows, ""]


def _quoted(value: Any) -> str:
    """Write a value as TOML. A JSON text, number, or list of texts in ASCII is one (TOML 1.0)."""
    # TOML has no lone surrogates and no escape for DEL that JSON would write.
    clean = value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
    written = json.dumps(clean, ensure_ascii=False)
    return "".join(f"\\u{ord(char):04x}" if ord(char) == 0x7F else char for char in written)


def _file_names(sources: list[str]) -> dict[str, str]:
    """Name a file for each source, by what it is called."""
    names: dict[str, str] = {}
    for source in sources:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "_", source).strip("._") or "reading"
        base, number = plain[:80], 1
        while (name := base if number == 1 else f"{base}-{number}").lower() in {
            other.lower() for other in names.values()
        }:
            number += 1
        names[source] = name
    return names
