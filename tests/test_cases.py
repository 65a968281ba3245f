"""Every recorded case again: its verdict, its codes, its whole report; and less knowledge never means another verdict.

After a wanted change: ``python -m tests.test_cases`` writes reports and codes anew; look at the difference.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace

from landiag.host import Recording
from landiag.host.fixture import CASE, read_fixture, render_fixture
from landiag.model.facts import ReadStatus
from landiag.model.report import Outcome, Report, Status
from landiag.render.jsontext import render_json
from tests.cases import FOLDER, NAMES, load, replay

GOLDEN = "report.json"


@pytest.mark.parametrize("name", NAMES)
def test_case_gives_its_verdict(name: str) -> None:
    fixture = load(name)
    report = replay(fixture.recording)
    assert (report.verdict.status.value, report.verdict.cause) == (fixture.status, fixture.cause)
    assert tuple(dict.fromkeys(finding.code for finding in report.findings)) == fixture.codes
    assert fixture.origin in ("recorded", "synthetic")
    assert fixture.description


@pytest.mark.parametrize("name", NAMES)
def test_case_gives_its_report(name: str) -> None:
    report = render_json(replay(load(name).recording))
    assert json.loads(report) == json.loads((FOLDER / name / GOLDEN).read_text(encoding="utf-8"))
    schema = json.loads(files("landiag").joinpath("report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(report), schema)


def _without(recording: Recording, source: str) -> Recording:
    """The recording of somebody who could not read this source."""
    lost = replace(recording.readings[source], status=ReadStatus.DENIED, data=b"", detail="not allowed")
    return replace(recording, readings={**recording.readings, source: lost})


def _blocks(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if finding.outcome is Outcome.BLOCKS}


@pytest.mark.parametrize("name", NAMES)
def test_ignorance_never_turns_a_verdict(name: str) -> None:
    recording = load(name).recording
    before = replay(recording)
    for source in recording.readings:
        if source == "machine":  # without it nothing is said at all
            continue
        after = replay(_without(recording, source))
        assert after.verdict.status in (before.verdict.status, Status.UNDETERMINED), source
        assert _blocks(after) <= _blocks(before), source
        if after.verdict.status is Status.BLOCKED:
            assert after.verdict.cause in _blocks(before), source


@pytest.mark.parametrize("name", NAMES)
def test_case_comes_back_byte_for_byte(name: str, tmp_path: Path) -> None:
    fixture = load(name)
    for path, content in render_fixture(fixture).items():
        file = tmp_path / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    assert read_fixture(tmp_path / name) == fixture


def write() -> None:
    """Write the reports and the codes of all cases anew. A verdict is never changed: that is for a person to do."""
    for name in NAMES:
        fixture = load(name)
        report = replay(fixture.recording)
        (FOLDER / name / GOLDEN).write_text(render_json(report), encoding="utf-8")
        codes = tuple(dict.fromkeys(finding.code for finding in report.findings))
        if codes != fixture.codes:
            case = FOLDER / name / CASE
            old, new = (f"codes = {json.dumps(list(those))}" for those in (fixture.codes, codes))
            case.write_text(case.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")


if __name__ == "__main__":
    write()
