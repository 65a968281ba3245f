"""The events of a watch as they are recorded: in a file that only this process sees, within bounds."""

from __future__ import annotations

import tempfile

from landiag.model.facts import Reading, ReadStatus
from landiag.watch.events import End, Event, encode_event

EVENTS = "watch-events"
"""The name of the reading that holds the events in a recording."""

MAX_RECORDED = 64 << 20
"""Bytes of events that a recording holds; those beyond are left out, but for the end."""


class Spool:
    """Keeps the events until the watch ends."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the watch

    def keep(self, event: Event) -> None:
        """Write an event down."""
        if isinstance(event, End) or self._file.tell() < MAX_RECORDED:
            self._file.write(encode_event(event))

    def read(self) -> Reading:
        """All that was kept."""
        self._file.seek(0)
        return Reading(EVENTS, ReadStatus.OK, self._file.read())

    def close(self) -> None:
        """Let the events go."""
        self._file.close()
