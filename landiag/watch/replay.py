"""A recorded watch concluded again, on any machine: the same attempts, the same report. Pure."""

from __future__ import annotations

from collections.abc import Callable

from landiag.host import Recording
from landiag.model.facts import ParseError
from landiag.model.report import Report
from landiag.question import Question
from landiag.watch.conclude import Attempt
from landiag.watch.events import Begin, End, parse_events
from landiag.watch.report import Tally, Watched, make_report
from landiag.watch.session import Session
from landiag.watch.spool import EVENTS


def replay(recording: Recording, say: Callable[[Attempt], None]) -> Report:
    """Conclude from a recording. Raises ParseError where it holds no watch."""
    if EVENTS not in recording.readings or recording.target.port is None:
        raise ParseError("it is not a recording of landiag watch (save one with: landiag watch --save FILE)")
    question = Question.from_options(recording.target, recording.options)
    session = Session(recording.target.port, recording.target.peer, recording.readings)
    tally, begun, ended, traced, lost = Tally(), 0.0, 0.0, False, 0
    for event in parse_events(recording.readings[EVENTS].text):
        if isinstance(event, Begin):
            begun, traced = event.at, event.traced
        if isinstance(event, End):
            ended, lost = event.at, event.lost
        for attempt in session.feed(event):
            tally.add(attempt)
            say(attempt)
    watched = Watched(
        ended - begun,
        tally,
        traced,
        lost,
        session.watcher.local_attempts,
        session.others,
        tuple(session.watcher.seekers),
    )
    return make_report(session.base(question), watched)
