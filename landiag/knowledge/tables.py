"""Reads the tables of landiag/knowledge. They are kept in TOML, which is slow to read: a seventh of a check."""

from __future__ import annotations

from functools import cache
from pkgutil import get_data
from typing import Any

from msgspec import json

TABLES = "tables.json"
"""All the TOML files by their names, as ``python -m tests.project.pages`` wrote them."""


def read_tables(name: str) -> dict[str, Any]:
    """Read what stands in a TOML file of landiag/knowledge, by its name. Whoever asks must not change it."""
    document: dict[str, Any] = _all()[name]
    return document


@cache
def _all() -> dict[str, Any]:
    documents: dict[str, Any] = json.decode(get_data("landiag.knowledge", TABLES) or b"{}")
    return documents
