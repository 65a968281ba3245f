"""How clients reach the server: by a URL that browsers open, or by an address and a port."""

from __future__ import annotations

from landiag.checks.application.exchange import attempt_of, speaks_tls
from landiag.checks.application.silence import known_protocol
from landiag.checks.case import Case
from landiag.checks.fixes.restart import server_of

_OF_BROWSERS = ("http", "https", "uwsgi")
"""What browsers speak, and what a web server in front of them does."""


def clients_scheme(case: Case) -> str:
    """``http`` or ``https``, or ``tcp`` where the server is none of the web."""
    attempt = attempt_of(case)
    if attempt is not None and attempt.answer is not None:
        return attempt.scheme
    if case.target.scheme != "auto":
        return case.target.scheme
    protocol = known_protocol(case) or _protocol_of_listeners(case)
    if protocol is not None and protocol not in _OF_BROWSERS:
        return "tcp"
    if attempt is not None and attempt.first.data:
        return "tcp"
    return "https" if protocol == "https" or speaks_tls(case) else "http"


def _protocol_of_listeners(case: Case) -> str | None:
    """What is spoken where nothing could be asked: a server on loopback, or in a container."""
    found = [server_of(case, socket) for socket in case.listeners]
    spoken = {one[0].speaks(case.port) for one in found if one is not None and not one[0].kind.forwarder}
    return spoken.pop() if len(spoken) == 1 else None
