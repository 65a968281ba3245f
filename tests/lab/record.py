"""Record scenarios as cases: ``python -m tests.lab.record [--user] [NAME...]``; what is judged wrongly is not kept.

``--user`` asks as the ordinary user; the case's name then ends with ``-user``.
"""

from __future__ import annotations

import pwd
import sys
from pathlib import Path

from msgspec.structs import replace

from landiag.host import parse_recording
from landiag.host.casefile import render_case
from landiag.host.fixture import SUFFIX, fixture_of
from landiag.model.recording import Recording
from tests.cases import FOLDER, replay, show
from tests.lab.build import build
from tests.lab.case import RECORDING, check_truth
from tests.lab.exam import IMPATIENT
from tests.lab.exams import KINDS
from tests.lab.hosts import REPOSITORY
from tests.lab.older import missing
from tests.lab.runner import run
from tests.lab.scenario import Scenario
from tests.lab.scenarios import SCENARIOS
from tests.lab.verdicts import ask, judge

AS_USER = "--user" in sys.argv
USER_ID = 1000
"""The ordinary user of the lab; what the machine calls it is nobody's business."""


def _record(scenario: Scenario) -> list[str]:
    """Build the scenario, ask landiag, and write the case; what is wrong, a sentence each."""
    if reason := missing(scenario.needs):
        return [reason]
    with build(scenario) as lab:
        if scenario not in SCENARIOS:  # a question of the exam, whose truth is what impatient clients get
            for host in (lab.client, lab.gateway):
                host.run(IMPATIENT)
        wrong = list(check_truth(lab, scenario))
        if not wrong:
            answer = ask(lab, scenario, user=AS_USER, more=f"--json --save {RECORDING}")
            wrong += judge(answer, scenario.verdict(user=AS_USER, peer=False))
        return wrong or _write(scenario, lab.server.read(RECORDING))


def _write(scenario: Scenario, text: str) -> list[str]:
    name = f"linux-{scenario.name}{'-user' if AS_USER else ''}"
    recording = elsewhere(parse_recording(text))
    report = replay(recording)
    fixture = fixture_of(recording, report, show(report), name, scenario.fault)
    (FOLDER / f"{fixture.name}{SUFFIX}").write_bytes(render_case(fixture))
    return []


def elsewhere(recording: Recording) -> Recording:
    """The same without what is this machine's own: the project's folder, the interpreter's, the user's name."""
    readings = {name: replace(one, data=_elsewhere(one.data)) for name, one in recording.readings.items()}
    return replace(recording, readings=readings)


def _elsewhere(data: bytes) -> bytes:
    for here, there in (
        (str(REPOSITORY), "/srv/shop"),
        (str(Path(sys.executable).resolve()), "/usr/bin/python3.11"),
        (sys.base_prefix, "/usr"),
        # A word that stands in every report is no name to look for in what is redacted.
        ('"hostname": "server"', '"hostname": "schreiner-laptop"'),
        *((f'"{one.pw_name}"', '"ada"') for one in pwd.getpwall() if one.pw_uid == USER_ID),
    ):
        data = data.replace(here.encode(), there.encode())
    return data


if __name__ == "__main__":
    questions = [one for kind in KINDS for one in kind.questions if isinstance(one, Scenario)]
    sys.exit(run((*SCENARIOS, *questions), _record))
