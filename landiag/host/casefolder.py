"""Cases of before, as folders: ``case.toml`` and ``readings/NAME``, byte for byte. They are read, not written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from landiag.host.casefile import make_fixture, make_reading
from landiag.host.fixture import Fixture
from landiag.knowledge.toml import parse_toml
from landiag.model.facts import ParseError, Reading

CASE = "case.toml"
READINGS = "readings"


def read_folder(folder: Path) -> Fixture:
    """Read a case. Raises ParseError with a sentence that names the file and what is wrong with it."""
    try:
        case = parse_toml((folder / CASE).read_text(encoding="utf-8"))
    except OSError as error:
        raise ParseError(f"{folder / CASE} could not be read: {error.strerror}") from error
    except ValueError as error:
        raise ParseError(f"{folder / CASE} is not TOML: {error}") from error
    try:
        readings = [_read_reading(folder, item) for item in case["reading"]]
        return make_fixture(folder.name, case, readings)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ParseError(f"{folder / CASE} is damaged: {type(error).__name__} at {error}") from error
    except OSError as error:
        raise ParseError(f"a reading of {folder} is missing: {error.filename}") from error


def _read_reading(folder: Path, item: Mapping[str, Any]) -> Reading:
    name = item.get("file")
    data = b""
    if name is not None:
        if Path(name).name != name or name in ("", ".", ".."):
            raise ValueError(f"the file name {name!r}")
        data = (folder / READINGS / name).read_bytes()
    return make_reading(str(item["source"]), item, data)
