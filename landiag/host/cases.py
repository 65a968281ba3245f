"""Reads cases: text files, and the folders of before."""

from __future__ import annotations

from pathlib import Path

from landiag.host.casefile import parse_case
from landiag.host.casefolder import read_folder
from landiag.host.fixture import Fixture
from landiag.model.facts import ParseError


def read_fixture(path: Path) -> Fixture:
    """Read a case: a file, or a folder of before. Raises ParseError with a sentence that says what is wrong."""
    if path.is_dir():
        return read_folder(path)
    try:
        return parse_case(path.stem, path.read_bytes())
    except OSError as error:
        raise ParseError(f"{path} could not be read: {error.strerror}") from error
