"""What a client sees of a rejection: its packet has to find the way back as any other."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from landiag.firewall.linux import parse_ruleset
from landiag.model.facts import Reading, ReadStatus
from landiag.model.route import PolicyRule
from landiag.model.terms import Symptom
from tests.journey.world import (
    ETH0,
    LO,
    ROUTES,
    RULES,
    TUN0,
    attempt,
    host,
    input_rules,
    interface,
    iptables,
    route,
    rule,
)

REJECTS = input_rules("-p tcp -m tcp --dport 5000 -j REJECT --reject-with tcp-reset")


def tunnelled(*more: PolicyRule, destination: str = "192.168.77.0/24") -> dict[str, object]:
    """A host with a tunnel, and a table 70 that leads into it."""
    routes = (*ROUTES, route(destination, "tun0", table="70"))
    rules = tuple(sorted((*RULES, *more), key=lambda one: one.priority))
    return {"interfaces": (LO, ETH0, TUN0), "routes": routes, "policy_rules": rules}


def test_a_rejection_is_a_refusal() -> None:
    assert attempt(host(ruleset=REJECTS)).sight.symptom is Symptom.REFUSED


def test_a_rejection_that_a_tunnel_takes_is_silence() -> None:
    facts = host(ruleset=REJECTS, **tunnelled(rule(100, "70")))
    assert attempt(facts).sight.symptom is Symptom.TIMEOUT


def test_a_rejection_is_routed_without_ports() -> None:
    facts = host(ruleset=REJECTS, **tunnelled(rule(100, "70", protocol="tcp", source_ports=(5000, 5000))))
    assert attempt(facts).sight.symptom is Symptom.REFUSED


def test_which_of_two_tables_was_registered_last_is_not_known() -> None:
    legacy = Reading("iptables-legacy-save", ReadStatus.OK, INPUT.format("DROP").encode())
    newer = Reading("iptables-save", ReadStatus.OK, INPUT.format("REJECT").encode())
    nothing = Reading("nft-ruleset", ReadStatus.OK, b'{"nftables": []}')
    mixed = parse_ruleset({one.source: one for one in (legacy, newer, nothing)})
    assert attempt(host(ruleset=mixed)).sight.symptom is Symptom.UNKNOWN
    alike = replace(newer, data=INPUT.format("DROP").encode())
    both = parse_ruleset({one.source: one for one in (legacy, alike, nothing)})
    assert attempt(host(ruleset=both)).sight.symptom is Symptom.TIMEOUT


INPUT = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p tcp -m tcp --dport 5000 -j {}
COMMIT
"""

OWNED = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -p tcp -m tcp --sport 5000 -m owner ! --uid-owner 1000 -j DROP
COMMIT
"""


def test_whether_a_chain_of_iptables_was_registered_after_one_of_nft_is_not_known() -> None:
    """Its table stands first where its other chains are older; the chain itself came with its first rule."""
    chains = [
        {"table": {"family": "ip", "name": "filter", "handle": 1}},
        {"chain": _base("ip", "filter", "INPUT", 1)},
        {
            "rule": {
                "family": "ip",
                "table": "filter",
                "chain": "INPUT",
                "handle": 2,
                "expr": _rejects("icmp"),
            }
        },
        {"table": {"family": "inet", "name": "shop", "handle": 2}},
        {"chain": _base("inet", "shop", "c", 1)},
        {
            "rule": {
                "family": "inet",
                "table": "shop",
                "chain": "c",
                "handle": 2,
                "expr": _rejects("tcp reset"),
            }
        },
    ]
    listing = Reading("nft-ruleset", ReadStatus.OK, json.dumps({"nftables": chains}).encode())
    assert attempt(host(ruleset=parse_ruleset({listing.source: listing}))).sight.symptom is Symptom.UNKNOWN


def _base(family: str, table: str, name: str, handle: int) -> dict[str, object]:
    place = {"family": family, "table": table, "name": name, "handle": handle}
    return {**place, "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}


def _rejects(kind: str) -> list[dict[str, object]]:
    how = {"type": kind, **({} if kind == "tcp reset" else {"expr": "admin-prohibited"})}
    asked = {"left": {"payload": {"protocol": "tcp", "field": "dport"}}, "op": "==", "right": 5000}
    return [{"match": asked}, {"reject": how}]


@pytest.mark.parametrize(("cookies", "seen"), [("1", Symptom.ANSWERED), ("2", Symptom.TIMEOUT)])
def test_a_cookie_belongs_to_no_socket(cookies: str, seen: Symptom) -> None:
    facts = host(ruleset=iptables(OWNED))
    facts = replace(facts, sysctls={**facts.sysctls, "net.ipv4.tcp_syncookies": cookies})
    assert attempt(facts).sight.symptom is seen


DOCKER0 = interface("docker0", "172.17.0.1/16", kind="container")
TRANSLATED = """*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 5000 -j DNAT --to-destination {}
COMMIT
"""


def test_a_translated_packet_that_leaves_by_another_link_is_lost() -> None:
    there = route("172.17.0.0/16", "docker0")
    astray = tunnelled(rule(100, "70", in_interface="eth0"), destination="0.0.0.0/0")
    links = {"interfaces": (LO, ETH0, TUN0, DOCKER0), "ruleset": iptables(TRANSLATED.format("172.17.0.2:80"))}
    straight = host(**{**links, "routes": (*ROUTES, there)})
    assert attempt(straight).sight.symptom is Symptom.ANSWERED
    lost = host(**{**astray, **links, "routes": (*astray["routes"], there)})  # type: ignore[misc]
    assert attempt(lost).sight.symptom is Symptom.TIMEOUT


def test_a_router_on_the_clients_link_answers_past_this_machine() -> None:
    facts = host(ruleset=iptables(TRANSLATED.format("172.17.0.9:80")))
    assert attempt(facts).sight.symptom is Symptom.TIMEOUT
