"""A report as the JSON of the contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from msgspec import Struct

from landiag.model.report import SCHEMA, ClientSees, Finding, Fix, Opened, Report, Stage

_TOP = ("target", "host", "verdict", "checks", "findings", "paths", "see_also", "readings")

_LEFT_OUT: Mapping[type[Struct], frozenset[str]] = {
    Finding: frozenset(("stage", "symptom", "clients")),
    Fix: frozenset(("stays",)),
    ClientSees: frozenset(("perhaps",)),
    Stage: frozenset(("device", "source", "network")),
    Opened: frozenset(("destinations", "in_interface", "source_ports")),
}
"""Fields that came later, and say nothing where they are empty: they are written only where they say something."""

_NOT_EVALUATED: Mapping[type[Struct], frozenset[str]] = {Fix: frozenset(("opens",))}
"""Fields that are left out where they are None: an empty one says something."""


def render_json(report: Report) -> str:
    """Render a report as JSON, ASCII only: no character of it can act on a terminal."""
    return json.dumps(to_document(report), indent=2, ensure_ascii=True) + "\n"


def to_document(report: Report) -> dict[str, Any]:
    """Turn a report into plain values, keys in the order of the contract."""
    return {
        "schema": SCHEMA,
        "tool": {
            "name": "landiag",
            "version": report.tool_version,
            **({} if report.typed == "landiag" else {"command": _plain(report.typed)}),
            **({} if report.called == "landiag" else {"called": _plain(report.called)}),
        },
        "created": report.created,
        "command": report.command,
        "redacted": report.redacted,
        **{name: _plain(getattr(report, name)) for name in _TOP},
        **({"notes": list(report.notes)} if report.notes else {}),
        **({} if report.surroundings is None else {"surroundings": _plain(report.surroundings)}),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Struct):
        quiet = _LEFT_OUT.get(type(value), frozenset())
        config = value.__struct_config__
        kind = {config.tag_field: config.tag} if config.tag_field else {}
        unknown = _NOT_EVALUATED.get(type(value), frozenset())
        given = {name: getattr(value, name) for name in value.__struct_fields__}
        given = {name: one for name, one in given.items() if name not in unknown or one is not None}
        return {**kind, **{name: _plain(one) for name, one in given.items() if name not in quiet or one}}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        # Bytes that were no UTF-8 came as lone surrogates: they have no place in a JSON text.
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value
