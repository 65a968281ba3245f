"""This machine's own connection did not come about: by a rule, a translation to nobody, or the socket itself.

Sources: tcp_conn_request and inet_csk_reqsk_queue_is_full (tcp_input.c, inet_connection_sock.h), tcp_v4_rcv.
"""

from __future__ import annotations

from functools import partial

from landiag.checks.application.exchange import has_gaps, where_to_ask
from landiag.checks.application.silence import asked_socket, not_connected, what_stops_own
from landiag.checks.case import Answer, Case, answer, not_applicable
from landiag.checks.destination import destination_of
from landiag.checks.evidence import of_exchange
from landiag.checks.fixes.fix import fix_by
from landiag.checks.listening.inside import check_elsewhere
from landiag.checks.listening.owners import name_owner, subject
from landiag.collect.exchanges.http import Attempt, Exchange
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.collect.half_open import HALF_OPEN, MOST_HALF_OPEN, AtPort, parse_half_open
from landiag.model.changes import Sysctl
from landiag.model.facts import Command, File, Socket, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.settings import setting_path
from landiag.model.terms import Symptom

_COOKIES = "net.ipv4.tcp_syncookies"


def plan(case: Case, attempt: Attempt) -> tuple[Command | File, ...]:
    """Look at the socket that was asked, where nothing came back."""
    is_unheard = attempt.connect.outcome is TcpOutcome.NO_ANSWER and asked_socket(case) is not None
    return (HALF_OPEN, MOST_HALF_OPEN) if is_unheard and case.facts.os == "linux" else ()


def check(case: Case, exchange: Exchange, attempt: Attempt) -> Answer:
    """Name what keeps this machine's own connection from the server, as far as it keeps others from it."""
    stopped = what_stops_own(case)
    if stopped is not None:
        return not_connected(case, exchange, attempt, stopped)
    nowhere, dropped = _redirected_nowhere(case, exchange, attempt), _at_socket(case, exchange, attempt)
    return nowhere or (answer([dropped], "") if dropped else not_connected(case, exchange, attempt, None))


def _redirected_nowhere(case: Case, exchange: Exchange, attempt: Attempt) -> Answer | None:
    """Judge a translated address that this machine asked itself: a refusal or no such host there is proof."""
    assert case.way is not None
    destination = destination_of(case, case.way)
    proof = (TcpOutcome.REFUSED, TcpOutcome.REJECTED, TcpOutcome.UNREACHABLE)
    if not destination.is_elsewhere or attempt.connect.outcome not in proof:
        return None
    if check_elsewhere(case, case.way, destination):
        return not_applicable("nothing takes connections where they are sent")
    where = f"{destination.ip}:{destination.port}"
    title = f"Port {case.port} is sent to {where}, where nothing answers ({attempt.connect.outcome.words})"
    evidence = (Evidence("firewall", destination.rule_text), *of_exchange(exchange, attempt))
    step = f"Start what should answer at {where}, or remove the translation."
    fix = Fix("Let the translation lead to a server", needs="user-action", steps=(step,))
    # Inside a container that can be seen the listening check says what is to change; the translation is right.
    fixes = (fix,) if destination.namespace is None else ()
    is_refused = attempt.connect.outcome is TcpOutcome.REFUSED
    symptom = Symptom.REFUSED if is_refused else Symptom.UNREACHABLE
    return answer(
        [Finding("port-redirected", Outcome.BLOCKS, title, "", evidence, fixes, symptom=symptom)], ""
    )


def _at_socket(case: Case, exchange: Exchange, attempt: Attempt) -> Finding | None:
    """Name why the socket takes no connection; None where nothing is known of it."""
    socket = asked_socket(case)
    if socket is None or case.way is None:
        return None
    _, port = where_to_ask(case, case.way)
    there = case.parse(HALF_OPEN, partial(parse_half_open, port=port))
    if not isinstance(there, AtPort):
        return None
    if case.facts.sysctls.get(_COOKIES) == "0" and there.half_open >= _room(case, socket):
        return _full(case, socket, there)
    is_told = there.dropped and not has_gaps(case)  # a rule that could not be read may as well be the reason
    return _drops(exchange, attempt, there) if is_told else None


def _room(case: Case, socket: Socket) -> float:
    """How many half-open connections the kernel keeps for a socket without cookies: for strangers three quarters."""
    most = case.parse(MOST_HALF_OPEN, int)
    backlog = float("inf") if socket.backlog is None else socket.backlog
    return backlog if most is None or isinstance(most, Unknown) else min(backlog, most - (most >> 2))


def _full(case: Case, socket: Socket, there: AtPort) -> Finding:
    said = Evidence(HALF_OPEN.name, f"{there.half_open} connections to port {case.port} in state SYN-RECV")
    setting = Evidence(setting_path(_COOKIES), f"{_COOKIES} = 0")
    who = subject(name_owner(case, socket))
    return Finding(
        code="accept-queue-full",
        outcome=Outcome.BLOCKS,
        title=f"{who} gets no more connections: {there.half_open} are half open, and there is room for no more",
        detail="Somebody begins connections and doesn't complete them (a SYN flood), and SYN cookies are off: the "
        "kernel drops what comes after.",
        evidence=(said, setting),
        fixes=(
            fix_by(
                "Let the kernel answer with SYN cookies when there is no more room",
                Sysctl(_COOKIES, "0", "1"),
            ),
        ),
    )


def _drops(exchange: Exchange, attempt: Attempt, there: AtPort) -> Finding:
    """Packets came to the socket and were dropped there; whose it would drop is not told to anybody else."""
    title = "Whether the server takes connections of other devices: the kernel drops packets at its socket"
    detail = (
        "No rule of a firewall does that: a filter that the program has set on its socket (SO_ATTACH_FILTER), or a "
        "signature that it wants (TCP MD5, as with BGP)."
    )
    said = Evidence(HALF_OPEN.name, f"packets dropped at the socket: {there.dropped}")
    return Finding("server-silent", Outcome.UNKNOWN, title, detail, (*of_exchange(exchange, attempt), said))
