"""A port that is published for an address which the machine no longer has."""

from __future__ import annotations

import pytest

from landiag.checks.listening import check as listening
from landiag.model.report import Outcome
from tests.checks.asked import case_of
from tests.journey.world import SERVER, host, iptables

NAT = "*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING%s -p tcp -m tcp --dport %d -j %s\nCOMMIT\n"
SENT = "DNAT --to-destination 172.17.0.2:80"
SAID = "is published for 192.168.77.99"


@pytest.mark.parametrize(
    ("destination", "port", "target", "is_said"),
    [
        (" -d 192.168.77.99/32", 5000, SENT, True),
        (" -d 192.168.77.99/32", 5001, SENT, False),
        (" -d 192.168.76.0/24", 5000, SENT, False),
        (" ! -d 192.168.77.99/32", 5001, SENT, False),
        (" -d 192.168.77.99/32", 5000, "ACCEPT", False),
        (f" -d {SERVER}/32", 5001, SENT, False),
    ],
)
def test_the_rule_that_publishes_it_is_named(destination: str, port: int, target: str, is_said: bool) -> None:
    facts = host(ruleset=iptables(NAT % (destination, port, target)), sockets=())
    (finding,) = [one for one in listening.check(case_of(facts)).findings if one.outcome is Outcome.BLOCKS]
    assert finding.code == "nothing-listening"
    assert (SAID in finding.title) is is_said
