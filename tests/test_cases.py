"""Every case again: its verdict, what a terminal shows; and less knowledge never means another verdict.

After a wanted change: ``python -m tests.test_cases`` writes what they say anew; look at the difference.
"""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from jsonschema_rs import Draft202012Validator
from msgspec.structs import replace

from landiag.host import Recording
from landiag.host.casefile import parse_case, render_case
from landiag.model.facts import ReadStatus
from landiag.model.report import Outcome, Report, Status
from landiag.render.jsontext import render_json
from tests.cases import NAMES, RECORDED, is_taken, load, replay, report_of, show
from tests.machines.made import MADE, REPORTS

SCHEMA = Draft202012Validator(
    json.loads(files("landiag").joinpath("report.schema.json").read_text(encoding="utf-8"))
)


@pytest.mark.parametrize("name", NAMES)
def test_case_gives_its_verdict(name: str) -> None:
    fixture, report = load(name), report_of(name)
    assert (report.verdict.status.value, report.verdict.cause) == (fixture.status, fixture.cause)
    assert fixture.origin in ("recorded", "synthetic")
    assert fixture.description


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_case_gives_its_codes(name: str) -> None:
    found = report_of(name).findings
    assert tuple(dict.fromkeys(finding.code for finding in found)) == load(name).codes


@pytest.mark.parametrize("name", NAMES)
def test_case_says_what_it_said(name: str) -> None:
    report = report_of(name)
    assert show(report) == load(name).says
    assert list(SCHEMA.iter_errors(json.loads(render_json(report)))) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_counts_as_verified_says_what_it_opens(name: str) -> None:
    fixes = [fix for finding in report_of(name).findings for fix in finding.fixes if fix.verified]
    assert [fix.title for fix in fixes if fix.opens is None] == []


def _without(recording: Recording, source: str) -> Recording:
    """The recording of somebody who could not read this source."""
    lost = replace(recording.readings[source], status=ReadStatus.DENIED, data=b"", detail="not allowed")
    return replace(recording, readings={**recording.readings, source: lost})


def _blocks(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if finding.outcome is Outcome.BLOCKS}


ONLY_HEARD = {
    "duplicate-address": "arp ",
    "port-taken": "processes ",
}
"""What one question shows and nothing else tells: where it could not be asked, nothing speaks for the fault."""
POORER = {
    "bound-to-loopback": {"port-redirected"},
    "listening-in-namespace": {"nothing-listening"},
    "published-on-loopback": {"bound-to-loopback"},
    "port-not-forwarded": {"nothing-listening", "port-redirected"},
    "port-redirected": {"nothing-listening"},
}
"""The same fault under the name that is left when the better one cannot be told."""


SAMPLE = 12
"""One in so many readings is taken away from each case, another one from the next."""


@pytest.mark.parametrize("name", NAMES)
def test_ignorance_never_turns_a_verdict(name: str) -> None:
    recording = load(name).recording
    before = report_of(name)
    cause = before.verdict.cause or ""
    known = _blocks(before) | POORER.get(cause, set())
    for source in recording.readings:
        if source == "machine" or not is_taken(
            f"{name} {source}", SAMPLE
        ):  # without "machine" nothing is said at all
            continue
        if cause in ONLY_HEARD and source.startswith(ONLY_HEARD[cause]):
            continue
        after = replay(_without(recording, source))
        assert after.verdict.status in (before.verdict.status, Status.UNDETERMINED), source
        assert _blocks(after) <= known, source
        if after.verdict.status is Status.BLOCKED:
            assert after.verdict.cause in known, source


@pytest.mark.parametrize("name", NAMES)
def test_case_comes_back(name: str) -> None:
    """What is written of a case reads back as the same case, but for times that nobody would notice."""
    fixture = load(name)
    recording = fixture.recording
    readings = {
        source: replace(one, seconds=round(one.seconds, 1)) for source, one in recording.readings.items()
    }
    back = parse_case(name, render_case(fixture))
    assert back == replace(fixture, recording=replace(recording, readings=readings))


def write() -> None:
    """Write anew what all cases say. A verdict is never changed: that is for a person to do."""
    for name in NAMES:
        fixture = load(name)
        report = replay(fixture.recording)
        if name in MADE:
            (REPORTS / f"{name}.txt").write_text(show(report), encoding="utf-8")
        else:
            codes = tuple(dict.fromkeys(finding.code for finding in report.findings))
            RECORDED[name].write_bytes(render_case(replace(fixture, codes=codes, says=show(report))))


if __name__ == "__main__":
    write()
