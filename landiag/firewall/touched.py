"""Which kinds of packets a change of the rules can touch: those that no changed rule matches fare as they did."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from msgspec.structs import replace

from landiag.firewall.scope import Scope
from landiag.model.match import InRanges, Match
from landiag.model.packet import ABSENT, PROTOCOL_NUMBERS, Value
from landiag.model.ruleset import Chain, Rule, Ruleset

_FAMILIES = {"ip": 4, "ip6": 6}
_TRANSPORTS = frozenset({"tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmpv6"})

Changed = tuple[Chain, Rule]
"""A rule that only one of two rulesets has, and its chain."""


class _Kind(dict[str, Value]):
    """The fields that packets of a kind have for certain, and those that they lack; all others are unknown."""

    def __init__(self, version: int, protocol: str) -> None:
        super().__init__({"meta l4proto": PROTOCOL_NUMBERS.get(protocol)})
        self.lacks = (_FAMILIES.keys() - {_family(version)}) | (_TRANSPORTS - {protocol})

    def __missing__(self, name: str) -> Value:
        return ABSENT if name.partition(" ")[0] in self.lacks else None


def touched(before: Ruleset, after: Ruleset, scope: Scope) -> Scope:
    """The scope without the IP versions and the protocols whose packets fare alike under both rulesets."""
    changed = _changed(before, after)
    if changed is None:
        return scope
    found = [
        (version, protocol)
        for version, protocol in product(scope.versions, scope.protocols)
        if any(_may_match(chain, rule, version, protocol) for chain, rule in changed)
    ]
    versions = tuple(one for one in scope.versions if any(one == version for version, _ in found))
    protocols = tuple(one for one in scope.protocols if any(one == protocol for _, protocol in found))
    return replace(scope, versions=versions, protocols=protocols)


def _may_match(chain: Chain, rule: Rule, version: int, protocol: str) -> bool:
    """Whether a packet of the kind may meet the conditions with which a rule begins."""
    if chain.family in _FAMILIES and chain.family != _family(version):
        return False
    kind = _Kind(version, protocol)
    return not any(match.test(kind) is False for match in _first_comparisons(rule))


def _first_comparisons(rule: Rule) -> Iterator[InRanges]:
    """The comparisons before anything is done."""
    for step in rule.steps:
        if not isinstance(step, Match):
            return
        if isinstance(step, InRanges):
            yield step


def _family(version: int) -> str:
    return "ip" if version == 4 else "ip6"


def _changed(before: Ruleset, after: Ruleset) -> list[Changed] | None:
    """The rules that one of two rulesets has and the other has not; None where more than rules differs."""
    if before.gaps != after.gaps or before.tables.keys() != after.tables.keys():
        return None
    changed: list[Changed] = []
    for key, chains in before.tables.items():
        if chains.keys() != after.tables[key].keys():
            return None
        for name, old in chains.items():
            found = _changed_in(old, after.tables[key][name])
            if found is None:
                return None
            changed += found
    return changed


def _changed_in(old: Chain, new: Chain) -> list[Changed] | None:
    if old is new:
        return []
    if replace(old, rules=()) != replace(new, rules=()):
        return None
    rules, others = tuple(old.rules), tuple(new.rules)
    kept = set(map(id, rules)) & set(map(id, others))
    if [id(one) for one in rules if id(one) in kept] != [id(one) for one in others if id(one) in kept]:
        return None
    return [(old, rule) for rule in (*rules, *others) if id(rule) not in kept]
