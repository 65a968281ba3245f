"""The parts of a pf ruleset as they are written, pf.conf(5): rules, tables, macros, options."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

FILTER = ("pass", "block", "match")
TRANSLATION = ("nat", "rdr", "binat")
ANCHORS = ("anchor", "nat-anchor", "rdr-anchor", "binat-anchor")
OTHERS = ("scrub", "scrub-anchor", "dummynet-anchor", "dummynet")


class Name(Struct, frozen=True):
    """A name, perhaps with ``!`` before it: an interface, an address, a table, an anchor's host."""

    text: str
    negated: bool = False


class Port(Struct, frozen=True):
    """A comparison of a port, user or ICMP type: ``= 80``, ``1000:2000``, ``1 >< 9``.

    ``operator`` is empty where none is written; ``high`` only where there are two edges.
    """

    low: str
    operator: str = ""
    high: str | None = None


class Option(Struct, frozen=True):
    """Something behind the hosts: ``flags S/SA``, ``keep state``, ``label "x"``; ``value`` as text."""

    name: str
    value: str = ""


class PfRule(Struct):
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
    body: list[PfRule | RuleLine] | None = None

    def option(self, name: str) -> str | None:
        """The value of an option; None where the rule has none of that name."""
        return next((option.value for option in self.options if option.name == name), None)


class RuleLine:
    """A filter rule in the form in which pfctl prints most of them: read no further than its head until it is asked.

    ``port`` is the destination port where the rule asks for exactly one by number, else None.
    """

    __slots__ = ("_rule", "action", "direction", "parse", "port", "position", "quick", "text")

    def __init__(
        self,
        text: str,
        action: str,
        direction: str,
        port: int | None,
        parse: Callable[[str], PfRule],
        *,
        quick: bool,
    ) -> None:
        self.text = text
        self.action = action
        self.direction = direction
        self.quick = quick
        self.port = port
        self.parse = parse
        self.position = 0
        self._rule: PfRule | None = None

    @property
    def rule(self) -> PfRule:
        """The whole rule."""
        if self._rule is None:
            self._rule = self.parse(self.text)
            self._rule.position = self.position
        return self._rule


class Table(Struct):
    """A table. ``flags`` are ``persist``, ``const``...; ``parts`` are lists of elements and names of files.

    ``complete`` is whether the parts are everything that is in it.
    """

    name: str
    flags: list[str] = field(default_factory=list)
    parts: list[list[Name] | str] = field(default_factory=list)
    complete: bool = True

    @property
    def elements(self) -> list[Name]:
        """Every element that is written."""
        return [name for part in self.parts if isinstance(part, list) for name in part]


class Macro(Struct, frozen=True):
    """A definition; ``value`` is the text behind ``=``, quotes and all."""

    name: str
    value: str


class Line(Struct, frozen=True):
    """A line that decides nothing: queues, limits, timeouts. Kept as it is written."""

    text: str


Item = PfRule | RuleLine | Table | Macro | Line


class PfText(Struct):
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
        return [
            item.rule if isinstance(item, RuleLine) else item
            for item in self.items
            if isinstance(item, PfRule | RuleLine)
        ]

    @property
    def tables(self) -> list[Table]:
        """The tables."""
        return [item for item in self.items if isinstance(item, Table)]
