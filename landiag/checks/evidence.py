"""What exchanges show, as evidence."""

from __future__ import annotations

from landiag.collect.exchanges.http import Attempt, End, Exchange
from landiag.model.report import Evidence

_ENDS = {
    End.COMPLETE: "answered",
    End.CUT_OFF: "broke off",
    End.STALLED: "stalled",
    End.SILENT: "silent",
    End.CLOSED_EMPTY: "closed without an answer",
    End.RESET: "reset",
    End.TOO_LARGE: "too long",
    End.TLS_FAILED: "TLS failed",
    End.NOT_CONNECTED: "not connected",
}
"""How an attempt ended that gave no HTTP answer, as people read it."""


def of_exchange(exchange: Exchange, attempt: Attempt) -> tuple[Evidence, ...]:
    """What was asked, and what came back."""
    asked = f"GET {attempt.scheme}://{exchange.address}:{exchange.port}{exchange.path} Host: {exchange.host}"
    if attempt.answer is None:
        said = f"{_ENDS[attempt.end]} after {attempt.seconds:.1f} s {first_bytes(attempt)}".strip()
        return (Evidence(asked, said),)
    server = attempt.answer.header("Server")
    status = f"{attempt.answer.status} {attempt.answer.reason}".strip()
    return (Evidence(asked, status + (f", Server: {server}" if server else "")),)


def first_bytes(attempt: Attempt) -> str:
    """What the server said first, where that was no HTTP; bytes that are no letters as escapes."""
    said = attempt.first.data[:60].strip().decode("latin-1")
    return f'"{said.encode("unicode_escape").decode("ascii")}"' if said else ""
