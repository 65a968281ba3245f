"""What a client sees, of the journey, of what was found, and of what this machine's own test met."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from landiag.checks.application import exchange
from landiag.checks.case import Case
from landiag.checks.peer.asks import ping_from_source
from landiag.collect.exchanges.http import End
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.model.causes import CAUSES
from landiag.model.facts import Socket, Unknown
from landiag.model.host import Facts
from landiag.model.report import Finding, Outcome
from landiag.model.ruleset import Ruleset
from landiag.model.terms import StageName, Symptom
from landiag.verdict.sight import _is_before, what_client_sees
from tests.checks.asked import case_of, heard
from tests.journey.world import BASE, ETH0, LO, ROUTES, host, input_rules, interface, iptables, route

BR = interface("docker0", "172.17.0.1/16", kind="container", index=9)
SHARED = host(
    interfaces=(LO, ETH0, BR),
    routes=(*ROUTES, route("172.17.0.0/16", "docker0")),
    ruleset=iptables(
        "*nat\n:PREROUTING ACCEPT [0:0]\n"
        "-A PREROUTING -p tcp --dport 5000 -m statistic --mode random --probability 0.5 -j DNAT "
        "--to-destination 172.17.0.2:80\n"
        "-A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination 172.17.0.3:80\nCOMMIT\n"
    ),
)  # fmt: skip


def sees(case: Case, *findings: Finding) -> Symptom:
    return what_client_sees(case, case.way, findings).outcome


def shared(*outcomes: TcpOutcome) -> Case:
    case = case_of(SHARED)
    assert case.way is not None
    calls = [call for _, call in exchange.shared_exchanges(case, case.way)]
    ends = {TcpOutcome.CONNECTED: End.COMPLETE}
    met = zip(calls, outcomes, strict=True)
    return case_of(SHARED, dict(heard(call, one, ends.get(one, End.NOT_CONNECTED)) for call, one in met))


@pytest.mark.parametrize(
    ("outcomes", "symptom"),
    [
        ((TcpOutcome.CONNECTED, TcpOutcome.CONNECTED), Symptom.ANSWERED),
        ((TcpOutcome.CONNECTED, TcpOutcome.UNREACHABLE), Symptom.VARIES),
        ((TcpOutcome.UNREACHABLE, TcpOutcome.UNREACHABLE), Symptom.UNREACHABLE),
    ],
)
def test_places_that_share_connections_are_asked_one_by_one(
    outcomes: Sequence[TcpOutcome], symptom: Symptom
) -> None:
    assert sees(shared(*outcomes)) is symptom


UNSURE = Finding(
    "no-route-to-client",
    Outcome.UNKNOWN,
    "where answers go",
    stage=StageName.REPLY_ROUTE,
    symptom=Symptom.UNKNOWN,
)
UNFOUND = Finding("firewall-drops", Outcome.UNKNOWN, "whether it is found", stage=StageName.LINK)
HOST_REFUSED = Finding("host-header-rejected", Outcome.BLOCKS, "refuses the name")
ADDRESS = Finding("wrong-address", Outcome.BLOCKS, "no such address", symptom=Symptom.UNREACHABLE)
FREE = Finding("nothing-listening", Outcome.BLOCKS, "nothing listens")
UNREAD = host(ruleset=Ruleset(gaps=(Unknown("denied", "nft"),)))
RULE_REJECTS, RULE_DROPS = (input_rules(f"-p tcp --dport 5000 -j {one}") for one in ("REJECT", "DROP"))
REFUSES, DROPS = host(ruleset=RULE_REJECTS), host(ruleset=RULE_DROPS)


@pytest.mark.parametrize(
    ("facts", "findings", "symptom"),
    [
        (BASE, (), Symptom.ANSWERED),
        (BASE, (HOST_REFUSED,), Symptom.ANSWERED),
        (BASE, (UNSURE,), Symptom.UNKNOWN),
        (REFUSES, (UNSURE,), Symptom.UNKNOWN),
        (DROPS, (UNSURE,), Symptom.TIMEOUT),
        (DROPS, (UNFOUND,), Symptom.UNKNOWN),
        (BASE, (ADDRESS, UNFOUND), Symptom.UNREACHABLE),
        (BASE, (ADDRESS,), Symptom.UNREACHABLE),
        (UNREAD, (), Symptom.UNKNOWN),
        (UNREAD, (FREE,), Symptom.UNKNOWN),
    ],
)
def test_what_stops_the_client_first_is_what_it_sees(
    facts: Facts, findings: Sequence[Finding], symptom: Symptom
) -> None:
    assert sees(case_of(facts), *findings) is symptom


def test_what_would_be_refused_is_told_beside_rules_that_could_not_be_read() -> None:
    case = case_of(UNREAD)
    assert what_client_sees(case, case.way, (FREE,)).perhaps is Symptom.REFUSED


@pytest.mark.parametrize(("value", "symptom"), [("0", Symptom.REFUSED), ("2", Symptom.TIMEOUT)])
def test_a_closed_port_is_silent_where_the_system_is_told_so(value: str, symptom: Symptom) -> None:
    inside = (Socket(ip_address("127.0.0.1"), 5000),)
    facts = host(os="freebsd", sockets=inside, sysctls={"net.inet.tcp.blackhole": value})
    assert sees(case_of(facts)) is symptom


def test_what_a_rule_rejects_is_refused_though_closed_ports_are_silent() -> None:
    rejects = host(os="freebsd", ruleset=RULE_REJECTS, sysctls={"net.inet.tcp.blackhole": "2"})
    assert sees(case_of(rejects)) is Symptom.REFUSED


def test_what_keeps_every_packet_away_comes_before_what_its_way_would_show() -> None:
    before = {one.code for one in CAUSES if _is_before(Finding(one.code, Outcome.BLOCKS, one.code))}
    assert before == {"link-down", "no-lan-address", "duplicate-address", "wrong-address"}


def test_a_client_of_the_family_that_this_machine_has_lost_asks_no_address_that_was_found() -> None:
    facts = host(interfaces=(LO, interface("eth0", "fd77::10/64")), routes=(route("fd77::/64", "eth0"),))
    case = case_of(facts, peer="192.168.77.20")
    refused = Finding("nothing-listening", Outcome.BLOCKS, "nothing listens", stage=StageName.SOCKET)
    assert case.way is not None
    assert sees(case, refused) is Symptom.UNKNOWN
    assert ping_from_source(case) is None, "no ping leaves from an address of the other family"
