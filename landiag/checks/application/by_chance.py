"""A refusal that is no rule about names or addresses: the next request is answered better, or the server counts them.

Two requests at a time tell nothing of a server that fails now and then, or limits how often a client may ask: what
localhost got then was another moment's answer, and no better treatment.
"""

from __future__ import annotations

from landiag.checks.application.exchange import again_exchange, attempt_of
from landiag.checks.application.turned_away import LOGINS, fares_better, plan_compared
from landiag.checks.case import Case
from landiag.checks.evidence import of_exchange
from landiag.collect.exchanges.http import Attempt, Exchange, parse_exchange
from landiag.model.facts import Call
from landiag.model.report import Finding, Outcome

_AGAIN = range(1, 7)
"""The same question once more, oftener than all else that a refusal is compared with: of a server that fails every
second time one of these is served."""

_TOO_MANY = 429
"""What a server says to who asks too often (RFC 6585, 4)."""


def plan(case: Case) -> tuple[Call, ...]:
    """Ask the same as clients do once more, where this machine was then served better in some other way.

    Not before that: on a server that does one thing at a time the comparison would wait behind these.
    """
    attempt = attempt_of(case)
    if attempt is None or case.way is None:
        return ()
    is_invited = attempt.answer is not None and attempt.answer.status in LOGINS
    told = (case.parse(call, parse_exchange) for call in plan_compared(case, case.way))
    is_served = any(isinstance(one, Exchange) and fares_better(one.best, attempt) for one in told)
    if is_invited or not is_served:
        return ()
    return tuple(again_exchange(case, case.way, number) for number in _AGAIN)


def differs(case: Case, attempt: Attempt) -> Exchange | None:
    """The exchange in which the very same request was answered better; None where none was."""
    told = (case.parse(call, parse_exchange) for call in plan(case))
    return next((one for one in told if isinstance(one, Exchange) and fares_better(one.best, attempt)), None)


def check(case: Case, exchange: Exchange, attempt: Attempt) -> Finding | None:
    """Say that the refusal is the moment's; None where it is none, or the server's to everybody who asks so."""
    if attempt.answer is not None and attempt.answer.status == _TOO_MANY:
        title = (
            "The server answers 429 (too many requests) to this machine's test: it counts what a client asks"
        )
        detail = "Other devices are counted for themselves; the network is not the fault."
        return Finding("http-error", Outcome.WARNS, title, detail, of_exchange(exchange, attempt))
    better = differs(case, attempt)
    if better is None:
        return None
    evidence = (*of_exchange(exchange, attempt), *of_exchange(better, better.best))
    if attempt.answer is None:
        title = "Whether the server serves other devices: it hangs up on some requests, and answers others"
        return Finding("server-silent", Outcome.UNKNOWN, title, evidence=evidence)
    now = f"answers {attempt.answer.status} to one request and serves the next"
    title = f"The server {now}: the network is not the fault"
    return Finding("http-error", Outcome.WARNS, title, evidence=evidence)
