"""What does the server answer when it is asked as a LAN client would ask?"""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks.application import (
    advertised,
    by_chance,
    listed,
    loaded,
    other_page,
    page,
    sent_on,
    unconnected,
    upgraded,
)
from landiag.checks.application.debugger import find_debugger
from landiag.checks.application.debugger_asked import debugger_exchange, may_debug
from landiag.checks.application.exchange import (
    asked_before,
    attempt_of,
    client_exchange,
    exchange_of,
    listeners_after,
    local_exchange,
    may_answer,
    own_detour,
    shared_exchanges,
)
from landiag.checks.application.silence import (
    CLOSED,
    asked_socket,
    judge_silence,
    known_protocol,
    not_connected,
    turned_away,
)
from landiag.checks.application.turned_away import (
    LOGINS,
    fares_better,
    is_better,
    own_alone,
    plan_compared,
    plan_own_alone,
    source_rejected,
)
from landiag.checks.application.unasked import unasked_exchange
from landiag.checks.case import Answer, Case, answer, not_applicable, unknown_evidence
from landiag.checks.evidence import of_exchange
from landiag.checks.fixes.hosts import host_fixes
from landiag.checks.fixes.restart import server_of
from landiag.checks.listening import twins
from landiag.checks.listening.carried import is_stranded
from landiag.checks.listening.owners import name_owner, owner_evidence, subject
from landiag.collect.exchanges.http import Attempt, End, Exchange, parse_exchange
from landiag.collect.exchanges.refusals import find_page_refusal
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.model.facts import Call, Command, File, Unknown
from landiag.model.report import Finding, Fix, Outcome
from landiag.model.terms import Symptom


def plan(case: Case) -> tuple[Call, ...]:
    """Ask once along the way that the verdict speaks of, where anything could answer there."""
    if case.way is None or not case.asks_http or not may_answer(case, case.way):
        return ()
    return (
        client_exchange(case, case.way),
        *(call for _, call in shared_exchanges(case, case.way)),
        *twins.plan(case),
    )


def plan_after(case: Case) -> tuple[Call | Command | File, ...]:
    """Ask what the answers so far call for."""
    return (*_plan_further(case), *advertised.plan(case))


def _plan_further(case: Case) -> tuple[Call | Command | File, ...]:
    """Ask again as this machine itself where the first answer was a refusal; look for Werkzeug's debugger."""
    attempt = attempt_of(case)
    if attempt is None or case.way is None:
        before = asked_before(case)
        return () if before is None else (before,)
    if attempt.answer is None:
        is_silent = attempt.end is End.SILENT and case.facts.os == "linux"
        if is_silent:
            return (listeners_after(),)
        is_closed, unasked = attempt.end in CLOSED, unasked_exchange(case, case.way)
        if is_closed:
            return (*plan_compared(case, case.way), *by_chance.plan(case), unasked)
        return (unasked,) if attempt.first.data else unconnected.plan(case, attempt)
    wanted: list[Call | Command] = []
    if attempt.answer.status >= 400:
        wanted += (*plan_compared(case, case.way), *by_chance.plan(case))
    else:
        wanted += (*plan_own_alone(case), *listed.plan(case), *other_page.plan(case, attempt))
    if may_debug(attempt):
        wanted.append(debugger_exchange(case, case.way))
    return (*wanted, *page.plan(case), *sent_on.plan(case, exchange_of(case)))


def speaks_http(case: Case) -> bool | None:
    """Whether the server answers in HTTP; None when that is not known."""
    attempt = attempt_of(case)
    if attempt is not None and attempt.answer is not None:
        return True
    protocol = known_protocol(case)
    return None if protocol is None else protocol in ("http", "https")


def check(case: Case) -> Answer:
    """Check the answer of the server to the request that a client's browser would send."""
    exchange = exchange_of(case)
    if exchange is None:
        return not_applicable(f"not asked: {_why_not_asked(case)}" if case.asks_http else "not asked")
    if isinstance(exchange, Unknown):
        title = "Whether the server answers: it was not asked"
        return answer(
            [Finding("server-silent", Outcome.UNKNOWN, title, exchange.reason, unknown_evidence(exchange))],
            "",
        )
    hung = twins.check(case)
    if hung:
        return answer(hung, "")
    attempt = exchange.best
    detour = own_detour(case)
    if detour is not None:
        return not_connected(case, exchange, attempt, detour, "sent to another server")
    if attempt.connect.outcome is not TcpOutcome.CONNECTED:
        return unconnected.check(case, exchange, attempt)
    if attempt.answer is not None:
        return _judge_answer(case, exchange, attempt)
    if attempt.scheme == "tcp" and case.target.scheme == "tcp":
        return answer([], "accepts connections")
    if attempt.end in CLOSED and is_stranded(case):
        return not_applicable("nothing takes connections where they are carried")
    protocol = advertised.spoken(case)
    if protocol is not None and case.target.scheme in ("auto", "tcp"):
        return answer(tuple(advertised.check(case)), f"accepts connections ({protocol}, not a web server)")
    refused = _hung_up(case, exchange, attempt) if attempt.end in CLOSED else None
    if refused is not None:
        return answer([refused], "")
    said = judge_silence(case, exchange, attempt)
    of_scheme = _check_scheme(case, exchange, attempt) if attempt.speaks_tls else []
    return replace(said, findings=(*of_scheme, *said.findings))


def _why_not_asked(case: Case) -> str:
    if not case.listeners:
        return "nothing is listening"
    if case.way is not None:
        return f"nothing is listening on {case.way.ip}"
    is_unread = isinstance(case.facts.interfaces, Unknown)
    return "the addresses could not be read" if is_unread else "there is no address"


def _hung_up(case: Case, exchange: Exchange, attempt: Attempt) -> Finding | None:
    """A server that hangs up on the clients' name for it, or on their addresses, and serves this machine itself."""
    assert case.way is not None
    of_the_moment = by_chance.check(case, exchange, attempt)
    if of_the_moment is not None:
        return of_the_moment
    local = case.parse(local_exchange(case, case.way), parse_exchange)
    if isinstance(local, Exchange) and local.best.answer is not None and fares_better(local.best, attempt):
        return _host_rejected(case, exchange, attempt, local, local.best)
    return source_rejected(case, exchange, attempt)


def _judge_answer(case: Case, exchange: Exchange, attempt: Attempt) -> Answer:
    assert attempt.answer is not None
    findings = [
        *_check_scheme(case, exchange, attempt),
        *_check_status(case, exchange, attempt),
        *own_alone(case),
        *listed.check(case),
        *advertised.check(case),
        *other_page.check(case, exchange, attempt),
        *upgraded.check(case, exchange, attempt),
        *sent_on.check(case, exchange, attempt),
        *_check_whole(exchange, attempt),
        *page.check(case, exchange, attempt),
        *loaded.check(case, exchange, attempt),
        *find_debugger(case),
        *_check_development(case),
    ]
    status = attempt.answer.status
    return answer(findings, f"answers {status} {attempt.answer.reason}".strip())


def _check_whole(exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """An answer that says where it ends, and did not come to that; a stream says nothing of the kind."""
    if attempt.answer is None or not attempt.breaks_off:
        return []
    whole = attempt.answer.header("Content-Length")
    of = f"{attempt.answer.body_bytes} of {whole} bytes" if whole else f"{attempt.answer.body_bytes} bytes"
    title = f"Whether the server ends its answer: {of} came within {attempt.seconds:.0f} s, then nothing more"
    if attempt.end is not End.STALLED:
        title = f"Whether the server ends its answer: the connection broke after {of}"
    detail = "It is slow, hangs, or fails in the middle of the answer."
    return [
        Finding("server-silent", Outcome.UNKNOWN, title, detail, of_exchange(exchange, attempt)),
    ]


def _check_scheme(case: Case, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    if attempt.scheme == "http" and case.target.scheme == "https":
        title = "The server speaks plain HTTP: other devices must open http://, not https://"
        evidence = of_exchange(exchange, attempt)
        fixes = _ask_as(case, "http")
        return [Finding("speaks-tls", Outcome.BLOCKS, title, "", evidence, fixes, symptom=Symptom.RESET)]
    if attempt.scheme != "https" or case.target.scheme == "https":
        return []
    outcome = Outcome.BLOCKS if case.target.scheme == "http" else Outcome.WARNS
    title = "The server speaks HTTPS: other devices must open https://, not http://"
    fixes = _ask_as(case, "https") if outcome is Outcome.BLOCKS else ()
    return [Finding("speaks-tls", outcome, title, evidence=of_exchange(exchange, attempt), fixes=fixes)]


def _ask_as(case: Case, scheme: str) -> tuple[Fix, ...]:
    """Ask the server as it wants to be asked."""
    url = None if case.way is None else case.way.url(case.port, scheme)
    if url is None:
        return ()
    step = f"Open {url} on the other device."
    return (Fix(f"Open {scheme}:// instead", needs="user-action", steps=(step,)),)


def _check_status(case: Case, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """Compare a refusal with what ``localhost`` gets: a better answer there means that the Host is refused."""
    assert attempt.answer is not None
    if attempt.answer.status < 400 or case.way is None:
        return []
    of_the_moment = by_chance.check(case, exchange, attempt)
    if of_the_moment is not None:
        return [of_the_moment]
    local = case.parse(local_exchange(case, case.way), parse_exchange)
    other = local.best if isinstance(local, Exchange) else None
    if (
        other is not None
        and other.answer is not None
        and is_better(other.answer.status, attempt.answer.status)
    ):
        return [_host_rejected(case, exchange, attempt, local, other)]
    if isinstance(local, Unknown):
        title = (
            f"The server answers {attempt.answer.status}; whether localhost gets a better answer is not known"
        )
        evidence = (*of_exchange(exchange, attempt), *unknown_evidence(local))
        return [Finding("host-header-rejected", Outcome.UNKNOWN, title, local.reason, evidence)]
    refused = source_rejected(case, exchange, attempt)
    if refused is not None:
        return [refused]
    refusal = find_page_refusal(attempt.answer.body.data)
    if refusal is not None:
        return [turned_away(refusal, exchange, attempt)]
    if attempt.answer.status in (*LOGINS, 403, 405):
        return []
    title = f"The server answers {attempt.answer.status} to everybody: the network is not the fault"
    return [Finding("http-error", Outcome.WARNS, title, evidence=of_exchange(exchange, attempt))]


def _host_rejected(
    case: Case, exchange: Exchange, attempt: Attempt, local: object, other: Attempt
) -> Finding:
    evidence = of_exchange(exchange, attempt)
    if isinstance(local, Exchange):
        evidence += of_exchange(local, other)
    socket = asked_socket(case)
    who = "The server" if socket is None else subject(name_owner(case, socket))
    how = "it hangs up" if attempt.answer is None else str(attempt.answer.status)
    return Finding(
        code="host-header-rejected",
        outcome=Outcome.BLOCKS,
        title=f"{who} refuses the name that other devices use: {how} for {exchange.host}, "
        f"but not for localhost",
        detail="The request arrives; the application checks the Host header and turns it away.",
        evidence=evidence,
        fixes=host_fixes(case, socket, exchange.host),
        symptom=Symptom.RESET if attempt.answer is None else None,
    )


def _check_development(case: Case) -> list[Finding]:
    """Warn where a server that is made for its developer alone answers other devices."""
    socket = asked_socket(case)
    found = None if socket is None or socket.address.is_loopback else server_of(case, socket)
    if socket is None or found is None or not found[0].development_server:
        return []
    title = f"{subject(name_owner(case, socket))} is a development server: fine for a test, not for more"
    evidence = (owner_evidence(case, socket),)
    return [Finding("development-server", Outcome.WARNS, title, found[0].production_advice, evidence)]
