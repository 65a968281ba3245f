"""May a translation that nobody could read bring clients to a socket that they do not reach by its address?"""

from __future__ import annotations

from landiag.checks.application.exchange import has_gaps
from landiag.checks.case import Case
from landiag.journey.ways import Way
from landiag.model.causes.listening import BOUND_TO_LOOPBACK, BOUND_TO_OTHER_ADDRESS
from landiag.model.facts import Command, Family, Socket

CONNTRACK_AFTER = Command(
    "conntrack-count-after", ("cat", "/proc/sys/net/netfilter/nf_conntrack_count"), module="nf_conntrack"
)
"""How many connections are tracked, read once more after this machine has made some."""


def plan_count(case: Case) -> tuple[Command, ...]:
    """Count tracked connections, where rules could not be read."""
    return (CONNTRACK_AFTER,) if has_gaps(case) and case.facts.os == "linux" else ()


def may_be_translated(case: Case) -> bool:
    """Whether a translation may serve clients although no socket here takes their connections.

    Rules that nobody could read may hold one. But NAT tracks connections: where this machine has just made some
    and none is tracked, there is no NAT.
    """
    count = case.parse(CONNTRACK_AFTER, str.strip)
    return has_gaps(case) and count != "0"


def may_lead_to(case: Case, way: Way, socket: Socket, code: str) -> bool:
    """Whether such a translation may lead to a socket that listens on the port, on an address that is not theirs.

    To a loopback address only where ``route_localnet`` says so; of IPv6 the kernel never takes that from outside.
    What is tied to another device or family stays out of reach, wherever a packet is sent.
    """
    if code == BOUND_TO_OTHER_ADDRESS.code:
        return may_be_translated(case)
    is_let = code == BOUND_TO_LOOPBACK.code and socket.family is Family.IPV4 and _takes_loopback(case, way)
    return is_let and may_be_translated(case)


def _takes_loopback(case: Case, way: Way) -> bool:
    """Whether the kernel takes packets for 127.0.0.0/8 that come in by this way (ip-sysctl.rst, route_localnet)."""
    names = [f"net.ipv4.conf.{one}.route_localnet" for one in ("all", way.interface.name)]
    return "1" in [case.facts.sysctls.get(name) for name in names]
