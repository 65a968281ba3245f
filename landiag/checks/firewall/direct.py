"""Direct rules of firewalld: they look like anybody's rules of iptables, so firewalld itself is asked for them."""

from __future__ import annotations

from collections.abc import Sequence

from landiag.checks.case import Case
from landiag.collect.direct import DIRECT, parse_direct
from landiag.firewall.ipt.options import Setting
from landiag.firewall.ipt.rule import lower_line, split_words
from landiag.firewall.owners import Manager, Owner, is_managed_by
from landiag.journey.journey import Journey
from landiag.model.direct import DirectRule
from landiag.model.facts import Command, ParseError, Unknown
from landiag.model.ruleset import TraceLine


def plan(case: Case) -> tuple[Command, ...]:
    """Ask for them where firewalld's rules are loaded and a rule of iptables stops somebody."""
    ruleset = case.facts.ruleset
    if isinstance(ruleset, Unknown) or not is_managed_by(ruleset, Manager.FIREWALLD):
        return ()
    journeys = (one.journey for way in case.ways for one in case.classes.get(way.id, ()))
    return (DIRECT,) if any(_is_of_iptables(journey) for journey in journeys) else ()


def _is_of_iptables(journey: Journey) -> bool:
    line = journey.decided_by
    if line is None or line.chain is None or line.rule is None:
        return False
    return line.chain.backend.startswith("iptables")


def direct_owner(case: Case, line: TraceLine) -> Owner | None:
    """Firewalld, where the rule of a line is one of its direct rules; None where it is not, or nobody knows."""
    known = case.parse(DIRECT, parse_direct)
    if not isinstance(known, tuple) or line.rule is None or line.chain is None:
        return None
    rules = tuple(one for one in known if one.is_in(line.chain.family, line.chain.table, line.chain.name))
    found = next((one for one in rules if _is_same(one, line)), None)
    if found is None:
        return None
    before = sum(one.priority < found.priority for one in rules)
    text = f"a direct rule of firewalld ({found.place} {found.priority})"
    return Owner(
        Manager.FIREWALLD,
        text,
        subject="firewalld",
        reason=f"its direct rule {found.place} {found.priority}",
        direct=found,
        direct_index=before,
    )


def _is_same(one: DirectRule, line: TraceLine) -> bool:
    """Whether both ask for the same and do the same, however each is written."""
    try:
        words, setting = split_words(line.rule_text), Setting(one.version)
        return words[:1] == ["-A"] and _steps(one.words, setting) == _steps(words[2:], setting)
    except ParseError:
        return False


def _steps(words: Sequence[str], setting: Setting) -> tuple[str, ...]:
    return tuple(str(step) for step in lower_line(words, setting))
