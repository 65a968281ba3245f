"""Whether clients find this machine: ARP and neighbour discovery through the chains that see them."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from landiag.firewall.engine.neighbours import Seeker, solicited_node
from landiag.firewall.engine.surroundings import Surroundings
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset
from tests.firewall.rules import ACCEPT, DROP, chain, match, nft, of_family, packet, rule

OPERATION = {"payload": {"protocol": "arp", "field": "operation"}}
FOR = {"payload": {"protocol": "arp", "field": "daddr ip"}}
SIX = packet(source=ip_address("fd77::20"), destination=ip_address("fd77::10"), length=80)


def sought(rules: Ruleset, one: Packet | None = None) -> str:
    one = one or packet()
    return Seeker(rules, Surroundings(one.destination, one.in_interface)).seek(one).verdict.value


@pytest.mark.parametrize("one", [packet(), SIX])
def test_without_rules_they_find_it(one: Packet) -> None:
    assert sought(nft(), one) == "accept"


def test_where_only_their_question_is_dropped_the_machine_s_own_may_help() -> None:
    assert (
        sought(of_family("arp", chain("a", "input"), rule("a", match(OPERATION, "request"), DROP)))
        == "unknown"
    )
    assert sought(of_family("arp", chain("a", "input", policy="drop"))) == "drop"
    assert sought(of_family("arp", chain("a", "output", policy="drop"))) == "drop"


def test_questions_for_others_are_no_matter() -> None:
    rules = of_family("arp", chain("a", "input"), rule("a", match(FOR, "192.168.77.99"), DROP))
    assert sought(rules) == "accept"
    mine = rule("a", match(FOR, "192.168.77.10"), DROP)
    assert sought(of_family("arp", chain("a", "input"), mine)) == "drop"


def test_arp_is_not_ip() -> None:
    rules = of_family("netdev", chain("a", "ingress", dev="eth0"),
                      rule("a", match({"meta": {"key": "l4proto"}}, "tcp", "!="), DROP),
                      rule("a", match({"payload": {"protocol": "ip", "field": "ttl"}}, 64, "!="), DROP))  # fmt: skip
    assert sought(rules) == "accept"
    kind = match({"meta": {"key": "protocol"}}, "arp")
    assert sought(of_family("netdev", chain("a", "ingress", dev="eth0"), rule("a", kind, DROP))) == "drop"


def test_a_policy_that_forgets_icmpv6_hides_the_machine() -> None:
    tcp = match({"meta": {"key": "l4proto"}}, "tcp")
    rules = nft(chain("i", "input", policy="drop"), rule("i", tcp, ACCEPT))
    assert (sought(rules, SIX), sought(rules)) == ("drop", "accept")
    kind = {"payload": {"protocol": "icmpv6", "field": "type"}}
    both = match(kind, {"set": ["nd-neighbor-solicit", "nd-neighbor-advert"]})
    assert sought(nft(chain("i", "input", policy="drop"), rule("i", both, ACCEPT)), SIX) == "accept"
    advert = nft(chain("i", "input", policy="drop"), rule("i", match(kind, "nd-neighbor-advert"), ACCEPT))
    assert sought(advert, SIX) == "unknown"


def test_the_group_that_is_asked() -> None:
    assert str(solicited_node(ip_address("fd77::12:3456"))) == "ff02::1:ff12:3456"
