"""Plain comparisons of nft are lowered in one step, to what every comparison is lowered to."""

from __future__ import annotations

from itertools import product

import pytest

from landiag.firewall.nft.expr import lower_match
from landiag.firewall.nft.plain import lower_plain
from landiag.firewall.nft.sets import Sets
from landiag.firewall.nft.text import write_statement

FIELDS = (
    ("tcp", "dport"), ("udp", "sport"), ("th", "dport"), ("ip", "saddr"), ("ip", "daddr"), ("ip6", "saddr"),
    ("ip", "ttl"), ("tcp", "flags"), ("ether", "saddr"),
)  # fmt: skip
VALUES: tuple[object, ...] = (
    0, 5000, 65535, True, "5000", "http", "10.0.0.1", "10.0.0.256", "10.0.0.01", " 1.2.3.4", "1.2.3.4.5", "2001:db8::1",
    "::ffff:1.2.3.4", "@set", "@my.set", "*", "", None, ["syn"], {"range": [1, 2]},
    {"prefix": {"addr": "10.0.0.0", "len": 8}},
)  # fmt: skip


@pytest.mark.parametrize("operator", ["==", "!=", "in", "<"])
def test_the_same_as_any_comparison(operator: str) -> None:
    plain = 0
    for (protocol, field), value in product(FIELDS, VALUES):
        inner = {"op": operator, "left": {"payload": {"protocol": protocol, "field": field}}, "right": value}
        found = lower_plain({"match": inner})
        if found is not None:
            plain += 1
            assert found == lower_match(inner, write_statement({"match": inner}), Sets()), inner
    assert (plain > 0) == (operator == "==")


@pytest.mark.parametrize(
    "statement",
    [
        "accept",
        None,
        {"match": "accept"},
        {"match": {"op": "==", "left": "ip saddr", "right": 1}},
        {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}},
        {"match": {"op": "==", "left": {"payload": {"protocol": ["tcp"], "field": "dport"}}, "right": 1}},
        {
            "match": {
                "op": "==",
                "left": {"payload": {"protocol": "tcp", "field": "dport", "x": 1}},
                "right": 1,
            }
        },
        {
            "match": {
                "op": "==",
                "left": {"payload": {"protocol": "tcp", "field": "dport"}, "y": 1},
                "right": 1,
            }
        },
        {"match": {"left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 1}},
    ],
)
def test_all_else_is_left_to_others(statement: object) -> None:
    assert lower_plain(statement) is None
