"""The loop of a watch on the live machine: packets, drop reasons, counters, and fresh facts, all as events."""

from __future__ import annotations

import json
import selectors
import threading
import time
from collections.abc import Callable, Mapping

from msgspec import Struct

from landiag.collect.makers import MAKERS, is_random, parse_makers
from landiag.host import Recording, live_recorder, render_recording
from landiag.model.facts import Reading, ReadStatus, Source, parse_reading
from landiag.model.report import Report
from landiag.question import Question
from landiag.version import __version__
from landiag.watch.capture import BATCH, Capture
from landiag.watch.conclude import Attempt
from landiag.watch.counters import NETSTAT, half_open_source, parse_half_open, parse_netstat
from landiag.watch.events import (
    Begin,
    Counters,
    Drop,
    End,
    Event,
    Facts,
    HalfOpen,
    Maker,
    Refusal,
    Segment,
)
from landiag.watch.events import Reading as ReadingAgain
from landiag.watch.packets import RST, Frame, parse_frame
from landiag.watch.rereading import REST, Rereading
from landiag.watch.session import Session
from landiag.watch.spool import EVENTS, Spool
from landiag.watch.tracefs import Tracer

LOOK_AFTER = 0.08
"""Seconds after a SYN without answer when the kernel's lists and counters are asked."""

REMIND_SECONDS, DRAIN_SECONDS = 20.0, 2.0
TRACE_AFTER, TRACE_EVERY = 0.01, 0.05
TELL_EVERY = 0.2
"""Seconds between two looks at what waits: nobody reads faster, and a flood has thousands of attempts."""

_IDLE = 0.25


class Outcome(Struct, frozen=True):
    """What a watch has gathered: the report of the machine, the session, and the recorded events."""

    base: Report
    session: Session
    seconds: float
    traced: bool
    lost: int
    recording: Recording | None


class LiveWatch:
    """One watch. ``say`` is given each attempt as it is concluded, ``wait`` what those wait for that are not.

    ``stop`` may be set from a signal handler.

    Raises PermissionError where this user may not capture packets.
    """

    def __init__(
        self,
        question: Question,
        say: Callable[[Attempt], None],
        wait: Callable[[str], None] | None = None,
        *,
        keeps: bool,
    ) -> None:
        assert question.target.port is not None
        self.question = question
        self.port = question.target.port
        self.say = say
        self.wait = wait
        self.stop = threading.Event()
        self._tracer = self._open_tracer()
        try:
            self._capture = Capture(self.port)
        except OSError:
            self._close_tracer()
            raise
        self._spool = Spool() if keeps else None
        self._times = _Times()
        self._known: set[str] = set()
        self._clock = 0.0  # until when all packets were taken: what is asked meanwhile counts as of then

    def _open_tracer(self) -> Tracer | None:
        try:
            return Tracer()
        except OSError:  # the report says that counters were used instead
            return None

    def _close_tracer(self) -> None:
        if self._tracer is not None:
            self._tracer.close()
            self._tracer = None

    def close(self) -> None:
        """Remove what was added to the system, and end the capture."""
        self._close_tracer()
        self._capture.close()
        if self._spool is not None:
            self._spool.close()

    def prepare(self) -> Report:
        """Read the machine; packets that come meanwhile are kept by the kernel."""
        self._machine = Rereading(self.question)
        begun = time.time()
        self.session = Session(self.port, self.question.target.peer, self._machine.readings)
        self._clock = begun
        self._feed(Begin(begun, self.port, self._tracer is not None))
        self._feed_counters()
        return self._machine.base

    def run(self, seconds: float, remind: Callable[[], None]) -> Outcome:
        """Watch for that long, or until ``stop`` is set; ``remind`` is called when nothing has arrived for a while."""
        begun = time.monotonic()
        end = begun + seconds
        reminded = False
        with selectors.DefaultSelector() as selector:
            selector.register(self._capture.fileno(), selectors.EVENT_READ)
            while not self.stop.is_set() and time.monotonic() < end:
                selector.select(self._patience(end))
                self._turn()
                if not reminded and time.monotonic() > begun + REMIND_SECONDS:
                    reminded = True
                    if not self.session.watcher.flows:
                        remind()
        lasted = time.monotonic() - begun
        self._drain()
        self._feed_facts(self._machine.finish())
        self._feed(End(self._clock, self._capture.count_lost()))
        return Outcome(
            self.session.base(self.question),
            self.session,
            lasted,
            self._tracer is not None,
            self._capture.lost,
            self._recording(),
        )

    def _patience(self, end: float) -> float:
        waits = [_IDLE, end - time.monotonic()]
        due = [one for one in (self.session.watcher.deadline, self._times.look, self._times.trace) if one]
        waits += [one - time.time() for one in due]
        return max(0.001, min(waits))

    def _turn(self) -> None:
        """Take what has come, ask what is due, and let time pass."""
        now = time.time()  # before the packets are taken: those that come later do not count as missing yet
        frames = list(self._capture.take())
        self._take(frames, now)
        if len(frames) < BATCH:
            self._clock = max(self._clock, now)
            self._emit_until(self._clock)
        if self.session.watcher.unanswered():
            self._look(now)
        self._feed_facts(self._machine.take())
        if self.wait is not None and now >= self._times.told + TELL_EVERY:
            self._times.told = now
            self.wait(self.session.waiting())

    def _take(self, frames: list[Frame], now: float) -> None:
        for frame in frames:
            self._clock = max(self._clock, frame.at)
            event = parse_frame(frame, self.port)
            if event is not None:
                if _is_failure(event):
                    self._gather_again(now)
                if isinstance(event, Segment):
                    self._name_maker(event)
                self._feed(event)

    def _drain(self) -> None:
        """Take what has come before the end, within bounds."""
        end = time.monotonic() + DRAIN_SECONDS
        now = time.time()
        while time.monotonic() < end and (frames := list(self._capture.take())):
            self._take(frames, now)
            now = time.time()
        self._clock = max(self._clock, now)

    def _name_maker(self, segment: Segment) -> None:
        """Look up who made a client's device, once for each."""
        mac = segment.mac
        if (
            mac is None
            or mac in self._known
            or segment.destination_port != self.port
            or len(self._known) > 1000
        ):
            return
        self._known.add(mac)
        if is_random(mac):
            return
        for source in MAKERS:
            reading = _read(source, 0.5)
            if reading.status is ReadStatus.OK:
                found = parse_makers(reading.text, (mac,))
                if mac in found:
                    self._feed(Maker(self._clock, mac, found[mac]))
                return

    def _look(self, now: float) -> None:
        """Ask the kernel about SYNs that have no answer: its drop reasons soon, its lists and counters later."""
        times = self._times
        unanswered = self.session.watcher.unanswered()
        newest = max(flow.arrivals[-1] for flow in unanswered)
        if self._tracer is not None and newest + TRACE_AFTER > times.traced:
            times.trace = max(newest + TRACE_AFTER, times.traced + TRACE_EVERY)
            if now >= times.trace:
                self._feed_drops(self._tracer.take())
                times.traced, times.trace = now, None
        if newest + LOOK_AFTER > times.looked:
            times.look = max(newest + LOOK_AFTER, times.looked + LOOK_AFTER)
            if now >= times.look:
                self._feed_counters()
                self._feed_half_open()
                # On a busy machine asking takes long: packets must not wait for it again and again.
                times.looked, times.look = now + REST * (time.time() - now), None
        if now - newest > LOOK_AFTER / 2:
            self._gather_again(now)

    def _feed_drops(self, drops: list[Drop]) -> None:
        times = [at for flow in self.session.watcher.unanswered() for at in flow.arrivals]
        for drop in drops:
            if any(abs(drop.at - at) < 0.02 for at in times):
                self._feed(drop)

    def _feed_counters(self) -> None:
        reading = _read(NETSTAT, 0.5)
        values = parse_reading(reading, parse_netstat)
        if reading.status is ReadStatus.OK and isinstance(values, Mapping):
            self._feed(Counters(self._clock, values))

    def _feed_half_open(self) -> None:
        reading = _read(half_open_source(self.port), 0.3)
        if reading.status is ReadStatus.OK:
            self._feed(HalfOpen(self._clock, parse_half_open(reading.text)))

    def _gather_again(self, now: float) -> None:
        """Read the machine again beside the loop, where the facts are old; conclusions wait for it a moment."""
        if self.session.watcher.reading_since is None and self._machine.is_old(now):
            self._feed(ReadingAgain(self._clock))
            self._machine.begin(now)

    def _feed_facts(self, changed: Mapping[str, Reading] | None) -> None:
        if changed is not None:
            recording = Recording(self.question.target, self._machine.base.created, __version__, changed)
            document: dict[str, object] = json.loads(render_recording(recording))
            self._feed(Facts(self._clock, document))

    def _feed(self, event: Event) -> None:
        if self._spool is not None:
            self._spool.keep(event)
        for attempt in self.session.feed(event):
            self.say(attempt)

    def _emit_until(self, now: float) -> None:
        for attempt in self.session.advance(now):
            self.say(attempt)

    def _recording(self) -> Recording | None:
        """What replays: the readings with which the watch began, and all events."""
        if self._spool is None:
            return None
        begun = {**self._machine.first, EVENTS: self._spool.read()}
        options = {**self.question.options, "command": "watch"}
        return Recording(self.question.target, self._machine.base.created, __version__, begun, options)


def _is_failure(event: Event) -> bool:
    """Whether this machine turns a client away: then the facts must be fresh."""
    if isinstance(event, Segment):
        return event.outgoing and bool(event.flags & RST) and event.interface != "lo"
    return isinstance(event, Refusal) and event.outgoing


class _Times(Struct):
    """When things were done last, and when they are due; seconds since the epoch."""

    traced: float = 0.0
    looked: float = 0.0
    told: float = 0.0
    trace: float | None = None
    look: float | None = None


def _read(source: Source, seconds: float) -> Reading:
    with live_recorder(time.monotonic() + seconds) as recorder:
        return recorder.read(source)
