"""Connections that rules share out among several places: is there a server at each of them?"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from landiag.checks.application.exchange import shared_exchanges
from landiag.checks.case import Case
from landiag.checks.destination import Destination
from landiag.collect.exchanges.http import Exchange, parse_exchange
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.journey.binding import bind_among
from landiag.journey.ways import Way
from landiag.model.facts import Unknown
from landiag.model.match import UnknownKind
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.terms import Symptom

_DEAD = (TcpOutcome.REFUSED, TcpOutcome.REJECTED, TcpOutcome.UNREACHABLE)


def check_shares(case: Case, way: Way, destinations: Sequence[Destination]) -> list[Finding]:
    """Name the places to which connections are sent and where nothing serves them."""
    dead = [one for one in destinations if is_dead(case, way, one)]
    if not dead:
        return []
    places = ", ".join(f"{one.ip}:{one.port}" for one in dead)
    every = len(dead) == len(destinations)
    what = "Connections" if every else "A share of connections"
    evidence = tuple(Evidence("firewall", one.rule_text) for one in dead if one.rule_text)
    step = f"Start what should answer at {places}, or take it out of the rule."
    found = Finding(
        code="port-redirected",
        outcome=Outcome.BLOCKS,
        title=f"{what} to port {case.port} are sent to {places}, where nothing answers",
        detail="Rules share connections out among several places; those sent there fail."
        if not every
        else "Rules share connections out among several places, and none of them answers.",
        evidence=tuple(dict.fromkeys(evidence)),
        fixes=(Fix("Let each place have a server", needs="user-action", steps=(step,)),),
        paths=(way.id,),
        symptom=None if every else Symptom.VARIES,
    )
    return [_one_of_them(case, found, places) if not every and _gets_one_of_them(case, way) else found]


def _gets_one_of_them(case: Case, way: Way) -> bool:
    """Whether the client gets the same place each time, and nobody can tell which."""
    arrivals = next((one.journey.arrivals for one in case.classes.get(way.id, ())), ())
    return any(doubt.kind is UnknownKind.CHOICE for arrival in arrivals for doubt in arrival.doubts)


def _one_of_them(case: Case, found: Finding, places: str) -> Finding:
    return replace(
        found,
        outcome=Outcome.UNKNOWN,
        title=f"Whether {case.peer or 'a device'} is sent to {places}, where nothing answers",
        detail="A rule sends each device to one of several places, always the same one, by a hash of its address.",
        symptom=Symptom.UNKNOWN,
    )


def is_dead(case: Case, way: Way, destination: Destination) -> bool:
    """Whether nothing serves connections at a place: no socket there, or a refusal to this machine's own test."""
    known = destination.namespace.sockets if destination.namespace is not None else case.facts.sockets
    if (destination.namespace is not None or not destination.is_elsewhere) and not isinstance(known, Unknown):
        binding = bind_among(known, destination.ip, destination.port, destination.interface)
        return not binding.serving and not binding.perhaps
    for place, call in shared_exchanges(case, way):
        exchange = case.parse(call, parse_exchange) if place == destination else None
        if isinstance(exchange, Exchange):
            return exchange.best.connect.outcome in _DEAD
    return False


def sent_anywhere(case: Case, way: Way) -> Finding | None:
    """Say that a rule sends connections to a place that nobody can tell: what listens here is not asked then."""
    arrivals = next((one.journey.arrivals for one in case.classes.get(way.id, ())), ())
    lines = [
        one.translated
        for one in arrivals
        if one.translated is not None and None in (one.packet.destination, one.packet.destination_port)
    ]
    if not lines or way.landing is not None:
        return None
    return Finding(
        code="port-redirected",
        outcome=Outcome.UNKNOWN,
        title=f"Whether connections to port {case.port} reach a server: a rule sends each to one of many places",
        evidence=(Evidence("firewall", lines[0].rule_text),),
        paths=(way.id,),
    )
