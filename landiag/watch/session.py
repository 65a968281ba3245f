"""A whole watch as a pure function: events in, attempts out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from landiag.collect import linux
from landiag.diagnose import diagnose
from landiag.gather import gather
from landiag.host import RecordedHost, Recorder, parse_recording
from landiag.model.facts import Reading
from landiag.model.report import Evidence, Report
from landiag.question import Question
from landiag.watch.attempts import Watcher
from landiag.watch.conclude import Attempt, conclude
from landiag.watch.events import Event, Facts, Maker
from landiag.watch.flow import Seen
from landiag.watch.predicting import Predictor
from landiag.watch.rule_counter import rule_rise
from landiag.watch.snapshot import Snapshot
from landiag.watch.waiting import describe_waiting

MAX_MAKERS = 1000


def make_snapshot(readings: Mapping[str, Reading]) -> Snapshot:
    """Make the facts of readings that ``diagnose`` has gathered."""
    machine, facts = gather(Recorder(RecordedHost(readings)), float("inf"))
    if facts.os == "linux":
        facts = linux.add_namespaces(facts, readings)
    return Snapshot(readings, machine, facts)


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
        self._before: Mapping[str, Reading] | None = None
        self._predictor = Predictor()
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

    def waiting(self) -> str:
        """Say what attempts wait for that are not concluded yet; empty where none does."""
        flows = (
            flow
            for flow in self.watcher.waiting.values()
            if flow.concluded is None and self.peer in (None, flow.syn.source)
        )
        return describe_waiting(flows, self.watcher.now, self.makers)

    def _refresh(self, event: Facts) -> None:
        changed = parse_recording(json.dumps(event.recording)).readings
        self._before = dict(self._readings)
        if changed:
            self._readings.update(changed)
            self._snapshot = None
            self.watcher.own = self.snapshot.own_addresses

    def _judge(self, found: Iterator[Seen]) -> Iterator[Attempt]:
        for seen in found:
            if self.peer not in (None, seen.flow.syn.source):
                self.others += 1
                continue
            maker = self.makers.get(seen.flow.syn.mac or "", "")
            prediction = self._predictor.predict(self.snapshot, seen.flow, self.watcher.now)
            yield self._with_counter(conclude(seen, prediction, maker))

    def _with_counter(self, attempt: Attempt) -> Attempt:
        """Add what the deciding rule's own counter says, where the rules were read before and after the packet."""
        if attempt.decided_by is None or attempt.finding is None or self._before is None:
            return attempt
        rise = rule_rise(self._before, self._readings, attempt.decided_by)
        if rise is None:
            return attempt
        evidence = Evidence("the rule's counter", f"+{rise} packets: {attempt.decided_by['rule']}")
        finding = replace(attempt.finding, evidence=(*attempt.finding.evidence, evidence))
        return replace(attempt, finding=finding)
