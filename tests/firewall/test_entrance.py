"""A chain that several hooks share is opened for one of them alone: nothing is let through to other hosts."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from landiag.firewall.opened import Opening
from landiag.firewall.openings import propose
from landiag.firewall.owners import find_owner
from landiag.model.changes import IptablesRule, NftRule
from landiag.model.ruleset import Ruleset
from tests.firewall.rules import chain, judge, nft, packet, rule, saved, verdict

OPENING = Opening(ip_network("192.168.77.0/24"), 5000)

SHARED = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:Firewall-1-INPUT - [0:0]
:inner - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -j Firewall-1-INPUT
{forward}
-A Firewall-1-INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A Firewall-1-INPUT -j inner
-A inner -j REJECT --reject-with icmp-host-prohibited
COMMIT
"""


def proposed(ruleset: Ruleset) -> tuple[object, str]:
    """The first proposal's change, and what becomes of a client with it."""
    told = judge(ruleset)
    line = told.decided_by
    assert line is not None
    first = propose(ruleset, find_owner(ruleset, line, told.lines), line, OPENING)[0]
    assert first.ruleset is not None
    return first.changes[0], verdict(first.ruleset)


@pytest.mark.parametrize(
    ("forward", "name", "position"),
    [
        ("-A FORWARD -j Firewall-1-INPUT", "INPUT", 2),
        ("-A FORWARD -i eth1 -j inner", "INPUT", 2),
        ("", "inner", 1),
    ],
)
def test_the_rule_stands_before_the_jump_where_forwarded_packets_come_there_too(
    forward: str, name: str, position: int
) -> None:
    change, then = proposed(saved(SHARED.format(forward=forward)))
    assert isinstance(change, IptablesRule)
    assert (change.chain, change.position, then) == (name, position, "accept")


def test_nftables_likewise_by_a_map() -> None:
    jump = {
        "vmap": {
            "key": {"meta": {"key": "iifname"}},
            "data": {"set": [["eth0", {"jump": {"target": "both"}}]]},
        }
    }
    ruleset = nft(
        chain("input", hook="input"), chain("forward", hook="forward"), chain("both"),
        rule("input", jump, handle=7), rule("forward", {"jump": {"target": "both"}}, handle=8),
        rule("both", {"drop": None}, handle=9),
    )  # fmt: skip
    assert verdict(ruleset, packet()) == "drop"
    change, then = proposed(ruleset)
    assert isinstance(change, NftRule)
    assert (change.chain, change.before, then) == ("input", 7, "accept")
