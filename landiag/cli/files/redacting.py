"""``--redact`` for what was just made: loaded only where it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from landiag.host import Recorder, Recording
from landiag.model.facts import Reading
from landiag.model.listener import Listener
from landiag.model.report import Report
from landiag.render.parts import REDACTED_LINE

D = TypeVar("D", Report, Recording)


def redact_alone(document: D) -> D:
    """Redact a report or a recording by itself."""
    from landiag.redact.documents import redact

    return redact(document)[0]


def redact_both(report: Report, recording: Recording) -> tuple[Report, Recording]:
    """Redact a report together with the recording that it was made from: that knows more names."""
    from landiag.redact.documents import redact_everything

    (new_report, new_recording), _ = redact_everything((report, recording))
    assert isinstance(new_report, Report)
    assert isinstance(new_recording, Recording)
    return new_report, new_recording


def redact_lines(lines: Sequence[str]) -> tuple[str, ...]:
    """Redact lines that are printed before there is a report."""
    from landiag.redact.documents import redact_answer

    return redact_answer(tuple(lines))


def redact_listeners(found: Sequence[Listener], readings: Iterable[Reading]) -> tuple[Listener, ...]:
    """Redact a list of listeners, together with the readings that it was made from."""
    from landiag.redact.documents import redact_answer

    return redact_answer(tuple(found), readings)


def tell_redacted() -> None:
    """Say on standard error that an output is redacted whose own lines have no place for it."""
    sys.stderr.write(f"{REDACTED_LINE}\n")


def masking(recorder: Recorder) -> Callable[[str], str]:
    """What redacts an output that is made of what a recorder has read by then."""
    return lambda text: redact_output(text, recorder.readings.values())


def redact_output(text: str, readings: Iterable[Reading] = (), hosts: Iterable[str] = ()) -> str:
    """Redact a whole output in any format; see ``redact_answer`` for what else knows names."""
    from landiag.redact.documents import redact_answer

    return "\n".join(redact_answer(tuple(text.split("\n")), readings, hosts))
