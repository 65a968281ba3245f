"""The machine as it was read, and one client's case on it: what the model says of exactly that packet. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_interface

from msgspec import Struct

from landiag.checks.addresses import link
from landiag.checks.case import Case
from landiag.checks.firewall import check as firewall
from landiag.checks.listening import check as listening
from landiag.checks.routes import check as way_back
from landiag.collect.machine import Machine
from landiag.journey.classes import ClientClass
from landiag.journey.first_packet import serving_program
from landiag.journey.journey import Journey, follow
from landiag.journey.ways import Way, list_ways
from landiag.model.causes import cause_of
from landiag.model.causes.cause import Cause
from landiag.model.facts import Address, Interface, Reading, Unknown
from landiag.model.host import Facts
from landiag.model.packet import TCP_FLAGS, Packet
from landiag.model.report import Finding, Outcome, Target
from landiag.watch.events import Segment

_CHECKS = (firewall.check, listening.check, way_back.check)


class Snapshot(Struct, frozen=True):
    """The machine at one moment: the readings and the facts that they make."""

    readings: Mapping[str, Reading]
    machine: Machine
    facts: Facts

    @property
    def own_addresses(self) -> frozenset[str] | None:
        """The addresses of this machine; None where they could not be read."""
        if isinstance(self.facts.interfaces, Unknown):
            return None
        every = (address for interface in self.facts.interfaces for address in interface.addresses)
        return frozenset(str(address.ip) for address in every)


class Prediction(Struct, frozen=True):
    """What the model says of one packet: its journey, and what would stop the connection."""

    case: Case
    journey: Journey | None
    findings: tuple[Finding, ...]

    def of(self, matches: Callable[[Cause], bool]) -> Finding | None:
        """The first blocking finding whose cause matches; None where there is none."""
        blocking = (one for one in self.findings if one.outcome is Outcome.BLOCKS)
        return next((one for one in blocking if matches(cause_of(one.code))), None)


def predict(
    snapshot: Snapshot, syn: Segment, interface: str, *, wants_fixes: bool = True
) -> Prediction | None:
    """Follow a client's own SYN through the model; None where its address is none of this machine's.

    Without ``wants_fixes`` the findings have none: what a fix opens takes long to find.
    """
    facts = snapshot.facts
    way = _way(facts, syn.destination, interface)
    if way is None:
        return None
    packet = Packet(
        destination_port=syn.destination_port,
        source=ip_address(syn.source),
        destination=way.ip,
        source_port=syn.source_port,
        in_interface=interface,
        flags=frozenset(name for name, bit in TCP_FLAGS.items() if syn.flags & bit),
        ttl=syn.ttl,
        length=syn.length,
        source_mac=syn.mac,
        dscp=syn.dscp,
        program=serving_program(facts, way, syn.destination_port),
    )
    journey = follow(facts, packet)
    known = None if isinstance(journey, Unknown) else journey
    case = Case(
        target=Target(syn.destination_port, syn.source, syn.destination),
        machine=snapshot.machine,
        facts=facts,
        ways=(way,),
        classes={way.id: () if known is None else (ClientClass(known),)},
        readings=snapshot.readings,
        peer=packet.source,
        wants_fixes=wants_fixes,
    )
    known_links = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    found = (
        *link.check_way_in(case, way, known_links),
        *(finding for check in _CHECKS for finding in check(case).findings),
    )
    return Prediction(case, known, found)


def _way(facts: Facts, destination: str, name: str) -> Way | None:
    ip = ip_address(destination)
    for way in list_ways(facts):
        if way.ip == ip and way.interface.name == name:
            return way
    interfaces = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    holder = next((one for one in interfaces if any(address.ip == ip for address in one.addresses)), None)
    entered = next((one for one in interfaces if one.name == name), None)
    if holder is None or entered is None:
        return None
    return Way("way1", entered, _address(holder, destination), is_default=False)


def _address(interface: Interface, destination: str) -> Address:
    ip = ip_address(destination)
    found = next((one for one in interface.addresses if one.ip == ip), None)
    return found or Address(ip_interface(destination))
