"""A rule's own counter, between two readings of the ruleset."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from landiag.model.facts import Reading, ReadStatus
from landiag.watch.rule_counter import rule_rise

DECIDED = {"family": "inet", "table": "f", "chain": "input", "handle": 4, "rule": "counter drop"}


def readings(
    packets: int | None, handle: int = 4, status: ReadStatus = ReadStatus.OK
) -> Mapping[str, Reading]:
    steps: list[Any] = [{"drop": None}]
    if packets is not None:
        steps.insert(0, {"counter": {"packets": packets, "bytes": 60 * packets}})
    rule = {"family": "inet", "table": "f", "chain": "input", "handle": handle, "expr": steps}
    text = json.dumps({"nftables": [{"metainfo": {}}, {"rule": rule}]})
    return {"nft-ruleset": Reading("nft-ruleset", status, text.encode())}


def test_the_rise_is_the_difference() -> None:
    assert rule_rise(readings(3), readings(5), DECIDED) == 2


def test_without_a_counter_or_the_rule_nobody_knows() -> None:
    assert rule_rise(readings(None), readings(None), DECIDED) is None
    assert rule_rise(readings(3, handle=9), readings(5), DECIDED) is None
    assert rule_rise(readings(3, status=ReadStatus.DENIED), readings(5), DECIDED) is None
    assert rule_rise({}, readings(5), DECIDED) is None
    assert (
        rule_rise({"nft-ruleset": Reading("nft-ruleset", ReadStatus.OK, b"{")}, readings(5), DECIDED) is None
    )


LEGACY = {"backend": "iptables-legacy", "family": "ip", "table": "filter", "chain": "INPUT", "handle": None}


def saved(rule: int, policy: int, counters: str = "-c") -> Mapping[str, Reading]:
    text = f"*filter\n:INPUT DROP [{policy}:60]\n"
    text += f"[{rule}:60] -A INPUT -j DROP\n" if counters else "-A INPUT -j DROP\n"
    return {"iptables-legacy-save": Reading("iptables-legacy-save", ReadStatus.OK, text.encode())}


def test_rules_and_policies_of_iptables_legacy_count() -> None:
    assert rule_rise(saved(3, 1), saved(5, 2), {**LEGACY, "position": 1}) == 2
    assert rule_rise(saved(3, 1), saved(5, 2), {**LEGACY, "position": None}) == 1
    assert rule_rise(saved(3, 1), saved(5, 2), {**LEGACY, "position": 2}) is None
    assert rule_rise(saved(3, 1, ""), saved(5, 2, ""), {**LEGACY, "position": 1}) is None
    assert rule_rise(saved(3, 1), saved(5, 2), {**LEGACY, "family": "ip6", "position": 1}) is None
