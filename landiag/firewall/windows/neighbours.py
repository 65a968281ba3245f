"""A policy for a client of whom nothing is known but that it is on the local subnet."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.windows.conditions import LocalSubnet
from landiag.firewall.windows.policy import FirewallRule, Policy
from landiag.model.match import Always, AnyOf, Match, UnknownMatch


def for_neighbours(policy: Policy) -> Policy:
    """The same rules, in which ``LocalSubnet`` holds for the client: where its address and Windows' are not known.

    Whether it comes by IPv6 is not known either.
    """
    changed = Policy([_rule(rule) for rule in policy.rules], dict(policy.settings), policy.has_rules)
    changed.gaps = list(policy.gaps)
    return changed


def _rule(rule: FirewallRule) -> FirewallRule:
    return replace(rule, conditions=lambda: tuple(map(_match, rule.conditions())), _matches=None)


def _match(match: Match) -> Match:
    if isinstance(match, LocalSubnet) and match.field == "source":
        return UnknownMatch(match.text) if match.version == 6 else Always(text=match.text)
    if isinstance(match, AnyOf):
        return AnyOf(tuple(map(_match, match.matches)), match.text)
    return match
