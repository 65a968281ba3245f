"""Every case: those recorded on real hosts (fixtures/), and the synthetic machines (tests/machines)."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from zlib import crc32

from landiag.diagnose import diagnose
from landiag.host import RecordedHost, Recorder, Recording
from landiag.host.casefile import parse_case
from landiag.host.fixture import SUFFIX, Fixture
from landiag.host.recording import undamaged
from landiag.model.report import Report
from landiag.question import Question
from landiag.render.jsontext import render_json
from landiag.render.parse import parse_report
from landiag.render.style import Style
from landiag.render.terminal import render_terminal
from tests.machines.made import MADE, record

FOLDER = Path(__file__).parent.parent / "fixtures"

RECORDED = {path.stem: path for path in sorted(FOLDER.glob(f"*{SUFFIX}"))}
NAMES = sorted({*RECORDED, *MADE})


@cache
def load(name: str) -> Fixture:
    """Read a case, or make the synthetic one."""
    return parse_case(name, RECORDED[name].read_bytes()) if name in RECORDED else record(name)


def replay(recording: Recording) -> Report:
    """Diagnose a recording, as ``landiag check --replay`` does one that does not tell the lengths of its readings."""
    question = Question.from_options(recording.target, recording.options)
    readings = {source: undamaged(reading) for source, reading in recording.readings.items()}
    return diagnose(question, Recorder(RecordedHost(readings)), float("inf"))


SHARED = "LANDIAG_TEST_REPORTS"
"""The variable that names the folder in which the workers of one run share the reports of cases."""


@cache
def report_of(name: str) -> Report:
    """The report of a case, which one worker makes for all."""
    shared = os.environ.get(SHARED)
    if shared is None:
        return replay(load(name).recording)
    file = Path(shared, f"{name}.json")
    if file.exists():
        return parse_report(file.read_text(encoding="utf-8"))
    report = replay(load(name).recording)
    mine = file.with_suffix(f".{os.getpid()}")
    mine.write_text(render_json(report), encoding="utf-8")
    mine.replace(file)
    return report


def is_taken(what: str, one_in: int) -> bool:
    """Whether a run takes this one of many: a fixed sample in CI, all with ``LANDIAG_LAB=all``."""
    return os.environ.get("LANDIAG_LAB") == "all" or crc32(what.encode()) % one_in == 0


def show(report: Report) -> str:
    """The report as a terminal of 80 columns shows it."""
    return render_terminal(report, Style(80))
