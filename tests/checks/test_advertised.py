"""Servers that tell their clients where to connect next, as Kafka does."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.checks.application import advertised
from landiag.checks.application import check as application
from landiag.checks.application.exchange import client_exchange
from landiag.checks.case import Case
from landiag.collect.exchanges.advertised import Advertised, Place
from landiag.collect.exchanges.http import End
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.model.facts import Socket
from landiag.model.process import Process
from landiag.model.report import Finding, Outcome
from tests.checks.asked import case_of, heard, said
from tests.journey.world import BASE, input_rules, interface

PROGRAMS = {
    "kafka": ("java", "-cp", "libs/*", "kafka.Kafka", "config/server.properties"),
    "mongodb": ("mongod", "--replSet", "rs0"),
    "redis": ("redis-server", "*:7001"),
    "shop": ("./shop",),
}


def asked(program: str, rules: str = "") -> Case:
    """The server of that program takes the connection and hangs up on a web request."""
    owner = Process(pid=7, name=PROGRAMS[program][0], argv=PROGRAMS[program], uid=0)
    bridge = interface("docker0", "172.17.0.1/16", kind="container")
    assert isinstance(BASE.interfaces, tuple)
    facts = replace(
        BASE,
        sockets=(Socket(ip_address("0.0.0.0"), 5000, pids=(7,)),),
        processes={7: owner},
        interfaces=(*BASE.interfaces, bridge),
        ruleset=input_rules(rules) if rules else BASE.ruleset,
    )
    case = case_of(facts)
    assert case.way is not None
    call = client_exchange(case, case.way)
    return replace(case, readings=dict([heard(call, TcpOutcome.CONNECTED, End.CLOSED_EMPTY)]))


def told(case: Case, *places: tuple[str, int]) -> list[Finding]:
    """What is said where the server names these places."""
    call, *_ = advertised.plan(case)
    protocol = dict(call.params)["protocol"]
    answered = Advertised("192.168.77.10", 5000, protocol, tuple(Place(*one) for one in places))
    case = replace(case, readings={**case.readings, **dict([said(call, answered)])})
    answer = application.check(case)
    assert f"accepts connections ({protocol}" in answer.summary or answer.findings
    return list(answer.findings)


@pytest.mark.parametrize("place", [("localhost", 5000), ("127.0.0.1", 9092), ("172.17.0.2", 5000)])
@pytest.mark.parametrize(
    ("program", "outcome"),
    [("kafka", Outcome.BLOCKS), ("mongodb", Outcome.BLOCKS), ("redis", Outcome.WARNS)],
)
def test_places_where_other_devices_do_not_get(
    program: str, outcome: Outcome, place: tuple[str, int]
) -> None:
    (finding,) = told(asked(program), ("192.168.77.10", 5000), place)
    assert (finding.code, finding.outcome) == ("redirects-elsewhere", outcome)
    assert place[0] in finding.title


def test_the_address_that_was_asked_and_other_machines() -> None:
    assert told(asked("kafka"), ("192.168.77.10", 5000), ("192.168.77.30", 9092)) == []


def test_whether_clients_get_into_another_network_is_not_known() -> None:
    (finding,) = told(asked("kafka"), ("10.5.0.3", 9092))
    assert (finding.code, finding.outcome) == ("redirects-elsewhere", Outcome.UNKNOWN)
    assert told(asked("redis"), ("10.5.0.3", 9092)) == []


def test_another_port_of_this_machine_is_followed() -> None:
    closed = asked("kafka", "-p tcp --dport 9093 -j DROP")
    (finding,) = told(closed, ("192.168.77.10", 9093))
    assert "from where nothing comes back" in finding.title


def test_other_servers_are_not_asked() -> None:
    assert advertised.plan(asked("shop")) == ()
