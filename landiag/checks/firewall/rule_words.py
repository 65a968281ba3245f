"""How a deciding rule is named: whose it is, where it stands, why it decides."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.owners import Manager, Owner
from landiag.model.report import Evidence
from landiag.model.ruleset import TraceLine


def stopper(owner: Owner) -> str:
    """Who stops it, at the beginning of a sentence: the owner, or just the firewall where the owner is the tool."""
    is_tool = owner.manager in (Manager.NFTABLES, Manager.IPTABLES)
    return "The firewall" if is_tool else owner.subject


def reason(owner: Owner, line: TraceLine) -> str:
    """Which rule or default it is, in brackets; empty where the owner's name says it."""
    if owner.manager in (Manager.NFTABLES, Manager.IPTABLES):
        return f" ({who(owner, line)})"
    return f" ({owner.reason})" if owner.reason else ""


def who(owner: Owner, line: TraceLine) -> str:
    """Name the rule as the person knows it: its owner, and where it stands when the owner is just the tool."""
    if owner.manager not in (Manager.NFTABLES, Manager.IPTABLES):
        return owner.title
    if line.chain is None and line.hook == "nat":
        return line.text
    rule = "the policy of " if line.rule is None else ""
    return f"{owner.text}: {rule}{place(line)}"


def place(line: TraceLine) -> str:
    """Name where a rule stands: family, table, chain, position."""
    if line.chain is None:
        return line.hook
    where = f"{line.chain.family} {line.chain.table} {line.chain.name}"
    return where if line.rule is None else f"{where} rule {line.rule.position}"


_BESIDE = 2
"""Rules before and behind the one that decides that are shown with it."""


def evidence_of(line: TraceLine) -> tuple[Evidence, ...]:
    """The rule that decides, and the rules next to it in its chain; of a policy the last rules before it."""
    found = Evidence(source_of(line), f"{place(line)}: {line.rule_text}")
    if line.chain is None:
        return (found,)
    rules = line.chain.rules
    at = len(rules) + 1 if line.rule is None else line.rule.position
    near = [one for one in rules[max(0, at - 1 - _BESIDE) : at + _BESIDE] if one.position != at]
    where, source = place(replace(line, rule=None)), f"{source_of(line)}, beside it"
    return (found, *(Evidence(source, f"{where} rule {one.position}: {one.text}") for one in near))


def source_of(line: TraceLine) -> str:
    """Where a line of the trace was read, as evidence names it."""
    backend = line.chain.backend if line.chain is not None else ""
    if backend.startswith("iptables"):
        family = "ip6tables" if line.chain is not None and line.chain.family == "ip6" else "iptables"
        return f"{family}-{backend.removeprefix('iptables-')}-save"
    return "nft list ruleset"
