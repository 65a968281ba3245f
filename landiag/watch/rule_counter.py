"""The packets that a rule has counted, in two readings of the ruleset: a witness beside the model. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from landiag.firewall.sources import LEGACY, LEGACY6, NFT
from landiag.model.facts import Reading, ReadStatus
from landiag.model.ruleset import LEGACY_BACKEND
from landiag.prove.counters import parse_counters

MAX_BYTES = 2 << 20
"""Larger rulesets are not searched: it would take longer than an attempt may."""


def rule_rise(
    before: Mapping[str, Reading], after: Mapping[str, Reading], decided: Mapping[str, Any]
) -> int | None:
    """Count by how many packets a rule's counter rose between two readings; None where it has no counter.

    ``decided`` names the rule as events do (backend, family, table, chain, handle or position). Rules and policies
    of iptables-legacy always count; those of nftables where they have a ``counter``.
    """
    count = _legacy_packets if decided.get("backend") == LEGACY_BACKEND else _packets
    old, new = (count(readings, decided) for readings in (before, after))
    return None if old is None or new is None else new - old


def _legacy_packets(readings: Mapping[str, Reading], decided: Mapping[str, Any]) -> int | None:
    reading = readings.get((LEGACY6 if decided.get("family") == "ip6" else LEGACY).name)
    if reading is None or reading.status is not ReadStatus.OK:
        return None
    place = (str(decided.get("table")), str(decided.get("chain")), decided.get("position") or 0)
    return parse_counters(reading.text.splitlines()).get(place)


def _packets(readings: Mapping[str, Reading], decided: Mapping[str, Any]) -> int | None:
    reading = readings.get(NFT.name)
    if reading is None or reading.status is not ReadStatus.OK or len(reading.data) > MAX_BYTES:
        return None
    wanted = tuple(decided.get(name) for name in ("family", "table", "chain", "handle"))
    if None in wanted:
        return None
    try:
        items = json.loads(reading.data)["nftables"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    for item in items:
        rule = item.get("rule") if isinstance(item, dict) else None
        if rule and tuple(rule.get(name) for name in ("family", "table", "chain", "handle")) == wanted:
            return _counter(rule)
    return None


def _counter(rule: Mapping[str, Any]) -> int | None:
    """The ``counter`` of a rule, libnftables-json(5)."""
    for step in rule.get("expr", ()):
        if isinstance(step, dict) and isinstance(step.get("counter"), dict):
            packets = step["counter"].get("packets")
            return packets if isinstance(packets, int) else None
    return None
