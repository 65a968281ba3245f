"""What the server's answer, or its silence, says of what other devices get."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from msgspec.structs import replace

from landiag.checks.application import check as application
from landiag.checks.application import exchange, unasked
from landiag.checks.application import page as pages
from landiag.checks.application.scheme import clients_scheme
from landiag.checks.case import Case
from landiag.checks.evidence import first_bytes
from landiag.checks.fixes import hosts
from landiag.collect.exchanges.http import Answer, Attempt, End, Exchange
from landiag.collect.exchanges.tcp import Connect, TcpOutcome
from landiag.collect.exchanges.tls import Tls
from landiag.collect.exchanges.transcript import Blob
from landiag.model.facts import Reading, ReadStatus, Socket
from landiag.model.host import Facts
from landiag.model.process import Process
from landiag.model.report import Outcome, Target
from landiag.model.terms import Symptom
from tests.checks.asked import PORT, case_of, heard, said
from tests.journey.world import BASE, host, input_rules

SHOP = Process(17, "shop", ("/opt/shop",), state="sleeping")
UWSGI = Process(17, "uwsgi", ("uwsgi", "--socket", "0.0.0.0:5000", "--module", "shop"), state="sleeping")
REDIS = Process(17, "redis-server", ("redis-server", "*:5000"), state="sleeping")


def run_by(process: Process, **more: Any) -> Facts:
    return host(processes={process.pid: process}, **more)


def page(status: int = 200, *, whole: int | None = None, body: str = "hello", **headers: str) -> Answer:
    length = {} if whole is None else {"Content-Length": str(whole)}
    told = tuple({**length, **{name.replace("_", "-"): value for name, value in headers.items()}}.items())
    return Answer(status, "", "1.1", told, Blob.of(body.encode()), len(body))


MET = TcpOutcome.CONNECTED


def asked(
    facts: Facts,
    end: End,
    *,
    outcome: TcpOutcome = MET,
    target: Target = PORT,
    **more: Any,
) -> Case:
    """A case whose server was asked as its clients would, and what that met."""
    case = case_of(facts, target=target)
    assert case.way is not None
    return replace(
        case, readings=dict([heard(exchange.client_exchange(case, case.way), outcome, end, **more)])
    )


def found(case: Case) -> list[tuple[str, Outcome]]:
    return [(finding.code, finding.outcome) for finding in application.check(case).findings]


TCP, HTTP = Target(5000, scheme="tcp"), Target(5000, scheme="http")
BANNER = Blob.of(b"220 shop ready\r\n")
OWN_DROPPED = input_rules("-i lo -j DROP")


@pytest.mark.parametrize(
    ("case", "findings", "says"),
    [
        (asked(run_by(SHOP), End.SILENT, seconds=3.5), [("server-silent", Outcome.UNKNOWN)], "said nothing for 4 s"),
        (asked(run_by(SHOP), End.SILENT, seconds=30.0), [("server-silent", Outcome.BLOCKS)], "within 30 s"),
        (
            asked(run_by(replace(SHOP, state="stopped")), End.SILENT),
            [("server-silent", Outcome.BLOCKS)],
            "is stopped (Ctrl-Z or SIGSTOP): it takes connections but answers nothing",
        ),
        (
            asked(run_by(replace(SHOP, state="tracing-stop")), End.SILENT),
            [("server-silent", Outcome.BLOCKS)],
            "is held by a debugger",
        ),
        (asked(run_by(UWSGI), End.SILENT), [("not-http", Outcome.BLOCKS)], "does not speak HTTP"),
        (asked(run_by(SHOP), End.CLOSED_EMPTY), [("not-http", Outcome.UNKNOWN)], "closes the connection"),
        (asked(run_by(REDIS), End.CLOSED_EMPTY), [], "accepts connections (redis, not a web server)"),
        (asked(run_by(SHOP), End.COMPLETE, first=BANNER), [], 'speaks first: "220 shop ready"'),
        (asked(run_by(SHOP), End.CLOSED_EMPTY, target=HTTP), [("not-http", Outcome.BLOCKS)], "does not speak HTTP"),
        (asked(run_by(SHOP), End.COMPLETE, first=BANNER, target=HTTP), [("not-http", Outcome.BLOCKS)], "not speak"),
        (asked(run_by(SHOP), End.COMPLETE, scheme="tcp", target=TCP), [], "accepts connections"),
        (
            asked(run_by(SHOP, ruleset=OWN_DROPPED), End.SILENT),
            [("own-connection-stopped", Outcome.UNKNOWN)],
            "nothing here stops other devices, but this machine's own test is stopped",
        ),
        (
            asked(run_by(SHOP, ruleset=OWN_DROPPED), End.NOT_CONNECTED, outcome=TcpOutcome.NO_ANSWER, target=TCP),
            [],
            "not tried: this machine's own test is stopped",
        ),
        (
            asked(run_by(SHOP), End.NOT_CONNECTED, outcome=TcpOutcome.NO_ANSWER),
            [("server-silent", Outcome.UNKNOWN)],
            "this machine's own connection to it did not get through",
        ),
    ],
)  # fmt: skip
def test_silence_is_judged_by_who_listens(case: Case, findings: list[tuple[str, Outcome]], says: str) -> None:
    assert found(case) == findings
    assert says in application.check(case).summary


def test_a_server_that_lets_connections_wait_does_not_accept_them() -> None:
    facts = run_by(SHOP, sockets=(Socket(ip_address("0.0.0.0"), 5000, pids=(17,), inode=77),))
    case = asked(facts, End.SILENT, seconds=3.5)
    waits = said(exchange.listeners_after(), "LISTEN 3 128 0.0.0.0:5000 0.0.0.0:* ino:77 sk:1 <->\n")
    case = replace(case, readings={**case.readings, **dict([waits])})
    (finding,) = application.check(case).findings
    assert (finding.outcome, finding.symptom) == (Outcome.BLOCKS, Symptom.SILENT)
    assert finding.title == "The server does not accept connections: 3 still wait, 4 s after"


@pytest.mark.parametrize(
    ("case", "findings"),
    [
        (asked(BASE, End.COMPLETE, answer=page()), []),
        (asked(BASE, End.STALLED, answer=page(whole=99)), [("server-silent", Outcome.UNKNOWN)]),
        (asked(BASE, End.RESET, answer=page(whole=99)), [("server-silent", Outcome.UNKNOWN)]),
        (asked(BASE, End.STALLED, answer=page()), []),
        (
            asked(BASE, End.COMPLETE, answer=page(302, Location="http://localhost:5000/login")),
            [("redirects-elsewhere", Outcome.BLOCKS)],
        ),
        (asked(BASE, End.COMPLETE, answer=page(302, Location="/login")), []),
        (asked(BASE, End.COMPLETE, answer=page(500)), [("http-error", Outcome.WARNS)]),
        (asked(BASE, End.COMPLETE, answer=page(403)), []),
        (
            asked(BASE, End.COMPLETE, answer=page(), scheme="https", tls=Tls("TLSv1.3"), target=HTTP),
            [("speaks-tls", Outcome.BLOCKS)],
        ),
        (
            asked(BASE, End.COMPLETE, answer=page(), scheme="https", tls=Tls("TLSv1.3")),
            [("speaks-tls", Outcome.WARNS)],
        ),
        (
            asked(BASE, End.COMPLETE, answer=page(), target=Target(5000, scheme="https")),
            [("speaks-tls", Outcome.BLOCKS)],
        ),
        (
            asked(BASE, End.CLOSED_EMPTY, scheme="https", tls=Tls("TLSv1.3")),
            [("speaks-tls", Outcome.WARNS), ("not-http", Outcome.UNKNOWN)],
        ),
        (
            asked(
                BASE, End.TLS_FAILED, scheme="https", tls=Tls("TLSv1.3", "tlsv13 alert certificate required")
            ),
            [("speaks-tls", Outcome.WARNS), ("speaks-tls", Outcome.UNKNOWN)],
        ),
        (
            asked(
                BASE,
                End.CLOSED_EMPTY,
                scheme="https",
                tls=Tls("TLSv1.3"),
                target=Target(5000, scheme="https"),
            ),
            [("not-http", Outcome.BLOCKS)],
        ),
    ],
)
def test_an_answer_is_judged_as_a_browser_meets_it(case: Case, findings: list[tuple[str, Outcome]]) -> None:
    assert found(case) == findings


def also(case: Case, *more: tuple[str, Reading]) -> Case:
    return replace(case, readings={**case.readings, **dict(more)})


REFUSES = asked(BASE, End.COMPLETE, answer=page(400))


def test_a_better_answer_to_localhost_is_for_its_name_or_for_its_address() -> None:
    assert REFUSES.way is not None
    local = exchange.local_exchange(REFUSES, REFUSES.way)
    loopback, *_ = exchange.loopback_exchanges(REFUSES, REFUSES.way)
    same = heard(local, TcpOutcome.CONNECTED, End.COMPLETE, answer=page(400))
    better = heard(local, TcpOutcome.CONNECTED, End.COMPLETE, answer=page(200))
    inside = heard(loopback, TcpOutcome.CONNECTED, End.COMPLETE, answer=page(200))
    denied = [(call.name, Reading(call.name, ReadStatus.TIMED_OUT)) for call in (local, loopback)]
    assert found(also(REFUSES, better)) == [("host-header-rejected", Outcome.BLOCKS)]
    assert found(also(REFUSES, denied[0])) == [("host-header-rejected", Outcome.UNKNOWN)]
    assert found(also(REFUSES, same, inside)) == [("client-rejected", Outcome.BLOCKS)]
    assert found(also(REFUSES, same, denied[1])) == [("client-rejected", Outcome.UNKNOWN)]
    assert found(also(REFUSES, same)) == [("http-error", Outcome.WARNS)]


def test_a_refusal_that_the_next_request_does_not_get_is_the_moments() -> None:
    assert REFUSES.way is not None
    local = exchange.local_exchange(REFUSES, REFUSES.way)
    again = exchange.again_exchange(REFUSES, REFUSES.way, 2)
    for named in (page(200), page(404)):
        better = heard(local, TcpOutcome.CONNECTED, End.COMPLETE, answer=named)
        served = heard(again, TcpOutcome.CONNECTED, End.COMPLETE, answer=page(200))
        refused = heard(again, TcpOutcome.CONNECTED, End.COMPLETE, answer=page(400))
        assert found(also(REFUSES, better, served)) == [("http-error", Outcome.WARNS)]
        assert found(also(REFUSES, better, refused)) == [("host-header-rejected", Outcome.BLOCKS)]


def test_the_same_is_asked_once_more_only_behind_what_it_is_compared_with() -> None:
    """A server that does one thing at a time answers the comparison first."""
    assert REFUSES.way is not None
    again = exchange.again_exchange(REFUSES, REFUSES.way, 1)
    local = exchange.local_exchange(REFUSES, REFUSES.way)
    better, same = (heard(local, TcpOutcome.CONNECTED, End.COMPLETE, answer=page(n)) for n in (200, 400))
    assert local in application.plan_after(REFUSES)
    assert again not in application.plan_after(REFUSES)
    assert again not in application.plan_after(also(REFUSES, same))
    assert again in application.plan_after(also(REFUSES, better))


def test_a_server_that_counts_requests_refuses_nobody() -> None:
    case = asked(BASE, End.COMPLETE, answer=page(429))
    assert case.way is not None
    loopback, *_ = exchange.loopback_exchanges(case, case.way)
    inside = heard(loopback, TcpOutcome.CONNECTED, End.COMPLETE, answer=page(200))
    assert found(also(case, inside)) == [("http-error", Outcome.WARNS)]


def test_a_server_that_hangs_up_now_and_then_looks_at_nobodys_address() -> None:
    assert HANGS_UP.way is not None
    loopback, *_ = exchange.loopback_exchanges(HANGS_UP, HANGS_UP.way)
    inside = heard(loopback, TcpOutcome.CONNECTED, End.COMPLETE, answer=page(200))
    again = exchange.again_exchange(HANGS_UP, HANGS_UP.way, 1)
    served = heard(again, TcpOutcome.CONNECTED, End.COMPLETE, answer=page(200))
    assert found(also(HANGS_UP, inside, served)) == [("server-silent", Outcome.UNKNOWN)]


def test_a_known_program_that_ends_connections_before_anything_is_asked_serves_nobody() -> None:
    case = asked(run_by(REDIS), End.CLOSED_EMPTY)
    assert case.way is not None
    ended = heard(unasked.unasked_exchange(case, case.way), TcpOutcome.CONNECTED, End.CLOSED_EMPTY)
    assert found(also(case, ended)) == [("server-silent", Outcome.BLOCKS)]
    loopback, *_ = exchange.loopback_exchanges(case, case.way)
    waits = heard(loopback, TcpOutcome.CONNECTED, End.SILENT)
    assert found(also(case, ended, waits)) == [("client-rejected", Outcome.BLOCKS)]
    assert found(also(case, waits)) == []


HANGS_UP = asked(BASE, End.CLOSED_EMPTY)
NO_NAME = asked(BASE, End.TLS_FAILED, scheme="https", tls=Tls(None, "tlsv1 unrecognized name"))


@pytest.mark.parametrize("case", [HANGS_UP, NO_NAME])
def test_a_server_that_hangs_up_looks_at_the_name_or_at_the_address(case: Case) -> None:
    assert case.way is not None
    local = exchange.local_exchange(case, case.way)
    loopback, *_ = exchange.loopback_exchanges(case, case.way)
    named = heard(local, TcpOutcome.CONNECTED, End.COMPLETE, answer=page(200))
    inside = heard(loopback, TcpOutcome.CONNECTED, End.COMPLETE, answer=page(200))
    refused = heard(loopback, TcpOutcome.CONNECTED, End.COMPLETE, answer=page(403))
    assert found(also(case, named, inside)) == [("host-header-rejected", Outcome.BLOCKS)]
    assert found(also(case, inside)) == [("client-rejected", Outcome.BLOCKS)]
    (finding,) = application.check(also(case, inside)).findings
    assert finding.symptom is Symptom.RESET
    assert [outcome for _, outcome in found(also(case, refused))] == [Outcome.UNKNOWN]


def test_a_server_that_was_not_asked_says_nothing() -> None:
    case = case_of(BASE)
    assert application.check(case).outcome is Outcome.NOT_APPLICABLE
    assert case.way is not None
    name = exchange.client_exchange(case, case.way).name
    unread = replace(case, readings={name: Reading(name, ReadStatus.DENIED)})
    assert found(unread) == [("server-silent", Outcome.UNKNOWN)]


@pytest.mark.parametrize(
    ("host_header", "name"),
    [("192.168.77.10:5000", "192.168.77.10"), ("[fd77::10]", "[fd77::10]"), ("shop", "shop")],
)
def test_the_name_that_the_application_is_to_know_has_no_port(host_header: str, name: str) -> None:
    (fix,) = hosts.host_fixes(case_of(BASE), None, host_header)
    assert fix.title == f"Let the server answer to {name}"
    assert fix.steps[0].startswith(f"Add {name} to the names")


def test_bytes_that_are_no_letters_are_shown_as_escapes() -> None:
    attempt = Attempt("tcp", Connect(MET, 0.1), End.COMPLETE, first=Blob.of(b"\x05\xff ok\r\n"))
    assert first_bytes(attempt) == '"\\x05\\xff ok"'
    assert first_bytes(replace(attempt, first=Blob.of(b""))) == ""


SCRIPTED = page(body='<script src="/app.js"></script>', Content_Type="text/html")


def test_a_page_whose_own_requests_are_refused_on_other_devices_stays_dead() -> None:
    case = asked(BASE, End.COMPLETE, answer=SCRIPTED)
    theirs, ours = (
        [heard(call, MET, End.COMPLETE, answer=page(status)) for status in (200, 403, 503)]
        for call in pages.plan(case)
    )
    unread = theirs[0][0], Reading(theirs[0][0], ReadStatus.TIMED_OUT)
    assert found(case) == []
    assert found(also(case, theirs[0], ours[0])) == []
    assert found(also(case, theirs[1], ours[0])) == [("origin-rejected", Outcome.BLOCKS)]
    assert found(also(case, theirs[1], ours[1])) == []
    assert found(also(case, theirs[2], ours[0])) == []
    assert found(also(case, unread, ours[0])) == [("origin-rejected", Outcome.UNKNOWN)]


@pytest.mark.parametrize(
    ("case", "scheme"),
    [
        (asked(run_by(REDIS), End.SILENT), "tcp"),
        (asked(run_by(SHOP), End.SILENT), "http"),
        (asked(run_by(SHOP), End.COMPLETE, answer=page()), "http"),
        (asked(run_by(SHOP), End.SILENT, target=replace(PORT, scheme="tcp")), "tcp"),
        (case_of(run_by(REDIS)), "tcp"),
        (case_of(run_by(SHOP)), "http"),
    ],
)
def test_no_url_is_given_that_no_browser_opens(case: Case, scheme: str) -> None:
    assert clients_scheme(case) == scheme
    assert case.way is not None
    place = {"tcp": "192.168.77.10:5000", "http": "http://192.168.77.10:5000/"}[scheme]
    assert case.way.place(case.port, scheme) == place
    assert case.way.url(case.port, scheme) == (place if scheme == "http" else None)


@pytest.mark.parametrize(
    ("tls", "status", "best"),
    [
        (Tls(None, "tlsv1 unrecognized name"), 400, "https"),
        (Tls("TLSv1.3"), 400, "https"),
        (Tls(None, "not-tls"), 400, "http"),
        (None, 400, "http"),
    ],
    ids=["it ends the handshake", "it ends what comes behind", "no TLS", "not connected"],
)
def test_what_a_tls_server_says_to_plain_requests_is_not_its_answer(
    tls: Tls | None, status: int, best: str
) -> None:
    met = Connect(MET, 0.001)
    plain = Attempt("http", met, End.COMPLETE, answer=page(status))
    secure = Attempt("https", met, End.TLS_FAILED, tls=tls)
    assert Exchange("192.168.77.10", 5000, "shop", "/", "auto", (plain, secure)).best.scheme == best
    assert Exchange("192.168.77.10", 5000, "shop", "/", "http", (plain,)).best is plain
