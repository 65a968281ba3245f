"""Findings of the probe: how they are written, and which line of the report each belongs to."""

from __future__ import annotations

from landiag.collect.exchanges.http import Attempt, Exchange
from landiag.collect.exchanges.refusals import Refusal
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.urls import bracketed


def blocks(
    code: str, title: str, detail: str = "", evidence: tuple[Evidence, ...] = (), fixes: tuple[Fix, ...] = ()
) -> Finding:
    """A finding that stops the request."""
    return Finding(code, Outcome.BLOCKS, title, detail, evidence, fixes)


def warns(
    code: str, title: str, detail: str = "", evidence: tuple[Evidence, ...] = (), fixes: tuple[Fix, ...] = ()
) -> Finding:
    """A finding that does not stop this request."""
    return Finding(code, Outcome.WARNS, title, detail, evidence, fixes)


def do(title: str, *steps: str) -> Fix:
    """A fix that a person carries out."""
    return Fix(title, needs="user-action", steps=steps)


def on_server(port: int) -> Fix:
    """Let landiag look at the server itself, which sees what a client cannot."""
    return Fix(
        "On the server's machine, let landiag say why",
        commands=(f"landiag check --port {port}",),
        needs="user-action",
        steps=("It names the rule, the program or the address that decides, and how to change it.",),
    )


def list_on_server() -> Fix:
    """Let landiag list what listens on the server itself: many ports were asked, none of them by name."""
    return Fix(
        "On the server's machine, list what listens there",
        commands=("landiag list",),
        needs="user-action",
        steps=("It shows each port with its program, and what keeps other devices from it.",),
    )


def asked(exchange: Exchange, attempt: Attempt) -> str:
    """One request, as a person would write it down."""
    return f"GET {attempt.scheme}://{place(exchange.address, exchange.port)}{exchange.path} (Host: {exchange.host})"


def place(address: str, port: int) -> str:
    """An address and a port as text."""
    return f"{bracketed(address)}:{port}"


def answer_evidence(exchange: Exchange, attempt: Attempt) -> Evidence:
    """What a request got."""
    answer = attempt.answer
    if answer is None:
        first = f", first bytes {attempt.first.data[:40]!r}" if attempt.first.data else ""
        return Evidence(asked(exchange, attempt), f"{attempt.end.value} after {attempt.seconds:.1f} s{first}")
    server = answer.header("Server")
    said = f"{answer.status} {answer.reason}".strip()
    return Evidence(asked(exchange, attempt), said + (f", Server: {server}" if server else ""))


def sentence(title: str, name: str | None) -> str:
    """A title as a sentence of its own: a capital where it begins with a word, none for addresses and names."""
    first = title.partition(" ")[0]
    return f"{title[0].upper() if first.isalpha() and first != name else title[0]}{title[1:]}."


def unsure(
    code: str, title: str, detail: str = "", evidence: tuple[Evidence, ...] = (), fixes: tuple[Fix, ...] = ()
) -> Finding:
    """A finding that may stop the request: what was seen does not decide it."""
    return Finding(code, Outcome.UNKNOWN, title, detail, evidence, fixes)


def turned_away(refusal: Refusal, evidence: tuple[Evidence, ...]) -> Finding:
    """A server that says that it refuses this machine."""
    title = f"{refusal.who} turns this machine away: {refusal.why}"
    return blocks("client-rejected", title, "", evidence, (do("Let it in", refusal.advice),))
