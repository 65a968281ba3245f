"""Reads the TOML files of landiag/knowledge."""

from __future__ import annotations

import sys
from pkgutil import get_data
from typing import Any


def read_toml(name: str) -> dict[str, Any]:
    """A TOML file of landiag/knowledge."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads((get_data("landiag.knowledge", name) or b"").decode())
