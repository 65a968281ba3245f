"""Where a client's connection really goes: NAT may send it to another port, container or host."""

from __future__ import annotations

from msgspec import Struct

from landiag.checks.case import Case
from landiag.journey.ways import Way, owner_of
from landiag.model.facts import Interface, IPAddress, Namespace, Unknown


class Destination(Struct, frozen=True):
    """The address and port after translation. ``interface`` has the address when it is one of ours.

    ``namespace`` is the container that has it, when it can be seen. ``rule_text`` is the rule that translated;
    empty when none did.
    """

    ip: IPAddress
    port: int
    interface: Interface | None
    namespace: Namespace | None = None
    is_elsewhere: bool = False
    rule_text: str = ""


def destination_of(case: Case, way: Way) -> Destination:
    """Find where connections to this way's address and the port in question go."""
    classes = case.classes.get(way.id, ())
    translated = classes[0].journey.translated if classes else None
    if translated is None and way.landing is not None:
        return Destination(way.landing.ip, way.landing.port, owner_of(case.facts, way.landing.ip))
    if translated is None:
        return Destination(way.ip, case.port, way.interface)
    owner = owner_of(case.facts, translated.ip)
    return Destination(
        ip=translated.ip,
        port=translated.port,
        interface=owner,
        namespace=None if owner else _namespace_with(case, translated.ip),
        is_elsewhere=owner is None and not translated.ip.is_loopback,
        rule_text=translated.rule_text,
    )


def _namespace_with(case: Case, ip: IPAddress) -> Namespace | None:
    if isinstance(case.facts.namespaces, Unknown):
        return None
    for namespace in case.facts.namespaces:
        if not isinstance(namespace.interfaces, Unknown):
            for interface in namespace.interfaces:
                if any(address.ip == ip for address in interface.addresses):
                    return namespace
    return None
