"""Every packet filter of a host as one model: tables of chains of rules, hooked into the packet's way.

The model is neutral: Linux backends, pf and Windows are lowered to it. A rule is a sequence of steps,
matches and actions; a match that is not modelled is an ``UnknownMatch`` with its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from msgspec import Struct

from landiag.model.action import Action, Verdict
from landiag.model.facts import Unknown
from landiag.model.limits import Limit
from landiag.model.match import Doubt, Match, UnknownKind
from landiag.model.operands import Fields
from landiag.model.packet import Packet
from landiag.model.route import RouteKind

__all__ = [
    "Action", "Chain", "Fields", "Hook", "Match", "Packet", "Rule", "Ruleset", "Step", "TableKey",
    "TraceLine", "Verdict",
]  # fmt: skip

Step: TypeAlias = "Match | Action"


class Rule:
    """One rule. ``position`` counts from 1 in its chain; ``text`` is the rule as its own tool prints it.

    ``handle`` is nftables' number for it. Subclasses lower ``text`` and ``steps`` when they are first asked.
    """

    __slots__ = ("_steps", "_text", "comment", "handle", "position")

    def __init__(
        self,
        position: int,
        text: str | None,
        steps: tuple[Step, ...] | None,
        *,
        handle: int | None = None,
        comment: str | None = None,
    ) -> None:
        self.position = position
        self.handle = handle
        self.comment = comment
        self._text = text
        self._steps = steps

    @property
    def text(self) -> str:
        """The rule as its own tool prints it."""
        if self._text is None:
            self._text = self.write()
        return self._text

    @property
    def steps(self) -> tuple[Step, ...]:
        """Matches and actions in the order in which they run."""
        if self._steps is None:
            self._steps = self.lower()
        return self._steps

    def write(self) -> str:
        """The text, when it was not given."""
        raise NotImplementedError

    def lower(self) -> tuple[Step, ...]:
        """The steps, when they were not given."""
        raise NotImplementedError


class RuleList(Sequence[Rule]):
    """The rules of a chain, in order."""

    __slots__ = ()

    def candidates(self, fields: Fields) -> Iterable[Rule]:
        """The rules that may match the packet, in order; those left out are certain not to match."""
        raise NotImplementedError

    def expect_many(self) -> None:
        """Be told that many packets will be asked for."""

    def interfaces(self, fields: Fields) -> set[str]:  # noqa: ARG002
        """The interfaces that rules name which ``candidates`` leaves out for nothing else."""
        return set()


class Hook(Struct, frozen=True):
    """Where a base chain is hooked in.

    ``name`` is ``ingress prerouting input forward output postrouting egress``; ``priority`` orders the chains
    of a hook, low first; ``kind`` is ``filter``, ``nat`` or ``route``. ``devices`` limits ingress and egress;
    None there means that nobody knows which devices.
    """

    name: str
    priority: int = 0
    kind: str = "filter"
    devices: tuple[str, ...] | None = ()


TableKey: TypeAlias = "tuple[str, str, str]"

LEGACY_BACKEND = "iptables-legacy"


class Chain(Struct, frozen=True):
    """A chain. ``backend`` is ``nftables``, ``iptables-nft``, ``iptables-legacy``, ``windows``, ``pf``...

    ``family`` is nft's: ``ip ip6 inet arp bridge netdev``. ``hook`` is None where only jumps lead here.
    ``in_force`` is None where its table may be dormant: nobody could tell.
    """

    backend: str
    family: str
    table: str
    name: str
    rules: Sequence[Rule] = ()
    hook: Hook | None = None
    policy: Verdict = Verdict.ACCEPT
    in_force: bool | None = True

    @property
    def key(self) -> TableKey:
        """The table that holds it."""
        return (self.backend, self.family, self.table)

    def candidates(self, fields: Fields) -> Iterable[Rule]:
        """The rules that may match a packet, in order."""
        return self.rules.candidates(fields) if isinstance(self.rules, RuleList) else self.rules


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Everything that filters packets on a host.

    ``tables`` holds chains by table and name. ``gaps`` are backends that could not be read: wherever one of
    them could have decided, a verdict is unknown. A gap's ``source`` names the reading.
    ``texts`` are the readings that it was made from; empty where addresses are to be sought in the rules.
    ``notes`` keeps what was worked out about the whole ruleset, so that it is worked out once. ``origins`` names
    for a chain what the program that wrote it calls each of its rules (``ufw rule 3 (deny 5000/tcp)``).
    ``queue_readers`` are the queues (NFQUEUE) that a program reads; None where nobody could look.
    """

    tables: Mapping[TableKey, Mapping[str, Chain]] = field(default_factory=dict)
    gaps: tuple[Unknown, ...] = ()
    texts: tuple[bytes, ...] = ()
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)
    queue_readers: frozenset[int] | None = None
    notes: dict[tuple[str, str], object] = field(default_factory=dict, compare=False, repr=False)
    _hooked: dict[tuple[str, str], tuple[Chain, ...]] = field(default_factory=dict, compare=False, repr=False)

    def chains(self) -> Iterator[Chain]:
        """Every chain, table by table."""
        for chains in self.tables.values():
            yield from chains.values()

    def with_tables(self, tables: Mapping[TableKey, Mapping[str, Chain]]) -> Ruleset:
        """Other chains on the same host; addresses are then sought in the rules, as no reading has them."""
        return Ruleset(tables, self.gaps, (), self.origins, self.queue_readers)

    def hooked(self, hook: str, family: str) -> tuple[Chain, ...]:
        """The base chains of a hook, in kernel order, for a family (``ip ip6 arp bridge netdev``).

        inet chains are among those of ip and ip6, and inet's ingress among netdev's. Of two chains with the
        same priority, the one that was registered last runs first (nf_hook_entries_grow).
        """
        found = self._hooked.get((hook, family))
        if found is None:
            chains = [chain for chain in self.chains() if _sees(chain, hook, family)]
            chains.reverse()
            chains.sort(key=lambda chain: chain.hook.priority if chain.hook else 0)
            found = self._hooked[hook, family] = tuple(chains)
        return found

    @property
    def in_other_order(self) -> Ruleset | None:
        """The same, where chains of iptables were registered after those of nftables instead of before.

        No listing tells when a chain was: those of iptables-nft come with their first rule, tables of iptables-legacy
        with the first look at them. None where nothing hangs on it.
        """
        if _OTHER_ORDER not in self.notes:
            self.notes[_OTHER_ORDER] = self._reorder()
        found = self.notes[_OTHER_ORDER]
        return found if isinstance(found, Ruleset) else None

    def _reorder(self) -> Ruleset | None:
        tables = dict(sorted(self.tables.items(), key=lambda one: _REGISTERED.get(one[0][0], 0)))
        if list(tables) == list(self.tables):
            return None
        return Ruleset(tables, self.gaps, self.texts, self.origins, self.queue_readers)


_REGISTERED = {"iptables-nft": 1, LEGACY_BACKEND: 2}
"""Whose chains may be registered after those of all before them."""

_OTHER_ORDER = ("tables", "in other order")
"""Where ``notes`` keeps the ruleset in the other order."""


def _sees(chain: Chain, hook: str, family: str) -> bool:
    if chain.hook is None or chain.hook.name != hook:
        return False
    if family == "netdev":
        return chain.family in ("netdev", "inet")
    return chain.family == family or (chain.family == "inet" and family in ("ip", "ip6"))


def policy_text(policy: Verdict) -> str:
    """A policy as the line of a trace that it is."""
    return f"policy {policy.value}"


class TraceLine(Struct, frozen=True):
    """One line of a trace: a rule that matched (or perhaps did), a policy, a gap.

    ``result`` is what it did (``accept``, ``drop``, ``jump x``, ``mark 0x1``, ``perhaps drop``...). ``leg``
    names the packet of the conversation. ``verdict`` is how the walk ends here, None where it goes on. ``doubts``
    say why nobody knows whether it did that; empty where it certainly did. ``limits`` are those that an ordinary
    visit stays below. ``route`` is the routing decision that ended the packet, where no rule did.
    """

    hook: str
    result: str
    chain: Chain | None = None
    rule: Rule | None = None
    text: str = ""
    leg: str = ""
    verdict: Verdict | None = None
    doubts: tuple[Doubt, ...] = ()
    limits: tuple[Limit, ...] = ()
    route: RouteKind | None = None

    @property
    def certain(self) -> bool:
        """Whether it did what it says for certain."""
        return not self.doubts

    @property
    def limited(self) -> bool:
        """Whether it hangs on a limit, and on nothing else."""
        return bool(self.doubts) and all(doubt.kind is UnknownKind.LIMIT for doubt in self.doubts)

    @property
    def steps(self) -> Sequence[Step]:
        """What its rule asks and does; empty where no rule did it."""
        return () if self.rule is None else self.rule.steps

    @property
    def rule_text(self) -> str:
        """The rule, or the policy, as text."""
        return self.rule.text if self.rule is not None else self.text
