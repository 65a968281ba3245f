"""The check of a machine with what a loaded Flask application says of itself put in."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from landiag.diagnose import diagnose
from landiag.host import LiveHost, RecordedHost, Recorder
from landiag.model.causes import rank
from landiag.model.report import CheckResult, Finding, Outcome, Report, Status, Target, Verdict
from landiag.question import Question
from landiag.web.flask_app import check_app

if TYPE_CHECKING:
    from flask import Flask

_MAY_SERVE = ("python", "flask", "gunicorn", "uwsgi", "waitress", "uvicorn", "hypercorn")
_OTHERS = ("http.server", "manage.py", "jupyter", "streamlit")
_SEVERITY = (Outcome.BLOCKS, Outcome.UNKNOWN, Outcome.WARNS, Outcome.OK, Outcome.NOT_APPLICABLE)


def check_flask(app: Flask, port: int, peer: str | None, timeout: float) -> Report:
    """Diagnose this machine for a Flask application. Raises UsageError as ``diagnose`` does."""
    deadline = time.monotonic() + timeout
    host = LiveHost(deadline)
    recorder = Recorder(host)
    question = Question(Target(port, peer), program="flask")
    try:
        report = diagnose(question, recorder, deadline)
        if _serves_perhaps(report):
            report = diagnose(
                replace(question, program=None), Recorder(RecordedHost(recorder.readings)), deadline
            )
    finally:
        host.close()
    hosts = [_host(path.address, port) for path in report.paths]
    return with_findings(report, check_app(app, hosts))


def _serves_perhaps(report: Report) -> bool:
    """Whether the program that holds the port may be serving this very application, under another name."""
    taken = [finding for finding in report.findings if finding.code == "port-taken"]
    texts = [item.text.lower() for finding in taken for item in finding.evidence]
    return any(
        any(word in text for word in _MAY_SERVE) and not any(word in text for word in _OTHERS)
        for text in texts
    )


def _host(address: str, port: int) -> str:
    shown = f"[{address}]" if ":" in address else address
    return shown if port == 80 else f"{shown}:{port}"


def with_findings(report: Report, more: Sequence[Finding]) -> Report:
    """Put findings of the application into a report: in the order of mending, and into the verdict."""
    known = {
        finding.code for finding in report.findings if finding.outcome in (Outcome.BLOCKS, Outcome.WARNS)
    }
    added = [
        replace(finding, id=f"a{number}")
        for number, finding in enumerate(more, 1)
        if finding.code not in known
    ]
    if not added:
        return report
    # That the answer is the same for everybody was said without knowing the application.
    refused = any(finding.code == "host-header-rejected" for finding in added)
    kept = [finding for finding in report.findings if not (refused and finding.code == "http-error")]
    every = sorted(
        [*kept, *added],
        key=lambda finding: (finding.outcome is not Outcome.BLOCKS, rank(finding.code)),
    )
    ids = {finding.id: f"f{number}" for number, finding in enumerate(every, 1)}
    blocking = [ids[finding.id] for finding in every if finding.outcome is Outcome.BLOCKS]
    findings = tuple(
        replace(
            finding, id=ids[finding.id], hidden_by=blocking[0] if ids[finding.id] in blocking[1:] else None
        )
        for finding in every
    )
    return replace(
        report,
        findings=findings,
        checks=tuple(_check(check, added, ids) for check in report.checks),
        verdict=_verdict(report.verdict, findings),
    )


def _check(check: CheckResult, added: Sequence[Finding], ids: dict[str, str]) -> CheckResult:
    mine = added if check.check == "application" else ()
    outcome = min((check.outcome, *(finding.outcome for finding in mine)), key=_SEVERITY.index)
    said = [finding.title for finding in mine if finding.outcome is outcome is not check.outcome]
    return CheckResult(
        check.check,
        outcome,
        said[0] if said else check.summary,
        tuple(ids[one] for one in (*check.findings, *(finding.id for finding in mine)) if one in ids),
    )


def _verdict(verdict: Verdict, findings: Sequence[Finding]) -> Verdict:
    first = findings[0]
    if first.outcome is not Outcome.BLOCKS or first.code == verdict.cause:
        return verdict
    return Verdict(Status.BLOCKED, first.title, first.code)
