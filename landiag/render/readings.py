"""The raw readings of a recording, for who wants to see for themselves. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from landiag.model.facts import Reading
from landiag.render.escape import escape_text


def render_readings(readings: Iterable[Reading]) -> str:
    """Render what was read word for word, each reading under a line that says how it was read."""
    return "".join(f"\n{_head(one)}\n{_text(one)}" for one in readings)


def _head(reading: Reading) -> str:
    how = f" ({shlex.join(reading.argv)})" if reading.argv else ""
    why = f": {reading.status.value}, {reading.detail}" if reading.detail else ""
    return escape_text(f"=== {reading.source}{how}{why}")


def _text(reading: Reading) -> str:
    return "".join(f"    {escape_text(line)}\n" for line in reading.text.splitlines())
