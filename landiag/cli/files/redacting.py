"""``--redact`` for what was just made: loaded only where it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from landiag.host import Recording
from landiag.model.report import Report


def redact_report(report: Report) -> Report:
    """Redact a report by itself."""
    from landiag.redact.documents import redact

    return redact(report)[0]


def redact_both(report: Report, recording: Recording) -> tuple[Report, Recording]:
    """Redact a report together with the recording that it was made from: that knows more names."""
    from landiag.redact.documents import redact_everything

    (new_report, new_recording), _ = redact_everything((report, recording))
    assert isinstance(new_report, Report)
    assert isinstance(new_recording, Recording)
    return new_report, new_recording


def redact_lines(lines: Sequence[str]) -> tuple[str, ...]:
    """Redact lines that are printed before there is a report."""
    from landiag.redact.redactor import Redactor

    redactor = Redactor()
    for line in lines:
        redactor.collect(line)
    redactor.freeze()
    return tuple(redactor.line(line) for line in lines)
