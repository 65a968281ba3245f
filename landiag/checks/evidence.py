"""What exchanges show, as evidence."""

from __future__ import annotations

from landiag.collect.exchanges.http import Attempt, Exchange
from landiag.model.report import Evidence


def of_exchange(exchange: Exchange, attempt: Attempt) -> tuple[Evidence, ...]:
    """What was asked, and what came back."""
    asked = f"GET {attempt.scheme}://{exchange.address}:{exchange.port}{exchange.path} Host: {exchange.host}"
    if attempt.answer is None:
        said = f"{attempt.end.value} after {attempt.seconds:.1f} s {first_bytes(attempt)}".strip()
        return (Evidence(asked, said),)
    server = attempt.answer.header("Server")
    status = f"{attempt.answer.status} {attempt.answer.reason}".strip()
    return (Evidence(asked, status + (f", Server: {server}" if server else "")),)


def first_bytes(attempt: Attempt) -> str:
    """What the server said first, where that was no HTTP; bytes that are no letters as escapes."""
    said = attempt.first.data[:60].strip().decode("latin-1")
    return f'"{said.encode("unicode_escape").decode("ascii")}"' if said else ""
