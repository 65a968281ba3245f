"""Servers that look at the sender's address: those that count this machine's own address as local, logins."""

from __future__ import annotations

from ipaddress import ip_address

from msgspec.structs import replace

from landiag.checks.application import check as application
from landiag.checks.application import exchange, same_answer, turned_away
from landiag.checks.case import Case
from landiag.checks.ports import check as port
from landiag.collect.exchanges.http import Answer, End
from landiag.collect.exchanges.refusals import find_page_refusal, refusing_words
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.collect.exchanges.transcript import Blob
from landiag.model.facts import Reading, Socket
from landiag.model.process import Process
from landiag.model.report import Outcome
from landiag.model.ruleset import Ruleset
from landiag.verdict.sight import what_client_sees
from tests.checks.asked import case_of, heard
from tests.journey.world import BASE, host, iptables

MET = TcpOutcome.CONNECTED
LOOPBACK = ip_address("127.0.0.1")


def page(status: int = 200, body: bytes = b"hello", server: str = "Apache/2.4") -> Answer:
    return Answer(status, "", "1.1", (("Server", server),), Blob.of(body), len(body))


def asked(answer: Answer, case: Case | None = None) -> Case:
    case = case_of(BASE) if case is None else case
    assert case.way is not None
    heard_of = heard(exchange.client_exchange(case, case.way), MET, End.COMPLETE, answer=answer)
    return replace(case, readings=dict([heard_of]))


def also(case: Case, *more: tuple[str, Reading]) -> Case:
    return replace(case, readings={**case.readings, **dict(more)})


def test_apache_may_count_this_machines_own_address_as_local() -> None:
    case = asked(page())
    stranger, local = turned_away.plan_own_alone(case)
    assert dict(stranger.params)["source"] == "192.168.77.10"
    served = heard(local, MET, End.COMPLETE, answer=page())
    denied = heard(stranger, MET, End.COMPLETE, answer=page(403))
    told = also(case, served, denied)
    (finding,) = application.check(told).findings
    assert (finding.code, finding.outcome) == ("client-rejected", Outcome.BLOCKS)
    assert "Require ip 192.168.77.0/24" in finding.fixes[0].steps[0]
    assert what_client_sees(told, told.way, (finding,)).http_status == 403
    assert application.check(also(case, served)).findings == ()
    assert application.check(also(case, served, (stranger.name, served[1]))).findings == ()
    other_host = heard(local, MET, End.COMPLETE, answer=page(body=b"status"))
    assert application.check(also(case, other_host, denied)).findings == ()


def test_other_servers_are_not_asked_again() -> None:
    assert turned_away.plan_own_alone(asked(page(server="nginx"))) == ()


def test_a_server_with_another_part_for_the_address_of_the_network_looks_at_nobody() -> None:
    case = asked(page(502))
    assert case.way is not None
    _, loopback, *_, within = turned_away.plan_compared(case, case.way)
    assert dict(within.params)["source"] == "127.0.0.1"
    inside = heard(loopback, MET, End.COMPLETE, answer=page())
    by_sender = heard(within, MET, End.COMPLETE, answer=page())
    by_address = heard(within, MET, End.COMPLETE, answer=page(502))
    titles = [
        application.check(also(case, inside, told)).findings[0].title for told in (by_sender, by_address)
    ]
    assert titles == [
        "The server answers 502 to other devices, and 200 to this machine alone",
        "The server answers 502 at 192.168.77.10, where other devices ask, and answers 200 at 127.0.0.1",
    ]


def test_a_login_is_no_refusal() -> None:
    case = asked(page(401))
    assert case.way is not None
    loopback, *_ = exchange.loopback_exchanges(case, case.way)
    (finding,) = application.check(also(case, heard(loopback, MET, End.COMPLETE, answer=page()))).findings
    assert (finding.code, finding.outcome) == ("client-rejected", Outcome.WARNS)


def test_a_relay_that_gives_the_page_of_loopback_takes_no_port_away() -> None:
    shop, relay = (
        Process(17, "shop", ("shop",), exe="/opt/shop"),
        Process(18, "socat", ("socat",), exe="/bin/socat"),
    )
    lan = Socket(ip_address("192.168.77.10"), 5000, pids=(18,))
    facts = replace(host(processes={17: shop, 18: relay}), sockets=(lan, Socket(LOOPBACK, 5000, pids=(17,))))
    case = asked(page(), case_of(facts))
    (ours,) = same_answer.plan(case)
    outcomes = [
        port.check(also(case, heard(ours, MET, End.COMPLETE, answer=answer))).findings[0].outcome
        for answer in (page(), page(body=b"another"), page(403))
    ]
    assert outcomes == [Outcome.WARNS, Outcome.BLOCKS, Outcome.BLOCKS]


def test_a_socket_on_an_address_that_is_lost_is_not_asked() -> None:
    lost = Socket(ip_address("192.168.77.99"), 5000, pids=(17,))
    assert application.plan(case_of(replace(BASE, sockets=(lost,)))) == ()


def nat_output(rule: str) -> Ruleset:
    return iptables(f"*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT {rule}\nCOMMIT\n")


def test_an_answer_of_another_server_says_nothing_of_this_one() -> None:
    led = nat_output("-p tcp -m tcp --dport 5000 -j REDIRECT --to-ports 8000")
    case = asked(page(), case_of(replace(BASE, ruleset=led)))
    (finding,) = application.check(case).findings
    assert (finding.code, finding.outcome) == ("own-connection-stopped", Outcome.UNKNOWN)
    assert finding.title.endswith("this machine's own test is sent to another server")
    other_port = nat_output("-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 5000")
    assert application.check(asked(page(), case_of(replace(BASE, ruleset=other_port)))).findings == ()


def test_a_page_that_says_whom_a_proxy_takes_is_a_refusal() -> None:
    said = b"<p>The administrator of this proxy has not configured it to service requests from your host.</p>"
    (finding,) = application.check(asked(page(403, said, "tinyproxy/1.11"))).findings
    assert (finding.code, finding.outcome) == ("client-rejected", Outcome.UNKNOWN)
    assert "Allow" in finding.fixes[0].steps[0]
    assert application.check(asked(page(403))).findings == ()
    assert find_page_refusal(refusing_words(said.decode()).encode()) is not None
    assert refusing_words("hello") == ""
