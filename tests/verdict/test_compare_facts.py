"""What changed between the facts of two recordings; of what either could not read, nothing is said."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.model.facts import Socket, Unknown
from landiag.model.host import Facts
from landiag.model.process import Process
from landiag.verdict import compare_reach
from landiag.verdict.compare_facts import compare_facts
from tests.journey.world import BASE, ETH0, LO, ROUTES, host, input_rules, interface, route

DENIED = Unknown("denied", "ss")
DROP = "-p tcp --dport 5000 -j DROP"
DROPS = input_rules(DROP)


def told(before: Facts, after: Facts) -> list[str]:
    return [change.text for change in compare_facts(before, after)]


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (
            host(sockets=(Socket(ip_address("::"), 5000, device="eth0", pids=(17,)),)),
            ["The listener 0.0.0.0:5000 is gone", "The listener [::]:5000 on eth0 is new"],
        ),
        (
            host(processes={17: Process(17, "shop")}),
            ["The listener 0.0.0.0:5000 is gone", "The listener 0.0.0.0:5000 (shop) is new"],
        ),
        (
            host(interfaces=(LO, replace(ETH0, carrier=False))),
            ["The interface state eth0 up is gone", "The interface state eth0 down is new"],
        ),
        (
            host(interfaces=(LO, ETH0, interface("wlan0", "10.0.0.2/24"))),
            ["The address 10.0.0.2/24 on wlan0 is new", "The interface state wlan0 up is new"],
        ),
        (
            host(routes=(*ROUTES, route("10.0.0.0/8", None, kind="blackhole", table="70"))),
            ["The route blackhole 10.0.0.0/8 table 70 is new"],
        ),
        (
            host(
                sysctls={**BASE.sysctls, "net.ipv4.ip_forward": "0", "net.netfilter.nf_conntrack_count": "7"}
            ),
            [
                "The kernel setting net.ipv4.ip_forward = 1 is gone",
                "The kernel setting net.ipv4.ip_forward = 0 is new",
            ],
        ),
    ],
)
def test_each_thing_that_came_or_went_is_told(after: Facts, says: list[str]) -> None:
    assert [text for text in told(BASE, after) if "lost" not in text] == says


@pytest.mark.parametrize("field", ["sockets", "interfaces", "routes", "ruleset"])
def test_what_could_not_be_read_has_not_changed(field: str) -> None:
    unread = host(**{field: DENIED})
    assert told(BASE, unread) == told(unread, BASE) == []


def test_listeners_of_processes_that_nobody_sees_are_told_without_their_names() -> None:
    hidden = host(processes=DENIED, sockets=(Socket(ip_address("0.0.0.0"), 80, pids=(17,)),))
    assert "The listener 0.0.0.0:80 is new" in told(BASE, hidden)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (BASE, host(ruleset=DROPS), f"anywhere lost tcp 5000 over IPv4; decided by iptables: -A INPUT {DROP}"),
        (host(ruleset=DROPS), BASE, "anywhere gained tcp 5000 over IPv4"),
        (
            BASE,
            host(ruleset=input_rules("-s 192.168.77.0/25 -p tcp --dport 80:90 -j REJECT")),
            "192.168.77.0/25 lost tcp 80-90 over IPv4; decided by iptables: -A INPUT -s 192.168.77.0/25 -p tcp "
            "--dport 80:90 -j REJECT",
        ),
        (
            BASE,
            host(ruleset=input_rules("-p tcp --dport 5000 -m string --string x --algo bm -j DROP")),
            "anywhere may have lost tcp 5000 over IPv4; decided by iptables: -A INPUT -p tcp --dport 5000 -m string "
            "--string x --algo bm -j DROP",
        ),
    ],
    ids=["dropped", "opened", "a part", "perhaps"],
)  # fmt: skip
def test_what_one_rule_changes_is_one_line(before: Facts, after: Facts, says: str) -> None:
    assert [change.text for change in compare_facts(before, after) if change.kind == "reach"] == [says]


def test_rulesets_too_large_to_compare_are_compared_by_their_text_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compare_reach, "MAX_RULES", 0)
    changes = compare_facts(BASE, host(ruleset=DROPS))
    assert {change.kind for change in changes} == {"rule", "reach"}
    assert "is not compared" in changes[0].text
