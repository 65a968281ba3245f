"""Where a client's connection really goes: NAT may send it to another port, container or host."""

from __future__ import annotations

from msgspec import Struct

from landiag.checks.case import Case
from landiag.firewall.engine.conversation import Arrival
from landiag.firewall.opened import without_rule
from landiag.journey.inner import leads_on
from landiag.journey.inside import namespace_with
from landiag.journey.journey import Journey, Translated, follow_through, translated_by
from landiag.journey.ownership import owner_of
from landiag.journey.ways import Way
from landiag.model.facts import Interface, IPAddress, Socket, Unknown
from landiag.model.process import Namespace


class Destination(Struct, frozen=True):
    """The address and port after translation. ``interface`` has the address when it is one of ours.

    ``namespace`` is the container that has it, when it can be seen and takes connections itself. ``rule_text`` is the
    rule that translated; empty when none did.
    """

    ip: IPAddress
    port: int
    interface: Interface | None
    namespace: Namespace | None = None
    is_elsewhere: bool = False
    rule_text: str = ""


def destination_of(case: Case, way: Way) -> Destination:
    """Find where connections to this way's address and port go: the first place, where several are possible."""
    return destinations_of(case, way)[0]


def destinations_of(case: Case, way: Way) -> tuple[Destination, ...]:
    """Find every place where connections of this way's ordinary clients go; never empty."""
    classes = case.classes.get(way.id, ())
    journey = beyond_drops(case, classes[0].journey) if classes else None
    if journey is not None and len(journey.arrivals) > 1 and way.landing is None:
        found = [_place(case, way, arrival) for arrival in journey.arrivals]
        known = {(one.ip, one.port): one for one in found if one is not None}
        if known:
            return tuple(known.values())
    if journey is not None and journey.translated is not None:
        return (_translated(case, journey.translated, journey.arrivals[0]),)
    if way.landing is not None:
        return (Destination(way.landing.ip, way.landing.port, owner_of(case.facts, way.landing.ip)),)
    return (Destination(way.ip, case.port, way.interface),)


def sockets_there(case: Case, destination: Destination) -> tuple[Socket, ...]:
    """The listening sockets of the host or container to which connections go; empty where nobody can tell."""
    if not destination.is_elsewhere:
        return case.sockets
    inside = destination.namespace.sockets if destination.namespace is not None else ()
    return () if isinstance(inside, Unknown) else inside


def beyond_drops(case: Case, journey: Journey) -> Journey:
    """The journey without the rules that stop it before any translation: where the port leads is not their word."""
    ruleset = case.facts.ruleset
    for _ in range(_MOST_DROPS):
        line = journey.decided_by
        if isinstance(ruleset, Unknown) or journey.arrivals or line is None:
            break
        if line.rule is None or line.chain is None or line.hook not in _BEFORE_TRANSLATION:
            break
        ruleset = without_rule(ruleset, line.chain, line.rule)
        journey = follow_through(case.facts, ruleset, journey.packet)
    return journey


_BEFORE_TRANSLATION = ("ingress", "prerouting")
_MOST_DROPS = 8


def _place(case: Case, way: Way, arrival: Arrival) -> Destination | None:
    """Where connections come out at one of several places; None where that is not known."""
    translated = translated_by(arrival)
    if translated is not None:
        return _translated(case, translated, arrival)
    return Destination(way.ip, case.port, way.interface) if arrival.translated is None else None


def _translated(case: Case, translated: Translated, arrival: Arrival) -> Destination:
    owner = owner_of(case.facts, translated.ip)
    takes_itself = owner is None and not leads_on(case.facts, arrival)
    return Destination(
        ip=translated.ip,
        port=translated.port,
        interface=owner,
        namespace=namespace_with(case.facts, translated.ip) if takes_itself else None,
        is_elsewhere=owner is None and not translated.ip.is_loopback,
        rule_text=translated.rule_text,
    )
