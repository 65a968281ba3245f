"""``flask landiag``: what an application's settings do is asked of Flask, and compared with what it then does."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from landiag.model.report import Finding, Outcome, Status
from landiag.render.style import Style
from landiag.render.terminal import render_terminal
from landiag.verdict.algebra import add_findings
from landiag.web.flask_app import check_app
from landiag.web.flask_command import command
from landiag.web.flask_report import with_findings
from tests.render.reports import blocked, clear

if TYPE_CHECKING:
    from flask import Flask

LAN = "192.168.77.10:5000"


def _app(**settings: object) -> Flask:
    from flask import Flask

    app = Flask("shop")
    app.config.update(settings)
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="index")
    return app


def _status(app: Flask, host: str) -> int:
    """What a client with this Host header gets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return app.test_client().get("/", base_url=f"http://{host}/").status_code


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"SERVER_NAME": "shop.local:5000"},
        {"SERVER_NAME": LAN},
        {"TRUSTED_HOSTS": ["localhost"]},
        {"TRUSTED_HOSTS": ["localhost", "192.168.77.10"]},
        {"TRUSTED_HOSTS": [".local"], "SERVER_NAME": "shop.local:5000"},
    ],
)
def test_refusal_is_what_clients_get(settings: dict[str, object]) -> None:
    app = _app(**settings)
    found = check_app(app, [LAN])
    assert bool(found) == (_status(app, LAN) >= 400)
    if found:
        assert found[0].code == "host-header-rejected"
        assert found[0].outcome is Outcome.BLOCKS
        assert str(_status(app, LAN)) in found[0].title


def test_no_view_runs_while_looking() -> None:
    app = _app()

    @app.before_request
    def explode() -> None:
        raise AssertionError("a view ran")

    assert check_app(app, [LAN]) == ()


def test_debug_mode_warns() -> None:
    app = _app()
    app.debug = True
    (found,) = check_app(app, [LAN])
    assert (found.code, found.outcome) == ("debugger-exposed", Outcome.WARNS)


def test_findings_of_the_application_join_the_verdict() -> None:
    refused = check_app(_app(TRUSTED_HOSTS=["localhost"]), [LAN])
    if not refused:
        pytest.skip("this Flask has no TRUSTED_HOSTS")
    report = with_findings(clear(), refused)
    assert (report.verdict.status, report.verdict.cause) == (Status.BLOCKED, "host-header-rejected")
    (application,) = (check for check in report.checks if check.check == "application")
    assert application.outcome is Outcome.BLOCKS
    assert application.findings == (report.findings[0].id,)


@pytest.mark.parametrize("code", ["host-header-rejected", "client-rejected"])
def test_what_the_application_refuses_by_itself_is_not_told_as_an_error_as_well(code: str) -> None:
    """The check saw the answer's status; the application knows why, and one fault is told once."""
    error = Finding("http-error", Outcome.BLOCKS, "The server answers with an error", id="f1")
    seen = add_findings(clear(), (error,))
    assert "answers with an error" in render_terminal(seen, Style(80))
    report = with_findings(seen, (Finding(code, Outcome.BLOCKS, "It refuses other devices"),))
    assert [one.code for one in report.findings if one.outcome is Outcome.BLOCKS] == [code]
    assert (report.verdict.status, report.verdict.cause) == (Status.BLOCKED, code)
    assert "answers with an error" not in render_terminal(report, Style(80))


def test_earlier_cause_stays_the_verdict() -> None:
    refused = check_app(_app(TRUSTED_HOSTS=["localhost"]), [LAN])
    report = with_findings(blocked(), refused)
    assert report.verdict == blocked().verdict
    assert len({finding.id for finding in report.findings}) == len(report.findings)


def test_run_hint_is_a_line_to_type(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    done = subprocess.run(
        (sys.executable, "-m", "flask", "--app", "shop", "landiag", "--run-hint", "--port", "8000"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if "No such command" in done.stderr:
        pytest.skip("landiag is not installed in this environment: its entry point is not there")
    assert done.stdout == "flask --app shop run --host=0.0.0.0 --port=8000\n"
    assert "waitress-serve --host=0.0.0.0 --port=8000 shop:app" in done.stderr


def test_command_loads_next_to_nothing() -> None:
    code = (
        "import sys; import landiag.web.flask_command; print([m for m in sys.modules if m.split('.')[0] in "
    )
    code += "('scapy', 'flask', 'jinja2', 'typer', 'psutil', 'msgspec')])"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert command.name == "landiag"
