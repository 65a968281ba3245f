"""What a container does itself with a client's packet that a translation has brought to it, and with its answer."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.engine.conversation import Arrival, Conversation
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.surroundings import Way
from landiag.journey.ends import InnerFault, ReplyFault
from landiag.journey.inside import device_inside, facts_inside, namespace_with
from landiag.journey.ownership import owner_of
from landiag.journey.reply import find_reply_fault
from landiag.journey.surroundings import HostSurroundings
from landiag.model.facts import IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.route import RouteKind
from landiag.model.ruleset import Ruleset

_INNER = {
    ReplyFault.NO_ROUTE: InnerFault.NO_ROUTE,
    ReplyFault.NO_CARRIER: InnerFault.NO_ROUTE,
    ReplyFault.TUNNEL: InnerFault.TUNNEL,
    ReplyFault.OTHER_LINK: InnerFault.PAST_US,
}
"""Faults that are certain of a container; where its other routers lead nobody knows here. An answer to a client on
another link of its own never comes back here, to be translated."""


def follow_inside(facts: Facts, arrival: Arrival) -> Conversation | None:
    """Follow what arrives through a container's own rules; None where it has none, or nobody read them."""
    namespace = None if arrival.local is True else namespace_with(facts, arrival.packet.destination)
    if namespace is None or namespace.ruleset is None or not _says_something(namespace.ruleset):
        return None
    inside = facts_inside(facts, namespace)
    packet = replace(
        arrival.packet, in_interface=device_inside(namespace, arrival.packet.destination), out_interface=None,
        source_mac=None, state=None, mark=0,
    )  # fmt: skip
    around = HostSurroundings(inside, packet)
    return Follower(namespace.ruleset, around, facts.now, visits=True).follow(packet)


def leads_on(facts: Facts, arrival: Arrival) -> bool:
    """Whether a container's own rules send what arrives on, or to another port: who takes it then, nobody asks here.

    Load balancers are such containers (the ingress of Docker Swarm, ServiceLB of k3s), and those with a sidecar.
    """
    told = follow_inside(facts, arrival)
    found = () if told is None else told.arrivals
    return any(one.local is not True or one.translated is not None or one.taken is not None for one in found)


def _says_something(ruleset: Ruleset) -> bool:
    return bool(ruleset.tables or ruleset.gaps)


def find_inner_fault(facts: Facts, arrival: Arrival) -> tuple[InnerFault, Way] | None:
    """Where a container loses what arrives, by which routing decision; None where it does not, or nobody knows."""
    namespace = None if arrival.local is True else namespace_with(facts, arrival.packet.destination)
    if namespace is None or isinstance(namespace.routes, Unknown):
        return None
    inside = facts_inside(facts, namespace)
    packet = replace(arrival.packet, in_interface=device_inside(namespace, arrival.packet.destination))
    around = HostSurroundings(inside, packet)
    refused = around.refused_source(packet, 0)
    if refused is not None and refused.kind is RouteKind.REVERSE_PATH:
        return InnerFault.REVERSE_PATH, refused
    answer = Packet(
        packet.source_port,
        source=packet.destination,
        destination=packet.source,
        source_port=packet.destination_port,
    )
    back = around.way_back(answer, 0)
    fault = find_reply_fault(inside, packet, back)
    inner = None if fault is None else _INNER.get(fault)
    if inner is None and back is not None and not _comes_back(facts, arrival.device, back.gateway):
        inner = InnerFault.OTHER_ROUTER
    return None if back is None or inner is None else (inner, back)


def _comes_back(facts: Facts, device: str | None, gateway: IPAddress | None) -> bool:
    """Whether a container's gateway is this host, by an address or as it answers for others (proxy_arp, Calico)."""
    proxies = (facts.sysctls.get(f"net.ipv4.conf.{name}.proxy_arp") for name in ("all", device))
    return gateway is None or owner_of(facts, gateway) is not None or "1" in proxies
