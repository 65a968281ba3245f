"""Every case: those recorded on real hosts (fixtures/), and the synthetic machines (tests/machines)."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar
from zlib import crc32

from landiag.diagnose import diagnose
from landiag.host import RecordedHost, Recorder, Recording
from landiag.host.casefile import parse_case
from landiag.host.fixture import SUFFIX, Fixture
from landiag.host.recording import undamaged
from landiag.model.report import Report
from landiag.question import Question
from landiag.render.style import Style
from landiag.render.terminal import render_terminal
from tests.machines.made import MADE, record

FOLDER = Path(__file__).parent.parent / "fixtures"

Made = TypeVar("Made")

RECORDED = {path.stem: path for path in sorted(FOLDER.glob(f"*{SUFFIX}"))}
NAMES = sorted({*RECORDED, *MADE})


SHARED = "LANDIAG_TEST_REPORTS"
"""The variable that names the folder in which the workers of one run share what one of them has made."""


def _once(name: str, make: Callable[[], Made]) -> Made:
    """What one worker makes for all."""
    shared = os.environ.get(SHARED)
    if shared is None:
        return make()
    file = Path(shared, name)
    if file.exists():
        kept: Made = pickle.loads(file.read_bytes())
        return kept
    made = make()
    mine = file.with_suffix(f"{file.suffix}.{os.getpid()}")
    mine.write_bytes(pickle.dumps(made))
    mine.replace(file)
    return made


@cache
def load(name: str) -> Fixture:
    """Read a case, or make the synthetic one."""
    if name in RECORDED:
        return parse_case(name, RECORDED[name].read_bytes())
    return _once(f"{name}.case", lambda: record(name))


def replay(recording: Recording) -> Report:
    """Diagnose a recording, as ``landiag check --replay`` does one that does not tell the lengths of its readings."""
    question = Question.from_options(recording.target, recording.options)
    readings = {source: undamaged(reading) for source, reading in recording.readings.items()}
    return diagnose(question, Recorder(RecordedHost(readings)), float("inf"))


@cache
def report_of(name: str) -> Report:
    """The report of a case."""
    return _once(f"{name}.report", lambda: replay(load(name).recording))


def is_taken(what: str, one_in: int) -> bool:
    """Whether a run takes this one of many: a fixed sample in CI, all with ``LANDIAG_LAB=all``."""
    return os.environ.get("LANDIAG_LAB") == "all" or crc32(what.encode()) % one_in == 0


def show(report: Report) -> str:
    """The report as a terminal of 80 columns shows it."""
    return render_terminal(report, Style(80))
