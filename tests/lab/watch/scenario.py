"""A scenario of the watch: a fault, clients that try, and what must be said of each attempt."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.network import CLIENT, CLIENT6, NEIGHBOUR, SERVER, SERVER6, STRANGER
from tests.lab.scenario import CLEAR, Container, Expected, Scenario, Step, Wire
from tests.lab.servers import Server

ADDRESSES = {"client": CLIENT, "neighbour": NEIGHBOUR, "stranger": STRANGER}


@dataclass(frozen=True, slots=True)
class Try:
    """One client that tries: what it must get (words of exchange.py), and what watch must say of it.

    ``cause`` is ``-`` where there must be none; ``a|b`` where two answers are right. ``scheme`` tcp only connects.
    """

    outcome: str
    cause: str = "-"
    truth: str = ""
    who: str = "client"
    address: str = SERVER
    source: str = ""
    scheme: str = "http"

    @property
    def client(self) -> str:
        """The address from which it comes."""
        if self.source:
            return self.source
        return CLIENT6 if self.address == SERVER6 else ADDRESSES[self.who]


@dataclass(frozen=True, slots=True)
class Watch:
    """One case. ``at_once`` lets the clients try together; ``during`` is typed when the watch has begun.

    ``summary`` are words that the attempts' summaries must hold, ``evidence`` words of the report's evidence.
    ``slowest`` bounds the seconds from the SYN to the conclusion. ``options`` are more of the command line.
    ``arrives`` False: nothing is to arrive.
    """

    name: str
    expected: Expected
    tries: tuple[Try, ...] = ()
    servers: tuple[Server, ...] = ()
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    during: tuple[Step, ...] = ()
    containers: tuple[Container, ...] = ()
    wires: tuple[Wire, ...] = ()
    at_once: bool = False
    arrives: bool = True
    summary: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    options: str = ""
    slowest: float = 1.0
    user: bool = False

    def lab(self) -> Scenario:
        """The same as the lab builds it."""
        return Scenario(
            name=self.name,
            fault=self.name,
            truth="",
            expected=CLEAR,
            servers=self.servers,
            before=self.before,
            after=self.after,
            containers=self.containers,
            wires=self.wires,
        )
