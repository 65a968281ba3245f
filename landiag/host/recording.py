"""Recordings: every reading of a diagnosis in one JSON file, to be diagnosed again on any machine."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from msgspec.structs import replace

from landiag.model.facts import ParseError, Reading, ReadStatus
from landiag.model.recording import Recording
from landiag.model.regex import regex
from landiag.model.report import Target

SCHEMA = "landiag.recording/1"


def render_recording(recording: Recording) -> str:
    """Render a recording as the JSON of the contract. Bytes that are not UTF-8 text go as base64."""
    target = recording.target
    document = {
        "schema": SCHEMA,
        "tool": {"name": "landiag", "version": recording.tool_version},
        "created": recording.created,
        "target": {
            "protocol": target.protocol,
            "port": target.port,
            "peer": target.peer,
            "address": target.address,
            "interface": target.interface,
            "scheme": target.scheme,
        },
        "options": dict(recording.options),
        "readings": [_render_reading(reading) for reading in recording.readings.values()],
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def parse_recording(text: str) -> Recording:
    """Parse a recording. Raises ParseError with one sentence that says what is wrong with the file."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParseError("it is not complete JSON: was the file cut off?") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, str) or not schema.startswith("landiag.recording/"):
        raise ParseError("it is not a recording of landiag (save one with: landiag check --save FILE)")
    if schema != SCHEMA:
        raise ParseError(
            f"it was made by a newer landiag ({schema}); this one reads {SCHEMA}: please upgrade"
        )
    try:
        readings = [_parse_reading(item) for item in document["readings"]]
        return Recording(
            target=_parse_target(document["target"]),
            created=str(document["created"]),
            tool_version=str(document["tool"]["version"]),
            readings={reading.source: reading for reading in readings},
            options={str(key): str(value) for key, value in document.get("options", {}).items()},
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ParseError(f"the recording is damaged: {type(error).__name__} at {error}") from error


_JSON_ENDS = (b"}", b"]", b"null")
_ROUTE_PRINT_END = regex(rb"\n[ \t]+\d[^\n]*\n=+\r?\n[^\s=][^\n]*\n[^\d\n]+$")
"""What ends `route print`: the last row of the active routes, their rule, and that there are no persistent ones."""

_KERNEL_FILES = ("file:/proc/", "file:/sys/")


def undamaged(reading: Reading) -> Reading:
    """A recorded reading as it is, or as ``damaged`` where its last line lacks its end.

    Whatever a command or the kernel prints ends so; but for JSON, to whose own end its parsers hold it, for a
    table that is seen to have ended, and for files that people edit.
    """
    name = reading.source
    is_edited = name.startswith("file:") and not name.startswith(_KERNEL_FILES)
    if reading.status is not ReadStatus.OK or is_edited or not reading.data:
        return reading
    if reading.data.endswith((b"\n", *_JSON_ENDS)):
        return reading
    if name.startswith("route-print") and _ROUTE_PRINT_END.search(reading.data):
        return reading
    return _damaged(reading, "it is cut off inside its last line")


def _of_length(reading: Reading, length: object) -> Reading:
    """A reading of as many bytes as the recording says that were read, else a damaged one.

    Where it says nothing (recordings of before), the reading's own end has to show.
    """
    if length is None:
        return undamaged(reading)
    if length == len(reading.data):
        return reading
    return _damaged(reading, f"{length} bytes of it were read, {len(reading.data)} are recorded")


def _damaged(reading: Reading, how: str) -> Reading:
    return replace(reading, status=ReadStatus.DAMAGED, detail=f"the recording is damaged: {how}")


def _render_reading(reading: Reading) -> dict[str, Any]:
    item: dict[str, Any] = {
        "source": reading.source,
        "argv": list(reading.argv) if reading.argv is not None else None,
        "status": reading.status.value,
        "seconds": reading.seconds,
        "bytes": len(reading.data),
    }
    try:
        item["text"] = reading.data.decode("utf-8")
    except UnicodeDecodeError:
        item["base64"] = base64.b64encode(reading.data).decode("ascii")
    if reading.detail:
        item["detail"] = reading.detail
    if reading.remedy:
        item["remedy"] = reading.remedy
    return item


def _parse_reading(item: Mapping[str, Any]) -> Reading:
    reading = Reading(
        source=str(item["source"]),
        status=ReadStatus(item["status"]),
        data=_parse_data(item),
        argv=tuple(map(str, item["argv"])) if item.get("argv") else None,
        seconds=float(item.get("seconds") or 0.0),
        detail=str(item.get("detail", "")),
        remedy=None if item.get("remedy") is None else str(item["remedy"]),
    )
    return _of_length(reading, item.get("bytes"))


def _parse_data(item: Mapping[str, Any]) -> bytes:
    if "base64" not in item:
        return str(item.get("text", "")).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(item["base64"], validate=True)
    except binascii.Error as error:
        raise ValueError(f"the base64 of {item['source']}") from error


def _parse_target(item: Mapping[str, Any]) -> Target:
    port, address = item.get("port"), item.get("address")
    for name in ("peer", "address", "interface", "scheme", "protocol"):
        if not isinstance(item.get(name), str | None):
            raise TypeError(f"the target's {name}")
    if address is not None:
        ip_address(address)
    if port is not None and (type(port) is not int or not 0 < port < 65536):
        raise TypeError("the target's port")
    return Target(
        port=port,
        peer=item.get("peer"),
        address=address,
        interface=item.get("interface"),
        scheme=str(item.get("scheme") or "auto"),
        protocol=str(item.get("protocol") or "tcp"),
    )
