"""Rules that send connections to one of several places, or to a machine that routes then miss."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from landiag.checks.application.exchange import shared_exchanges
from landiag.checks.listening import check as listening
from landiag.checks.routes import check as way_back
from landiag.collect.exchanges.http import End
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.model.facts import Socket
from landiag.model.report import Finding, Outcome
from landiag.model.route import PolicyRule, Route
from landiag.model.ruleset import Ruleset
from landiag.model.terms import Symptom
from tests.checks.asked import case_of, heard
from tests.journey.world import ETH0, LISTENER, LO, ROUTES, RULES, host, interface, iptables, route, rule

DEALT = "-A PREROUTING -p tcp --dport 5000 -m statistic --mode random --probability 0.5"
OTHER = Socket(ip_address("0.0.0.0"), 5001, pids=(18,), uid=1000)


def nat(line: str) -> Ruleset:
    return iptables(f"*nat\n:PREROUTING ACCEPT [0:0]\n{line}\nCOMMIT\n")


def shared(*sockets: Socket) -> list[Finding]:
    """What is said where half of the connections are sent to port 5001."""
    facts = host(ruleset=nat(f"{DEALT} -j REDIRECT --to-ports 5001"), sockets=sockets)
    return [one for one in listening.check(case_of(facts)).findings if one.code == "port-redirected"]


def test_a_place_without_a_server_fails_its_share() -> None:
    (found,) = shared(LISTENER)
    assert (found.outcome, found.symptom) == (Outcome.BLOCKS, Symptom.VARIES)
    assert found.title == (
        "A share of connections to port 5000 are sent to 192.168.77.10:5001, where nothing answers"
    )
    assert [one.text for one in found.evidence] == [f"{DEALT} -j REDIRECT --to-ports 5001"]


def test_no_place_with_a_server_fails_all() -> None:
    (found,) = shared()
    assert found.symptom is None
    assert found.title.startswith("Connections to port 5000 are sent to ")
    assert "192.168.77.10:5000" in found.title
    assert "192.168.77.10:5001" in found.title


def test_a_server_at_each_place_is_fine() -> None:
    assert shared(LISTENER, OTHER) == []


@pytest.mark.parametrize(
    ("outcome", "is_dead"),
    [
        (TcpOutcome.REFUSED, True),
        (TcpOutcome.REJECTED, True),
        (TcpOutcome.UNREACHABLE, True),
        (TcpOutcome.NO_ANSWER, False),
        (TcpOutcome.CONNECTED, False),
        (None, False),
    ],
)
def test_another_machine_is_judged_by_what_this_one_met(outcome: TcpOutcome | None, is_dead: bool) -> None:
    """A refusal is proof; silence may be meant for this machine alone, and nothing asked says nothing."""
    facts = host(ruleset=nat(f"{DEALT} -j DNAT --to-destination 192.168.77.30:80"))
    asked = case_of(facts)
    assert asked.way is not None
    calls = [call for place, call in shared_exchanges(asked, asked.way) if place.is_elsewhere]
    assert len(calls) == 1
    readings = {} if outcome is None else dict([heard(calls[0], outcome, End.COMPLETE)])
    found = [
        one for one in listening.check(case_of(facts, readings)).findings if one.code == "port-redirected"
    ]
    assert bool(found) is is_dead
    assert all("192.168.77.30:80" in one.title for one in found)


BRIDGE = interface("docker0", "172.17.0.1/16", mac="02:42:00:00:00:01")
TUNNEL = interface("tun0", "10.8.0.2/24", kind="tun", mac=None)
INSIDE = route("172.17.0.0/16", "docker0")


def strayed(extra: Route, *rules: PolicyRule) -> Finding:
    """What is said where port 5000 is a container's, and a route or rule leads its packets elsewhere."""
    facts = host(
        interfaces=(LO, ETH0, BRIDGE, TUNNEL),
        routes=(*ROUTES, INSIDE, extra),
        policy_rules=tuple(sorted((*RULES, *rules), key=lambda one: one.priority)),
        ruleset=nat("-A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination 172.17.0.2:80"),
    )
    return next(one for one in way_back.check(case_of(facts)).findings if one.code == "port-redirected")


def test_a_rule_that_leads_into_the_tunnel_is_answered_by_one_before_it() -> None:
    found = strayed(route("0.0.0.0/0", "tun0", table="vpn"), rule(99, "vpn"))
    assert (found.outcome, found.symptom) == (Outcome.BLOCKS, Symptom.TIMEOUT)
    assert found.title.startswith("Port 5000 is sent to 172.17.0.2, but packets of ")
    assert found.title.endswith(" leave by tun0")
    (fix,) = found.fixes
    assert fix.commands == ("ip rule add to 172.17.0.0/16 lookup main pref 98",)
    assert fix.undo == ("ip rule del to 172.17.0.0/16 lookup main pref 98",)
    assert fix.verified


def test_a_longer_route_of_the_main_table_is_for_a_person() -> None:
    """Another rule that looks into the same table would help nobody."""
    found = strayed(route("172.17.0.0/24", "tun0"))
    (fix,) = found.fixes
    assert not fix.commands
    assert fix.steps == ("Correct the route or rule that leads packets for 172.17.0.0/16 away from docker0.",)


def test_before_the_first_free_priority_no_rule_is_added() -> None:
    found = strayed(route("0.0.0.0/0", "tun0", table="vpn"), rule(1, "vpn"))
    assert not found.fixes[0].commands


def test_a_router_may_send_them_back() -> None:
    found = strayed(route("0.0.0.0/0", "eth0", table="vpn", gateway="192.168.77.1"), rule(99, "vpn"))
    assert (found.outcome, found.symptom) == (Outcome.UNKNOWN, Symptom.UNKNOWN)
    assert "They arrive only if 192.168.77.1 sends them back." in found.detail
