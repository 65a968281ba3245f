"""The one door to the operating system: everything that landiag knows passes through ``read(source)``.

``LiveHost`` asks the machine, ``RecordedHost`` a saved recording, ``Recorder`` stands between and remembers.
Looking changes nothing: no shell, no rule added, no file written, and no command run that could load a kernel
module that treats packets. A reading never raises: what went wrong is its status.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Protocol

from msgspec import Struct, field

from landiag.host.live import CALLS, LiveHost, failed_reading
from landiag.host.recording import Recording, parse_recording, render_recording
from landiag.model.facts import File, Reading, ReadStatus, Source

__all__ = [
    "CALLS",
    "Host",
    "LiveHost",
    "RecordedHost",
    "Recorder",
    "Recording",
    "parse_recording",
    "render_recording",
]


_GRACE = 0.05  # seconds in which a command that ends at the deadline hands in what it said


class Host(Protocol):
    """Anything that answers ``read``."""

    def read(self, source: Source) -> Reading:
        """Read one source. Never raises: the status of the reading tells how it went."""
        ...


class RecordedHost(Struct, frozen=True):
    """A host as it was recorded. What the recording lacks is ``not-recorded``."""

    readings: Mapping[str, Reading]

    def read(self, source: Source) -> Reading:
        """Look the source up by its name; see ``Host.read``."""
        known = self.readings.get(source.name)
        return known or failed_reading(source, ReadStatus.NOT_RECORDED, "it was not recorded")


class Recorder(Struct):
    """Reads from another host, each source once, and remembers the readings in the order they were asked.

    ``waiting`` names what has been asked and has not answered yet.
    """

    host: Host
    readings: dict[str, Reading] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)

    def read(self, source: Source) -> Reading:
        """Read from the host behind, or from memory; see ``Host.read``."""
        if source.name not in self.readings:
            self.readings[source.name] = self.host.read(source)
        return self.readings[source.name]

    def read_all(self, sources: Iterable[Source], deadline: float) -> None:
        """Read many sources at once. What is not there at the deadline is ``timed-out`` and left behind."""
        wanted = {source.name: source for source in sources if source.name not in self.readings}
        done: dict[str, Reading] = {}

        def work(batch: Iterable[Source]) -> None:
            for source in batch:
                done[source.name] = self.host.read(source)
                self.waiting.discard(source.name)

        self.waiting = set(wanted)
        # Files are read at once, so they share a thread. Daemon threads: a reading that hangs in the kernel must
        # not keep the process alive.
        files = tuple(source for source in wanted.values() if isinstance(source, File))
        batches = [(source,) for source in wanted.values() if not isinstance(source, File)]
        threads = [
            threading.Thread(target=work, args=(batch,), daemon=True) for batch in (*batches, files) if batch
        ]
        for thread in threads:
            thread.start()
        end = deadline + _GRACE
        for thread in threads:
            thread.join(None if end == float("inf") else max(0.0, end - time.monotonic()))
        for name, source in wanted.items():
            late = failed_reading(source, ReadStatus.TIMED_OUT, "no answer within the time that was allowed")
            self.readings[name] = done.get(name, late)
