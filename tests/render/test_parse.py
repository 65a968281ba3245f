"""A saved report comes back whole; what a newer version added is named, what is damaged is a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from landiag.model.facts import ParseError
from landiag.model.report import ClientSees, Outcome, Status
from landiag.model.terms import StageName, Symptom
from landiag.render.jsontext import render_json
from landiag.render.parse import parse_report
from tests.render.reports import KINDS, blocked


def _document() -> dict[str, Any]:
    return dict(json.loads(render_json(blocked())))


@pytest.mark.parametrize("kind", KINDS)
def test_report_comes_back_whole(kind: str) -> None:
    report = KINDS[kind]()
    assert parse_report(render_json(report)) == report


def test_newer_report_is_read_as_far_as_it_is_known() -> None:
    document = _document()
    document["schema"] = "landiag.report/2"
    document["mood"] = "good"
    document["findings"][0]["severity"] = 7
    document["findings"][0]["outcome"] = "explodes"
    document["verdict"]["status"] = "haunted"
    document["findings"][0]["stage"] = "teleporter"
    document["paths"][0]["stages"][0]["stage"] = "teleporter"
    document["verdict"]["client_sees"] = {
        "outcome": "puzzled",
        "http_status": None,
        "share": None,
        "text": "",
    }
    report = parse_report(json.dumps(document))
    assert report.findings[0].outcome is Outcome.UNKNOWN
    assert report.verdict.status is Status.UNDETERMINED
    assert report.verdict.client_sees == ClientSees(Symptom.UNKNOWN)
    assert report.findings[0].stage is None
    assert [stage.stage for stage in report.paths[0].stages][:1] == [StageName.ADDRESS]
    assert "landiag.report/2" in report.notes[0]
    assert all(name in report.notes[1] for name in ("mood", "findings", "verdict.status = haunted"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (render_json(blocked())[:700], "cut off"),
        ("[]", "not a report"),
        ('{"schema": "landiag.recording/1"}', "not a report"),
        ('{"schema": "landiag.report/1"}', "tool.version is missing"),
        ("", "cut off"),
        ("[" * 100_000, "cut off"),
    ],
)
def test_what_is_no_report_is_one_sentence(text: str, says: str) -> None:
    with pytest.raises(ParseError, match=says) as caught:
        parse_report(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (("findings", 0, "title"), 5, r"findings\[0\].title is not text"),
        (("paths", 0, "family"), "four", r"paths\[0\].family is not a whole number"),
        (("checks",), {}, "checks is not a list"),
        (("verdict",), "blocked", "verdict is not an object"),
        (("readings", 0, "seconds"), None, "seconds is not a number"),
        (("target", "port"), True, "target.port is not a whole number"),
    ],
)
def test_damage_is_named(place: tuple[Any, ...], value: object, says: str) -> None:
    document = _document()
    inner: Any = document
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    with pytest.raises(ParseError, match=says):
        parse_report(json.dumps(document))


def test_missing_field_is_named() -> None:
    document = _document()
    del document["verdict"]["summary"]
    with pytest.raises(ParseError, match=r"verdict\.summary is missing"):
        parse_report(json.dumps(document))
