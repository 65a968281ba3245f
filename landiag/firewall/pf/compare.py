"""Whether the rules that are loaded are those of a pf.conf: pfctl prints one rule for each combination of lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from landiag.firewall.pf.matches import ranges_of
from landiag.firewall.pf.syntax import FILTER, Name, PfRule, PfText, Port

_DEFAULT_FLAGS = "S/SA"
_WITHOUT_MEANING = ("flags", "state", "label", "ridentifier", "tracker")
"""Options that are compared on their own, or that pfctl adds by itself."""


def is_loaded_from(loaded: PfText, configured: PfText) -> bool:
    """Whether the filter rules of two texts are the same, in the same order. False where one is not understood."""
    if loaded.problems or configured.problems:
        return False
    # pfctl prints what a block rule does even where pf.conf leaves it to its block-policy.
    policy = configured.block_policy
    ours, theirs = (
        [one for rule in text.rules for one in _simple(rule, policy)] for text in (loaded, configured)
    )
    return bool(ours) and ours == theirs


def _simple(rule: PfRule, policy: str) -> Iterator[tuple[object, ...]]:
    """A rule as pfctl would print it: one for each combination of its lists."""
    if rule.action not in (*FILTER, "anchor"):
        return
    returns = (rule.returns or policy) if rule.action == "block" else ""
    head = (
        rule.action,
        rule.name,
        rule.direction,
        rule.quick,
        rule.af,
        returns,
        rule.option("flags") or _flags(rule),
    )
    others = tuple(sorted((one.name, one.value) for one in rule.options if one.name not in _WITHOUT_MEANING))
    lists: tuple[Sequence[object], ...] = (
        _names(rule.interfaces),
        _names(rule.protocols),
        _names(rule.sources),
        _ports(rule.source_ports),
        _names(rule.destinations),
        _ports(rule.destination_ports),
    )
    for combination in product(*lists):
        yield (*head, others, *combination)


def _flags(rule: PfRule) -> str:
    """A rule that passes keeps state, and then asks for these flags by itself."""
    return _DEFAULT_FLAGS if rule.action == "pass" else ""


def _names(names: Sequence[Name]) -> list[object]:
    return [(one.text, one.negated) for one in names if one.text != "any"] or [None]


def _ports(ports: Sequence[Port]) -> list[object]:
    return [ranges_of(one) for one in ports] or [None]
