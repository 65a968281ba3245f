"""The client's half: a connection as it leaves a recorded host, and its answers as they come back in."""

from __future__ import annotations

from msgspec import Struct

from landiag.firewall.command import line_json
from landiag.fleet.fate import REACHED, CellVerdict, Fate, blocked, unknown
from landiag.fleet.hosts import Host
from landiag.journey.link import interface_of
from landiag.journey.own import Departure, follow_own, leave
from landiag.journey.reply import CONTAINERS
from landiag.model.causes.clients import NO_ROUTE_TO_SERVER
from landiag.model.causes.firewall import FIREWALL_DROPS, FIREWALL_REJECTS, FIREWALL_UNREADABLE
from landiag.model.causes.network import DUPLICATE_ADDRESS, LINK_DOWN, SUBNET_OVERLAP
from landiag.model.facts import IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.route import RouteKind
from landiag.model.ruleset import Verdict
from landiag.model.terms import Leg, Symptom

NO_ROUTE = NO_ROUTE_TO_SERVER.code


class Outgoing(Struct, frozen=True):
    """The client's half: its fate, the address that it is sent from (``number`` is it as one), whether it is sent to a
    gateway, and whether it is stopped before it leaves."""

    fate: Fate
    source: IPAddress | None = None
    number: int = 0
    by_gateway: bool = False
    is_stopped: bool = False


def _outgoing(fate: Fate, source: IPAddress | None, *, by_gateway: bool = False) -> Outgoing:
    is_stopped = fate.verdict is CellVerdict.BLOCKED and fate.leg == Leg.SYN
    return Outgoing(fate, source, 0 if source is None else int(source), by_gateway, is_stopped)


def judge_outgoing(host: Host, address: IPAddress, port: int) -> Outgoing:
    """Follow a connection of a host as far as its own rules and routes go."""
    facts = host.facts
    if facts is None:
        return Outgoing(unknown(host.problem))
    start = leave(facts, address, port)
    stopped = _not_leaving(host, facts, start, address)
    if stopped is not None:
        return _outgoing(stopped, start.source)
    by_gateway = start.way is not None and start.way.gateway is not None
    fate = _filtered(host, facts, start, address, port)
    return _outgoing(fate, start.source, by_gateway=by_gateway)


def _filtered(host: Host, facts: Facts, start: Departure, address: IPAddress, port: int) -> Fate:
    """What the client's own rules do with the connection and its answers."""
    told = follow_own(facts, address, port, None, start)
    if isinstance(told, Unknown):
        return unknown(
            f"the firewall of {host.name} could not be read: {told.reason}", FIREWALL_UNREADABLE.code
        )
    if told.verdict is Verdict.ACCEPT:
        return REACHED
    line = told.decided_by
    decided = None
    if line is not None and line.chain is not None and not isinstance(facts.ruleset, Unknown):
        decided = {"host": host.name, **line_json(facts.ruleset, line, told.lines)}
    text = f"{host.name}, the client: {'' if line is None else line.rule_text}"
    if told.verdict is Verdict.UNKNOWN:
        return unknown(text, FIREWALL_UNREADABLE.code if _gaps(facts) else None, decided)
    rejects = told.verdict is Verdict.REJECT and told.leg == Leg.SYN
    symptom = Symptom.REFUSED if rejects else Symptom.TIMEOUT
    return blocked(
        FIREWALL_REJECTS.code if rejects else FIREWALL_DROPS.code, text, symptom, decided, told.leg
    )


def _gaps(facts: Facts) -> bool:
    return not isinstance(facts.ruleset, Unknown) and bool(facts.ruleset.gaps)


def _not_leaving(host: Host, facts: Facts, start: Departure, address: IPAddress) -> Fate | None:
    """Why a connection does not leave its host at all; None where it does."""
    if start.way is None:
        return unknown(f"the routes of {host.name} do not say how it leaves")
    if start.is_local:
        return unknown(f"{host.name} itself has {address}", DUPLICATE_ADDRESS.code)
    if start.way.kind is not RouteKind.UNICAST or start.source is None:
        text = f"{host.name}, the client, has no route to {address}"
        return blocked(NO_ROUTE, text, Symptom.UNREACHABLE)
    device = interface_of(facts, start.device)
    if device is not None and (not device.up or device.carrier is False):
        return blocked(
            LINK_DOWN.code, f"{device.name} of {host.name}, the client, is down", Symptom.UNREACHABLE
        )
    if device is not None and device.kind in CONTAINERS and start.way.gateway is None:
        text = f"{host.name}, the client, looks for {address} among its own containers ({device.name})"
        return blocked(SUBNET_OVERLAP.code, text, Symptom.UNREACHABLE)
    return None
