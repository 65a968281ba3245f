"""A container or another network namespace as a host of its own: where translated connections end."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.model.facts import IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.process import Namespace
from landiag.model.ruleset import Ruleset


def namespace_with(facts: Facts, ip: IPAddress | None) -> Namespace | None:
    """The namespace that has an address; None where none is known to have it."""
    if isinstance(facts.namespaces, Unknown) or ip is None:
        return None
    for namespace in facts.namespaces:
        if not isinstance(namespace.interfaces, Unknown) and any(
            address.ip == ip for interface in namespace.interfaces for address in interface.addresses
        ):
            return namespace
    return None


def device_inside(namespace: Namespace, ip: IPAddress | None) -> str | None:
    """The interface of a namespace that has an address."""
    known = () if isinstance(namespace.interfaces, Unknown) else namespace.interfaces
    return next((one.name for one in known if any(address.ip == ip for address in one.addresses)), None)


def facts_inside(facts: Facts, namespace: Namespace) -> Facts:
    """What is known of a namespace, as the facts of a host; of its packet filter what was read."""
    return replace(
        facts,
        interfaces=namespace.interfaces,
        routes=namespace.routes,
        policy_rules=namespace.policy_rules,
        neighbours=(),
        sockets=namespace.sockets,
        namespaces=(),
        sysctls=namespace.sysctls,
        ruleset=namespace.ruleset or Ruleset(),
        queues=None,
    )
