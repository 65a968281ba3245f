"""The parts of a pf ruleset as they are written, pf.conf(5): rules, tables, macros, options."""

from __future__ import annotations

from dataclasses import dataclass, field

FILTER = ("pass", "block", "match")
TRANSLATION = ("nat", "rdr", "binat")
ANCHORS = ("anchor", "nat-anchor", "rdr-anchor", "binat-anchor")
OTHERS = ("scrub", "scrub-anchor", "dummynet-anchor", "dummynet")


@dataclass(frozen=True, slots=True)
class Name:
    """A name, perhaps with ``!`` before it: an interface, an address, a table, an anchor's host."""

    text: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Port:
    """A comparison of a port, user or ICMP type: ``= 80``, ``1000:2000``, ``1 >< 9``.

    ``operator`` is empty where none is written; ``high`` only where there are two edges.
    """

    low: str
    operator: str = ""
    high: str | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """Something behind the hosts: ``flags S/SA``, ``keep state``, ``label "x"``; ``value`` as text."""

    name: str
    value: str = ""


@dataclass(slots=True)
class PfRule:
    """One rule. Lists hold alternatives; an empty list means "any".

    ``returns`` is what a block rule says of its answer (empty: nothing). ``name`` is an anchor's, ``body`` its
    rules where they are written in place. ``target`` is what stands behind ``->``.
    """

    action: str
    text: str
    position: int = 0
    no: bool = False
    passes: bool = False
    returns: str = ""
    direction: str = ""
    log: str = ""
    quick: bool = False
    interfaces: list[Name] = field(default_factory=list)
    rdomain: str = ""
    route: list[Option] = field(default_factory=list)
    af: str = ""
    protocols: list[Name] = field(default_factory=list)
    hosts_given: bool = False
    sources: list[Name] = field(default_factory=list)
    source_ports: list[Port] = field(default_factory=list)
    os: list[str] = field(default_factory=list)
    destinations: list[Name] = field(default_factory=list)
    destination_ports: list[Port] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    target: str = ""
    name: str = ""
    body: list[PfRule] | None = None

    def option(self, name: str) -> str | None:
        """The value of an option; None where the rule has none of that name."""
        return next((option.value for option in self.options if option.name == name), None)


@dataclass(slots=True)
class Table:
    """A table: its elements as written. ``flags`` are ``persist``, ``const``...; ``files`` are not read."""

    name: str
    elements: list[Name] | None
    flags: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    known: bool = True


@dataclass(frozen=True, slots=True)
class Macro:
    """``name = "value"``."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line that decides nothing: queues, limits, timeouts. Kept as it is written."""

    text: str


Item = PfRule | Table | Macro | Line


@dataclass(slots=True)
class PfText:
    """One file: its items in order, what it says of pf's state, and what it leaves open.

    ``enabled`` is None where the file does not say. ``shows_rules`` tells whether filter rules were shown, even
    if there are none. ``block_policy`` is ``drop`` or ``return``; ``skip`` names interfaces.
    """

    items: list[Item] = field(default_factory=list)
    enabled: bool | None = None
    shows_rules: bool = False
    block_policy: str = "drop"
    skip: list[Name] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def rules(self) -> list[PfRule]:
        """The rules of every kind, in order."""
        return [item for item in self.items if isinstance(item, PfRule)]

    @property
    def tables(self) -> list[Table]:
        """The tables."""
        return [item for item in self.items if isinstance(item, Table)]
