"""Packets that routing ends, and what the legs share."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.engine.crossing import Trip
from landiag.model.route import RouteKind
from landiag.model.ruleset import TraceLine, Verdict

NOWHERE = {
    RouteKind.BLACKHOLE: Verdict.DROP,
    RouteKind.MARTIAN: Verdict.DROP,
    RouteKind.PERHAPS_MARTIAN: Verdict.UNKNOWN,
    RouteKind.PERHAPS_REVERSE_PATH: Verdict.UNKNOWN,
    RouteKind.NOT_FORWARDED: Verdict.DROP,
    RouteKind.REVERSE_PATH: Verdict.DROP,
    RouteKind.OWN_SOURCE: Verdict.DROP,
    RouteKind.NONE: Verdict.REJECT,
    RouteKind.UNREACHABLE: Verdict.REJECT,
    RouteKind.PROHIBIT: Verdict.REJECT,
}
"""Routes that lead nowhere, and what the sender sees of it."""

REJECTED_BY_ROUTE = "icmp host-unreachable"


def pass_on(trip: Trip, device: str | None, ttl: int | None = None) -> None:
    """Let this host pass a packet on: out by a device, its time to live one less."""
    packet = trip.fields.packet
    left = ttl if ttl is not None or packet.ttl is None else packet.ttl - 1
    trip.fields.packet = replace(packet, out_interface=device, ttl=left)
    trip.fields.forget("ip ttl", "ip6 hoplimit", "oif")


def accepting(lines: tuple[TraceLine, ...]) -> TraceLine | None:
    """The line that let the first packet in: the last rule that accepts it, else the policy."""
    if not lines:
        return None
    mine = [
        line for line in lines if line.leg == lines[0].leg and line.verdict is Verdict.ACCEPT and line.certain
    ]
    inward = [line for line in mine if line.hook in ("input", "forward")] or mine
    rules = [line for line in inward if line.rule is not None]
    found = rules or inward
    return found[-1] if found else None
