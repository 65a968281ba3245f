"""Hosts in groups by what their firewalls do, not by how their rules are written; one packet shows each difference."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

from msgspec import Struct

from landiag.firewall.engine.mentions import ports_named
from landiag.fleet.classes import Place
from landiag.fleet.hosts import Host
from landiag.fleet.reach import Reach
from landiag.journey.first_packet import first_packet
from landiag.journey.journey import follow_filters
from landiag.journey.ways import choose_ways
from landiag.model.action import answer_of
from landiag.model.facts import IPAddress, Unknown
from landiag.model.report import Target
from landiag.model.ruleset import Verdict

MAX_PORTS, MAX_SOURCES = 24, 12
MAX_NAMED_PORTS, FEWEST_NAMED_PORTS, MAX_ASKED = 64, 8, 8000
"""The more hosts are asked, the fewer of the ports are asked about that rules alone name."""
_UNUSED_PORT = 47808
_FAR = (ip_address("203.0.113.77"), ip_address("2001:db8:ffff::77"))
"""Clients from far away, of documentation networks: nobody's rules name them by chance."""


class Probe(Struct, frozen=True):
    """One packet that every host is asked about. ``source`` None is a neighbour on the host's own network."""

    port: int
    source: IPAddress | None

    @property
    def text(self) -> str:
        """The packet in words."""
        who = "a neighbour" if self.source is None else str(self.source)
        return f"tcp from {who} to port {self.port}"


class Group(Struct, frozen=True):
    """Hosts whose firewalls answer every packet alike. ``differs`` is the first packet that the largest group's hosts
    answer otherwise: None for that group itself; ``answer`` and ``usual`` are both answers to it."""

    hosts: tuple[str, ...]
    digest: str
    differs: Probe | None = None
    answer: str = ""
    usual: str = ""


def group_hosts(reach: Reach) -> tuple[Group, ...]:
    """Group the hosts of a fleet, the largest group first; hosts of which nothing is known are left out."""
    known = [host for host in reach.hosts if not host.problem and host.ways]
    probes = _probes(reach, known)
    answers = _complete(known, probes, {host.name: tuple(_answers(reach, host, probes)) for host in known})
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, answer in answers.items():
        groups.setdefault(answer, []).append(name)
    ordered = sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[1]))
    if not ordered:
        return ()
    usual = ordered[0][0]
    return tuple(_group(names, answer, usual, probes) for answer, names in ordered)


def _group(
    names: list[str], answer: tuple[str, ...], usual: tuple[str, ...], probes: tuple[Probe, ...]
) -> Group:
    place = next((i for i, (a, b) in enumerate(zip(answer, usual, strict=True)) if a != b), None)
    digest = digest_answers(answer)
    if place is None:
        return Group(tuple(names), digest)
    return Group(tuple(names), digest, probes[place], answer[place], usual[place])


def digest_answers(answers: Iterable[str]) -> str:
    """A short name for all answers together: equal where the firewalls mean the same."""
    return hashlib.blake2b("\n".join(answers).encode(), digest_size=6).hexdigest()


def _probes(reach: Reach, hosts: list[Host]) -> tuple[Probe, ...]:
    """The packets that tell hosts apart: ports that they listen on or that rules name, clients that rules and units
    name."""
    ports = Counter(port for host in hosts for port in host.ports)
    listened = {*(port for port, _ in ports.most_common(MAX_PORTS - 1)), _UNUSED_PORT}
    strangers: tuple[IPAddress | None, ...] = (None, *_FAR)
    asked = dict.fromkeys(_named_ports(hosts), strangers)
    asked |= dict.fromkeys(listened, (*strangers, *_named_sources(reach, hosts)))
    return tuple(Probe(port, source) for port, sources in sorted(asked.items()) for source in sources)


def _named_ports(hosts: list[Host]) -> list[int]:
    """The ports that some rulesets name and others don't, those named by most first."""
    rulesets = {_rules(host): host.facts.ruleset for host in hosts if host.facts is not None}
    most = min(MAX_NAMED_PORTS, max(FEWEST_NAMED_PORTS, MAX_ASKED // max(1, len(hosts))))
    read = [one for one in rulesets.values() if not isinstance(one, Unknown)]
    named = Counter(port for one in read for port in ports_named(one))
    return [port for port, number in named.most_common() if number < len(read)][:most]


def _named_sources(reach: Reach, hosts: list[Host]) -> Iterator[IPAddress]:
    """The recorded clients that the hosts tell apart most: one of each class."""
    seen: dict[tuple[Place, ...], IPAddress] = {}
    judges = {_rules(host): host for host in hosts}
    for host in hosts:
        for address in host.addresses:
            places = tuple(
                reach.classes(one.name, address.version).of(int(address)) for one in judges.values()
            )
            seen.setdefault(places, address)
    yield from list(seen.values())[: MAX_SOURCES - 3]


def _rules(host: Host) -> int:
    return 0 if host.facts is None else id(host.facts.ruleset)


def _complete(
    hosts: list[Host], probes: tuple[Probe, ...], answers: dict[str, tuple[str | None, ...]]
) -> dict[str, tuple[str, ...]]:
    """A host is no client of itself: it answers for its own address as a host with the same rules does, else as it
    answers the address beside."""
    alike: dict[int, list[tuple[str | None, ...]]] = {}
    for host in hosts:
        alike.setdefault(_rules(host), []).append(answers[host.name])
    return {
        host.name: tuple(
            answer or next((one for other in alike[_rules(host)] if (one := other[place]) is not None), None)
            or _beside(host, probes[place])
            for place, answer in enumerate(answers[host.name])
        )
        for host in hosts
    }  # fmt: skip


def _beside(host: Host, probe: Probe) -> str:
    assert probe.source is not None
    return _answer(host, _neighbour(probe.source, 256), probe.port)


def _answers(reach: Reach, host: Host, probes: tuple[Probe, ...]) -> Iterator[str | None]:
    """What a host's firewall does with each packet, whatever listens there; None for packets of its own address."""
    remembered: dict[tuple[int, int, Place], str] = {}
    for probe in probes:
        way = next(
            (one for one in host.ways if probe.source is None or one.ip.version == probe.source.version), None
        )
        if way is None or host.facts is None:
            yield "no address of that family"
            continue
        client = probe.source or _neighbour(way.ip, way.network.num_addresses)
        if client in host.own:
            yield None
            continue
        key = (
            probe.port,
            client.version,
            reach.classes(host.name, client.version, probe.port).of(int(client)),
        )
        if key not in remembered:
            remembered[key] = _answer(host, client, probe.port)
        yield remembered[key]


def _neighbour(address: IPAddress, size: int) -> IPAddress:
    kind: type[IPv4Address] | type[IPv6Address] = type(address)
    return kind(int(address) ^ 1) if size > 2 else kind(int(address) ^ 2)


def _answer(host: Host, client: IPAddress, port: int) -> str:
    assert host.facts is not None
    way = choose_ways(host.facts, host.ways, Target(port=port), client)[0]
    told = follow_filters(host.facts, first_packet(host.facts, way, client, port))
    if isinstance(told, Unknown):
        return "unknown"
    verdict = told.verdict.value
    if told.verdict is Verdict.REJECT and (answer := answer_of(told.reject_with)):
        verdict += f" with {answer}"
    return f"{verdict} ({told.leg})" if told.leg else verdict
