"""Which rules of a chain can match a packet at all."""

from __future__ import annotations

from collections.abc import Iterable

from landiag.firewall.engine.fields import PacketFields
from landiag.model.ruleset import Chain, Rule, RuleList


def candidates(chain: Chain, fields: PacketFields) -> Iterable[Rule]:
    """The rules of a chain that may match the packet, in order."""
    rules = chain.rules
    return rules.candidates(fields) if isinstance(rules, RuleList) else rules
