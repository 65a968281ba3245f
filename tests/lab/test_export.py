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


MALFORMED = (
    "{",
    "[]",
    '"dropped"',
    '{"status": "clear"}',
    '{"case": 5, "status": "clear"}',
    '{"case": "dropped"}',
    '{"case": "dropped", "status": "BLOCKED"}',
    '{"case": "dropped", "status": ["blocked"]}',
    '{"case": "dropped", "status": "blocked", "cause": ["firewall-drops"]}',
)


@pytest.mark.parametrize("line", MALFORMED)
def test_what_is_no_answer_is_told_by_its_line_and_scores_nothing(data_set: Path, line: str) -> None:
    good = '{"case": "open", "status": "clear"}'
    done = _run_scorer(data_set, f"{good}\n\n{line}\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("score: answers.jsonl, line 3: ")
    assert done.stderr.count("\n") == 1


def test_two_answers_for_one_case_are_refused(data_set: Path) -> None:
    line = '{"case": "open", "status": "clear"}\n'
    assert "line 2: open is answered twice" in _run_scorer(data_set, line * 2).stderr


def test_answer_to_a_case_that_is_not_there_is_named(data_set: Path) -> None:
    done = _run_scorer(data_set, '{"case": "opne", "status": "clear"}\n')
    assert done.returncode == 0
    assert "opne is no case here" in done.stderr
    assert set(json.loads(done.stdout).values()) == {"missing"}


def test_no_answers_are_all_missing(data_set: Path) -> None:
    assert set(json.loads(_run_scorer(data_set, "").stdout).values()) == {"missing"}


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
    done = _run_scorer(data_set, json.dumps(answer))
    assert done.returncode == 0, done.stderr
    marks: dict[str, str] = json.loads(done.stdout)
    return marks


def _run_scorer(data_set: Path, answers: str) -> subprocess.CompletedProcess[str]:
    """What the scorer says, run alone as others run it."""
    (data_set / "answers.jsonl").write_text(answers, encoding="utf-8")
    argv = (sys.executable, "-I", "-S", "score.py", "answers.jsonl", "--json")
    return subprocess.run(argv, cwd=data_set, capture_output=True, text=True, check=False)
