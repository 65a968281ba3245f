"""Where packets of one hook come into a chain that several share: a rule there opens what no other hook's packets get.

Many firewalls have one chain for what is sent to this machine and through it (``RH-Firewall-1-INPUT``): a rule in that
chain lets forwarded packets through, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from landiag.model.action import Action, Dispatch, Jump
from landiag.model.ruleset import Chain, Rule, Ruleset, TraceLine


def find_entrance(ruleset: Ruleset, line: TraceLine) -> tuple[Chain, Rule] | None:
    """The base chain of the line's hook, and its first rule that leads to the line's chain.

    None where packets of that hook alone come there.
    """
    if line.chain is None or line.chain.hook is not None:
        return None
    chains = ruleset.tables.get(line.chain.key, {})
    ways = [
        (base, base.hook.name, rule)
        for base in chains.values()
        if base.hook is not None
        for rule in base.rules
        if line.chain.name in _reached(chains, rule)
    ]
    if len({hook for _, hook, _ in ways}) < 2:
        return None
    return next(((base, rule) for base, hook, rule in ways if hook == line.hook), None)


def _reached(chains: Mapping[str, Chain], rule: Rule) -> set[str]:
    """The chains to which a rule leads, by way of others, too."""
    found: set[str] = set()
    waiting = list(_targets(rule))
    while waiting:
        name = waiting.pop()
        if name not in found and name in chains:
            found.add(name)
            waiting += [target for one in chains[name].rules for target in _targets(one)]
    return found


def _targets(rule: Rule) -> Iterator[str]:
    for step in rule.steps:
        if isinstance(step, Jump):
            yield step.chain
        elif isinstance(step, Dispatch):
            actions = (one for _, data in step.elements.elements for one in _actions(data))
            yield from (one.chain for one in actions if isinstance(one, Jump))


def _actions(data: object) -> tuple[Action, ...]:
    several = data if isinstance(data, tuple) else (data,)
    return tuple(one for one in several if isinstance(one, Action))
