"""What reaches what: every cell of a fleet, each class of clients followed once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address

from landiag.fleet.classes import Classes
from landiag.fleet.fate import REACHED, Cell, CellVerdict, Fate, unknown
from landiag.fleet.hosts import Host
from landiag.fleet.incoming import judge_incoming
from landiag.fleet.outgoing import Outgoing, judge_outgoing
from landiag.model.causes.network import DUPLICATE_ADDRESS, NO_LAN_ADDRESS
from landiag.model.facts import IPAddress, IPNetwork
from landiag.model.terms import Leg

MAX_SPEAKERS = 4096
"""How many classes of a zone are followed; of what is beyond nothing is known."""


class Reach:
    """The cells of a fleet. Whatever was followed is remembered, so that nothing is followed twice."""

    def __init__(self, hosts: Iterable[Host]) -> None:
        self.hosts = tuple(hosts)
        self.by_name = {host.name: host for host in self.hosts}
        self._classes: dict[tuple[str, int], Classes] = {}
        self._in: dict[tuple[str, int, int, int, int, bool], Fate] = {}
        self._out: dict[tuple[str, int, int, int], Outgoing] = {}
        self._versions = {host.name: host.versions for host in self.hosts}
        self._addresses: dict[tuple[str, frozenset[int]], tuple[IPAddress, ...]] = {}
        owners: dict[IPAddress, set[str]] = {}
        for host in self.hosts:
            for address in host.addresses:
                owners.setdefault(address, set()).add(host.name)
        self._shared = {address: names for address, names in owners.items() if len(names) > 1}

    def cells(self, client: Host, server: Host, port: int, only: IPAddress | None = None) -> Iterator[Cell]:
        """The cells from one host to a port of another: one for each address, in the families that both have."""
        problem = server.problem or client.problem
        if problem or not server.ways:
            yield Cell(client.name, server.name, only, port, self._nowhere(client, server))
            return
        wanted = self._tried(client, server) if only is None else server.addresses
        if only is not None and only not in wanted:
            why = unknown(f"{server.name} was recorded without {only}")
            yield Cell(client.name, server.name, only, port, why)
        for address in wanted:
            if only is None or address == only:
                fate, source = self.fate(client, server, address, port)
                yield Cell(client.name, server.name, address, port, fate, source)

    def _tried(self, client: Host, server: Host) -> tuple[IPAddress, ...]:
        """The addresses of a server that a client has to try: those of the families that both have, else all."""
        versions = self._versions[client.name]
        found = self._addresses.get((server.name, versions))
        if found is None:
            alike = tuple(one for one in server.addresses if one.version in versions)
            found = self._addresses[server.name, versions] = alike or server.addresses
        return found

    def _nowhere(self, client: Host, server: Host) -> Fate:
        for host in (server, client):
            if host.problem:
                return unknown(f"{host.name}: {host.problem}")
        return Fate(
            CellVerdict.BLOCKED,
            NO_LAN_ADDRESS.code,
            None,
            f"{server.name} has no address that others could use",
        )

    def fate(
        self, client: Host, server: Host, address: IPAddress, port: int
    ) -> tuple[Fate, IPAddress | None]:
        """What becomes of a connection, and the address from which it comes."""
        number, version = int(address), address.version
        key = (client.name, version, self.classes(client.name, version).of(number), port)
        left = self._out.get(key)
        if left is None:
            left = self._out[key] = judge_outgoing(client, address, port)
        out, source = left.fate, left.source
        if self._shared and address in self._shared:
            return self._twice(address), source
        if source is None or (
            out is not REACHED and out.verdict is CellVerdict.BLOCKED and out.leg == Leg.SYN
        ):
            return out, source
        came = self.incoming(server, address, port, source, by_gateway=left.by_gateway)
        return (came if out is REACHED else self._join(out, came)), source

    def _twice(self, address: IPAddress) -> Fate:
        names = ", ".join(sorted(self._shared[address])[:5])
        return unknown(f"several hosts were recorded with {address}: {names}", DUPLICATE_ADDRESS.code)

    def incoming(
        self, server: Host, address: IPAddress, port: int, source: IPAddress, *, by_gateway: bool = False
    ) -> Fate:
        """What a server's host does with a connection, whatever the client's own host does."""
        version = source.version
        place = self.classes(server.name, version).of(int(source))
        key = (server.name, int(address), version, port, place, by_gateway)
        found = self._in.get(key)
        if found is None:
            found = self._in[key] = judge_incoming(server, address, port, source, by_gateway=by_gateway)
        return found

    def classes(self, name: str, version: int) -> Classes:
        """How a host tells the addresses of a family apart."""
        found = self._classes.get((name, version))
        if found is None:
            found = self._classes[name, version] = Classes(self.by_name[name], version)
        return found

    def _join(self, out: Fate, came: Fate) -> Fate:
        """Both halves: what is stopped first decides; what is open on one side leaves the whole open."""
        if came.verdict is CellVerdict.BLOCKED or came.verdict is CellVerdict.UNKNOWN:
            return came
        return out

    def from_network(
        self,
        server: Host,
        network: IPNetwork,
        address: IPAddress,
        port: int,
        without: Iterable[IPAddress] = (),
        narrower: Iterable[IPNetwork] = (),
    ) -> Iterator[tuple[IPAddress, Fate]]:
        """What clients of a network get, one for each class.

        The server's own addresses are none of them, nor those of ``without`` and of the ``narrower`` networks.
        """
        kind = IPv4Address if network.version == 4 else IPv6Address
        first, last = int(network[0]), int(network[-1])
        if network.version == 4 and network.prefixlen < 31:
            first, last = first + 1, last - 1
        classes = self.classes(server.name, network.version)
        gone = [(int(one), int(one)) for one in (*without, *server.own) if one.version == network.version]
        gone += [(int(one[0]), int(one[-1])) for one in narrower if one.version == network.version]
        for count, (low, high) in enumerate(_spans(classes, first, last, sorted(gone))):
            if count >= MAX_SPEAKERS:
                yield kind(low), unknown(f"{network} falls into more classes than are followed")
                return
            speaker = kind(low + min(99, (high - low) // 2))
            yield speaker, self.incoming(server, address, port, speaker)


def _spans(classes: Classes, first: int, last: int, gone: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The classes of a span without the spans that are gone, which are in order."""
    for low, high in (*gone, (last + 1, last + 1)):
        if low > first:
            yield from _cut(classes, first, min(low - 1, last))
        first = max(first, high + 1)
        if first > last:
            return


def _cut(classes: Classes, low: int, high: int) -> Iterator[tuple[int, int]]:
    if classes.edges is None:
        yield from ((one, one) for one in range(low, min(high, low + MAX_SPEAKERS) + 1))
    else:
        yield from classes.speakers(low, high)
