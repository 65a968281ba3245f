"""Reads TOML: recorded cases, and what people write for a fleet."""

from __future__ import annotations

import sys
from typing import Any

if sys.version_info >= (3, 11):
    from tomllib import TOMLDecodeError, loads
else:
    from tomli import TOMLDecodeError, loads

__all__ = ["TOMLDecodeError", "parse_toml"]


def parse_toml(text: str) -> dict[str, Any]:
    """Parse a TOML text. Raises TOMLDecodeError."""
    document: dict[str, Any] = loads(text)
    return document
