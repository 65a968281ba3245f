"""A port that a translation publishes for an address which this machine does not have: that of an old lease."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.firewall.engine.nat import address_of
from landiag.journey.ownership import owner_of
from landiag.model.action import NatKind, Translate
from landiag.model.facts import IPAddress, Unknown
from landiag.model.match import InRanges
from landiag.model.report import Evidence, Finding, Fix
from landiag.model.ruleset import Rule

_VERSIONS = {"ip daddr": 4, "ip6 daddr": 6}
_PORTS = ("tcp dport", "th dport")


def explain_publication(case: Case, finding: Finding) -> Finding:
    """The finding that nothing listens, with the rule that publishes the port for another address, where one does."""
    for ip, rule in _publications(case):
        if owner_of(case.facts, ip) is not None or ip.is_loopback:
            continue
        step = f"Publish port {case.port} for all addresses, or for one that this machine has (docker: -p ADDRESS:...)."
        return replace(
            finding,
            title=f"Port {case.port} is published for {ip}, an address that this machine does not have",
            detail="For the addresses that it has, nothing is listening.",
            evidence=(Evidence("the translation", rule.text), *finding.evidence),
            fixes=(Fix("Publish the port where clients ask for it", needs="user-action", steps=(step,)),),
        )
    return finding


def _publications(case: Case) -> Iterator[tuple[IPAddress, Rule]]:
    """The rules that send the port of one address elsewhere, with that address."""
    ruleset = case.facts.ruleset
    if isinstance(ruleset, Unknown) or case.port is None:
        return
    may_translate = (one for one in ruleset.chains() if one.hook is None or one.hook.kind == "nat")
    for chain in may_translate:
        for rule in chain.rules:
            if any(isinstance(step, Translate) and step.kind is NatKind.DNAT for step in rule.steps):
                matches = [step for step in rule.steps if isinstance(step, InRanges) and not step.negated]
                if any(one.field in _PORTS and _holds(one, case.port) for one in matches):
                    yield from ((ip, rule) for one in matches for ip in _single(one))


def _holds(match: InRanges, port: int) -> bool:
    return any(low <= port <= high for low, high in match.ranges)


def _single(match: InRanges) -> Iterator[IPAddress]:
    """The only address that a match asks for."""
    version = _VERSIONS.get(match.field)
    if version is not None and match.mask is None and len(match.ranges) == 1:
        ((low, high),) = match.ranges
        if low == high:
            yield address_of(low, version)
