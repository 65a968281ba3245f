"""Whose an address is: which interface of this machine has it."""

from __future__ import annotations

from landiag.journey.routing import lookup
from landiag.model.facts import Interface, IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.route import RouteKind


def has_address(facts: Facts, ip: IPAddress) -> bool:
    """Whether an interface of this machine has the address."""
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    return any(address.ip == ip for interface in known for address in interface.addresses)


def owner_of(facts: Facts, ip: IPAddress) -> Interface | None:
    """Find the interface that has this address, by a local route alone, too; None when none has it, or nobody knows."""
    if isinstance(facts.interfaces, Unknown):
        return None
    for interface in facts.interfaces:
        if any(address.ip == ip for address in interface.addresses):
            return interface
    found = lookup(facts, ip)
    device = found.device if not isinstance(found, Unknown) and found.kind is RouteKind.LOCAL else None
    return next((one for one in facts.interfaces if one.name == device), None)
