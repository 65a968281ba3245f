"""A machine of the hunt: parts, drawn from a seed, and the client that is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.lab.network import SERVER
from tests.lab.scenario import CLEAR, Container, Scenario, Step, Wire
from tests.lab.servers import Server

RANDOM, LIMITED, SLOW, HUNG, WORSE = "random", "limited", "slow", "hung", "worse"
"""Traits: ends by chance; limits hold; answers late; may never answer; answers others worse than localhost."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that a machine has. ``lines`` and ``make`` are for rules, which can be left out one by one.

    ``binds`` is the address that its server listens on, ``removes`` one that it takes away from the machine.
    """

    name: str
    before: tuple[Step, ...] = ()
    servers: tuple[Server, ...] = ()
    after: tuple[Step, ...] = ()
    containers: tuple[Container, ...] = ()
    wires: tuple[Wire, ...] = ()
    traits: frozenset[str] = frozenset()
    lines: tuple[str, ...] = ()
    make: Callable[[tuple[str, ...]], Step] | None = None
    binds: str = ""
    removes: str = ""

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is typed before the servers start."""
        return (*self.before, self.make(self.lines)) if self.make else self.before

    def smaller(self) -> Iterator[Part]:
        """The same with a line less."""
        if len(self.lines) > 1:
            for number in range(len(self.lines)):
                yield replace(self, lines=self.lines[:number] + self.lines[number + 1 :])


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: the host that measures, the address it uses, and how landiag is asked about it."""

    who: str = "neighbour"
    address: str = SERVER
    options: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """Parts in the order in which they are built."""

    seed: int
    parts: tuple[Part, ...]
    client: Client
    as_user: bool = False

    def has(self, trait: str) -> bool:
        """Whether a part has the trait."""
        return any(trait in part.traits for part in self.parts)

    @property
    def patience(self) -> float:
        """How long an answer may take."""
        return 8.0 if self.has(SLOW) else 2.5

    def scenario(self, truth: str = "") -> Scenario:
        """As the lab builds it."""
        return Scenario(
            f"hunt-{self.seed}",
            fault=", ".join(part.name for part in self.parts) or "nothing",
            truth=truth,
            expected=CLEAR,
            servers=tuple(server for part in self.parts for server in part.servers),
            before=tuple(step for part in self.parts for step in part.steps),
            after=tuple(step for part in self.parts for step in part.after),
            containers=tuple(one for part in self.parts for one in part.containers),
            wires=tuple(wire for part in self.parts for wire in part.wires),
            who=self.client.who,
            address=self.client.address,
            options=self.client.options,
        )

    def smaller(self) -> Iterator[Machine]:
        """The same with a part less, or with a rule less."""
        for number, part in enumerate(self.parts):
            yield replace(self, parts=self.parts[:number] + self.parts[number + 1 :])
            for less in part.smaller():
                yield replace(self, parts=(*self.parts[:number], less, *self.parts[number + 1 :]))
