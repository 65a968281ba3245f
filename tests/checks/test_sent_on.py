"""Answers that send the browser on: another port of this machine is followed and asked, the rest is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.checks.application import sent_on
from landiag.checks.case import Case
from landiag.collect.exchanges.http import Answer, Attempt, End, Exchange
from landiag.collect.exchanges.resolve import Resolution
from landiag.collect.exchanges.tcp import Connect, TcpOutcome
from landiag.collect.exchanges.tls import Tls
from landiag.collect.exchanges.transcript import Blob, encode
from landiag.collect.names import resolve
from landiag.model.facts import Reading, ReadStatus, Socket
from landiag.model.host import Facts
from landiag.model.report import Finding, Outcome
from tests.checks.asked import case_of
from tests.journey.world import BASE, ETH0, LISTENER, LO, host, input_rules, interface

HTTPS = Socket(ip_address("0.0.0.0"), 8443)
HTTPS_INSIDE = Socket(ip_address("127.0.0.1"), 8443)
BOTH = host(sockets=(LISTENER, HTTPS))
DOCKER0 = interface("docker0", "172.17.0.1/16", kind="container")


def answer(scheme: str, status: int, *headers: tuple[str, str]) -> Attempt:
    said = Answer(status, "", "1.1", headers, Blob(), 0)
    return Attempt(scheme, Connect(TcpOutcome.CONNECTED, 0.0), End.COMPLETE, answer=said)


def sent_to(location: str) -> Exchange:
    attempt = answer("http", 302, ("Location", location))
    return Exchange("192.168.77.10", 5000, "192.168.77.10:5000", "/", "auto", (attempt,))


def judged(facts: Facts, location: str, readings: Mapping[str, Reading] | None = None) -> list[Finding]:
    exchange = sent_to(location)
    return list(sent_on.check(case_of(facts, readings), exchange, exchange.best))


def heard_there(case: Case, location: str, *attempts: Attempt) -> dict[str, Reading]:
    """What this machine heard where it was sent on to."""
    (call,) = sent_on.plan(case, sent_to(location))
    asked = dict(call.params)
    said = Exchange(asked["address"], int(asked["port"]), asked["host"], asked["path"], "https", attempts)
    return {call.name: Reading(call.name, ReadStatus.OK, encode(said))}


@pytest.mark.parametrize(
    ("facts", "location", "words"),
    [
        pytest.param(
            BASE, "http://localhost:5000/", "which for each of them is the device itself", id="localhost"
        ),
        pytest.param(BASE, "https://192.168.77.10:8443/", "where they are refused", id="nobody listens"),
        pytest.param(
            host(sockets=(LISTENER, HTTPS_INSIDE)),
            "https://192.168.77.10:8443/",
            "where they are refused",
            id="loopback only",
        ),
        pytest.param(
            host(sockets=BOTH.sockets, ruleset=input_rules("-p tcp --dport 8443 -j DROP")),
            "//192.168.77.10:8443/",
            "from where nothing comes back",
            id="a rule drops it",
        ),
        pytest.param(
            host(interfaces=(LO, ETH0, DOCKER0)),
            "http://172.17.0.2/",
            "an address inside this machine (docker0)",
            id="a container's address",
        ),
    ],
)
def test_a_place_that_nobody_gets_to_blocks(facts: Facts, location: str, words: str) -> None:
    (found,) = judged(facts, location)
    assert (found.code, found.outcome) == ("redirects-elsewhere", Outcome.BLOCKS)
    assert words in found.title


@pytest.mark.parametrize(
    ("location", "outcome"),
    [
        ("http://10.5.0.3/", Outcome.UNKNOWN),
        ("http://[fd00:5::3]/", Outcome.UNKNOWN),
        ("https://93.184.216.34/", Outcome.WARNS),
    ],
)
def test_a_private_address_of_another_network_may_be_an_old_one(location: str, outcome: Outcome) -> None:
    (found,) = judged(BASE, location)
    assert (found.code, found.outcome) == ("redirects-elsewhere", outcome)


@pytest.mark.parametrize("location", ["/login", "http://192.168.77.10:5000/login", "mailto:ada@example.org"])
def test_the_same_server_is_no_other_place(location: str) -> None:
    assert judged(BASE, location) == []


@pytest.mark.parametrize("location", ["/", "", "mailto:ada@example.org", "//[", "https://192.168.77.10:9443"])
def test_what_is_no_other_page_of_the_same_server_is_not_asked_for(location: str) -> None:
    assert [dict(call.params)["path"] for call in sent_on.plan(case_of(BASE), sent_to(location))] in (
        [],
        ["/"],
    )


@pytest.mark.parametrize(
    ("further", "titles"),
    [
        (
            "http://localhost:8080/realms",
            [
                "The server sends other devices by /login to http://localhost:8080/realms, which for each of them "
                "is the device itself"
            ],
        ),
        ("/welcome", []),
    ],
)
def test_a_page_of_the_same_server_may_send_the_browser_on_to_the_device_itself(
    further: str, titles: list[str]
) -> None:
    there = answer("http", 302, ("Location", further))
    case = case_of(BASE)
    (call,) = sent_on.plan(case, sent_to("/login"))
    told = replace(sent_to("/"), path="/login", attempts=(there,))
    readings = {call.name: Reading(call.name, ReadStatus.OK, encode(told))}
    assert [one.title for one in judged(BASE, "/login", readings)] == titles


def test_the_server_there_is_asked_and_answers() -> None:
    there = "https://192.168.77.10:8443/"
    case = case_of(BOTH)
    assert judged(BOTH, there, heard_there(case, there, answer("https", 200))) == []


@pytest.mark.parametrize(
    ("outcome", "attempts", "found"),
    [
        (TcpOutcome.UNREACHABLE, (), [Outcome.BLOCKS]),
        (TcpOutcome.REFUSED, (), [Outcome.BLOCKS]),
        (TcpOutcome.NO_ANSWER, (), [Outcome.WARNS]),
        (TcpOutcome.CONNECTED, (answer("http", 200),), []),
    ],
)
def test_another_device_of_the_clients_network_is_asked(
    outcome: TcpOutcome, attempts: tuple[Attempt, ...], found: list[Outcome]
) -> None:
    there, case = "http://192.168.77.99:5000/app", case_of(BASE)
    met = attempts or (Attempt("http", Connect(outcome, 3.0), End.NOT_CONNECTED),)
    assert [one.outcome for one in judged(BASE, there, heard_there(case, there, *met))] == found
    assert [one.outcome for one in judged(BASE, there)] == [Outcome.WARNS]
    assert sent_on.plan(case, sent_to("http://203.0.113.9/")) == ()


def test_a_port_that_speaks_no_tls_is_no_place_for_https() -> None:
    there = "https://192.168.77.10:5000/"
    plain = Attempt("https", Connect(TcpOutcome.CONNECTED, 0.0), End.TLS_FAILED, tls=Tls(None, "not-tls"))
    readings = heard_there(case_of(BASE), there, plain, answer("http", 200))
    (found,) = judged(BASE, there, readings)
    assert found.outcome is Outcome.BLOCKS
    assert "where nobody speaks https" in found.title


@pytest.mark.parametrize(
    ("error", "addresses", "outcome"),
    [
        ("EAI_NONAME", (), Outcome.BLOCKS),
        ("EAI_AGAIN", (), Outcome.WARNS),
        ("timed-out", (), Outcome.WARNS),
        (None, ("203.0.113.9",), Outcome.WARNS),
    ],
)
def test_a_name_is_looked_up(error: str | None, addresses: tuple[str, ...], outcome: Outcome) -> None:
    (call,) = sent_on.plan(case_of(BASE), sent_to("http://shop.internal/"))
    assert call == resolve("shop.internal", "")
    said = encode(Resolution("shop.internal", addresses, 0.0, error))
    (found,) = judged(BASE, "http://shop.internal/", {call.name: Reading(call.name, ReadStatus.OK, said)})
    assert found.outcome is outcome


def test_rules_that_nobody_can_tell_leave_it_open() -> None:
    rules = input_rules("-p tcp --dport 8443 -m string --string x --algo bm -j DROP")
    (found,) = judged(replace(BOTH, ruleset=rules), "https://192.168.77.10:8443/")
    assert found.outcome is Outcome.UNKNOWN
