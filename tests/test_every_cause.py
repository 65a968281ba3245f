"""Every cause has a case in which it is found, one in which its check is fine, and one in which nobody can tell."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from landiag.host import Recording
from landiag.model.causes import CAUSES
from landiag.model.causes.cause import Cause
from landiag.model.facts import ReadStatus
from landiag.model.report import Outcome, Report, Status
from tests.cases import NAMES, load, replay, report_of

ROOT = Path(__file__).parent

ELSEWHERE = {
    "port-privileged": "lab/scenarios/sockets.py",
    "sandbox-denies": "checks/test_sandbox.py",
    "conntrack-full": "checks/test_conntrack.py",
    "peer-in-other-network": "lab/probe/scenarios/routers.py",
    "peer-isolated": "lab/probe/scenarios/link.py",
    "peer-blocks-icmp": "lab/probe/scenarios/basic.py",
    "name-does-not-resolve": "lab/probe/scenarios/names.py",
    "name-resolves-elsewhere": "lab/probe/scenarios/names.py",
    "no-route-to-server": "lab/probe/scenarios/link.py",
    "connection-refused": "lab/probe/scenarios/basic.py",
    "connection-filtered": "lab/probe/scenarios/firewalls.py",
    "connection-reset": "lab/probe/scenarios/application.py",
    "connection-rejected": "lab/probe/scenarios/firewalls.py",
    "path-mtu": "lab/probe/scenarios/routers.py",
    "other-server-answers": "lab/probe/scenarios/application.py",
    "nothing-arrived": "watch/test_report.py",
    "proxy-in-the-way": "lab/probe/scenarios/application.py",
}
"""Where a cause is held that no case shows: it needs the client's machine, or a kernel of its own."""
ONLY_EXPLAINED = ("android-local-network", "browser-local-network")
"""What no command can see from where it runs: ``landiag explain`` has a page with the signs."""
MILDER = ("http-error", "page-uses-localhost", "local-network-privacy")
"""What blocks in some situations, and only warns or is unknown in every case."""

SHOWN = [cause for cause in CAUSES if cause.code not in {*ELSEWHERE, *ONLY_EXPLAINED}]
STOPPING = [cause for cause in SHOWN if cause.worst is Outcome.BLOCKS and cause.code not in MILDER]


def _code(cause: Cause) -> str:
    return cause.code


@cache
def _reports() -> dict[str, Report]:
    return {name: report_of(name) for name in NAMES}


@cache
def _stopped() -> dict[str, str]:
    """For each cause that stops clients in a case, the case that read the least."""
    found: dict[str, str] = {}
    for name in sorted(NAMES, key=lambda name: len(load(name).recording.readings)):
        verdict = _reports()[name].verdict
        if verdict.status is Status.BLOCKED and verdict.cause is not None:
            found.setdefault(verdict.cause, name)
    return found


@pytest.mark.parametrize("cause", SHOWN, ids=_code)
def test_a_cause_is_found_in_a_case(cause: Cause) -> None:
    assert any(one.code == cause.code for report in _reports().values() for one in report.findings)


@pytest.mark.parametrize("cause", STOPPING, ids=_code)
def test_a_cause_stops_clients_in_a_case(cause: Cause) -> None:
    assert cause.code in _stopped()


@pytest.mark.parametrize("code", ELSEWHERE)
def test_a_cause_that_no_case_shows_has_a_test(code: str) -> None:
    assert code in (ROOT / ELSEWHERE[code]).read_text(encoding="utf-8")


@pytest.mark.parametrize("cause", CAUSES, ids=_code)
def test_its_check_is_fine_where_it_is_not(cause: Cause) -> None:
    fine = [report for report in _reports().values() if report.verdict.status is Status.CLEAR]
    assert any(
        (check.check, check.outcome) == (cause.check, Outcome.OK)
        and all(one.code != cause.code for one in report.findings)
        for report in fine
        for check in report.checks
    )


@pytest.mark.parametrize("cause", STOPPING, ids=_code)
def test_without_what_shows_it_nobody_can_tell(cause: Cause) -> None:
    """The case as somebody has it who could not read what shows the cause: undetermined."""
    recording = load(_stopped()[cause.code]).recording
    assert any(
        replay(_without(recording, source)).verdict.status is Status.UNDETERMINED
        for source in recording.readings
        if source != "machine"
    )


def _without(recording: Recording, source: str) -> Recording:
    lost = replace(recording.readings[source], status=ReadStatus.DENIED, data=b"", detail="not allowed")
    return replace(recording, readings={**recording.readings, source: lost})
