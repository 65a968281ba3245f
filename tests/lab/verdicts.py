"""What landiag says on the server's machine, held against what the scenario knows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from tests.lab.hosts import PROJECT, REPOSITORY
from tests.lab.network import Lab
from tests.lab.scenario import Expected, Scenario

EXIT_STATUS = {"clear": 0, "blocked": 1, "undetermined": 3}
SECONDS = 60.0
LONGEST = 12.0  # the command's own limit is 10.5 s; starting it takes a moment on a busy machine


@dataclass(frozen=True, slots=True)
class Answer:
    """One run of landiag: the line that was typed, how it ended, what it printed."""

    line: str
    status: int
    output: str
    errors: str
    seconds: float

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report; empty where there is none."""
        try:
            report = json.loads(self.output)
        except ValueError:
            return {}
        return report if isinstance(report, dict) else {}


def ask(lab: Lab, scenario: Scenario, *, user: bool, more: str = "") -> Answer:
    """Type the user's own line on the server's machine: ``landiag check --port 5000``."""
    started = time.monotonic()
    line = f"check --port {scenario.port} {scenario.options} {more}".strip()
    done = lab.server.landiag(
        line, user=user, folder=PROJECT, environment=scenario.environment, timeout=SECONDS
    )
    return Answer(line, done.returncode, done.stdout, done.stderr, time.monotonic() - started)


def judge(answer: Answer, expected: Expected, also: tuple[str, ...] = ()) -> Iterator[str]:
    """What is wrong with a JSON answer, a sentence each."""
    report = answer.report
    if not report:
        said = answer.errors or answer.output
        yield f"{answer.line}: no report, exit {answer.status}: {said[-300:]}"
        return
    verdict = report["verdict"]
    said = f"{verdict['status']} {verdict['cause'] or ''}".strip()
    if not _is(verdict["status"], expected.status) or not _is(verdict["cause"], expected.cause):
        wanted = f"{expected.status} {expected.cause or ''}".strip()
        yield f"{answer.line}: said {said}, not {wanted}: {verdict['summary']}{_doubts(report)}"
    if answer.status != EXIT_STATUS[verdict["status"]]:
        yield f"{answer.line}: exit status {answer.status} with {verdict['status']}"
    missing = set(also) - {finding["code"] for finding in report["findings"]}
    if missing and expected.status != "undetermined":
        yield f"{answer.line}: no finding {', '.join(sorted(missing))}"
    yield from (f"{answer.line}: schema: {error}" for error in _schema_errors(report))
    if "Traceback" in answer.errors:
        yield f"{answer.line}: traceback: {answer.errors[-300:]}"
    if answer.seconds > LONGEST:
        yield f"{answer.line}: took {answer.seconds:.1f} s"


def _is(said: str | None, expected: str | None) -> bool:
    """Whether the word is one of the expected ones; where none is expected any will do."""
    return expected is None or said in expected.split("|")


def _doubts(report: dict[str, Any]) -> str:
    """The findings that made a verdict undetermined, for the person who reads the failure."""
    doubts = [finding for finding in report["findings"] if finding["outcome"] == "unknown"]
    return "".join(f"; unknown {finding['code']}: {finding['title']}" for finding in doubts[:3])


def judge_text(answer: Answer) -> Iterator[str]:
    """What is wrong with the report for people."""
    escapes = {character for character in answer.output + answer.errors if _is_control(character)}
    if escapes:
        yield f"{answer.line}: control characters on the terminal: {sorted(escapes)!r}"
    if "Traceback" in answer.errors:
        yield f"{answer.line}: traceback: {answer.errors[-300:]}"
    lines = answer.output.splitlines()
    if len(lines) < 3:
        yield f"{answer.line}: hardly any report: {answer.output!r} {answer.errors[-300:]!r}"
    if fine := [line for line in lines if line.startswith("  ✓") and "can only be read" in line]:
        yield f"{answer.line}: a tick beside what was not read: {fine[0]!r}"


def _is_control(character: str) -> bool:
    return (ord(character) < 32 and character not in "\n\t") or 127 <= ord(character) < 160


@cache
def _schema() -> Draft202012Validator:
    path = REPOSITORY / "landiag" / "report.schema.json"
    return Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


def _schema_errors(report: dict[str, Any]) -> Iterator[str]:
    for error in _schema().iter_errors(report):
        yield f"{'/'.join(map(str, error.instance_path))}: {error.message[:200]}"
