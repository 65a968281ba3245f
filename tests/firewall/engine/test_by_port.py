"""Which rules may concern a port: those that plainly ask for another one are left out, and no others."""

from __future__ import annotations

import json

import pytest

from landiag.firewall.engine.by_port import ANY, parts, ports_met
from landiag.model.ruleset import Ruleset


def compare(key: object, right: object, op: str = "==") -> dict[str, object]:
    return {"match": {"op": op, "left": key, "right": right}}


DPORT = {"payload": {"protocol": "tcp", "field": "dport"}}
SADDR = {"payload": {"protocol": "ip", "field": "saddr"}}
STATE = compare({"ct": {"key": "state"}}, ["established", "related"], "in")
NETWORK = compare(SADDR, {"prefix": {"addr": "10.0.0.0", "len": 8}})
MANY = compare(SADDR, {"set": [{"prefix": {"addr": "10.0.0.0", "len": 8}}, "10.9.9.9"]})


def nft(*statements: object) -> bytes:
    chain = {"family": "inet", "table": "f", "name": "in", "handle": 1}
    rule = {"family": "inet", "table": "f", "chain": "in", "handle": 2, "expr": [*statements, {"drop": None}]}
    return json.dumps({"nftables": [{"chain": chain}, {"rule": rule}]}).encode()


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        (b"-A INPUT -p tcp -m tcp --dport 80 -j DROP", ((80, 80),)),
        (b"[3:4] -A INPUT ! -s 10.0.0.1/32 -i eth0 -p tcp -m tcp --dport 80:90 -j DROP", ((80, 90),)),
        (b"-A INPUT -p tcp -m tcp --dport :90 -j DROP", ((0, 90),)),
        (b"-A INPUT -p tcp -m multiport --dports 443,80:90 -j DROP", ((80, 90), (443, 443))),
        (b'-A INPUT -p tcp -m comment --comment "a --dport 1" -m tcp --dport 80 -j DROP', ((80, 80),)),
        (b"-A INPUT -m conntrack --ctstate NEW -p tcp -m tcp --dport 80 -j DROP", ((80, 80),)),
        (b"-A INPUT -p tcp -m tcp ! --dport 80 -j DROP", ANY),
        (b"-A INPUT -p tcp -m tcp --sport 80 -j DROP", ANY),
        (b"-A INPUT -m recent --set --name x -m tcp --dport 80 -j DROP", ANY),
        (b'-A INPUT -m comment --comment "a \\" --dport 80" -j DROP', ANY),
        (nft(compare(DPORT, 80)), ((80, 80),)),
        (nft(NETWORK, STATE, compare(DPORT, {"range": [80, 90]})), ((80, 90),)),
        (nft(MANY, compare(DPORT, {"set": [443, {"range": [80, 90]}]})), ((80, 90), (443, 443))),
        (nft(compare({"meta": {"key": "iifname"}}, "a}}, {\\"), compare(DPORT, 80)), ANY),
        (nft(compare(DPORT, 80, "!=")), ANY),
        (nft(compare(DPORT, "@ports")), ANY),
        (nft(compare(DPORT, {"set": ["http"]})), ANY),
        (nft({"counter": {"packets": 0, "bytes": 0}}, compare(DPORT, 80)), ANY),
        (nft(compare({"payload": {"protocol": "tcp", "field": "sport"}}, 80)), ANY),
    ],
)  # fmt: skip
def test_the_ports_that_a_rule_asks_for(text: bytes, ports: object) -> None:
    found = [
        one.ports for one in parts(Ruleset(texts=(text,))) if b"DROP" in one.text or b'"rule"' in one.text
    ]
    assert found == [ports]


@pytest.mark.parametrize(
    ("text", "met"),
    [
        (b"-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.5:8080\n", {80, 8080}),
        (b"-A PREROUTING -p tcp -j DNAT --to-destination [fd00::5]:8080\n", {80, 8080}),
        (b"-A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.5\n-A POSTROUTING -j MASQUERADE\n", {80}),
        (b"-A PREROUTING -p tcp -j REDIRECT --to-ports 3000\n", {80, 3000}),
        (
            b"-A PREROUTING -p tcp -j TPROXY --on-port 3128 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1\n",
            {80, 3128},
        ),
        (b"-A PREROUTING -p tcp -j REDIRECT --to-ports 3000-3010\n", None),
        (nft({"dnat": {"family": "ip", "addr": "10.0.0.5", "port": 8080}}), {80, 8080}),
        (nft({"redirect": {"port": 8080}}, {"masquerade": None}), {80, 8080}),
        (nft({"snat": {"addr": "10.0.0.5", "flags": ["random"]}}), {80}),
        (nft({"redirect": {"port": {"range": [8080, 8090]}}}), None),
        (nft({"dnat": {"addr": {"map": {"key": DPORT, "data": "@where"}}}}), None),
        (nft({"mangle": {"key": DPORT, "value": 81}}), None),
        (nft(compare(DPORT, 80)), {80}),
    ],
)
def test_the_ports_to_which_packets_are_sent_on(text: bytes, met: set[int] | None) -> None:
    expected = ANY if met is None else tuple((port, port) for port in sorted(met))
    assert ports_met(Ruleset(texts=(text,)), [80]) == expected
