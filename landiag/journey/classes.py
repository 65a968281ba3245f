"""The conversations that are followed for a question: one for each class of clients, along each way in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_network

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.engine.pieces import Piece, split_network
from landiag.journey.entrances import answering, entrances, join_entrances
from landiag.journey.first_packet import first_packet
from landiag.journey.hardware import edges_of_hardware, with_hardware
from landiag.journey.journey import Journey, follow
from landiag.journey.link import heard_mac
from landiag.journey.route_index import index_routes
from landiag.journey.ways import Way, client_of
from landiag.model.facts import Family, Interface, IPAddress, IPNetwork, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.remember import remember
from landiag.model.report import AddressSpan, Target
from landiag.model.route import PolicyRule, Route
from landiag.model.ruleset import Ruleset, Verdict
from landiag.model.terms import Symptom

MAX_PIECES = 96
"""How many pieces of a subnet are followed: each costs a walk through all rules that concern it."""


class ClientClass(Struct, frozen=True):
    """Clients that fare alike: the journey of one of them, and all the addresses that it speaks for.

    ``pieces`` is empty for the one client that was named with ``--peer``.
    """

    journey: Journey
    pieces: tuple[Piece, ...] = ()

    @property
    def fares_well(self) -> bool:
        """Whether its clients get an answer."""
        return self.journey.sight.symptom is Symptom.ANSWERED

    @property
    def size(self) -> int:
        """How many addresses it holds."""
        return sum(piece.size for piece in self.pieces) or 1

    @property
    def spans(self) -> tuple[AddressSpan, ...]:
        """The addresses that it speaks for, as a report holds them."""
        if not self.pieces:
            return (AddressSpan(str(self.journey.packet.source), str(self.journey.packet.source)),)
        return tuple(AddressSpan(str(one.first), str(one.last)) for one in self.pieces)

    @property
    def addresses(self) -> str:
        """The addresses as people write them, the first few: ``192.168.77.20, 192.168.77.30 to 192.168.77.40``."""
        spans = [str(one.first) if one.size == 1 else f"{one.first} to {one.last}" for one in self.pieces[:3]]
        more = f" and {len(self.pieces) - 3} more" if len(self.pieces) > 3 else ""
        return (", ".join(spans) or str(self.journey.packet.source)) + more


Follow = Callable[[Facts, Packet], "Journey | Unknown"]
"""Follows the attempt that a packet begins."""


def follow_ways(
    facts: Facts, ways: Iterable[Way], target: Target, peer: IPAddress | None, following: Follow = follow
) -> Mapping[str, tuple[ClientClass, ...]]:
    """Follow the clients' conversations along every way in, by the id of the way; the largest class first."""
    return {way.id: _follow_way(facts, way, target, peer, following) for way in ways}


def _follow_way(
    facts: Facts, way: Way, target: Target, peer: IPAddress | None, following: Follow
) -> tuple[ClientClass, ...]:
    only = peer if way.front is None else way.front.source
    if only is not None and only.version == way.ip.version:
        return _follow_one(facts, way, target, only, following, is_named=True)
    found = _ordinary_first(_follow_classes(facts, way, target, following))
    if found and way.front is not None and way.front.nat is not None and not found[0].fares_well:
        around = replace(way, beyond=_ANYWHERE[way.family])
        found = (_kindest(found[0], _follow_classes(facts, around, target, following)),)
    return found or _follow_one(facts, way, target, client_of(way), following, is_named=False)


def _ordinary_first(classes: Iterable[ClientClass]) -> tuple[ClientClass, ...]:
    """The largest class first; of classes of about the same size the one that fares worse."""
    found = sorted(classes, key=lambda one: -one.size)
    most = found[0].size if found else 0
    return tuple(sorted(found, key=lambda one: (one.size < most * _ALIKE, one.fares_well)))


def _kindest(first: ClientClass, others: Iterable[ClientClass]) -> ClientClass:
    """The class that fares best, of all whose address a host may pass on to its guest; the first where none does.

    Whether it does, or comes with one of its own, can't be seen inside: only what stops all of them is certain.
    """
    return max((first, *others), key=lambda one: (one.fares_well, one.journey.verdict is Verdict.UNKNOWN))


_ANYWHERE = {Family.IPV4: ip_network("0.0.0.0/0"), Family.IPV6: ip_network("::/0")}

_ALIKE = 0.9
"""Classes whose sizes differ by less are taken for equally ordinary."""


def _follow_one(
    facts: Facts, way: Way, target: Target, client: IPAddress, following: Follow, *, is_named: bool
) -> tuple[ClientClass, ...]:
    journey = follow_one(facts, way, client, target.port, following, is_named=is_named)
    return () if isinstance(journey, Unknown) else (ClientClass(journey),)


def follow_one(
    facts: Facts,
    way: Way,
    client: IPAddress,
    port: int | None,
    following: Follow = follow,
    *,
    is_named: bool = True,
) -> Journey | Unknown:
    """Follow the attempt of one client, which speaks for no other; Unknown where the rules could not be read."""

    def with_mac(facts: Facts, packet: Packet) -> Journey | Unknown:
        return following(facts, replace(packet, source_mac=heard_mac(facts, packet), is_named=is_named))

    return _follow_client(facts, way, client, port, with_mac)


def _follow_client(
    facts: Facts, way: Way, client: IPAddress, port: int | None, following: Follow
) -> Journey | Unknown:
    """Follow one client; by both interfaces where its packets come in now by one, now by the other."""
    found = entrances(facts, answering(facts, way, client), client)
    first, *others = (following(facts, first_packet(facts, one, client, port)) for one in found.ways)
    for later in others:
        if not isinstance(first, Unknown) and not isinstance(later, Unknown):
            first = join_entrances(found, first, later)
    return first


def _follow_classes(facts: Facts, way: Way, target: Target, following: Follow) -> Iterator[ClientClass]:
    """Follow one client of each piece of the subnet, and put the pieces together that fare alike."""
    together: dict[object, tuple[Journey, list[Piece]]] = {}

    def ordinary(facts: Facts, packet: Packet) -> Journey | Unknown:
        return following(facts, with_hardware(facts, packet))

    for clients in _pieces(facts, way):
        speaker = max(clients, key=lambda part: part.size).speaker
        journey = _follow_client(facts, way, speaker, target.port, ordinary)
        if not isinstance(journey, Unknown):
            together.setdefault(_fate(journey), (journey, []))[1].extend(clients)
    for journey, pieces in together.values():
        yield ClientClass(journey, tuple(pieces))


def _pieces(facts: Facts, way: Way) -> tuple[tuple[Piece, ...], ...]:
    """The clients of a way, in pieces that rules and routes do not tell apart; the largest pieces first."""
    if isinstance(facts.ruleset, Unknown):
        client = client_of(way)
        alone = tuple(_without(Piece(client, client, client), _own_addresses(facts.interfaces, facts.routes)))
        return (alone,) if alone else ()
    found = _cut_network(way.network, facts.ruleset, facts.routes, facts.policy_rules, facts.interfaces)
    edges = edges_of_hardware(facts, way.interface.name)
    if not edges:
        return found
    return tuple((part,) for clients in found for piece in clients for part in _cut(piece, edges))


@remember
def _cut_network(
    network: IPNetwork,
    ruleset: Ruleset,
    routes: tuple[Route, ...] | Unknown,
    policy_rules: tuple[PolicyRule, ...] | Unknown,
    interfaces: tuple[Interface, ...] | Unknown,
) -> tuple[tuple[Piece, ...], ...]:
    """Cut a subnet where rules or routes tell clients apart, and leave out this machine's own addresses."""
    edges = _route_edges(network, routes, policy_rules)
    own = _own_addresses(interfaces, routes)
    cut = [part for piece in split_network(ruleset, network) for part in _cut(piece, edges)]
    largest = sorted(cut, key=lambda piece: -piece.size)[:MAX_PIECES]
    return tuple(clients for piece in largest if (clients := tuple(_without(piece, own))))


def _own_addresses(
    interfaces: tuple[Interface, ...] | Unknown, routes: tuple[Route, ...] | Unknown
) -> frozenset[int]:
    """The addresses of this machine, which are no clients: with those of routers, which it has where it is one."""
    known = () if isinstance(interfaces, Unknown) else interfaces
    own = (address.ip for interface in known for address in interface.addresses)
    found = () if isinstance(routes, Unknown) else routes
    shared = (one.destination.network_address for one in found if one.kind == "anycast")
    return frozenset(map(int, (*own, *shared)))


def _without(piece: Piece, own: frozenset[int]) -> Iterator[Piece]:
    """Take addresses of this machine out of a piece."""
    inside = [address for address in own if int(piece.first) <= address <= int(piece.last)]
    for part in _cut(piece, sorted({edge for address in inside for edge in (address, address + 1)})):
        if int(part.first) not in own:
            yield part


def _route_edges(
    network: IPNetwork, routes: tuple[Route, ...] | Unknown, policy_rules: tuple[PolicyRule, ...] | Unknown
) -> list[int]:
    """List where routes and policy rules tell the clients of a subnet apart."""
    by_routes = [] if isinstance(routes, Unknown) else index_routes(routes).edges(network)
    rules = () if isinstance(policy_rules, Unknown) else policy_rules
    networks = [rule.destination for rule in rules if rule.destination is not None]
    inside = [n for n in networks if n.version == network.version and n.network_address in network]
    return sorted({*by_routes, *(edge for n in inside for edge in (int(n[0]), int(n[-1]) + 1))})


def _cut(piece: Piece, edges: list[int]) -> Iterator[Piece]:
    """Cut a piece at the edges that lie inside of it."""
    low, last = int(piece.first), int(piece.last)
    kind = type(piece.first)
    for edge in [edge for edge in edges if low < edge <= last] + [last + 1]:
        yield Piece(kind(low), kind(edge - 1), kind(low + min(99, (edge - 1 - low) // 2)))
        low = edge


def _fate(journey: Journey) -> object:
    """What two clients must have in common to be one class: the outcome, who decides, and where it goes."""
    line = journey.decided_by
    place = None if line is None or line.chain is None else (line.chain.key, line.chain.name, line.rule_text)
    unknown = tuple(line.rule_text for line in journey.unknown)
    ends = (journey.verdict, journey.leg, place, journey.translated, journey.way_back, unknown)
    return ends, journey.link, journey.sight
