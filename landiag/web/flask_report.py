"""The check of a machine with what a loaded Flask application says of itself put in."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from landiag.diagnose import diagnose
from landiag.host import RecordedHost, Recorder, live_recorder
from landiag.model.causes import cause_of
from landiag.model.causes.listening import PORT_TAKEN
from landiag.model.report import Finding, Outcome, Report, Target, Verdict
from landiag.model.urls import bracketed
from landiag.question import Question
from landiag.verdict.algebra import add_findings, hide, in_order, number, verdict_of
from landiag.web.flask_app import check_app

if TYPE_CHECKING:
    from flask import Flask

_MAY_SERVE = ("python", "flask", "gunicorn", "uwsgi", "waitress", "uvicorn", "hypercorn")
_OTHERS = ("http.server", "manage.py", "jupyter", "streamlit")


def check_flask(app: Flask, port: int, peer: str | None, timeout: float) -> Report:
    """Diagnose this machine for a Flask application. Raises UsageError as ``diagnose`` does."""
    deadline = time.monotonic() + timeout
    question = Question(Target(port, peer), program="flask")
    with live_recorder(deadline) as recorder:
        report = diagnose(question, recorder, deadline)
    if _serves_perhaps(report):
        again = Recorder(RecordedHost(recorder.readings))
        report = diagnose(replace(question, program=None), again, deadline)
    hosts = [_host(path.address, port) for path in report.paths]
    return with_findings(report, check_app(app, hosts))


def _serves_perhaps(report: Report) -> bool:
    """Whether the program that holds the port may be serving this very application, under another name."""
    taken = [finding for finding in report.findings if finding.code == PORT_TAKEN.code]
    texts = [item.text.lower() for finding in taken for item in finding.evidence]
    return any(
        any(word in text for word in _MAY_SERVE) and not any(word in text for word in _OTHERS)
        for text in texts
    )


def _host(address: str, port: int) -> str:
    shown = bracketed(address)
    return shown if port == 80 else f"{shown}:{port}"


def with_findings(report: Report, more: Sequence[Finding]) -> Report:
    """Put findings of the application into a report: in the order of fixing, and into the verdict."""
    known = {one.code for one in report.findings if one.outcome in (Outcome.BLOCKS, Outcome.WARNS)}
    added = number((one for one in more if one.code not in known), "a")
    if not added:
        return report
    # That the answer is the same for everybody was said without knowing the application.
    poorer = {other.code for one in added for other in cause_of(one.code).excludes}
    kept = tuple(one for one in report.findings if one.code not in poorer)
    report = add_findings(replace(report, findings=kept), added)
    findings = hide(in_order(report.findings))
    return replace(report, findings=findings, verdict=_verdict(report.verdict, findings))


def _verdict(verdict: Verdict, findings: Sequence[Finding]) -> Verdict:
    first = findings[0]
    if first.outcome is not Outcome.BLOCKS or first.code == verdict.cause:
        return verdict
    return verdict_of(first)
