"""One option of a rule of iptables, and what the rule around it is read for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field

from landiag.model.facts import ParseError
from landiag.model.ruleset import Step
from landiag.model.sets import ElementSet


class Option(Struct, frozen=True):
    """One option of a rule: its name, its values, and whether ``!`` stands before it."""

    name: str
    values: tuple[str, ...]
    negated: bool = False

    @property
    def text(self) -> str:
        """The option as it is written."""
        return " ".join([*(["!"] if self.negated else []), self.name, *self.values])

    @property
    def value(self) -> str:
        """The only value."""
        if len(self.values) != 1:
            raise ParseError(f"{self.name} takes one value")
        return self.values[0]


class Setting(Struct, frozen=True):
    """What a rule is read for: the IP version, its protocol, and the sets of ipset (None: not read)."""

    version: int
    protocol: str | None = None
    sets: Mapping[str, ElementSet] | None = field(default_factory=dict)

    @property
    def family(self) -> str:
        """``ip`` or ``ip6``."""
        return "ip" if self.version == 4 else "ip6"


Lower = Callable[[Sequence[Option], Setting], Sequence[Step]]
