"""A rule is shown with those beside it: who reads the report sees why an accept further down comes too late."""

from __future__ import annotations

from landiag.checks.firewall.rule_words import evidence_of
from landiag.model.ruleset import Chain, Rule, TraceLine

RULES = tuple(Rule(number, f"rule number {number}", ()) for number in range(1, 8))
CHAIN = Chain("nftables", "inet", "filter", "input", RULES)


def texts(rule: Rule | None) -> list[str]:
    line = TraceLine("input", "drop", CHAIN, rule, "policy drop")
    return [one.text.removeprefix("inet filter input ") for one in evidence_of(line)]


def test_the_rule_itself_comes_first_then_two_on_each_side() -> None:
    assert texts(RULES[3]) == [
        "rule 4: rule number 4", "rule 2: rule number 2", "rule 3: rule number 3",
        "rule 5: rule number 5", "rule 6: rule number 6",
    ]  # fmt: skip
    assert texts(RULES[0])[1:] == ["rule 2: rule number 2", "rule 3: rule number 3"]


def test_before_a_policy_stand_the_last_rules() -> None:
    assert texts(None)[1:] == ["rule 6: rule number 6", "rule 7: rule number 7"]


def test_what_no_chain_decides_has_nothing_beside_it() -> None:
    assert len(evidence_of(TraceLine("route", "no route", text="no route"))) == 1
