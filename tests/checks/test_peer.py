"""Is the client that fails there at all? Pings, connections and neighbour entries, and what each proves."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.checks.case import Answer, Case
from landiag.checks.peer import asks as peer_asks
from landiag.checks.peer import check as peer
from landiag.collect.exchanges.icmp import Ping
from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.tcp import Connect, Connects, PortResult, TcpOutcome
from landiag.model.facts import Family, Reading, ReadStatus, Unknown
from landiag.model.host import Facts
from landiag.model.report import Outcome
from tests.checks.asked import case_of, said
from tests.firewall.rules import chain, of_family
from tests.journey.world import BASE, CLIENT, GATEWAY, LO, ROUTES, RULES, host, interface, route

FAR = "10.9.9.9"
BY_ROUTER = host(routes=(*ROUTES, route("10.9.0.0/16", "eth0", gateway="192.168.77.2")))


def entry(address: str, state: str, mac: str | None = None) -> str:
    known = "" if mac is None else f',"lladdr":"{mac}"'
    return f'{{"dst":"{address}","dev":"eth0"{known},"state":["{state}"]}}'


def asked(
    client: str | None,
    *entries: str,
    facts: Facts = BASE,
    ping: Ping | None = None,
    connects: Sequence[TcpOutcome] = (TcpOutcome.NO_ANSWER,),
) -> Answer:
    """What is said of a client (None: of the gateway) that met this."""
    case = case_of(facts, peer=client)
    subject = peer_asks.subject_of(case)
    assert subject is not None
    ip = subject[0]
    results = tuple(PortResult(str(ip), 80, Connect(one, 0.5)) for one in connects)
    readings = dict([
        said(peer_asks.ping_source(ip), ping or Ping(str(ip), "datagram", 1)),
        said(peer_asks.connect_source(ip), Connects(results)),
        said(peer_asks.NEIGHBOURS_AFTER, f"[{','.join(entries)}]"),
    ])  # fmt: skip
    return peer.check(replace(case, readings=readings))


def test_a_device_that_answers_is_there() -> None:
    pinged = asked(CLIENT, ping=Ping(CLIENT, "datagram", 1, (0.0012,)))
    assert (pinged.outcome, pinged.summary) == (Outcome.OK, f"client {CLIENT} answers in 1.2 ms")
    refused = asked(CLIENT, connects=(TcpOutcome.REFUSED,))
    assert [finding.code for finding in refused.findings] == ["peer-blocks-icmp"]
    assert refused.outcome is Outcome.WARNS


THERE, GONE = entry(CLIENT, "REACHABLE", "02:00:00:00:00:77"), entry(CLIENT, "FAILED")
OTHER = entry("192.168.77.31", "STALE", "02:00:00:00:00:31")
OTHER_GONE, ROUTER = entry("192.168.77.30", "FAILED"), entry(GATEWAY, "REACHABLE", "02:00:00:00:00:01")


@pytest.mark.parametrize(
    ("entries", "code", "outcome", "says"),
    [
        ((THERE,), None, Outcome.OK, "it answers no pings, which is common"),
        ((GONE,), "peer-down", Outcome.BLOCKS, "nobody answers for its address"),
        ((), "peer-down", Outcome.BLOCKS, "nobody answers for its address"),
        ((GONE, ROUTER), "peer-down", Outcome.BLOCKS, "nobody answers for its address"),
        ((GONE, OTHER_GONE, ROUTER), "peer-isolated", Outcome.BLOCKS, "probably keeps devices apart"),
        ((GONE, OTHER_GONE), "peer-down", Outcome.BLOCKS, "nobody answers for its address"),
        ((GONE, OTHER_GONE, OTHER, ROUTER), "peer-down", Outcome.BLOCKS, "nobody answers for its address"),
        (
            (entry(CLIENT, "PERMANENT", "02:00:00:00:00:78"),),
            "peer-down",
            Outcome.UNKNOWN,
            "a fixed entry gives its address",
        ),
    ],
)
def test_a_silent_client_is_judged_by_its_entry(
    entries: tuple[str, ...], code: str | None, outcome: Outcome, says: str
) -> None:
    found = asked(CLIENT, *entries)
    assert [finding.code for finding in found.findings] == ([] if code is None else [code])
    assert found.outcome is outcome
    assert says in found.summary


@pytest.mark.parametrize(
    ("entries", "errors", "code", "outcome"),
    [
        ((entry("192.168.77.2", "FAILED"),), (), "no-route-to-client", Outcome.BLOCKS),
        (
            (entry("192.168.77.2", "STALE", "02:00:00:00:00:02"),),
            (),
            "peer-in-other-network",
            Outcome.UNKNOWN,
        ),
        ((entry("192.168.77.2", "PERMANENT", "02:00:00:00:00:02"),), (), "peer-down", Outcome.UNKNOWN),
        (
            (entry("192.168.77.2", "STALE", "02:00:00:00:00:02"),),
            (IcmpError(4, 3, 0, "192.168.77.2"),),
            "peer-in-other-network",
            Outcome.BLOCKS,
        ),
    ],
    ids=["its router is gone", "silence proves nothing", "fixed entry", "its router knows no way"],
)
def test_a_client_behind_a_router(
    entries: tuple[str, ...], errors: tuple[IcmpError, ...], code: str, outcome: Outcome
) -> None:
    found = asked(FAR, *entries, facts=BY_ROUTER, ping=Ping(FAR, "datagram", 1, errors=errors))
    assert [(finding.code, finding.outcome) for finding in found.findings] == [(code, outcome)]


def test_the_gateway_is_never_a_fault() -> None:
    assert asked(None).summary == f"the gateway {GATEWAY} does not answer, which proves nothing"
    assert asked(None).outcome is Outcome.NOT_APPLICABLE
    assert "is there (02:00:00:00:00:01)" in asked(None, ROUTER).summary
    gone = asked(None, entry(GATEWAY, "FAILED"))
    assert [(one.code, one.outcome) for one in gone.findings] == [("peer-down", Outcome.WARNS)]
    elsewhere = asked(None, entry(GATEWAY, "FAILED").replace("eth0", "docker0"))
    assert elsewhere.outcome is Outcome.NOT_APPLICABLE
    assert peer.check(case_of(BASE)).outcome is Outcome.NOT_APPLICABLE
    assert peer.check(case_of(host(routes=ROUTES[:3]))).summary == "no gateway, and no --peer to ask"


def test_a_client_that_could_not_be_asked_is_unknown() -> None:
    found = peer.check(case_of(BASE, peer=CLIENT))
    assert [(finding.code, finding.outcome) for finding in found.findings] == [("peer-down", Outcome.UNKNOWN)]
    assert asked(CLIENT, "not a listing").outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(("policy", "outcome"), [("accept", Outcome.BLOCKS), ("drop", Outcome.UNKNOWN)])
def test_where_rules_drop_neighbour_discovery_silence_proves_nothing(policy: str, outcome: Outcome) -> None:
    six = host(
        interfaces=(LO, interface("eth0", "fd77::10/64")),
        routes=(route("fd77::10/128", "eth0", kind="local", table="local"), route("fd77::/64", "eth0")),
        policy_rules=tuple(replace(one, family=Family.IPV6) for one in RULES),
        ruleset=of_family("ip6", chain("in", "input", policy=policy)),
    )
    assert asked("fd77::20", facts=six).outcome is outcome


def of_mac(*, privileged: bool, seconds: float) -> Case:
    """A Mac whose connections to the client end without a route."""
    case = case_of(host(os="macos", privileged=privileged), peer=CLIENT)
    ip = ip_address(CLIENT)
    refused = Connect(TcpOutcome.UNREACHABLE, seconds, "EHOSTUNREACH")
    results = Connects((PortResult(CLIENT, 80, refused),))
    readings = dict([
        said(peer_asks.ping_source(ip), Ping(CLIENT, "datagram", 1)),
        said(peer_asks.connect_source(ip), results),
    ])  # fmt: skip
    return replace(case, readings=readings)


@pytest.mark.parametrize(
    ("privileged", "seconds", "code"),
    [(False, 0.001, "local-network-privacy"), (True, 0.001, "peer-down"), (False, 1.2, "peer-down")],
)
def test_macos_refuses_at_once_where_a_program_may_not_see_the_network(
    privileged: bool, seconds: float, code: str
) -> None:
    found = peer.check(of_mac(privileged=privileged, seconds=seconds))
    assert [(finding.code, finding.outcome) for finding in found.findings] == [(code, Outcome.UNKNOWN)]


def test_the_neighbours_are_listed_again_only_where_the_device_was_silent() -> None:
    silent = case_of(BASE, peer=CLIENT)
    call = peer_asks.ping_source(ip_address(CLIENT))
    assert peer.plan_after(silent) == ()
    quiet = replace(silent, readings=dict([said(call, Ping(CLIENT, "datagram", 1))]))
    assert peer.plan_after(quiet) == (peer_asks.NEIGHBOURS_AFTER,)
    answers = replace(silent, readings=dict([said(call, Ping(CLIENT, "datagram", 1, (0.1,)))]))
    assert peer.plan_after(answers) == ()


def test_without_routes_nobody_knows_the_gateway_or_the_router() -> None:
    blind = host(routes=Unknown("denied", "ip route"))
    assert peer_asks.gateway_of(case_of(blind)) is None
    assert peer_asks.router_to(case_of(blind), ip_address(FAR)) is None
    denied = Reading(peer_asks.NEIGHBOURS_AFTER.name, ReadStatus.DENIED)
    case = case_of(BASE, {denied.source: denied}, peer=CLIENT)
    assert peer_asks.neighbour_of(case, ip_address(CLIENT)) is None


def test_where_a_route_refuses_the_question_silence_proves_nothing() -> None:
    refusing = host(routes=(*ROUTES, route(f"{CLIENT}/32", None, kind="prohibit")))
    found = asked(CLIENT, entry(CLIENT, "FAILED"), facts=refusing)
    assert [(one.code, one.outcome) for one in found.findings] == [("peer-down", Outcome.UNKNOWN)]
    assert "could not be asked" in found.summary
