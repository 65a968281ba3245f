"""A translation that leads into a network of this machine's own, a container's bridge: is that one switched on?"""

from __future__ import annotations

from landiag.checks import words
from landiag.checks.case import Case
from landiag.checks.destination import destinations_of
from landiag.journey.ways import Way
from landiag.model.facts import Interface, IPAddress, Unknown
from landiag.model.report import Evidence, Finding, Outcome


def check_inner_link(case: Case, way: Way) -> list[Finding]:
    """Find that the way into such a network is off: its packets are then sent out by another way, or dropped."""
    for destination in destinations_of(case, way):
        off = _switched_off(case, destination.ip) if destination.is_elsewhere else None
        if off is not None:
            title = f"{off.name}, by which port {case.port} is sent to {destination.ip}, is switched off"
            evidence = (
                Evidence(words.addresses(case), f"{off.name}: down"),
                Evidence("firewall", destination.rule_text),
            )
            fixes = (words.switch_on(case, off.name),)
            return [Finding("link-down", Outcome.BLOCKS, title, "", evidence, fixes, paths=(way.id,))]
    return []


def _switched_off(case: Case, ip: IPAddress) -> Interface | None:
    interfaces = () if isinstance(case.facts.interfaces, Unknown) else case.facts.interfaces
    return next(
        (one for one in interfaces if not one.up and any(ip in own.network for own in one.addresses)), None
    )
