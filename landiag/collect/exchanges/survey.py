"""What many ports of many hosts said, as ranges."""

from __future__ import annotations

from msgspec import Struct

from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.port_ranges import parse_ports
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.collect.exchanges.transcript import decode


class Group(Struct, frozen=True):
    """The ports of one host that answered alike, as ranges: ``1-4999,5001-65535``. ``count`` is how many."""

    outcome: TcpOutcome
    ports: str
    count: int
    icmp: IcmpError | None = None
    error: str | None = None


class HostPorts(Struct, frozen=True):
    """What the ports of one address said. ``seconds`` is the quickest answer, None when none came."""

    address: str
    groups: tuple[Group, ...]
    seconds: float | None = None

    def ports(self, outcome: TcpOutcome) -> tuple[int, ...]:
        """The ports that ended like this, in order."""
        found = [parse_ports(group.ports) for group in self.groups if group.outcome is outcome]
        return tuple(sorted(port for ports in found for port in ports))


class Survey(Struct, frozen=True):
    """The transcript of ``survey``. ``untried`` counts the attempts for which no time was left."""

    hosts: tuple[HostPorts, ...]
    untried: int = 0
    seconds: float = 0.0


def parse_survey(text: str) -> Survey:
    """The transcript that ``survey`` wrote. Raises ParseError."""
    return decode(text, Survey)
