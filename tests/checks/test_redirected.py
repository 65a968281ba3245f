"""A translation to a port where nobody listens, or to loopback, and the rule that leaves the server's port alone."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from landiag.checks.firewall import check as firewall
from landiag.checks.listening import check as listening
from landiag.model.facts import Socket
from landiag.model.host import Facts
from landiag.model.report import Finding, Outcome
from landiag.model.ruleset import Ruleset
from tests.checks.asked import case_of
from tests.journey.world import BASE, host, iptables


def translating(*rules: str, more: str = "") -> Ruleset:
    lines = "\n".join(f"-A PREROUTING {one}" for one in rules)
    return iptables(f"*nat\n:PREROUTING ACCEPT [0:0]\n{more}{lines}\nCOMMIT\n")


TO_5001 = translating("-p tcp --dport 5000 -j REDIRECT --to-ports 5001")
DOCKERS = translating(
    "-m addrtype --dst-type LOCAL -j DOCKER",
    more=":DOCKER - [0:0]\n-A DOCKER ! -i docker0 -p tcp --dport 5000 -j REDIRECT --to-ports 5001\n",
)


def redirected(facts: Facts, **more: Any) -> Finding:
    (finding,) = listening.check(case_of(facts, **more)).findings
    assert (finding.code, finding.outcome) == ("port-redirected", Outcome.BLOCKS)
    assert finding.title == "A rule sends port 5000 on to port 5001, where nothing is listening"
    return finding


def test_the_rule_that_leaves_the_servers_port_alone_is_given_where_it_was_seen_to_help() -> None:
    (fix,) = redirected(host(ruleset=TO_5001)).fixes
    assert fix.verified is True
    assert fix.commands == (
        "iptables-legacy -t nat -I PREROUTING 1 -s 192.168.77.0/24 -p tcp -m tcp --dport 5000 -j ACCEPT",
    )


@pytest.mark.parametrize(
    ("facts", "more"),
    [
        (host(ruleset=TO_5001, sockets=()), {}),
        (host(ruleset=TO_5001), {"wants_fixes": False}),
        (host(ruleset=DOCKERS), {}),
        (host(ruleset=TO_5001, sockets=(Socket(ip_address("0.0.0.0"), 5000, queue=9, backlog=5),)), {}),
    ],
    ids=["no server of its own", "nobody asks for fixes", "docker writes its rules anew", "the server hangs"],
)
def test_else_the_step_is_to_start_what_is_meant_to_answer(facts: Facts, more: dict[str, Any]) -> None:
    (fix,) = redirected(facts, **more).fixes
    assert (fix.commands, fix.needs) == ((), "user-action")
    assert fix.steps == (
        "Start what should answer on port 5001, or remove the rule that sends port 5000 there.",
    )


def test_a_server_at_the_translated_port_is_no_fault() -> None:
    both = (Socket(ip_address("0.0.0.0"), 5001, uid=1000),)
    assert listening.check(case_of(host(ruleset=TO_5001, sockets=both))).outcome is Outcome.OK


def test_a_translation_to_loopback_takes_nothing_from_other_devices() -> None:
    names = ("all", "eth0")
    facts = host(
        ruleset=translating("-p tcp --dport 5000 -j DNAT --to-destination 127.0.0.1:5000"),
        sysctls={**BASE.sysctls, **{f"net.ipv4.conf.{one}.route_localnet": "0" for one in names}},
    )
    (finding,) = firewall.check(case_of(facts)).findings
    assert (finding.code, finding.outcome) == ("port-redirected", Outcome.BLOCKS)
    assert finding.title == "A rule sends port 5000 to 127.0.0.1, which takes nothing from other devices"
    assert any("sysctl -w net.ipv4.conf.eth0.route_localnet=1" in step for step in finding.fixes[-1].steps)
    exception, _ = finding.fixes
    assert exception.verified
    assert "--dport 5000" in exception.commands[0]
