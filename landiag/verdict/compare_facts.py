"""What changed in the facts of two recordings of a machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from landiag.model.facts import Socket, Unknown
from landiag.model.host import Facts
from landiag.model.ruleset import Ruleset
from landiag.model.urls import bracketed
from landiag.verdict.change import MOST_OF_A_KIND, Change
from landiag.verdict.compare_reach import compare_machines


def compare_facts(before: Facts, after: Facts) -> list[Change]:
    """Compare what was read of a machine, subject by subject."""
    return [
        *(Change("reach", text) for text in compare_machines(before, after)[:MOST_OF_A_KIND]),
        *_compare_rulesets(before.ruleset, after.ruleset),
        *compare_sets("listener", "The listener", _listeners(before), _listeners(after)),
        *compare_sets("address", "The address", _addresses(before), _addresses(after)),
        *compare_sets("address", "The interface state", _links(before), _links(after)),
        *compare_sets("route", "The route", _routes(before), _routes(after)),
        *compare_sets("route", "The kernel setting", _sysctls(before), _sysctls(after)),
    ]


def _compare_rulesets(before: Ruleset | Unknown, after: Ruleset | Unknown) -> list[Change]:
    if isinstance(before, Unknown) or isinstance(after, Unknown):
        return []
    policies = compare_sets("rule", "The chain", _policies(before), _policies(after))
    return [*policies, *compare_sets("rule", "The rule", _rules(before), _rules(after))]


def _rules(ruleset: Ruleset) -> list[str]:
    return [
        f"{chain.family} {chain.table} {chain.name}: {rule.text}"
        for chain in ruleset.chains()
        for rule in chain.rules
    ]


def _policies(ruleset: Ruleset) -> list[str]:
    return [
        f"{chain.family} {chain.table} {chain.name} (hook {chain.hook.name}, policy {chain.policy.value})"
        for chain in ruleset.chains()
        if chain.hook is not None
    ]


def _listeners(facts: Facts) -> list[str] | Unknown:
    if isinstance(facts.sockets, Unknown):
        return facts.sockets
    return [f"{_endpoint(socket)}{_owner(facts, socket)}" for socket in facts.sockets]


def _endpoint(socket: Socket) -> str:
    return f"{bracketed(socket.address)}:{socket.port}" + (f" on {socket.device}" if socket.device else "")


def _owner(facts: Facts, socket: Socket) -> str:
    if isinstance(facts.processes, Unknown):
        return ""
    names = sorted({facts.processes[pid].name for pid in socket.pids if pid in facts.processes})
    return f" ({', '.join(names)})" if names else ""


def _addresses(facts: Facts) -> list[str] | Unknown:
    if isinstance(facts.interfaces, Unknown):
        return facts.interfaces
    return [f"{address.interface} on {one.name}" for one in facts.interfaces for address in one.addresses]


def _links(facts: Facts) -> list[str] | Unknown:
    if isinstance(facts.interfaces, Unknown):
        return facts.interfaces
    return [
        f"{one.name} {'up' if one.up and one.carrier is not False else 'down'}" for one in facts.interfaces
    ]


def _routes(facts: Facts) -> list[str] | Unknown:
    if isinstance(facts.routes, Unknown):
        return facts.routes
    return [
        f"{route.kind} {route.destination}"
        + (f" via {route.gateway}" if route.gateway else "")
        + (f" dev {route.device}" if route.device else "")
        + (f" table {route.table}" if route.table != "main" else "")
        for route in facts.routes
        if route.table != "local"
    ]


def _sysctls(facts: Facts) -> list[str]:
    volatile = ("net.netfilter.nf_conntrack_count",)
    return [f"{name} = {value}" for name, value in facts.sysctls.items() if name not in volatile]


def compare_sets(
    kind: str, what: str, before: Iterable[str] | Unknown, after: Iterable[str] | Unknown
) -> list[Change]:
    """List what is gone and what is new. Nothing can be said where one of them could not be read."""
    if isinstance(before, Unknown) or isinstance(after, Unknown):
        return []
    old, new = Counter(before), Counter(after)
    changes = [Change(kind, f"{what} {text} is gone", before=text) for text in (old - new)]
    changes += [Change(kind, f"{what} {text} is new", after=text) for text in (new - old)]
    more = len(changes) - MOST_OF_A_KIND
    return (
        changes
        if more <= 0
        else [*changes[:MOST_OF_A_KIND], Change(kind, f"{more} more changes of this kind")]
    )
