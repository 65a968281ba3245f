"""What does the server answer when it is asked as a LAN client would ask?"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from landiag.checks.case import Answer, Case, answer, not_applicable, unknown_evidence
from landiag.checks.destination import destination_of
from landiag.checks.exchange import (
    attempt_of,
    client_exchange,
    debugger_exchange,
    exchange_of,
    local_exchange,
    may_answer,
    where_to_ask,
)
from landiag.checks.owners import describe_owner, owner_evidence
from landiag.checks.restart import host_fixes, http_fixes, server_of
from landiag.collect.exchanges.http import Attempt, End, Exchange, parse_exchange
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.journey.binding import bind_among
from landiag.journey.classes import own_packet
from landiag.journey.journey import follow
from landiag.model.facts import Call, Process, Socket, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import Verdict

_LOCAL_URL = re.compile(r"(?:https?|wss?)://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?", re.IGNORECASE)


def plan(case: Case) -> tuple[Call, ...]:
    """Ask once along the way that the verdict speaks of, where anything could answer there."""
    if case.way is None or not case.asks_http or not may_answer(case, case.way):
        return ()
    return (client_exchange(case, case.way),)


def plan_comparison(case: Case) -> tuple[Call, ...]:
    """Ask again as ``localhost`` where the first answer was a refusal, and look for Werkzeug's debugger."""
    attempt = attempt_of(case)
    if attempt is None or attempt.answer is None or case.way is None:
        return ()
    wanted = []
    if attempt.answer.status >= 400:
        wanted.append(local_exchange(case, case.way))
    if (attempt.answer.header("Server") or "").startswith("Werkzeug/"):
        wanted.append(debugger_exchange(case, case.way))
    return tuple(wanted)


def speaks_http(case: Case) -> bool | None:
    """Whether the server answers in HTTP; None when that is not known."""
    attempt = attempt_of(case)
    if attempt is not None and attempt.answer is not None:
        return True
    protocol = _known_protocol(case)
    return None if protocol is None else protocol in ("http", "https")


def check(case: Case) -> Answer:
    """Check the answer of the server to the request that a client's browser would send."""
    exchange = exchange_of(case)
    if exchange is None:
        return not_applicable(
            "not asked: nothing listens there" if case.asks_http else "not asked (--no-http)"
        )
    if isinstance(exchange, Unknown):
        title = "The server was not asked"
        return answer(
            [Finding("server-silent", Outcome.UNKNOWN, title, exchange.reason, unknown_evidence(exchange))],
            "",
        )
    attempt = exchange.best
    if attempt.connect.outcome is not TcpOutcome.CONNECTED:
        return _redirected_nowhere(case, exchange, attempt) or _not_connected(exchange, attempt)
    if attempt.answer is not None:
        return _judge_answer(case, exchange, attempt)
    return _judge_silence(case, exchange, attempt)


def _redirected_nowhere(case: Case, exchange: Exchange, attempt: Attempt) -> Answer | None:
    """Judge a translated address that this machine asked itself: a refusal or no such host there is proof."""
    assert case.way is not None
    destination = destination_of(case, case.way)
    proof = (TcpOutcome.REFUSED, TcpOutcome.REJECTED, TcpOutcome.UNREACHABLE)
    if not destination.is_elsewhere or attempt.connect.outcome not in proof:
        return None
    where = f"{destination.ip}:{destination.port}"
    title = f"Port {case.port} is sent to {where}, where nothing answers ({attempt.connect.outcome.value})"
    evidence = (Evidence("firewall", destination.rule_text), *_evidence(exchange, attempt))
    step = f"Start what should answer at {where}, or remove the translation."
    fix = Fix("Let the translation lead to a server", needs="user-action", steps=(step,))
    return answer([Finding("port-redirected", Outcome.BLOCKS, title, "", evidence, (fix,))], "")


def _not_connected(exchange: Exchange, attempt: Attempt) -> Answer:
    """Our own packet did not get through; a client's comes in elsewhere and may, so this decides nothing."""
    said = (
        f"connecting to {exchange.address}:{exchange.port} from this machine: {attempt.connect.outcome.value}"
    )
    evidence = (Evidence("HTTP request", said),)
    title = "What the server answers is not known: this machine's own connection did not get through"
    detail = (
        "Connections of the machine to itself come in by lo, where other rules may apply than for clients."
    )
    return answer([Finding("server-silent", Outcome.UNKNOWN, title, detail, evidence)], "")


def _evidence(exchange: Exchange, attempt: Attempt) -> tuple[Evidence, ...]:
    asked = f"GET {attempt.scheme}://{exchange.address}:{exchange.port}{exchange.path} Host: {exchange.host}"
    if attempt.answer is None:
        return (
            Evidence(
                asked, f"{attempt.end.value} after {attempt.seconds:.1f} s {_first_bytes(attempt)}".strip()
            ),
        )
    server = attempt.answer.header("Server")
    said = f"{attempt.answer.status} {attempt.answer.reason}".strip()
    return (Evidence(asked, said + (f", Server: {server}" if server else "")),)


def _first_bytes(attempt: Attempt) -> str:
    return repr(attempt.first.data[:60]) if attempt.first.data else ""


def _judge_answer(case: Case, exchange: Exchange, attempt: Attempt) -> Answer:
    assert attempt.answer is not None
    findings = [
        *_check_scheme(case, exchange, attempt),
        *_check_status(case, exchange, attempt),
        *_check_redirect(exchange, attempt),
        *_check_page(exchange, attempt),
        *_check_debugger(case),
        *_check_development(case),
    ]
    status = attempt.answer.status
    return answer(findings, f"answers {attempt.scheme.upper()} {status} {attempt.answer.reason}".strip())


def _check_scheme(case: Case, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    if attempt.scheme != "https" or case.target.scheme == "https":
        return []
    outcome = Outcome.BLOCKS if case.target.scheme == "http" else Outcome.WARNS
    title = "The server speaks HTTPS: clients must type https://, not http://"
    return [Finding("speaks-tls", outcome, title, evidence=_evidence(exchange, attempt))]


def _check_status(case: Case, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """Compare a refusal with what ``localhost`` gets: a better answer there means that the Host is refused."""
    assert attempt.answer is not None
    if attempt.answer.status < 400 or case.way is None:
        return []
    local = case.parse(local_exchange(case, case.way), parse_exchange)
    other = local.best if isinstance(local, Exchange) else None
    if (
        other is not None
        and other.answer is not None
        and _is_better(other.answer.status, attempt.answer.status)
    ):
        return [_host_rejected(case, exchange, attempt, local, other)]
    if isinstance(local, Unknown):
        title = (
            f"The server answers {attempt.answer.status}; whether localhost gets a better answer is not known"
        )
        evidence = (*_evidence(exchange, attempt), *unknown_evidence(local))
        return [Finding("host-header-rejected", Outcome.UNKNOWN, title, local.reason, evidence)]
    if attempt.answer.status in (401, 403, 405, 407):
        return []
    title = f"The server answers {attempt.answer.status} to everybody: the network is not the fault"
    return [Finding("http-error", Outcome.WARNS, title, evidence=_evidence(exchange, attempt))]


def _is_better(local: int, client: int) -> bool:
    return (
        local // 100 < client // 100
        or (local < 400 <= client)
        or (local == 404 and client in (400, 403, 421))
    )


def _host_rejected(
    case: Case, exchange: Exchange, attempt: Attempt, local: object, other: Attempt
) -> Finding:
    assert attempt.answer is not None
    evidence = _evidence(exchange, attempt)
    if isinstance(local, Exchange):
        evidence += _evidence(local, other)
    return Finding(
        code="host-header-rejected",
        outcome=Outcome.BLOCKS,
        title=f"The server refuses the name that clients use: {attempt.answer.status} for {exchange.host}, "
        f"but not for localhost",
        detail="The request arrives; the application checks the Host header and turns it away.",
        evidence=evidence,
        fixes=host_fixes(case, _socket(case), exchange.host),
    )


def _check_redirect(exchange: Exchange, attempt: Attempt) -> list[Finding]:
    assert attempt.answer is not None
    location = attempt.answer.header("Location") if 300 <= attempt.answer.status < 400 else None
    host = urlsplit(location).hostname if location else None
    if host is None or not (host in ("localhost", "0.0.0.0", "::1") or host.startswith("127.")):
        return []
    title = f"The server sends clients to {location}, which on a client is the client itself"
    return [Finding("redirects-elsewhere", Outcome.BLOCKS, title, evidence=_evidence(exchange, attempt))]


def _check_page(exchange: Exchange, attempt: Attempt) -> list[Finding]:
    assert attempt.answer is not None
    found = _LOCAL_URL.search(attempt.answer.body.text or "")
    if found is None or attempt.answer.status >= 400:
        return []
    title = f"The page loads something from {found[0]}, which on a client is the client itself"
    detail = "The page opens, but what it loads from there does not: use addresses relative to the page."
    evidence = (*_evidence(exchange, attempt), Evidence("the page", found[0]))
    return [Finding("page-uses-localhost", Outcome.WARNS, title, detail, evidence)]


def _check_debugger(case: Case) -> list[Finding]:
    assert case.way is not None
    source = debugger_exchange(case, case.way)
    exchange = case.parse(source, parse_exchange)
    if not isinstance(exchange, Exchange) or exchange.best.answer is None:
        return []
    found = exchange.best.answer
    if found.status != 200 or not (found.header("Content-Type") or "").startswith("text/css"):
        return []
    return [
        Finding(
            code="debugger-exposed",
            outcome=Outcome.WARNS,
            title="Werkzeug's debugger answers: whoever reaches this port can try to run code on this machine",
            detail="Its PIN is the only lock. Run without debug mode while other devices can connect.",
            evidence=_evidence(exchange, exchange.best),
            fixes=(
                Fix(
                    "Run without the debugger",
                    needs="user-action",
                    steps=("Start without --debug (FLASK_DEBUG=0, app.run(debug=False)).",),
                ),
            ),
        )
    ]


def _own_way_is_open(case: Case) -> bool:
    """Whether the firewalls let this machine's own connection pass: only then does silence speak of the server."""
    if case.way is None:
        return False
    journey = follow(case.facts, own_packet(case.facts, case.way, case.port))
    return not isinstance(journey, Unknown) and journey.verdict is Verdict.ACCEPT


def _check_development(case: Case) -> list[Finding]:
    """Warn where a server that is made for its developer alone answers other devices."""
    socket = _socket(case)
    found = None if socket is None or socket.address.is_loopback else server_of(case, socket)
    if socket is None or found is None or not found[0].development_server:
        return []
    title = f"{describe_owner(case, socket)} is a development server: fine for a test, not for more"
    evidence = (owner_evidence(case, socket),)
    return [Finding("development-server", Outcome.WARNS, title, found[0].production_advice, evidence)]


def _judge_silence(case: Case, exchange: Exchange, attempt: Attempt) -> Answer:
    """Judge a connection on which no HTTP answer came."""
    owner = _owner(case)
    if attempt.end in (End.SILENT, End.STALLED) and not _is_halted(owner) and not _own_way_is_open(case):
        return _not_connected(exchange, attempt)
    if attempt.speaks_tls or (attempt.scheme == "tcp" and case.target.scheme == "tcp"):
        return answer(_check_scheme(case, exchange, attempt), "accepts connections")
    protocol = _known_protocol(case)
    if (
        protocol not in (None, "http", "https")
        and case.target.scheme in ("auto", "tcp")
        and protocol != "uwsgi"
    ):
        return answer([], f"accepts connections ({protocol}, not a web server)")
    if attempt.first.data and case.target.scheme == "auto" and protocol is None:
        return answer([], f"accepts connections and speaks first: {_first_bytes(attempt)}")
    if (
        protocol == "uwsgi"
        or attempt.first.data
        or (case.target.scheme == "http" and attempt.end is not End.SILENT)
    ):
        return answer([_not_http(case, exchange, attempt, owner)], "")
    if attempt.end in (End.CLOSED_EMPTY, End.RESET) and protocol is None:
        title = "The server closes the connection without an answer: what it speaks is not known"
        return answer(
            [Finding("not-http", Outcome.UNKNOWN, title, evidence=_evidence(exchange, attempt))], ""
        )
    if attempt.end in (End.CLOSED_EMPTY, End.RESET):
        return answer([_not_http(case, exchange, attempt, owner)], "")
    return answer([_silent(case, exchange, attempt, owner)], "")


def _socket(case: Case) -> Socket | None:
    """Find the socket that was asked; None where it is elsewhere or not visible."""
    if case.way is None or isinstance(case.facts.sockets, Unknown):
        return None
    ip, port = where_to_ask(case, case.way)
    return next(iter(bind_among(case.facts.sockets, ip, port, None).serving), None)


def _owner(case: Case) -> tuple[Socket, Process] | None:
    socket = _socket(case)
    owners = () if socket is None else case.owners(socket)
    return None if socket is None or not owners else (socket, owners[0])


def _known_protocol(case: Case) -> str | None:
    """Name the protocol that the recognised server speaks; None when it is not recognised."""
    socket = _socket(case)
    found = None if socket is None else server_of(case, socket)
    if found is None or found[0].kind.forwarder or found[0].kind.runtimes:
        return None  # a program that passes bytes on, or an interpreter: it may speak anything
    return found[0].speaks(case.port)


def _is_halted(owner: tuple[Socket, Process] | None) -> bool:
    return owner is not None and owner[1].state in ("stopped", "tracing-stop")


def _not_http(
    case: Case, exchange: Exchange, attempt: Attempt, owner: tuple[Socket, Process] | None
) -> Finding:
    who = describe_owner(case, owner[0]) if owner else "the server"
    fixes = http_fixes(case, owner[0]) if owner else ()
    return Finding(
        code="not-http",
        outcome=Outcome.BLOCKS,
        title=f"{who} does not speak HTTP: browsers get an empty or broken answer",
        detail="uWSGI: --socket speaks the uwsgi protocol for a web server in front; browsers need --http.",
        evidence=_evidence(exchange, attempt) + ((owner_evidence(case, owner[0]),) if owner else ()),
        fixes=fixes,
    )


def _silent(
    case: Case, exchange: Exchange, attempt: Attempt, owner: tuple[Socket, Process] | None
) -> Finding:
    title = f"The server accepts the connection but does not answer within {attempt.seconds:.0f} s"
    detail = "It may be busy with another request, waiting in a debugger, or stopped."
    if owner is not None and _is_halted(owner):
        how = _how_halted(case) if owner[1].state == "stopped" else "held by a debugger"
        title = f"{describe_owner(case, owner[0])} is {how}: it accepts connections but answers nothing"
    fix = Fix("Let the server continue, or start it anew", needs="user-action", steps=(detail,))
    if owner is not None and owner[1].state == "stopped":
        fix = _continue(case, owner[1].pid)
    evidence = _evidence(exchange, attempt) + ((owner_evidence(case, owner[0]),) if owner else ())
    return Finding("server-silent", Outcome.BLOCKS, title, detail, evidence, (fix,))


def _how_halted(case: Case) -> str:
    return "suspended" if case.facts.os == "windows" else "stopped (Ctrl-Z or SIGSTOP)"


def _continue(case: Case, pid: int) -> Fix:
    """Let a halted process run again. Windows has no command for it, but a window."""
    title = "Let the server continue"
    if case.facts.os == "windows":
        step = f"Open resmon (Resource Monitor), and on its page CPU choose Resume Process for the process {pid}."
        return Fix(title, needs="user-action", steps=(step,))
    return Fix(title, (f"kill -CONT {pid}",), (f"kill -STOP {pid}",))
