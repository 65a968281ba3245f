"""What is known of the machine while it is watched: read before, and again beside the loop where it is old."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping

from landiag.diagnose import diagnose
from landiag.host import live_recorder
from landiag.model.facts import Reading
from landiag.model.report import Report
from landiag.question import Question, UsageError

GATHER_SECONDS = 10.0
STALE_SECONDS, REST = 1.0, 4.0
"""How old the facts may be when a client fails: somebody may be mending the firewall meanwhile.

At least ``REST`` times as long as reading them takes, so that failing clients do not keep the machine busy.
"""


class Rereading:
    """The readings of one machine: ``first`` are those before the watch, ``readings`` the newest of each."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._fresh: queue.SimpleQueue[Mapping[str, Reading]] = queue.SimpleQueue()
        self._asked, self._stale = 0.0, STALE_SECONDS
        self.base, self.readings = self._diagnose()
        self.first = dict(self.readings)
        self._gathered = time.time()

    def _diagnose(self) -> tuple[Report, Mapping[str, Reading]]:
        deadline = time.monotonic() + GATHER_SECONDS
        with live_recorder(deadline) as recorder:
            return diagnose(self._question, recorder, deadline), recorder.readings

    def is_old(self, now: float) -> bool:
        """Whether it is time to read again."""
        return now - self._gathered >= self._stale

    def begin(self, now: float) -> None:
        """Read again beside the loop."""
        self._asked = now
        threading.Thread(target=self._read, daemon=True).start()

    def finish(self) -> Mapping[str, Reading] | None:
        """Read at once what is old when the watch ends; see ``take``."""
        if time.time() - self._gathered <= STALE_SECONDS:
            return None
        self._read()
        return self.take()

    def _read(self) -> None:
        try:
            self._fresh.put(self._diagnose()[1])
        except UsageError:  # an interface that was named is gone: what was read before must do
            self._fresh.put({})

    def take(self) -> Mapping[str, Reading] | None:
        """Take what was read meanwhile: the readings that say something else than before; None where none was."""
        try:
            new = self._fresh.get_nowait()
        except queue.Empty:
            return None
        changed = {name: one for name, one in new.items() if self._is_news(name, one)}
        self.readings = {**self.readings, **changed}
        self._gathered = time.time()
        self._stale = max(STALE_SECONDS, REST * (self._gathered - self._asked))
        return changed

    def _is_news(self, name: str, reading: Reading) -> bool:
        old = self.readings.get(name)
        return old is None or (old.status, old.data) != (reading.status, reading.data)
