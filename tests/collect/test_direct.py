"""The direct rules of firewalld, as firewall-cmd lists them."""

from __future__ import annotations

import pytest

from landiag.collect.direct import parse_direct
from landiag.model.direct import DirectRule
from landiag.model.facts import ParseError


def test_rules_of_both_families_are_read_and_those_of_bridges_left_out() -> None:
    text = (
        "ipv4 filter INPUT 0 -p tcp --dport 5000 -j DROP\n"
        "eb filter INPUT 0 -p IPv4 -j DROP\n"
        "ipv6 filter INPUT -1 -m comment --comment 'of the house' -j ACCEPT\n"
    )
    assert parse_direct(text) == (
        DirectRule(4, "filter", "INPUT", 0, ("-p", "tcp", "--dport", "5000", "-j", "DROP")),
        DirectRule(6, "filter", "INPUT", -1, ("-m", "comment", "--comment", "of the house", "-j", "ACCEPT")),
    )


@pytest.mark.parametrize(
    "text", ["ipv4 filter", "ipv5 filter INPUT 0 -j DROP", "ipv4 filter INPUT x -j DROP"]
)
def test_what_is_no_list_is_told(text: str) -> None:
    with pytest.raises(ParseError):
        parse_direct(text)


def test_a_rule_stands_in_its_chain_or_in_that_of_the_older_backend() -> None:
    (rule,) = parse_direct("ipv4 filter INPUT 0 -j DROP")
    assert rule.is_in("ip", "filter", "INPUT")
    assert rule.is_in("ip", "filter", "INPUT_direct")
    assert not rule.is_in("ip6", "filter", "INPUT")
    assert not rule.is_in("ip", "filter", "FORWARD")
