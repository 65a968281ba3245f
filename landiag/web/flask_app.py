"""What a Flask application's own settings do to clients of the LAN: asked of Flask itself, whatever its version.

Flask before 3.1 answers 404 to every name but SERVER_NAME; from 3.1 on SERVER_NAME restricts nothing by itself,
and TRUSTED_HOSTS (new there) answers 400. A request that is only made up, and matched but not run, shows which.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

from landiag.model.report import Evidence, Finding, Fix, Outcome

if TYPE_CHECKING:
    from flask import Flask

_NOT_FOUND = 404


def check_app(app: Flask, hosts: Iterable[str]) -> tuple[Finding, ...]:
    """Check what the application does with requests for these Host headers, of which the first is the usual one."""
    refused = [(host, code) for host in hosts if (code := _refusal(app, host)) is not None]
    findings = []
    if refused:
        findings.append(_host_refused(app, *refused[0]))
    if app.debug:
        findings.append(_debug_mode())
    return tuple(findings)


def _refusal(app: Flask, host: str) -> int | None:
    """The status with which the application refuses a Host header that it would answer under its own name."""
    own = str(app.config.get("SERVER_NAME") or "localhost")
    for path in (*_paths(app), "/"):
        status = _status(app, host, path)
        if status is not None and _status(app, own, path) is None:
            return status
    return (
        _status(app, host, "/")
        if app.config.get("TRUSTED_HOSTS") and _status(app, host, "/") == 400
        else None
    )


def _paths(app: Flask) -> list[str]:
    """Some paths that the application knows, without variable parts."""
    rules = [
        rule for rule in app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ())
    ]
    return [rule.rule for rule in rules][:5]


def _status(app: Flask, host: str, path: str) -> int | None:
    """The error with which a request is turned away before any view runs; None when it would be answered."""
    from werkzeug.exceptions import HTTPException

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # werkzeug warns of a Host that is not SERVER_NAME: that is what we ask
        try:
            context = app.test_request_context(path, base_url=f"http://{host}/")
            if context.request.routing_exception is None:
                context.match_request()
            failed = context.request.routing_exception
        except HTTPException as error:
            failed = error
    # A redirect (a missing slash, for example) is an answer.
    return failed.code if failed is not None and (failed.code or 0) >= 400 else None


def _host_refused(app: Flask, host: str, status: int) -> Finding:
    name = host.rpartition(":")[0] if not host.endswith("]") else host
    trusted = app.config.get("TRUSTED_HOSTS")
    if trusted and status != _NOT_FOUND:
        setting, step = (
            f"TRUSTED_HOSTS = {trusted!r}",
            f"Add {name!r} to TRUSTED_HOSTS in the application's configuration.",
        )
    else:
        setting = f"SERVER_NAME = {app.config.get('SERVER_NAME')!r}"
        step = f"Take SERVER_NAME out of the application's configuration, or set it to {host!r}."
    return Finding(
        code="host-header-rejected",
        outcome=Outcome.BLOCKS,
        title=f"The application answers {status} to {host}: {setting.partition(' ')[0]} does not allow that name",
        detail="Flask turns the request away before any view runs.",
        evidence=(Evidence(f"app.config (Flask {_version()})", setting),),
        fixes=(
            Fix(
                f"Let the application answer to {name}",
                needs="user-action",
                steps=(step, "Then start it anew."),
            ),
        ),
    )


def _debug_mode() -> Finding:
    return Finding(
        code="debugger-exposed",
        outcome=Outcome.WARNS,
        title="Debug mode is on: once the server listens for the LAN, anyone who reaches it can try to run code here",
        detail="Werkzeug's debugger has only its PIN for a lock.",
        evidence=(Evidence("app.debug", "True"),),
        fixes=(
            Fix(
                "Run without debug mode while other devices can connect",
                needs="user-action",
                steps=("Start without --debug (FLASK_DEBUG=0, app.run(debug=False)).",),
            ),
        ),
    )


def _version() -> str:
    from importlib.metadata import version

    return version("flask")
