"""The tables of landiag/knowledge as the program reads them: TOML is for people, and slow to read."""

from __future__ import annotations

import json
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def tables_json(knowledge: Path) -> str:
    """All the TOML files of a folder by their names, one on a line."""
    files = sorted(knowledge.glob("*.toml"))
    lines = [f"{json.dumps(file.name)}: {_one(file)}" for file in files]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _one(file: Path) -> str:
    return json.dumps(tomllib.loads(file.read_text(encoding="utf-8")), ensure_ascii=False)
