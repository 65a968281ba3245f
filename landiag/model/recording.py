"""A diagnosis as it was recorded: what was asked, and everything that was read."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from landiag.model.facts import Reading
from landiag.model.report import Target


class Recording(Struct, frozen=True):
    """What was asked, when (RFC 3339), by which landiag, and everything that was read.

    ``options`` are the options of the command that decide which exchanges are made.
    """

    target: Target
    created: str
    tool_version: str
    readings: Mapping[str, Reading] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
