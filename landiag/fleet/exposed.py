"""Which listeners of a fleet who reaches: the cells of every port on which a host listens for others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from landiag.fleet.fate import Cell, CellVerdict, unknown
from landiag.fleet.hosts import Host
from landiag.fleet.reach import Reach
from landiag.model.facts import IPNetwork, Unknown

ORDER = {
    CellVerdict.UNKNOWN: 0, CellVerdict.REACHABLE: 1, CellVerdict.BLOCKED: 2, CellVerdict.NO_LISTENER: 3,
}  # fmt: skip
"""Unknown before open before closed: what has to be looked at comes first."""


def list_cells(reach: Reach, ports: Iterable[int] | None = None) -> Iterator[Cell]:
    """Every cell: of the named ports, else of the ports on which each host listens."""
    wanted = None if ports is None else tuple(ports)
    asked = (
        (server, port) for server in reach.hosts for port in (server.ports if wanted is None else wanted)
    )
    return reach.columns(reach.hosts, asked)


def unread_hosts(reach: Reach) -> tuple[Host, ...]:
    """The hosts of which something that decides could not be read."""
    return tuple(host for host in reach.hosts if describe_gap(host))


def describe_gap(host: Host) -> str:
    """What could not be read of a host; empty where all was."""
    if host.problem or host.facts is None:
        return host.problem
    if isinstance(host.facts.sockets, Unknown):
        return f"its listeners could not be read: {host.facts.sockets.reason}"
    if isinstance(host.facts.ruleset, Unknown):
        return f"its firewall could not be read: {host.facts.ruleset.reason}"
    gaps = host.facts.ruleset.gaps
    return f"its firewall could not be read: {gaps[0].source}: {gaps[0].reason}" if gaps else ""


def exposed_to(
    reach: Reach, name: str, networks: Iterable[IPNetwork], *, in_words: bool = False
) -> Iterator[Cell]:
    """What clients of networks get of every listener, one cell for each class; ``name`` is what they are called.

    ``in_words``: where a network's clients fare differently, a class is called a part of it.
    """
    nets = tuple(networks)
    for server in reach.hosts:
        if server.facts is None or isinstance(server.facts.sockets, Unknown):
            yield Cell(name, server.name, None, 0, unknown(f"{server.name}: {describe_gap(server)}"))
        for port, address, network in product(server.ports, server.addresses, nets):
            if network.version == address.version:
                told = list(reach.from_network(server, network, address, port))
                is_part = in_words and len({fate.verdict for _, fate in told}) > 1
                for speaker, fate in told:
                    called = f"a part of {name}, such as {speaker}" if is_part else name
                    yield Cell(called, server.name, address, port, fate, speaker)
