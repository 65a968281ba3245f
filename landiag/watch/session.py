"""A whole watch as a pure function: events in, attempts out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from landiag.diagnose import Question, diagnose
from landiag.host import RecordedHost, Recorder, parse_recording
from landiag.model.facts import Reading
from landiag.model.report import Report
from landiag.watch.attempts import Seen, Watcher
from landiag.watch.conclude import Attempt, conclude
from landiag.watch.events import Event, Facts, Maker
from landiag.watch.snapshot import Snapshot, make_snapshot, predict

MAX_MAKERS = 1000


class Session:
    """Puts what was seen beside what the model says. ``readings`` are those with which the watch began.

    ``peer`` is the only client that is looked at; None means all.
    """

    def __init__(self, port: int, peer: str | None, readings: Mapping[str, Reading]) -> None:
        self.peer = peer
        self.watcher = Watcher(port)
        self._readings = dict(readings)
        self._snapshot: Snapshot | None = None
        self.others = 0
        self.makers: dict[str, str] = {}
        self.watcher.own = self.snapshot.own_addresses

    @property
    def snapshot(self) -> Snapshot:
        """The machine as it was read last."""
        if self._snapshot is None:
            self._snapshot = make_snapshot(self._readings)
        return self._snapshot

    def base(self, question: Question) -> Report:
        """The check of the machine as it was read last."""
        return diagnose(question, Recorder(RecordedHost(self._readings)), float("inf"))

    def feed(self, event: Event) -> Iterator[Attempt]:
        """Take the next event."""
        if isinstance(event, Facts):
            self._refresh(event)
        if isinstance(event, Maker) and len(self.makers) < MAX_MAKERS:
            self.makers[event.mac] = event.name
        yield from self._judge(self.watcher.feed(event))

    def advance(self, now: float) -> Iterator[Attempt]:
        """Let time pass."""
        yield from self._judge(self.watcher.advance(now))

    def _refresh(self, event: Facts) -> None:
        changed = parse_recording(json.dumps(event.recording)).readings
        if changed:
            self._readings.update(changed)
            self._snapshot = None
            self.watcher.own = self.snapshot.own_addresses

    def _judge(self, found: Iterator[Seen]) -> Iterator[Attempt]:
        for seen in found:
            if self.peer not in (None, seen.flow.syn.source):
                self.others += 1
                continue
            syn = seen.flow.syn
            maker = self.makers.get(syn.mac or "", "")
            yield conclude(seen, predict(self.snapshot, syn, seen.flow.interface), maker)
