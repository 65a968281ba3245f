"""Reads TOML: the files of landiag/knowledge, and recorded cases."""

from __future__ import annotations

import sys
from pkgutil import get_data
from typing import Any

if sys.version_info >= (3, 11):
    from tomllib import TOMLDecodeError, loads
else:
    from tomli import TOMLDecodeError, loads

__all__ = ["TOMLDecodeError", "parse_toml", "read_toml"]


def read_toml(name: str) -> dict[str, Any]:
    """Read a TOML file of landiag/knowledge."""
    return parse_toml((get_data("landiag.knowledge", name) or b"").decode())


def parse_toml(text: str) -> dict[str, Any]:
    """Parse a TOML text. Raises TOMLDecodeError."""
    document: dict[str, Any] = loads(text)
    return document
