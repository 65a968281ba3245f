"""The data set: a case holds what was asked, measured and read; the scorer needs nothing but itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from landiag.model.causes import CODES
from tests.lab.export import export, finish
from tests.lab.hosts import REPOSITORY
from tests.lab.scenarios import SCENARIOS

LABELS = {
    "dropped": {"status": "blocked", "causes": ["firewall-drops"]},
    "open": {"status": "clear", "causes": []},
    "unread": {"status": "undetermined", "causes": []},
}
ANSWERS: tuple[tuple[str, str, str | None, str], ...] = (
    ("dropped", "blocked", "firewall-drops", "right"),
    ("dropped", "blocked", "link-down", "other-cause"),
    ("dropped", "clear", None, "missed"),
    ("dropped", "undetermined", None, "careful"),
    ("open", "blocked", "firewall-drops", "false-alarm"),
    ("open", "clear", None, "right"),
    ("unread", "clear", None, "overconfident"),
    ("unread", "undetermined", None, "right"),
)


@pytest.fixture
def data_set(tmp_path: Path) -> Path:
    """A data set of labels alone."""
    for name, label in LABELS.items():
        place = tmp_path / "cases" / name
        place.mkdir(parents=True)
        (place / "case.json").write_text(json.dumps({"name": name, "label": label}), encoding="utf-8")
    finish(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("case", "status", "cause", "expected"), ANSWERS)
def test_answer_gets_its_mark(
    data_set: Path, case: str, status: str, cause: str | None, expected: str
) -> None:
    marks = _score(data_set, {"case": case, "status": status, "cause": cause})
    assert marks == {name: expected if name == case else "missing" for name in LABELS}


@pytest.mark.lab
def test_case_holds_what_was_asked_measured_and_read(tmp_path: Path) -> None:
    scenario = next(one for one in SCENARIOS if one.name == "nft-input-drop")
    assert export(scenario, tmp_path) == []
    assert finish(tmp_path) == 1
    case = json.loads((tmp_path / "cases" / scenario.name / "case.json").read_text(encoding="utf-8"))
    assert case["question"] == {"client": "192.168.77.20", "address": "192.168.77.10", "port": 5000}
    assert (case["family"], case["truth"], case["client_sees"]) == ("nftables", "timeout", ["timeout"])
    assert case["label"] == {"status": "blocked", "causes": ["firewall-drops"]}
    recording = (tmp_path / "cases" / scenario.name / "recording.json").read_text(encoding="utf-8")
    assert "tcp dport 5000 drop" in recording or '\\"dport\\"' in recording
    assert str(REPOSITORY) not in recording
    answer = json.loads((tmp_path / "answers" / "landiag.jsonl").read_text(encoding="utf-8"))
    assert _score(tmp_path, answer) == {scenario.name: "right"}
    assert set(json.loads((tmp_path / "causes.json").read_text(encoding="utf-8"))) == set(CODES)
    assert "1 machines" in (tmp_path / "README.md").read_text(encoding="utf-8")


def _score(data_set: Path, answer: dict[str, str | None]) -> dict[str, str]:
    """The marks that the scorer gives, run alone as others run it."""
    (data_set / "answers.jsonl").write_text(json.dumps(answer), encoding="utf-8")
    argv = (sys.executable, "-I", "-S", "score.py", "answers.jsonl", "--json")
    done = subprocess.run(argv, cwd=data_set, capture_output=True, text=True, check=True)
    marks: dict[str, str] = json.loads(done.stdout)
    return marks
