"""Writes the synthetic cases into fixtures/."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from landiag.diagnose import diagnose
from landiag.host import Recorder, Recording
from landiag.host.fixture import Fixture, render_fixture
from landiag.model.report import Report, Target
from landiag.question import Question
from landiag.render.jsontext import render_json
from landiag.version import __version__
from tests.machines.bsd_cases import CASES as BSD
from tests.machines.case import Made
from tests.machines.hyperv_cases import CASES as HYPERV
from tests.machines.macos_cases import CASES as MACOS
from tests.machines.macos_network_cases import CASES as AROUND
from tests.machines.windows_cases import CASES as WINDOWS
from tests.machines.windows_network_cases import CASES as NETWORK
from tests.machines.wsl_cases import CASES as WSL
from tests.machines.wsl_nat_cases import CASES as NAT

FOLDER = Path(__file__).parent.parent.parent / "fixtures"
CREATED = "2026-11-23T15:22:21+00:00"


def record(made: Made) -> tuple[Recording, Report]:
    """Diagnose a synthetic machine, and keep what it was asked."""
    target = Target(port=made.port, peer=made.peer)
    question = Question(target=target, program=made.program)
    recorder = Recorder(made.host)
    report = diagnose(question, recorder, time.monotonic() + 60)
    return Recording(target, CREATED, __version__, recorder.readings, question.options), report


def write(name: str, made: Made) -> str:
    """Write a case; returns what is wrong with its verdict, else the empty text."""
    recording, report = record(made)
    found = (report.verdict.status.value, report.verdict.cause)
    codes = tuple(dict.fromkeys(finding.code for finding in report.findings))
    fixture = Fixture(name, recording, made.status, made.cause, codes, "synthetic", made.description)
    for path, content in render_fixture(fixture).items():
        file = FOLDER / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (FOLDER / name / "report.json").write_text(render_json(report), encoding="utf-8")
    return (
        ""
        if found == (made.status, made.cause)
        else f"{name}: {found}, not {(made.status, made.cause)}; {codes}"
    )


def main() -> int:
    """Write every case, or those whose names begin with one of the arguments."""
    wanted = tuple(sys.argv[1:]) or ("",)
    cases = {**WINDOWS, **NETWORK, **MACOS, **WSL, **NAT, **HYPERV, **AROUND, **BSD}
    wrong = [write(name, made) for name, made in cases.items() if name.startswith(wanted)]
    print("\n".join(line for line in wrong if line))
    print(f"{len(wrong)} cases")
    return 1 if any(wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
