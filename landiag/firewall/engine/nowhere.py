"""Routes that lead nowhere, and what becomes of a packet there."""

from __future__ import annotations

from landiag.model.route import RouteKind
from landiag.model.ruleset import Verdict

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
