"""Whether a server ends connections on which nothing was asked: what passes them on does, when nobody is behind it."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks.application.exchange import client_exchange
from landiag.checks.case import Case
from landiag.collect.exchanges.http import Attempt, End, parse_exchange
from landiag.journey.ways import Way
from landiag.model.facts import Call, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.terms import Symptom

_AT_ONCE = (End.CLOSED_EMPTY, End.RESET)


def unasked_exchange(case: Case, way: Way) -> Call:
    """Name the exchange of a way in which the client says nothing."""
    call = client_exchange(case, way)
    return replace(call, params=tuple((key, "tcp" if key == "scheme" else said) for key, said in call.params))


def is_ended_unasked(case: Case) -> bool:
    """Whether the server ended a connection on which nothing was asked."""
    found = _unasked(case)
    return found is not None and found.end in _AT_ONCE


def speaks_first(case: Case) -> bool:
    """Whether the server said something on a connection on which nothing was asked, as no web server does."""
    found = _unasked(case)
    return found is not None and bool(found.first.data)


def _unasked(case: Case) -> Attempt | None:
    if case.way is None:
        return None
    found = case.parse(unasked_exchange(case, case.way), parse_exchange)
    return None if found is None or isinstance(found, Unknown) else found.best


def ended_unasked(who: str, evidence: tuple[Evidence, ...]) -> Finding:
    """Say that whoever connects is hung up on."""
    return Finding(
        code="server-silent",
        outcome=Outcome.BLOCKS,
        title=f"{who} ends each connection at once, before anything is asked of it",
        detail="A program that passes connections on does that when it reaches no server behind it.",
        evidence=evidence,
        fixes=(
            Fix(
                "Start what is behind it",
                needs="user-action",
                steps=(
                    "If it passes connections on (socat, ssh -L, a proxy): start the server that it leads to, or"
                    " correct the address and port that it was given.",
                    "Otherwise its own output says why it hangs up.",
                ),
            ),
        ),
        symptom=Symptom.RESET,
    )
