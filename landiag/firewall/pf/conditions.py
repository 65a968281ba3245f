"""What a pf rule asks of a packet, the anchors around it apart, and which earlier rules may have tagged it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from landiag.firewall.pf import addresses
from landiag.firewall.pf import matches as want
from landiag.firewall.pf.addresses import TableContent
from landiag.firewall.pf.syntax import PfRule, RuleLine
from landiag.model.match import Always, InRanges, Match, UnknownKind, UnknownMatch, join_cuts
from landiag.model.operands import Cuts, Fields


class Entry(Struct):
    """One rule as it takes part: the conditions of the anchors around it, then its own.

    ``tags`` are the rules that may have tagged the packet before, of which the first ``before`` count.
    """

    source: PfRule | RuleLine
    around: tuple[Match, ...]
    policy: str
    opaque: str = ""
    tags: Sequence[Setter] = ()
    before: int = 0

    @property
    def rule(self) -> PfRule:
        """The rule itself."""
        return self.source.rule if isinstance(self.source, RuleLine) else self.source


Setter = tuple[tuple[Match, ...], str]


def conditions_of(
    entry: Entry, direction: str, tables: dict[str, TableContent], groups: want.Groups
) -> tuple[Match, ...]:
    """Everything that must hold, the cheap and likely false first."""
    rule = entry.rule
    found: list[Match | None] = []
    if rule.protocols:
        found.append(want.protocols(rule.protocols))
    if rule.destination_ports:
        found.append(want.ports("th dport", rule.destination_ports, "to port"))
    if rule.af:
        found.append(InRanges("ip version" if rule.af == "inet" else "ip6 version", ((4, 6),), rule.af))
    if rule.interfaces:
        text = "on " + ", ".join(name.text for name in rule.interfaces)
        found.append(want.OnInterface(FIELD[direction], tuple(rule.interfaces), text, groups))
    if rule.rdomain:
        found.append(UnknownMatch(f"on rdomain {rule.rdomain}"))
    found += [addresses.hosts("destination", rule.destinations, tables)]
    found += [addresses.hosts("source", rule.sources, tables)]
    if rule.source_ports:
        found.append(want.ports("th sport", rule.source_ports, "from port"))
    found += [UnknownMatch(f"os {name}") for name in rule.os]
    found += _options(entry)
    return tuple(match for match in found if match is not None)


FIELD = {"in": "iifname", "out": "oifname"}
_LIMITS = frozenset(("probability", "max-pkt-rate"))
_SILENT = frozenset(
    (
        "state",
        "label",
        "tag",
        "allow-opts",
        "set",
        "scrub",
        "queue",
        "prio",
        "rtable",
        "ridentifier",
        "tracker",
        "nat-to",
        "rdr-to",
    )
    + (
        "route-to",
        "reply-to",
        "dup-to",
        "fastroute",
        "divert-to",
        "divert-reply",
        "divert-packet",
        "af-to",
        "binat-to",
    )
    + (
        "static-port",
        "sticky-address",
        "round-robin",
        "random",
        "bitmask",
        "source-hash",
        "dnpipe",
        "dnqueue",
    )
    + ("least-states", "no-sync", "once", "max-pkt-size")
)
"""Options that put no condition on a packet; what some of them do is in ``_actions``."""


def _options(entry: Entry) -> list[Match | None]:
    found: list[Match | None] = []
    rule = entry.rule
    given = {option.name for option in rule.options}
    if "flags" not in given and rule.action == "pass" and not is_stateless(rule):
        found.append(want.flags("S/SA"))
    for option in rule.options:
        name, value = option.name, option.value
        if name == "flags":
            found.append(want.flags(value))
        elif name == "fragment":
            found.append(Always(answer=False, text="fragment"))
        elif name in ("tagged", "! tagged"):
            before = tuple(entry.tags[: entry.before])
            found.append(Tagged(before, value, f"{name} {value}", negated=name != "tagged"))
        elif name in _LIMITS:
            found.append(UnknownMatch(f"{name} {value}", UnknownKind.LIMIT))
        elif name not in _SILENT:
            found.append(UnknownMatch(f"{name} {value}".replace("\0", ", ").strip()))
    return found


def is_stateless(rule: PfRule) -> bool:
    """Whether a packet that the rule passes leaves no state."""
    return (rule.option("state") or "").startswith("no state")


class NoneOf(Match, Struct, frozen=True):
    """None of several rules matches, each given by what must hold for it."""

    rules: tuple[tuple[Match, ...], ...]
    text: str

    def test(self, fields: Fields) -> bool | None:
        """Ask them in order; a rule that matches perhaps leaves it open."""
        answers = []
        for conditions in self.rules:
            found = [match.test(fields) for match in conditions]
            if False not in found:
                answers.append(None if None in found else True)
        if True in answers:
            return False
        return None if answers else True

    def cuts(self, fields: Fields) -> Cuts | None:
        """Those of all conditions."""
        return join_cuts(match.cuts(fields) for conditions in self.rules for match in conditions)


class Tagged(Match, Struct, frozen=True):
    """An earlier rule has put this tag on the packet: of those that match and set one, the last."""

    setters: tuple[tuple[tuple[Match, ...], str], ...]
    tag: str
    text: str
    negated: bool = False

    def test(self, fields: Fields) -> bool | None:
        """Walk the rules that set tags, the last one first."""
        possible: set[bool] = set()
        for conditions, tag in reversed(self.setters):
            answers = [match.test(fields) for match in conditions]
            if False in answers:
                continue
            possible.add(tag == self.tag)
            if None not in answers:
                break
        else:
            possible.add(False)
        return possible.pop() is not self.negated if len(possible) == 1 else None

    def cuts(self, fields: Fields) -> Cuts | None:
        """Those of all conditions."""
        return join_cuts(match.cuts(fields) for conditions, _ in self.setters for match in conditions)
