"""This machine, which asks: its interfaces, routes and neighbours, parsed from the readings when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import ip_address
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.collect import interfaces, machine, neighbours, routes
from landiag.collect.machine import Machine
from landiag.collect.systems import collector_of, first_sources
from landiag.journey.routing import RouteDecision, lookup
from landiag.model.addresses import parse_ip
from landiag.model.facts import (
    Address,
    Command,
    Family,
    Interface,
    IPAddress,
    Reading,
    Source,
    Unknown,
    parse_reading,
)
from landiag.model.host import Facts
from landiag.model.neighbour import Neighbour
from landiag.model.route import RouteKind
from landiag.probe import sources
from landiag.probe.target import Request

T = TypeVar("T")

_ANY_SOURCE = {4: ip_address("0.0.0.0"), 6: ip_address("::")}
"""What the kernel looks a route up with before it has chosen a source address."""

RESOLVED = ("REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT", "NOARP")
CONFIRMED = ("REACHABLE",)
FIXED = ("PERMANENT",)
"""What somebody has typed: nobody was asked for it, and it may be wrong."""

MISSED = ("FAILED", "INCOMPLETE")


class Client(Struct, frozen=True):
    """One request, and this machine as the readings for it show it. Accessors give None for what was not read (yet)."""

    request: Request
    readings: Mapping[str, Reading]
    parsed: dict[str, object] = field(default_factory=dict)

    def parse(self, source: Source, parse: Callable[[str], T]) -> T | Unknown | None:
        """The parsed reading of a source; None when it was not read."""
        reading = self.readings.get(source.name)
        if reading is None:
            return None
        if source.name not in self.parsed:
            self.parsed[source.name] = parse_reading(reading, parse)
        return self.parsed[source.name]  # type: ignore[return-value]

    def known(self, source: Source, parse: Callable[[str], T]) -> T | None:
        """The parsed reading of a source; None when it was not read or not understood."""
        value = self.parse(source, parse)
        return None if isinstance(value, Unknown) else value

    @property
    def versions(self) -> tuple[int, ...]:
        """The IP versions that the target may have."""
        target = self.request.address or self.request.network
        if target is not None:
            return (target.version,)
        return (4, 6) if self.request.family is None else (int(self.request.family),)

    @property
    def machine(self) -> Machine | None:
        """This machine; None when it could not be described."""
        return self.known(machine.MACHINE, machine.parse_machine)

    @property
    def privileged(self) -> bool:
        """Whether raw packets may be sent."""
        return self.machine is not None and self.machine.info.privileged

    @property
    def facts(self) -> Facts:
        """What was read of this machine, as a route lookup wants it."""
        if "facts" in self.parsed:
            return self.parsed["facts"]  # type: ignore[return-value]
        if any(source.name not in self.readings for source in self.facts_sources):
            return _no_facts(self)
        self.parsed["facts"] = facts = _parse_facts(self)
        return facts

    @property
    def facts_sources(self) -> tuple[Source, ...]:
        """What the facts are made of: asked at once as on Linux, and again where the system is another one."""
        asked = sources.first(self.versions)
        if self.machine is None or self.machine.os == "linux":
            return asked
        return (*asked, *first_sources(self.machine.os))

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """The interfaces of this machine; empty where they could not be read."""
        return () if isinstance(self.facts.interfaces, Unknown) else self.facts.interfaces

    @property
    def own_addresses(self) -> tuple[tuple[Interface, Address], ...]:
        """Every address of this machine, with its interface."""
        return tuple((interface, address) for interface in self.interfaces for address in interface.addresses)

    @property
    def place(self) -> sources.Place:
        """Where exchanges leave from, when the user said so."""
        return sources.place_of(self.request.interface)

    def neighbours_source(self, when: str = "after") -> Command:
        """The neighbour table as this system shows it: ``after`` the target was asked, or ``late``."""
        name, argv = sources.NEIGHBOUR_TABLES.get(self.facts.os, sources.NEIGHBOUR_TABLES["linux"])
        return Command(f"{name} {when}", argv)

    def neighbours(self, when: str = "after") -> tuple[Neighbour, ...]:
        """A neighbour table; empty where it could not be read."""
        return self.known(self.neighbours_source(when), self._parse_neighbours) or ()

    def _parse_neighbours(self, text: str) -> tuple[Neighbour, ...]:
        if self.facts.os == "windows":
            from landiag.collect.windows_net import parse_arp

            return parse_arp(text, self.interfaces)
        if self.facts.os == "linux":
            return neighbours.parse_neighbours(text)
        from landiag.collect.bsd_net import parse_arp as parse_bsd_arp

        return parse_bsd_arp(text)

    def neighbour(self, address: IPAddress) -> Neighbour | None:
        """The last that is known of a neighbour."""
        for when in ("late", "after"):
            if self.readings.get(self.neighbours_source(when).name) is not None:
                return next((entry for entry in self.neighbours(when) if entry.address == address), None)
        return None

    def route(self, address: IPAddress) -> RouteDecision | Unknown:
        """The way to an address, from this machine's tables."""
        key = f"route {address}"
        if "facts" not in self.parsed:
            return self._look_up(address)
        if key not in self.parsed:
            self.parsed[key] = self._look_up(address)
        return self.parsed[key]  # type: ignore[return-value]

    def _look_up(self, address: IPAddress) -> RouteDecision | Unknown:
        if address.is_link_local and address.version == 6:
            zone = self.request.zone or self.request.interface
            return (
                RouteDecision(RouteKind.UNICAST, zone) if zone else Unknown("it has no zone", "the address")
            )
        return lookup(self.facts, address, _ANY_SOURCE[address.version])

    def on_link(self, address: IPAddress) -> bool:
        """Whether the address is asked for directly, without a router."""
        route = self.route(address)
        return isinstance(route, RouteDecision) and route.leaves and route.gateway is None

    def gateway(self, version: int) -> tuple[IPAddress, str | None] | None:
        """The default gateway of a family and its interface; None without one."""
        if isinstance(self.facts.routes, Unknown):
            return None
        defaults = [
            route
            for route in self.facts.routes
            if route.destination.version == version
            and route.destination.prefixlen == 0
            and route.gateway is not None
            and route.table in ("main", "254")
            and not route.dead
        ]
        best = min(defaults, key=lambda route: route.metric, default=None)
        return None if best is None or best.gateway is None else (best.gateway, best.device)

    def interface(self, name: str | None) -> Interface | None:
        """The interface of that name."""
        return next((interface for interface in self.interfaces if interface.name == name), None)

    def is_own(self, address: str) -> bool:
        """Whether an address is this machine's."""
        ip = parse_ip(address)
        return ip.is_loopback or any(own.ip == ip for _, own in self.own_addresses)


_UNREAD = Unknown("not read by probe", "probe")


def _no_facts(client: Client) -> Facts:
    """The facts of a machine of which nothing was read but what it is."""
    who = client.machine
    return Facts(
        os=who.os if who else "linux",
        now=who.now if who else 0.0,
        privileged=client.privileged,
        interfaces=_UNREAD,
        routes=_UNREAD,
        policy_rules=_UNREAD,
        neighbours=_UNREAD,
        sockets=_UNREAD,
        processes=_UNREAD,
        namespaces=_UNREAD,
        sysctls={},
        ruleset=_UNREAD,
    )


def _parse_facts(client: Client) -> Facts:
    """The part of a host's facts that a client needs."""
    who = client.machine
    if who is not None and who.os != "linux":
        return collector_of(who.os).parse_facts(client.readings, who)
    known = client.parse(interfaces.INTERFACES, interfaces.parse_interfaces)
    return replace(
        _no_facts(client),
        routes=_of_families(client, (routes.ROUTES4, routes.ROUTES6), routes.parse_routes),
        policy_rules=_of_families(client, (routes.RULES4, routes.RULES6), routes.parse_rules),
        interfaces=_UNREAD if known is None else known,
    )


def _of_families(
    client: Client, tables: tuple[Source, Source], parse: Callable[[str, Family], tuple[T, ...]]
) -> tuple[T, ...] | Unknown:
    """One subject that is read once a family, of the families that matter; Unknown when the first of them is."""
    known: list[T] = []
    for source, family in zip(tables, (Family.IPV4, Family.IPV6), strict=True):
        if int(family) not in client.versions:
            continue
        found = client.parse(source, partial(_parse_family, parse, family))
        if isinstance(found, tuple):
            known += found
        elif not known:
            return Unknown("not read", source.name) if found is None else found
    return tuple(known)


def _parse_family(parse: Callable[[str, Family], tuple[T, ...]], family: Family, text: str) -> tuple[T, ...]:
    return parse(text, family)
