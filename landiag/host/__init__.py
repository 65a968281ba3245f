"""The one door to the operating system: everything that landiag knows passes through ``read(source)``.

``LiveHost`` asks the machine, ``RecordedHost`` a saved recording, ``Recorder`` stands between and remembers.
Looking changes nothing: no shell, no rule added, no file written, and no command run that could load a kernel
module that treats packets. A reading never raises: what went wrong is its status.
"""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from msgspec import Struct, field

from landiag.host.live import CALLS, LiveHost, failed_reading
from landiag.host.recording import parse_recording, render_recording
from landiag.model.facts import File, Reading, ReadStatus, Source
from landiag.model.recording import Recording

__all__ = [
    "CALLS",
    "Host",
    "LiveHost",
    "RecordedHost",
    "Recorder",
    "Recording",
    "live_recorder",
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
        if known is None:
            return Reading(source.name, ReadStatus.NOT_RECORDED, detail="it was not recorded")
        return known


class Recorder(Struct):
    """Reads from another host, each source once, and remembers the readings in the order they were asked.

    ``waiting`` names what has been asked and has not answered yet.
    """

    host: Host
    readings: dict[str, Reading] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    _ended: dict[str, threading.Event] = field(default_factory=dict)
    _done: dict[str, Reading] = field(default_factory=dict)

    def read(self, source: Source) -> Reading:
        """Read from the host behind, or from memory; see ``Host.read``."""
        if source.name not in self.readings:
            self.readings[source.name] = self.host.read(source)
        return self.readings[source.name]

    def begin(self, sources: Iterable[Source]) -> None:
        """Begin to read many sources at once, and return; ``read_all`` waits for them."""
        known = self.readings.keys() | self._ended.keys()
        wanted = {source.name: source for source in sources if source.name not in known}
        if isinstance(self.host, RecordedHost):  # it has every answer already
            self.readings.update((name, self.host.read(source)) for name, source in wanted.items())
            return
        self.waiting |= wanted.keys()
        # Files are read at once, so they share a thread. Daemon threads: a reading that hangs in the kernel must
        # not keep the process alive.
        files: list[Source] = [source for source in wanted.values() if isinstance(source, File)]
        batches: list[list[Source]] = [[source] for source in wanted.values() if not isinstance(source, File)]
        for batch in (*batches, *([files] if files else [])):
            ended = threading.Event()
            self._ended.update((source.name, ended) for source in batch)
            try:
                # Not Thread.start(): it waits for ever for a thread that dies for want of memory before it begins.
                _thread.start_new_thread(self._work, (batch, ended))
            except RuntimeError:  # there is no room for another thread
                self._work(batch, ended)

    def _work(self, batch: Iterable[Source], ended: threading.Event) -> None:
        try:
            for source in batch:
                self._done[source.name] = self._read(source)
                self.waiting.discard(source.name)
        finally:  # whatever happens, nobody waits for a thread that is no more
            ended.set()

    def _read(self, source: Source) -> Reading:
        try:
            return self.host.read(source)
        except (MemoryError, RuntimeError) as error:  # RuntimeError: no memory for a lock or a thread
            lacking = f"there is not enough memory to read it ({type(error).__name__})"
            return failed_reading(source, ReadStatus.FAILED, lacking)

    def read_all(self, sources: Iterable[Source], deadline: float) -> None:
        """Read many sources at once. What is not there at the deadline is ``timed-out`` and left behind."""
        wanted = {source.name: source for source in sources if source.name not in self.readings}
        self.begin(wanted.values())
        end = deadline + _GRACE
        for name, source in wanted.items():
            if name in self.readings:
                continue
            self._ended[name].wait(None if end == float("inf") else max(0.0, end - time.monotonic()))
            late = failed_reading(source, ReadStatus.TIMED_OUT, "no answer within the time that was allowed")
            self.readings[name] = self._done.get(name, late)
            self.waiting.discard(name)


@contextmanager
def live_recorder(deadline: float, sudo: tuple[str, ...] = ()) -> Iterator[Recorder]:
    """Read this machine, until the deadline at the latest; commands that still run at the end are ended.

    ``deadline`` and ``sudo`` are those of ``LiveHost``.
    """
    host = LiveHost(deadline, sudo)
    try:
        yield Recorder(host)
    finally:
        host.close()
