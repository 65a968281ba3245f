"""The recorded cases of fixtures/, for every test that goes over all of them."""

from __future__ import annotations

from pathlib import Path

from landiag.diagnose import diagnose
from landiag.host import RecordedHost, Recorder, Recording
from landiag.host.fixture import Fixture, read_fixture
from landiag.model.report import Report
from landiag.question import Question

FOLDER = Path(__file__).parent.parent / "fixtures"

NAMES = sorted(path.parent.name for path in FOLDER.glob("*/case.toml"))


def load(name: str) -> Fixture:
    """Read a case."""
    return read_fixture(FOLDER / name)


def replay(recording: Recording) -> Report:
    """Diagnose a recording, as ``landiag check --replay`` does."""
    question = Question.from_options(recording.target, recording.options)
    return diagnose(question, Recorder(RecordedHost(recording.readings)), float("inf"))
