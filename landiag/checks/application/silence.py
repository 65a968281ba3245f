"""What a connection without an answer means: another protocol, a halted or busy server, or a rule of our own."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks.application.exchange import OwnStop, listeners_after, own_stop, where_to_ask
from landiag.checks.application.unasked import ended_unasked, is_ended_unasked, speaks_first
from landiag.checks.case import Answer, Case, answer, not_applicable
from landiag.checks.destination import destination_of, sockets_there
from landiag.checks.evidence import first_bytes, of_exchange
from landiag.checks.fixes.fix import is_somebody_elses
from landiag.checks.fixes.restart import http_fixes, server_of
from landiag.checks.listening import sandbox
from landiag.checks.listening.holders import holder_of
from landiag.checks.listening.owners import describe_owner, name_owner, owner_evidence, subject
from landiag.collect import sockets
from landiag.collect.exchanges.banners import begins_a_page, recognise_banner
from landiag.collect.exchanges.http import Attempt, End, Exchange
from landiag.collect.exchanges.refusals import Refusal, find_refusal
from landiag.journey.binding import bind_among
from landiag.model.facts import Socket, Unknown
from landiag.model.process import Process
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import Verdict
from landiag.model.terms import Symptom

_HALTED = ("stopped", "tracing-stop")
_GREETING = ("ssh", "mysql", "smtp", "ftp", "imap", "pop3", "vnc")
"""Protocols in which the server speaks first: one that says nothing does not serve."""
CLOSED = (End.CLOSED_EMPTY, End.RESET, End.TLS_FAILED)


def judge_silence(case: Case, exchange: Exchange, attempt: Attempt) -> Answer:
    """Judge a connection on which no HTTP answer came."""
    owner = _owner(case)
    is_open = attempt.end in (End.SILENT, End.STALLED) and not _is_halted(owner)
    stopped = what_stops_own(case) if is_open else None
    if stopped is not None:
        return not_connected(case, exchange, attempt, stopped)
    refusal = find_refusal(attempt.first.data)
    if refusal is not None:
        return answer([turned_away(refusal, exchange, attempt)], "")
    if (
        attempt.end is End.TLS_FAILED
        and attempt.tls is not None
        and attempt.tls.error not in (None, "silent")
    ):
        return answer([_no_handshake(exchange, attempt, attempt.tls.error)], "")
    protocol = known_protocol(case)
    is_other = protocol not in (None, "http", "https", "uwsgi") and case.target.scheme in ("auto", "tcp")
    is_dumb = protocol in _GREETING and not attempt.first.data
    if is_dumb and attempt.end in CLOSED:
        title = f"Whether the server serves other devices: it closes the connection without its greeting ({protocol})"
        return answer(
            [Finding("server-silent", Outcome.UNKNOWN, title, "", of_exchange(exchange, attempt))], ""
        )
    is_ended = attempt.end in CLOSED and not attempt.first.data and is_ended_unasked(case)
    if is_other and not is_dumb and not is_ended:
        return answer([], f"accepts connections ({protocol}, not a web server)")
    if attempt.first.data and case.target.scheme == "auto" and protocol is None:
        return _other_words(case, exchange, attempt, owner)
    is_meant = case.target.scheme in ("http", "https") and attempt.end is not End.SILENT
    if protocol == "uwsgi" or attempt.first.data or is_meant:
        return answer([_not_http(case, exchange, attempt, owner)], "")
    if is_ended and (is_other or protocol is None):
        who = describe_owner(case, owner[0]) if owner else "the server"
        return answer([ended_unasked(subject(who), of_exchange(exchange, attempt))], "")
    if attempt.end in CLOSED and protocol is None:
        title = "Whether the server speaks HTTP: it closes the connection without an answer"
        return answer(
            [Finding("not-http", Outcome.UNKNOWN, title, evidence=of_exchange(exchange, attempt))], ""
        )
    if attempt.end in CLOSED:
        return answer([_not_http(case, exchange, attempt, owner)], "")
    return answer([_silent(case, exchange, attempt, owner)], "")


def _other_words(
    case: Case, exchange: Exchange, attempt: Attempt, owner: tuple[Socket, Process] | None
) -> Answer:
    """What an unknown program's answer to a web request means that is no HTTP."""
    if recognise_banner(attempt.first.data) is not None or speaks_first(case):
        return answer([], f"accepts connections and speaks first: {first_bytes(attempt)}")
    if begins_a_page(attempt.first.data):
        return answer([replace(_not_http(case, exchange, attempt, owner), fixes=(_STATUS_LINE,))], "")
    title = "Whether browsers can talk to the server: it answers their request with something that is no HTTP"
    detail = "Other programs may well reach it: --scheme tcp asks for the connection alone."
    found = Finding("not-http", Outcome.UNKNOWN, title, detail, of_exchange(exchange, attempt))
    return answer([found], "")


_STATUS_LINE = Fix(
    "Let the server begin its answer with a status line of HTTP",
    needs="user-action",
    steps=("Send HTTP/1.1 200 OK, the headers, and an empty line before the page; or use a web framework.",),
)


def _no_handshake(exchange: Exchange, attempt: Attempt, error: str | None) -> Finding:
    """TLS did not come about with this machine's own library: with a browser's it might."""
    title = f"Whether browsers get in: the server ends the TLS handshake ({error})"
    detail = "It may know no certificate for that name or address, want one of the client's, or speak an old TLS only."
    return Finding("speaks-tls", Outcome.UNKNOWN, title, detail, of_exchange(exchange, attempt))


def turned_away(refusal: Refusal, exchange: Exchange, attempt: Attempt) -> Finding:
    """It was asked from this machine's own address: where it keeps a list, other devices may stand in it."""
    title = f"{subject(refusal.who)} turns other devices away: {refusal.why}"
    if refusal.by_list:
        title = (
            f"Whether {refusal.who} lets other devices in: it turns {exchange.address} away, as {refusal.why}"
        )
    return Finding(
        code="client-rejected",
        outcome=Outcome.UNKNOWN if refusal.by_list else Outcome.BLOCKS,
        title=title,
        detail="The connection is made; the server looks at the sender's address and ends it.",
        evidence=of_exchange(exchange, attempt),
        fixes=(
            Fix("Let the server take the clients' network", needs="user-action", steps=(refusal.advice,)),
        ),
        symptom=Symptom.ANSWERED,
    )


def what_stops_own(case: Case) -> OwnStop | None:
    """What stops this machine's own test: a rule, a route, or a setting of the server's unit; None where none does."""
    return own_stop(case) or sandbox.own_stop(case)


def not_connected(
    case: Case, exchange: Exchange, attempt: Attempt, stop: OwnStop | None, how: str = "stopped"
) -> Answer:
    """Our own packet did not get through; a client's comes in elsewhere and may, so this decides nothing.

    ``how`` says what became of it. Where only connections are asked for, and what stops our own is known, the
    server's answer is not in question.
    """
    said = (
        f"connecting to {exchange.address}:{exchange.port} from this machine: {attempt.connect.outcome.words}"
    )
    evidence = (Evidence("HTTP request", said),)
    if stop is not None:
        if case.target.scheme == "tcp":
            return not_applicable(f"not tried: this machine's own test is {how}")
        is_open = _lets_clients_in(case)
        others = "nothing here stops other devices, but " if is_open else ""
        title = f"Whether the server answers: {others}this machine's own test is {how}"
        own = " Only connections that this machine makes itself go that way." if is_open else ""
        detail = f"{stop.text}.{own}"
        found = (*evidence, Evidence(stop.source, stop.text))
        return answer([Finding("own-connection-stopped", Outcome.UNKNOWN, title, detail, found)], "")
    title = "Whether the server answers: this machine's own connection to it did not get through"
    detail = "Connections of the machine to itself come in by lo, where other rules may apply than for other devices."
    return answer([Finding("server-silent", Outcome.UNKNOWN, title, detail, evidence)], "")


def _lets_clients_in(case: Case) -> bool:
    """Whether the packet filters let clients of the way in through, for certain."""
    classes = case.classes.get(case.way.id, ()) if case.way is not None else ()
    return bool(classes) and classes[0].journey.verdict is Verdict.ACCEPT


def asked_socket(case: Case) -> Socket | None:
    """Find the socket that was asked, of this host or of a container; None where it is elsewhere or not visible."""
    if case.way is None:
        return None
    ip, port = where_to_ask(case, case.way)
    there = sockets_there(case, destination_of(case, case.way))
    return next(iter(bind_among(there, ip, port, None).serving), None)


def _owner(case: Case) -> tuple[Socket, Process] | None:
    socket = asked_socket(case)
    owners = () if socket is None else case.owners(socket)
    return None if socket is None or not owners else (socket, owners[0])


def known_protocol(case: Case) -> str | None:
    """Name the protocol that the recognised server speaks; None when it is not recognised."""
    socket = asked_socket(case)
    found = None if socket is None else server_of(case, socket)
    if found is None or found[0].kind.forwarder or found[0].kind.runtimes:
        return None  # a program that passes bytes on, or an interpreter: it may speak anything
    return found[0].speaks(case.port)


def _is_halted(owner: tuple[Socket, Process] | None) -> bool:
    return owner is not None and owner[1].state in _HALTED


def _not_http(
    case: Case, exchange: Exchange, attempt: Attempt, owner: tuple[Socket, Process] | None
) -> Finding:
    who = describe_owner(case, owner[0]) if owner else "the server"
    fixes = http_fixes(case, owner[0]) if owner else ()
    closed = Symptom.RESET if attempt.end in CLOSED else Symptom.SILENT
    title = f"{who} does not speak HTTP: browsers get an empty or broken answer"
    detail = "uWSGI: --socket speaks the uwsgi protocol for a web server in front; browsers need --http."
    if attempt.first.data:
        detail = f"It begins as {recognise_banner(attempt.first.data) or 'no web server'} does."
    if known_protocol(case) in ("http", "https") and not attempt.first.data:
        title = f"{who} hangs up without an answer, on browsers, too"
        detail = _WHY_NO_PAGE_OVER_TLS if attempt.speaks_tls else _WHY_WEB_SERVERS_HANG_UP
    return Finding(
        code="not-http",
        outcome=Outcome.BLOCKS,
        title=title,
        detail=detail,
        evidence=of_exchange(exchange, attempt) + ((owner_evidence(case, owner[0]),) if owner else ()),
        fixes=fixes,
        symptom=Symptom.ANSWERED if attempt.first.data else closed,
    )


def _silent(
    case: Case, exchange: Exchange, attempt: Attempt, owner: tuple[Socket, Process] | None
) -> Finding:
    """A server that says nothing blocks where something else shows it: halted, or connections that nobody accepts."""
    title = f"Whether the server answers: it said nothing for {attempt.seconds:.0f} s, so it is slow or hangs"
    detail = "It may be busy with another request, still starting, waiting in a debugger, or stopped."
    outcome = Outcome.UNKNOWN
    if owner is not None and _is_halted(owner):
        how = _how_halted(case) if owner[1].state == "stopped" else "held by a debugger"
        title = f"{subject(name_owner(case, owner[0]))} is {how}: it takes connections but answers nothing"
        outcome = Outcome.BLOCKS
    waiting, holder = _still_waiting(case), holder_of(owner[1] if owner else None)
    if outcome is not Outcome.BLOCKS and waiting:
        title = f"The server does not accept connections: {waiting} still wait, {attempt.seconds:.0f} s after"
        outcome = Outcome.BLOCKS
    if holder is not None and waiting:
        title = f"{holder.name} holds port {case.port} for a container, and no rule carries connections in"
        detail = "The engine itself never accepts them: rules of the firewall should have led them past it."
    if attempt.seconds >= _LONG:
        title = f"The server accepts the connection but does not answer within {attempt.seconds:.0f} s"
        outcome = Outcome.BLOCKS
    fix = holder.fix if holder is not None else _START_ANEW
    if owner is not None and owner[1].state == "stopped":
        fix = _continue(case, owner[1])
    if outcome is Outcome.UNKNOWN:
        again = f"{case.machine.called} {case.asks_again} --timeout 40"
        fix = Fix("Give the server longer to answer", (again,))
    evidence = of_exchange(exchange, attempt) + ((owner_evidence(case, owner[0]),) if owner else ())
    return Finding("server-silent", outcome, title, detail, evidence, (fix,), symptom=Symptom.SILENT)


_WHY_WEB_SERVERS_HANG_UP = (
    "A web server does that to names that it does not know (nginx: return 444), where it waits for a proxy's header "
    "(proxy_protocol), and when its program fails."
)
_WHY_NO_PAGE_OVER_TLS = (
    "A web server does that to names that it does not know, to clients that show no certificate where it wants one of "
    "theirs, and when its program fails."
)
_START_ANEW = Fix(
    "Let the server continue, or start it anew",
    needs="user-action",
    steps=("Look at the server's own terminal: where no debugger waits there, end it and start it again.",),
)
_LONG = 29.0
"""Seconds after which a server that has said nothing is called silent, whatever it does."""


def _still_waiting(case: Case) -> int:
    """How many connections to the port still wait to be accepted, read after the silent exchange."""
    after = case.parse(listeners_after(), sockets.parse_listeners)
    socket = asked_socket(case)
    if after is None or isinstance(after, Unknown) or socket is None:
        return 0
    return sum(one.queue or 0 for one in after if one.inode == socket.inode and one.port == socket.port)


def _how_halted(case: Case) -> str:
    return "suspended" if case.facts.os == "windows" else "stopped (Ctrl-Z or SIGSTOP)"


def _continue(case: Case, process: Process) -> Fix:
    """Let a halted process run again. Windows has no command for it, but a window."""
    title = "Let the server continue"
    pid = process.pid
    if case.facts.os == "windows":
        step = f"Open resmon (Resource Monitor), and on its page CPU choose Resume Process for the process {pid}."
        return Fix(title, needs="user-action", steps=(step,))
    needs = "root" if process.uid == 0 or is_somebody_elses(case, process) else None
    return Fix(title, (f"kill -CONT {pid}",), (f"kill -STOP {pid}",), needs=needs)
