"""What firewalld has stored and not loaded: a port that was opened with --permanent waits for a reload."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.collect.firewalld import (
    RUNNING,
    STORED,
    Zone,
    Zones,
    parse_service,
    parse_zones,
    service_source,
)
from landiag.firewall.owners import Manager, Owner, find_owner
from landiag.journey.journey import Journey
from landiag.model.facts import Command, IPAddress, Unknown
from landiag.model.packet import Packet
from landiag.model.regex import regex
from landiag.model.report import Evidence, Finding


def plan(case: Case) -> tuple[Command, ...]:
    """Ask for the zones, in force and stored, where one of them stops somebody."""
    ruleset = case.facts.ruleset
    if isinstance(ruleset, Unknown):
        return ()
    journeys = (one.journey for way in case.ways for one in case.classes.get(way.id, ()))
    owners = (
        find_owner(ruleset, one.decided_by, one.lines) for one in journeys if one.decided_by is not None
    )
    return (RUNNING, STORED) if any(map(is_zone, owners)) else ()


def plan_after(case: Case) -> tuple[Command, ...]:
    """Ask for the ports of the services that are stored and not in force."""
    running, stored = zones_of(case)
    names = {name for zone in stored for name in stored[zone].services - running.get(zone, Zone()).services}
    return tuple(map(service_source, sorted(names)[:_MOST_SERVICES]))


_MOST_SERVICES = 8


def is_zone(owner: Owner) -> bool:
    """Whether rules are those of a zone of firewalld."""
    return owner.manager is Manager.FIREWALLD and owner.direct is None and bool(owner.place)


def zones_of(case: Case) -> tuple[Zones, Zones]:
    """The zones in force and those that are stored; empty where nobody asked, or either is not known."""
    running, stored = case.parse(RUNNING, parse_zones), case.parse(STORED, parse_zones)
    if running is None or stored is None or isinstance(running, Unknown) or isinstance(stored, Unknown):
        return {}, {}
    return running, stored


def with_stored(case: Case, journey: Journey, owner: Owner) -> Owner:
    """The same, with the stored zone that would let the client in after a reload."""
    running, stored = zones_of(case)
    # A policy of firewalld's stands before the zones, and is none of them.
    is_known = is_zone(owner) and owner.place in running
    name = _zone_of(stored, owner.place, journey.packet) if is_known else None
    if name is None:
        return owner
    # What a zone has already has not let the client in; of another zone all counts.
    had = running[name] if name == owner.place else Zone()
    if _stays_denied(stored[name], had, journey) or not lets_in(case, stored[name], had, journey):
        return owner
    reason = f"zone {name} allows it in the permanent configuration, which isn't loaded"
    return replace(owner, is_stored=True, because=f"firewalld: {reason}", subject="firewalld", reason=reason)


def _zone_of(stored: Zones, running: str, packet: Packet) -> str | None:
    """The zone that takes a client's packets after a reload: by its address, else by the interface."""
    for name, zone in stored.items():
        if any(_holds(source, packet.source) for source in zone.sources):
            return name
    by_interface = (name for name, zone in stored.items() if packet.in_interface in zone.interfaces)
    return next(by_interface, running if running in stored else None)


def _holds(source: str, client: IPAddress | None) -> bool:
    try:
        return client is not None and client in ip_network(source, strict=False)
    except ValueError:
        return False  # an ipset, or a hardware address


def _stays_denied(stored: Zone, running: Zone, journey: Journey) -> bool:
    """Whether a rule denies the client, and rules that deny stay: they go before what accepts."""
    line = journey.decided_by
    by_rule = line is not None and line.chain is not None and line.chain.name.endswith(("_deny", "_pre"))
    return by_rule and any(_DENIES.search(rule) for rule in stored.rules & running.rules)


def lets_in(case: Case, stored: Zone, running: Zone, journey: Journey) -> bool:
    """Whether what a zone gains by a reload lets a client in, for certain: none where it gains a rule that denies."""
    new = stored.rules - running.rules
    if any(_DENIES.search(rule) for rule in new):
        return False
    port = _port(journey)
    services = stored.services - running.services
    found = (case.parse(service_source(name), parse_service) for name in services)
    ports = (stored.ports - running.ports).union(*(one for one in found if isinstance(one, frozenset)))
    return (
        (stored.target == "ACCEPT" and running.target != "ACCEPT")
        or any(_spans(one, port) for one in ports)
        or any(_accepts(rule, port, journey.packet.source) for rule in new)
    )


def _port(journey: Journey) -> int:
    return journey.packet.destination_port or 0 if journey.translated is None else journey.translated.port


_DENIES = regex(r"\b(reject|drop)\b")
_RULE = regex(
    r'rule(?: priority="-?\d+")?(?: family="ipv[46]")?(?: source address="([^"]+)")?'
    r' port port="([\d-]+)" protocol="(tcp)" accept'
)


def _spans(ports: str, port: int) -> bool:
    """Whether ``5000/tcp`` or ``5000-5010/tcp`` holds a port."""
    span, _, protocol = ports.partition("/")
    first, _, last = span.partition("-")
    is_number = first.isdecimal() and (last or first).isdecimal()
    return protocol == "tcp" and is_number and int(first) <= port <= int(last or first)


def _accepts(rule: str, port: int, client: IPAddress | None) -> bool:
    found = _RULE.fullmatch(rule)
    if found is None or not _spans(f"{found[2]}/{found[3]}", port):
        return False
    return found[1] is None or _holds(found[1], client)


def accepts_otherwise(zone: Zone) -> bool:
    """Whether a zone has rules that may let somebody in by something else than a port."""
    return any("accept" in rule and _RULE.fullmatch(rule) is None for rule in zone.rules)


def told_of_reload(case: Case, finding: Finding) -> Finding:
    """The same with what a reload does, before the command that opens the port alone."""
    step = (
        f"As root, firewall-cmd --reload loads the permanent configuration {_lost(case)}"
        " Until then this lets just the one port in:"
    )
    running, stored = (Evidence(source.name, said) for source, said in _said(case))
    fixes = tuple(replace(one, steps=(*one.steps, step)) for one in finding.fixes)
    return replace(finding, fixes=fixes, evidence=(*finding.evidence, running, stored))


def _said(case: Case) -> Iterator[tuple[Command, str]]:
    """What is in force alone, and what is stored alone."""
    running, stored = zones_of(case)
    yield RUNNING, _listed(_more(running, stored)) or "nothing that is not stored"
    yield STORED, _listed(_more(stored, running)) or "nothing that is not in force"


def _lost(case: Case) -> str:
    lost = _listed(_more(*zones_of(case)))
    if not lost:
        return "(no zone loses anything by it)."
    return f"(it takes away what was set without --permanent: {lost})."


def _more(one: Zones, other: Zones) -> list[str]:
    """What zones have that the others have not; interfaces keep their zone over a reload."""
    return [
        f"{what} {item} (zone {name})"
        for name, zone in one.items()
        for what, mine, its in _lists(zone, other.get(name, Zone()))
        for item in sorted(mine - its)
    ]


def _lists(one: Zone, other: Zone) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
    yield "the target", frozenset((one.target,)), frozenset((other.target, "default"))
    yield "source", one.sources, other.sources
    yield "service", one.services, other.services
    yield "port", one.ports, other.ports
    yield "the rule", one.rules, other.rules


def _listed(items: list[str]) -> str:
    more = [f"{len(items) - _MOST_SHOWN} more"] if len(items) > _MOST_SHOWN else []
    return ", ".join([*items[:_MOST_SHOWN], *more])


_MOST_SHOWN = 4
