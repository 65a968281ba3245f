"""``flask landiag``: the check for the application that Flask has loaded. Found by the flask.commands entry point.

Flask imports this module for every command of its own that it does not know, so it loads next to nothing.
"""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from landiag.model.numbers import parse_port

if TYPE_CHECKING:
    from flask import Flask

    from landiag.model.report import Report

_ADVICE = """\
This shows the development server to the whole LAN: for more than a test, serve the application with one of
  waitress-serve --host=0.0.0.0 --port={port} {app}
  gunicorn --bind 0.0.0.0:{port} {app}
behind a proxy such as nginx, and open the port in the firewall for your own network only (landiag check says how).
"""


@click.command("landiag", short_help="Says why other devices cannot open this app.")
@click.option(
    "--port",
    "-p",
    type=click.IntRange(1, 65535),
    help="The port. [default: FLASK_RUN_PORT, SERVER_NAME's, 5000]",
)
@click.option("--peer", help="The client that fails: its address.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, and nothing else.")
@click.option("--quiet", "-q", is_flag=True, help="Print the verdict's sentence only.")
@click.option("--verbose", "-v", is_flag=True, help="Print the trace and the readings too.")
@click.option("--redact", is_flag=True, help="Replace names and addresses: safe to post in public.")
@click.option("--no-color", is_flag=True, help="No colour (also: the variable NO_COLOR).")
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=10.0, help="Seconds for the whole command."
)
@click.option(
    "--run-hint", is_flag=True, help="Print the flask run line that serves the LAN, and nothing is checked."
)
@click.pass_context
def command(
    ctx: click.Context, /, port: int | None, run_hint: bool, timeout: float, peer: str | None, **shown: bool
) -> None:
    """Say why the other devices on this network cannot open this application.

    Examples: flask --app shop landiag; flask landiag --port 8000 --peer 192.168.1.23; flask landiag --run-hint
    """
    from flask.cli import ScriptInfo

    info = ctx.ensure_object(ScriptInfo)
    app = info.load_app()
    number = port or _port_of(app)
    if run_hint:
        _print_hint(app, info.app_import_path, number)
        return
    report = _check(app, number, peer, timeout)
    _show(report, **shown)
    ctx.exit(report.verdict.status.exit_status)


def _port_of(app: Flask) -> int:
    """The port that the application is served on: FLASK_RUN_PORT, that of SERVER_NAME, else 5000."""
    named = str(app.config.get("SERVER_NAME") or "").rpartition(":")
    for text in (os.environ.get("FLASK_RUN_PORT", ""), named[2] if named[1] else ""):
        if port := parse_port(text):
            return port
    return 5000


def _print_hint(app: Flask, import_path: str | None, port: int) -> None:
    """Print the line to type, and what it exposes beside it."""
    words = [
        "flask",
        *(["--app", import_path] if import_path else []),
        "run",
        "--host=0.0.0.0",
        f"--port={port}",
    ]
    sys.stdout.write(shlex.join(words) + "\n")
    module = (import_path or app.import_name).removesuffix(".py").replace("/", ".")
    target = module if ":" in module else f"{module}:app"
    sys.stderr.write(_ADVICE.format(port=port, app=target))
    if app.debug:
        sys.stderr.write(
            "Debug mode is on: leave it off here, or anybody on the LAN can reach the debugger.\n"
        )


def _check(app: Flask, port: int, peer: str | None, timeout: float) -> Report:
    from landiag.question import UsageError
    from landiag.web.flask_report import check_flask

    try:
        return check_flask(app, port, peer, timeout)
    except UsageError as error:
        raise click.UsageError(str(error)) from error


def _show(report: Report, **shown: bool) -> None:
    from landiag.render.jsontext import render_json
    from landiag.render.terminal import render_quiet, render_terminal

    if shown["redact"]:
        from landiag.redact.documents import redact

        report = redact(report)[0]
    if shown["as_json"]:
        sys.stdout.write(render_json(report))
    elif shown["quiet"]:
        sys.stdout.write(render_quiet(report))
    else:
        sys.stdout.write(
            render_terminal(report, _style(no_color=shown["no_color"]), verbose=shown["verbose"])
        )


def _style(*, no_color: bool) -> Any:
    from landiag.terminal import terminal_style

    return terminal_style(no_color=no_color)
