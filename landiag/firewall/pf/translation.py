"""pf's translations of what comes in, as one chain in which the first match wins: rdr, binat, rdr-to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from landiag.firewall.pf import addresses
from landiag.firewall.pf.addresses import TableContent
from landiag.firewall.pf.conditions import Entry, NoneOf, conditions_of
from landiag.firewall.pf.matches import Groups
from landiag.firewall.pf.order import children
from landiag.firewall.pf.syntax import ANCHORS, PfRule, PfText, RuleLine
from landiag.firewall.pf.target import parse_target
from landiag.firewall.pf.write import write_rule
from landiag.model.action import Assign, NatKind, Opaque, Stop, Target, Translate, Verdict
from landiag.model.match import Always, InRanges, Match
from landiag.model.operands import Constant
from landiag.model.ruleset import Rule, Step

BYPASS = "pf pass"
"""Set where a translation says that no filter rule is asked."""


class Translations(Struct):
    """What translates; ``entries`` gives the filter rules that may decide before a pass rule with rdr-to."""

    texts: Sequence[PfText]
    anchors: dict[str, Sequence[PfRule | RuleLine]]
    tables: dict[str, TableContent]
    groups: Groups
    entries: Callable[[], Sequence[Entry]]

    def rules(self) -> tuple[Rule, ...]:
        """The rdr and binat rules, first match wins; match rules with rdr-to of later versions too."""
        rules: list[Rule] = []
        for text in self.texts:
            for rule in text.items:
                if not isinstance(rule, PfRule):
                    continue
                if rule.action in ("rdr", "binat", "rdr-anchor", "binat-anchor"):
                    rules.append(Rule(rule.position, rule.text or write_rule(rule), self._translate(rule)))
                elif rule.action == "match" and rule.option("rdr-to") is not None and rule.direction != "out":
                    rules.append(Rule(rule.position, rule.text, self._translate(rule)))
        rules += self._passing_elsewhere()
        if not rules:
            return ()
        return (Rule(0, "before translation", (Assign(BYPASS, Constant(0)),)), *rules)

    def _passing_elsewhere(self) -> list[Rule]:
        """Pass rules with rdr-to (OpenBSD, FreeBSD 15): they translate where they are the ones that decide."""
        items = [item for text in self.texts for item in text.items]
        if not any(
            isinstance(item, PfRule) and item.action == "pass" and item.option("rdr-to") for item in items
        ):
            return []
        entries = self.entries()
        rules = []
        for at, entry in enumerate(entries):
            target = parse_target(entry.rule.option("rdr-to") or "") if entry.rule.action == "pass" else None
            if target is not None:
                before = tuple((*one.around, *self._conditions(one)) for one in entries[:at])
                own = (*entry.around, *self._conditions(entry))
                steps: tuple[Step, ...] = (
                    *own,
                    NoneOf(before, "no other rule decides"),
                    Assign(BYPASS, Constant(1)),
                )
                translate = Translate(NatKind.DNAT, target)
                rules.append(Rule(entry.source.position, entry.source.text, (*steps, translate)))
        return rules

    def _translate(self, rule: PfRule) -> tuple[Step, ...]:
        if rule.action in ANCHORS:
            return self._translating_anchor(rule)
        if rule.action == "binat":
            return self._binat(rule)
        conditions = self._conditions(Entry(rule, (), ""))
        if rule.no:
            return (*conditions, Stop(Verdict.ACCEPT))
        target = parse_target(rule.target or rule.option("rdr-to") or "")
        if target is None:
            return (*conditions, Opaque(f"the target {rule.target or rule.option('rdr-to')} is not followed"))
        bypass: tuple[Step, ...] = (Assign(BYPASS, Constant(1)),) if rule.passes else ()
        return (*conditions, *bypass, Translate(NatKind.DNAT, target))

    def _translating_anchor(self, rule: PfRule) -> tuple[Step, ...]:
        found = children(self.anchors, rule.name) if rule.body is None else [("", rule.body)]
        rules = [one for _, body in found or () for one in body or ()]
        conditions = self._conditions(Entry(rule, (), ""))
        kind = rule.action.removesuffix("-anchor")
        if found is not None and not any(one.action == kind for one in rules):
            return (Always(answer=False, text="empty anchor"),)
        return (*conditions, Opaque(f'the rules of {rule.action} "{rule.name}" were not read'))

    def _binat(self, rule: PfRule) -> tuple[Step, ...]:
        """Incoming packets to the outer address go to the inner one."""
        outer, inner = addresses.target_address(rule.target.split()[0] if rule.target else ""), None
        if len(rule.sources) == 1:
            inner = addresses.target_address(rule.sources[0].text)
        if outer is None or inner is None or rule.no:
            return (Opaque(f"binat to {rule.target} is not followed"),)
        field_name = "ip daddr" if outer.version == 4 else "ip6 daddr"
        target = Target(addresses=(int(inner), int(inner)))
        return (
            InRanges(field_name, ((int(outer),) * 2,), "to"),
            Translate(NatKind.DNAT, target, inner.version),
        )

    def _conditions(self, entry: Entry) -> tuple[Match, ...]:
        return conditions_of(entry, "in", self.tables, self.groups)
