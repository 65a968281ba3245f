"""``--redact`` for what was just made: loaded only where it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar, cast

from landiag.host import Recorder, Recording
from landiag.model.facts import Reading
from landiag.model.report import Report
from landiag.render.parts import REDACTED_LINE

A = TypeVar("A")
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


def tell_redacted() -> None:
    """Say on standard error that an output is redacted whose own lines have no place for it."""
    sys.stderr.write(f"{REDACTED_LINE}\n")


class Mask(Protocol):
    """What redacts an output, or the records of which it is made: those before they are laid out."""

    def __call__(self, answer: A, /) -> A:
        """The same, redacted."""
        ...


def masking(recorder: Recorder) -> Mask:
    """What redacts an output that is made of what a recorder has read by then."""
    return lambda answer: redact_output(answer, recorder.readings.values())


def unmasked(answer: A) -> A:
    """What is not redacted."""
    return answer


def redact_output(answer: A, readings: Iterable[Reading] = (), hosts: Iterable[str] = ()) -> A:
    """Redact a whole output in any format, or records; see ``redact_answer`` for what else knows names."""
    from landiag.redact.documents import redact_answer

    if isinstance(answer, str):
        return cast("A", "\n".join(redact_answer(tuple(answer.split("\n")), readings, hosts)))
    return redact_answer(answer, readings, hosts)
