"""A report as the JSON of the contract."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

from msgspec import Struct

from landiag.model.report import SCHEMA, Report

_TOP = ("target", "host", "verdict", "checks", "findings", "paths", "see_also", "readings")


def render_json(report: Report) -> str:
    """Render a report as JSON, ASCII only: no character of it can act on a terminal."""
    return json.dumps(to_document(report), indent=2, ensure_ascii=True) + "\n"


def to_document(report: Report) -> dict[str, Any]:
    """Turn a report into plain values, keys in the order of the contract."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "landiag", "version": report.tool_version},
        "created": report.created,
        "command": report.command,
        "redacted": report.redacted,
        **{name: _plain(getattr(report, name)) for name in _TOP},
        **({"notes": list(report.notes)} if report.notes else {}),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Struct):
        config = value.__struct_config__
        kind = {config.tag_field: config.tag} if config.tag_field else {}
        return {**kind, **{name: _plain(getattr(value, name)) for name in value.__struct_fields__}}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        # Bytes that were no UTF-8 came as lone surrogates: they have no place in a JSON text.
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value
