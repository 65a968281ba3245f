"""Which rule of iptables-legacy counted the packet: the kernel traces none of them, but counts in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from landiag.model.regex import regex

_RULE = regex(r"\[(\d+):\d+\] -A (\S+)")
_POLICY = regex(r":(\S+) \S+ \[(\d+):\d+\]")

Place = tuple[str, str, int]
"""Table, chain, position; position 0 is the chain's policy."""


def parse_counters(lines: Iterable[str]) -> Mapping[Place, int]:
    """Read ``iptables-legacy-save -c``: how many packets each rule and each policy has counted."""
    counts: dict[Place, int] = {}
    positions: dict[tuple[str, str], int] = {}
    table = ""
    for line in lines:
        if line.startswith("*"):
            table = line[1:].strip()
        elif rule := _RULE.match(line):
            position = positions[table, rule[2]] = positions.get((table, rule[2]), 0) + 1
            counts[table, rule[2], position] = int(rule[1])
        elif policy := _POLICY.match(line):
            counts[table, policy[1], 0] = int(policy[2])
    return counts


def find_counted(before: Iterable[str], after: Iterable[str]) -> tuple[Place, ...]:
    """List the places that counted a packet between the two, in the order of the rules."""
    first, second = parse_counters(before), parse_counters(after)
    return tuple(place for place, count in second.items() if count > first.get(place, 0))
