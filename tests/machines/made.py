"""Every synthetic machine, and the recording that landiag would make on it."""

from __future__ import annotations

import time
from pathlib import Path

from landiag.diagnose import diagnose
from landiag.host import Recorder, Recording
from landiag.host.fixture import Fixture
from landiag.model.report import Report, Target
from landiag.question import Question
from landiag.version import __version__
from tests.machines.around_cases import CASES as FOUND
from tests.machines.bsd_cases import CASES as BSD
from tests.machines.case import Made
from tests.machines.guest_cases import CASES as GUESTS
from tests.machines.hyperv_cases import CASES as HYPERV
from tests.machines.inner_cases import CASES as INNER
from tests.machines.kinds_cases import CASES as KINDS
from tests.machines.language_cases import CASES as LANGUAGES
from tests.machines.macos_cases import CASES as MACOS
from tests.machines.macos_network_cases import CASES as AROUND
from tests.machines.threads_cases import CASES as THREADS
from tests.machines.windows_cases import CASES as WINDOWS
from tests.machines.windows_network_cases import CASES as NETWORK
from tests.machines.wsl_cases import CASES as WSL
from tests.machines.wsl_nat_cases import CASES as NAT
from tests.machines.wsl_proxies_cases import CASES as PROXIES

REPORTS = Path(__file__).parent / "reports"
MADE: dict[str, Made] = {
    **WINDOWS,
    **NETWORK,
    **MACOS,
    **WSL,
    **NAT,
    **PROXIES,
    **HYPERV,
    **AROUND,
    **FOUND,
    **BSD,
    **THREADS,
    **GUESTS,
    **KINDS,
    **INNER,
    **LANGUAGES,
}

_CREATED = "2026-11-23T15:22:21+00:00"


def examine(made: Made) -> tuple[Recording, Report]:
    """Diagnose a synthetic machine, and keep what it was asked."""
    target = Target(port=made.port, peer=made.peer)
    question = Question(target=target, program=made.program)
    recorder = Recorder(made.host)
    report = diagnose(question, recorder, time.monotonic() + 60)
    return Recording(target, _CREATED, __version__, recorder.readings, question.options), report


def record(name: str) -> Fixture:
    """Make the case of a synthetic machine: its recording, what is right about it, and what is said of it.

    Of a new case nothing is said yet: ``python -m tests.test_cases`` writes it.
    """
    made = MADE[name]
    told = REPORTS / f"{name}.txt"
    says = told.read_text(encoding="utf-8") if told.exists() else ""
    recording, _ = examine(made)
    return Fixture(
        name, recording, made.status, made.cause, origin="synthetic", description=made.description, says=says
    )
