"""A web server has its page for the name localhost alone, and nothing to speak of for the name of other devices.

nginx and Apache give whoever calls them by another name the page of their first host, Caddy an empty one.
"""

from __future__ import annotations

from landiag.checks.application.exchange import local_exchange
from landiag.checks.application.silence import asked_socket
from landiag.checks.case import Case
from landiag.checks.evidence import of_exchange
from landiag.checks.fixes.hosts import host_fixes
from landiag.checks.listening.owners import name_owner, subject
from landiag.collect.exchanges.http import Attempt, Exchange, parse_exchange
from landiag.collect.exchanges.placeholder import placeholder_in
from landiag.model.facts import Call
from landiag.model.report import Finding, Outcome


def plan(case: Case, attempt: Attempt) -> tuple[Call, ...]:
    """Ask as localhost where other devices get a page that is none."""
    if case.way is None or placeholder_in(attempt) is None:
        return ()
    return (local_exchange(case, case.way),)


def check(case: Case, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """Say that localhost gets a page where other devices get none."""
    asked = [case.parse(call, parse_exchange) for call in plan(case, attempt)]
    local = asked[0] if asked else None
    ours = local.best.answer if isinstance(local, Exchange) else None
    if ours is None or not isinstance(local, Exchange):
        return []
    if ours.status >= 400 or not ours.body_bytes or placeholder_in(local.best) is not None:
        return []
    socket = asked_socket(case)
    who = "The server" if socket is None else subject(name_owner(case, socket))
    what = placeholder_in(attempt)
    return [
        Finding(
            code="host-header-rejected",
            outcome=Outcome.BLOCKS,
            title=f"{who} does not know the name that other devices use: {what} for {exchange.host}, "
            "but not for localhost",
            detail="The request arrives; the server chooses its page by the Host header.",
            evidence=(*of_exchange(exchange, attempt), *of_exchange(local, local.best)),
            fixes=host_fixes(case, socket, exchange.host),
        )
    ]
