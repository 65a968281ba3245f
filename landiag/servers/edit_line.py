"""Loopback addresses as they stand in sources, and the edit of the line that holds one. Pure."""

from __future__ import annotations

from landiag.model.regex import regex
from landiag.model.report import Edit

LOOPBACK = r"localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[?::1\]?"
QUOTED_LOOPBACK = regex(rf"(?P<quote>['\"`])(?P<host>{LOOPBACK})(?P=quote)")


def replaced(path: str, number: int, line: str, start: int, end: int, written: str) -> Edit:
    """The edit that writes something into a line of a file, in place of its characters ``start`` to ``end``."""
    return Edit(path, number, line, (line[:start] + written + line[end:]).rstrip())
