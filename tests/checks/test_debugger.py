"""Where a debugger was seen to answer, no fix opens the way to it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from landiag.checks.application.debugger import FIRST
from landiag.host import Recording
from landiag.model.facts import Reading, ReadStatus
from landiag.model.report import Fix, Report
from tests.cases import NAMES, load, replay


def with_debugger(
    name: str,
    server: str = "",
    argv: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    own: str = '{"found": false}',
) -> Recording:
    """The case with a debugger that answers; perhaps with another server and another command line.

    ``own`` is what was found of a debugger that the application brings.
    """
    recording = load(name).recording
    readings = dict(recording.readings)
    for source, reading in recording.readings.items():
        if source.startswith("http "):
            text = reading.text.replace("Werkzeug/", f"{server}/") if server else reading.text
            value = json.loads(text)
            if "__debugger__" in source:
                for attempt in value["attempts"]:
                    attempt["answer"] |= {"status": 200, "headers": [["Content-Type", "text/css"]]}
            readings[source] = replace(reading, data=json.dumps(value).encode())
        if source.startswith("processes ") and argv:
            value = json.loads(reading.text)
            value[0] |= {"argv": list(argv), "environment": dict(environment or {})}
            readings[source] = replace(reading, data=json.dumps(value).encode())
        if source.startswith("processes "):
            asked = f"own-debugger pid={json.loads(reading.text)[0]['pid']}"
            readings[asked] = Reading(asked, ReadStatus.OK, own.encode())
    return replace(recording, readings=readings)


def fixes(report: Report, code: str) -> list[Fix]:
    return [fix for finding in report.findings if finding.code == code for fix in finding.fixes]


FLASK_RUN = ("/usr/bin/python3", "/usr/bin/flask", "--app", "shop", "run")


@pytest.mark.parametrize(
    ("more", "environment"),
    [
        (("--debug",), {}),
        (("--debugger",), {}),
        ((), {"FLASK_DEBUG": "1"}),
        ((), {"FLASK_RUN_DEBUGGER": "1"}),
        ((), {"WERKZEUG_RUN_MAIN": "true"}),
    ],
)
def test_a_restart_switches_it_off_by_itself(more: tuple[str, ...], environment: dict[str, str]) -> None:
    recording = with_debugger("linux-bound-to-loopback", argv=(*FLASK_RUN, *more), environment=environment)
    report = replay(recording)
    assert fixes(report, "debugger-exposed")
    (fix,) = fixes(report, "bound-to-loopback")
    assert "--no-debugger" in fix.commands[0]
    assert fix.verified is True
    assert FIRST not in fix.steps


def test_a_debugger_that_no_option_shows_may_be_the_applications_own() -> None:
    """``app.wsgi_app = DebuggedApplication(app.wsgi_app, evalex=True)``: --no-debugger leaves it where it is."""
    for environment in ({}, {"FLASK_DEBUG": "0"}):
        recording = with_debugger("linux-bound-to-loopback", argv=FLASK_RUN, environment=environment)
        (fix,) = fixes(replay(recording), "bound-to-loopback")
        assert (fix.commands, fix.edit, fix.actions, fix.verified) == ((), None, (), None)
        assert "Take it out of the program" in fix.steps[0]


@pytest.mark.parametrize("own", ['{"found": true}', '{"found": null}', '{"found": fal', "null"])
def test_a_debugger_of_the_application_may_stand_behind_the_servers_own(own: str) -> None:
    """What answers is the server's, which hides it: only the sources show it, where they can be looked through."""
    (fix,) = fixes(
        replay(with_debugger("linux-bound-to-loopback", argv=(*FLASK_RUN, "--debug"), own=own)),
        "bound-to-loopback",
    )
    assert (fix.commands, fix.edit, fix.actions, fix.verified) == ((), None, (), None)
    assert "Take it out of the program" in fix.steps[0]


@pytest.mark.parametrize(
    ("server", "argv"),
    [
        ("gunicorn", ("/usr/bin/python3", "/usr/bin/gunicorn", "-b", "127.0.0.1:5000", "shop:app")),
        ("waitress", ("/usr/bin/python3", "/usr/bin/waitress-serve", "--host=127.0.0.1", "shop:app")),
        ("Werkzeug", ("/usr/bin/kubectl", "port-forward", "pod/shop", "5000")),
    ],
)
def test_a_server_that_cannot_switch_it_off_is_not_opened(server: str, argv: tuple[str, ...]) -> None:
    (before,) = fixes(replay(with_debugger_off(server, argv)), "bound-to-loopback")
    assert before.commands
    (fix,) = fixes(replay(with_debugger("linux-bound-to-loopback", server, argv)), "bound-to-loopback")
    assert (fix.commands, fix.edit, fix.actions, fix.verified) == ((), None, (), None)
    assert "debugger" in fix.steps[0]


def with_debugger_off(server: str, argv: tuple[str, ...]) -> Recording:
    recording = with_debugger("linux-bound-to-loopback", server, argv)
    kept = {name: one for name, one in recording.readings.items() if "__debugger__" not in name}
    return replace(recording, readings=kept)


NOT_ASKED = {
    "linux-firewall-drops-range",
    "linux-firewall-unreadable-user",
    "macos-firewall-blocks-program-launchd",
    "macos-firewall-blocks-program-launchd-old",
    "macos-firewall-unreadable-launchd",
    "windows-nothing-listening-firewall-off",
}
"""Cases whose server cannot be one with a debugger, or is not there."""

FIREWALLS = [name for name in NAMES if "-firewall-" in name and name not in NOT_ASKED]


@pytest.mark.parametrize("name", FIREWALLS)
def test_a_firewall_is_opened_after_that_only(name: str) -> None:
    report = replay(with_debugger(name))
    assert fixes(report, "debugger-exposed")
    opening = [
        fix for finding in report.findings for fix in finding.fixes if fix.commands and fix.stop_pid is None
    ]
    assert all(fix.verified is None and fix.steps[0] == FIRST for fix in opening)
