"""A scenario of the client's side: a fault, what a plain client gets, and what ``landiag probe`` must say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.lab.network import SERVER
from tests.lab.scenario import CLEAR, Expected, Scenario, Step
from tests.lab.servers import Server


@dataclass(frozen=True, slots=True)
class Probe:
    """One case. ``line`` is what the user types after ``landiag probe``.

    ``truth`` is what a plain client (exchange.py) gets at ``address``, None where it cannot be asked so.
    ``also`` are codes that must be among the findings, as root only where ``root_only``. ``silent`` are codes
    that must not. ``nmap`` says whether nmap is asked beside landiag. ``seconds`` bounds the command.
    """

    name: str
    line: str
    expected: Expected
    truth: str | None = None
    servers: tuple[Server, ...] = ()
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    environment: Mapping[str, str] | None = None
    address: str = SERVER
    port: int = 5000
    scheme: str = "http"
    also: tuple[str, ...] = ()
    root_only: bool = False
    nmap: bool = True
    seconds: float = 6.0

    def lab(self) -> Scenario:
        """The same as the lab builds it."""
        return Scenario(
            name=self.name,
            fault=self.line,
            truth=self.truth or "",
            expected=CLEAR,
            servers=self.servers,
            before=self.before,
            after=self.after,
        )
