"""The source addresses that a rule names, where they hold one client."""

from __future__ import annotations

from landiag.model.facts import IPAddress
from landiag.model.match import InRanges
from landiag.model.operands import Ranges
from landiag.model.ruleset import Rule

_SOURCES = ("ip saddr", "ip6 saddr")


def sources_named(rule: Rule | None, client: IPAddress) -> Ranges:
    """The ranges of source addresses of a rule that hold this client; empty where it names none."""
    steps = () if rule is None else rule.steps
    return tuple(
        (low, high)
        for one in steps
        if isinstance(one, InRanges) and one.field in _SOURCES and not one.negated
        for low, high in one.ranges
        if low <= int(client) <= high
    )
