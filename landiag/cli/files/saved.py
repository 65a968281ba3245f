"""Files that landiag saved: reports, recordings, and folders of recorded cases."""

from __future__ import annotations

import json
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from landiag.cli.files.inputs import MOST_RECORDED, read_input, read_input_text
from landiag.cli.files.outputs import Stop
from landiag.diagnose import diagnose
from landiag.host import RecordedHost, Recorder, Recording, parse_recording
from landiag.host.casefile import parse_case
from landiag.host.casefolder import read_folder
from landiag.host.fixture import SUFFIX
from landiag.model.facts import ParseError, ReadStatus
from landiag.model.report import Report
from landiag.probe.target import UsageError as RequestError
from landiag.probe.target import request_of
from landiag.question import Question, UsageError
from landiag.render.parse import parse_report

STUMBLES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What comes of a file whose values are not of the kind that landiag writes."""


def stumbled(file: Path, error: Exception) -> Stop:
    """The end of a command that such a file stopped."""
    return Stop(
        f"{file} cannot be diagnosed: it holds what landiag does not write ({type(error).__name__}: {error})"
    )


class Saved(Struct, frozen=True):
    """One file: its report, and the recording that the report was made from, where the file is one."""

    file: Path
    report: Report
    recording: Recording | None = None


def load(file: Path, deadline: float | None = None) -> Saved:
    """Load a report, a recording or a case. Stops with a sentence that names the file."""
    try:
        if _is_case(file):
            return replayed(file, read_recording(file, deadline))
        text = _document(read_input_text(file, deadline))
        if _schema(text).startswith("landiag.recording/"):
            return replayed(file, parse_recording(text))
        return Saved(file, parse_report(text))
    except ParseError as error:
        raise Stop(f"{file} cannot be used: {error}") from error


def read_recording(file: Path, deadline: float | None = None) -> Recording:
    """Read a recording, or that of a case. Raises ParseError where the file holds none."""
    if file.is_dir():
        return read_folder(file).recording
    if _is_case(file):
        return parse_case(file.stem, read_input(file, MOST_RECORDED, deadline)).recording
    return parse_recording(read_input_text(file, deadline))


def _is_case(file: Path) -> bool:
    return file.suffix == SUFFIX or file.is_dir()


def _document(text: str) -> str:
    """The JSON of a file; of the lines that ``landiag watch --json`` printed, the last is the report."""
    last = text.rstrip().rpartition("\n")[2]
    return last if last.startswith('{"schema"') and last.endswith("}") else text


def _schema(text: str) -> str:
    """The schema that a file names; empty when it names none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return str(document.get("schema", "")) if isinstance(document, dict) else ""


def replayed(file: Path, recording: Recording) -> Saved:
    """Diagnose a recording. What redaction had to withhold is said in the report's notes."""
    try:
        report = _replay(recording)
    except (UsageError, RequestError) as error:
        raise Stop(f"{file} cannot be diagnosed: {error}") from error
    except STUMBLES as error:
        raise stumbled(file, error) from error
    if recording.options.get("redacted") == "yes":
        report = replace(report, redacted=True, notes=(*report.notes, *withheld_notes(recording)))
    return Saved(file, report, recording)


def _replay(recording: Recording) -> Report:
    """Conclude again from what was read, as the command did that recorded it."""
    command = recording.options.get("command")
    if command == "watch":
        from landiag.watch.replay import replay

        return replay(recording, lambda _: None)
    recorder = Recorder(RecordedHost(recording.readings))
    if command == "probe":
        from landiag.probing import run

        return run(request_of(recording.options), recorder, float("inf"))
    return diagnose(Question.from_options(recording.target, recording.options), recorder, float("inf"))


def withheld_notes(recording: Recording) -> tuple[str, ...]:
    """Say how many readings redaction had to withhold, and which; nothing when none."""
    withheld = [one.source for one in recording.readings.values() if one.status is ReadStatus.WITHHELD]
    if not withheld:
        return ()
    names = ", ".join(withheld[:5]) + (", ..." if len(withheld) > 5 else "")
    return (f"Withheld because they could not be masked with certainty: {len(withheld)} readings ({names}).",)
