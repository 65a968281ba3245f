"""Does a debugger answer that runs code for whoever asks? Werkzeug's is asked for a file that only it serves."""

from __future__ import annotations

from landiag.checks.application.exchange import exchange_with, host_header, where_to_ask
from landiag.checks.case import Case
from landiag.collect.exchanges.http import Attempt, Exchange, parse_exchange
from landiag.journey.ways import Way
from landiag.model.facts import Call

_DEBUGGER_ASSET = "/?__debugger__=yes&cmd=resource&f=style.css"
"""A style sheet of Werkzeug's debugger: served to anybody, asks for no PIN, runs nothing."""


def debugger_exchange(case: Case, way: Way) -> Call:
    """Name the request for a file that only Werkzeug's debugger serves."""
    ip, port = where_to_ask(case, way)
    return exchange_with(case, ip, port, host_header(case, way), _DEBUGGER_ASSET)


def debugger_answers(case: Case) -> bool:
    """Whether Werkzeug's debugger was seen to answer; False where it was not asked for either."""
    exchange = None if case.way is None else case.parse(debugger_exchange(case, case.way), parse_exchange)
    found = exchange.best.answer if isinstance(exchange, Exchange) else None
    return (
        found is not None
        and found.status == 200
        and (found.header("Content-Type") or "").startswith("text/css")
    )


def may_debug(attempt: Attempt) -> bool:
    """Whether what answers is a Python server, in which a debugger may run."""
    server = "" if attempt.answer is None else (attempt.answer.header("Server") or "").lower()
    return server.startswith(_PYTHON_SERVERS)


_PYTHON_SERVERS = (
    "werkzeug/",
    "gunicorn",
    "waitress",
    "wsgiserver/",
    "cheroot/",
    "gevent",
    "uwsgi",
    "uvicorn",
    "hypercorn",
)
