"""What reaches what: every cell of a fleet, each class of clients followed once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address
from itertools import islice

from msgspec import Struct

from landiag.fleet.classes import Classes, Own, Place, own_classes
from landiag.fleet.fate import REACHED, Cell, CellVerdict, Fate, unknown
from landiag.fleet.hosts import Host
from landiag.fleet.incoming import judge_incoming
from landiag.fleet.outgoing import Outgoing, judge_outgoing
from landiag.model.causes.network import DUPLICATE_ADDRESS, NO_LAN_ADDRESS
from landiag.model.facts import IPAddress, IPNetwork

MAX_SPEAKERS = 4096
"""How many classes of a zone are followed; of what is beyond nothing is known."""

_AT_ONCE = 64
"""How many ports are looked at together."""


class _Client(Struct):
    """A host as a client: by family and port how it tells addresses apart, and what became of each class of them."""

    name: str
    versions: frozenset[int]
    left: dict[tuple[int, int], tuple[Classes, dict[Place, Outgoing]]]


class _Door(Struct):
    """A port at an address of a server, and what became of each class of clients that came there."""

    server: Host
    name: str
    versions: frozenset[int]
    address: IPAddress
    number: int
    version: int
    port: int
    classes: Classes
    came: dict[tuple[Place, bool], Fate]
    shared: Fate | None


class Reach:
    """The cells of a fleet. Whatever was followed is remembered, so that nothing is followed twice."""

    def __init__(self, hosts: Iterable[Host]) -> None:
        self.hosts = tuple(hosts)
        self.by_name = {host.name: host for host in self.hosts}
        self._classes: dict[tuple[str, int, int | None], Classes] = {}
        self._own: dict[tuple[str, int], Own] = {}
        self._doors: dict[tuple[str, IPAddress, int], _Door] = {}
        self._clients = {host.name: _Client(host.name, host.versions, {}) for host in self.hosts}
        owners: dict[IPAddress, set[str]] = {}
        for host in self.hosts:
            for address in host.addresses:
                owners.setdefault(address, set()).add(host.name)
        self._shared = {address: names for address, names in owners.items() if len(names) > 1}

    def cells(self, client: Host, server: Host, port: int, only: IPAddress | None = None) -> Iterator[Cell]:
        """The cells from one host to a port of another: one for each address, in the families that both have."""
        if only is None or server.problem or client.problem or not server.ways:
            yield from self.columns((client,), ((server, port),), only)
        elif only in server.addresses:
            clients, door = [self._clients[client.name]], self._door(server, only, port)
            yield from self._enter(clients, self._leave_by(clients, [door])[0], door)
        else:
            why = unknown(f"{server.name} was recorded without {only}")
            yield Cell(client.name, server.name, only, port, why)

    def columns(
        self, hosts: Iterable[Host], asked: Iterable[tuple[Host, int]], only: IPAddress | None = None
    ) -> Iterator[Cell]:
        """The cells from hosts to ports of hosts, but for those to themselves, port by port.

        ``only`` names the address where none can be tried.
        """
        known = tuple(hosts)
        clients = [self._clients[host.name] for host in known if not host.problem]
        rest = iter(asked)
        while batch := tuple(islice(rest, _AT_ONCE)):
            doors = [[] if host.problem else self._doors_of(host, port) for host, port in batch]
            left = iter(self._leave_by(clients, [door for some in doors for door in some]))
            for (server, port), some in zip(batch, doors, strict=True):
                for host in known:
                    if (host.problem or not some) and host is not server:
                        yield Cell(host.name, server.name, only, port, self._nowhere(host, server))
                for door in some:
                    yield from self._enter(clients, next(left), door)

    def _doors_of(self, server: Host, port: int) -> list[_Door]:
        return [self._door(server, address, port) for address in server.addresses]

    def _door(self, server: Host, address: IPAddress, port: int) -> _Door:
        key = (server.name, address, port)
        found = self._doors.get(key)
        if found is None:
            version = address.version
            classes = self.classes(server.name, version, port)
            shared = self._twice(address) if address in self._shared else None
            found = _Door(
                server,
                server.name,
                server.versions,
                address,
                int(address),
                version,
                port,
                classes,
                {},
                shared,
            )
            self._doors[key] = found
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

    def _leave_by(self, clients: Sequence[_Client], doors: Sequence[_Door]) -> list[list[Outgoing | None]]:
        """What becomes of clients as they leave their hosts for doors, door by door; None where they do not try it.

        Client by client, because what is remembered of a thousand clients does not fit where a processor is quick.
        """
        found: list[list[Outgoing | None]] = [[None] * len(clients) for _ in doors]
        alike: dict[tuple[int, int], list[tuple[_Door, list[Outgoing | None]]]] = {}
        for door, ways in zip(doors, found, strict=True):
            alike.setdefault((door.version, door.port), []).append((door, ways))
        for at, client in enumerate(clients):
            for kind, several in alike.items():
                self._leave_alike(client, at, kind, several)
        return found

    def _leave_alike(
        self,
        client: _Client,
        at: int,
        kind: tuple[int, int],
        doors: Sequence[tuple[_Door, list[Outgoing | None]]],
    ) -> None:
        """The same of one client for doors of one family and port."""
        version, versions, name = kind[0], client.versions, client.name
        classes, left = client.left.get(kind) or self._tells(client, kind)
        place_of, known = classes.of, left.get
        for door, ways in doors:
            # A client tries the addresses of the families that both have; where there are none, all.
            if door.name == name or (version not in versions and not door.versions.isdisjoint(versions)):
                continue
            place = place_of(door.number)
            out = known(place)
            if out is None:
                out = left[place] = judge_outgoing(self.by_name[name], door.address, door.port)
            ways[at] = out

    def _enter(
        self, clients: Sequence[_Client], left: Sequence[Outgoing | None], door: _Door
    ) -> Iterator[Cell]:
        """The cells of one door. A fleet has millions of them: most cost a look at what is remembered."""
        server, address, port, shared = door.name, door.address, door.port, door.shared
        known, place_of = door.came.get, door.classes.of
        for client, out in zip(clients, left, strict=True):
            if out is None:
                continue
            fate, source = out.fate, out.source
            if shared is not None:
                fate = shared
            elif source is not None and not out.is_stopped:
                there = known((place_of(out.number), out.by_gateway))
                if there is None:
                    there = self._arrive(door, source, by_gateway=out.by_gateway)
                fate = there if fate is REACHED else self._join(fate, there)
            yield Cell(client.name, server, address, port, fate, source)

    def _tells(self, client: _Client, kind: tuple[int, int]) -> tuple[Classes, dict[Place, Outgoing]]:
        found = client.left[kind] = (self.classes(client.name, *kind), {})
        return found

    def _arrive(self, door: _Door, source: IPAddress, *, by_gateway: bool = False) -> Fate:
        """What a server's host does with a connection, whatever the client's own host does."""
        key = (door.classes.of(int(source)), by_gateway)
        found = door.came.get(key)
        if found is None:
            found = judge_incoming(door.server, door.address, door.port, source, by_gateway=by_gateway)
            door.came[key] = found
        return found

    def _twice(self, address: IPAddress) -> Fate:
        names = ", ".join(sorted(self._shared[address])[:5])
        return unknown(f"several hosts were recorded with {address}: {names}", DUPLICATE_ADDRESS.code)

    def classes(self, name: str, version: int, port: int | None = None) -> Classes:
        """How a host tells the addresses of a family apart, at a port or at any."""
        found = self._classes.get((name, version, port))
        if found is None:
            host = self.by_name[name]
            own = self._own.get((name, version))
            if own is None:
                own = self._own[name, version] = own_classes(host, version)
            found = self._classes[name, version, port] = Classes(host, version, port, own)
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
        door = self._door(server, address, port)
        gone = [(int(one), int(one)) for one in (*without, *server.own) if one.version == network.version]
        gone += [(int(one[0]), int(one[-1])) for one in narrower if one.version == network.version]
        for count, (low, high) in enumerate(_spans(door.classes, first, last, sorted(gone))):
            if count >= MAX_SPEAKERS:
                yield kind(low), unknown(f"{network} falls into more classes than are followed")
                return
            speaker = kind(low + min(99, (high - low) // 2))
            yield speaker, self._arrive(door, speaker)


def _spans(classes: Classes, first: int, last: int, gone: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The classes of a span without the spans that are gone, which are in order."""
    for low, high in (*gone, (last + 1, last + 1)):
        if low > first:
            yield from classes.speakers(first, min(low - 1, last))
        first = max(first, high + 1)
        if first > last:
            return
