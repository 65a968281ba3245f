"""How far a packet comes: each router takes one of its time to live, and the last one throws it away."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.engine.crossing import Crosser, Trip
from landiag.firewall.engine.packets import ANSWER, SYN_ACK
from landiag.model.match import Doubt, UnknownKind
from landiag.model.packet import Within
from landiag.model.ruleset import Verdict

TIME_EXCEEDED = "icmp time-exceeded"
BACK = (SYN_ACK, ANSWER)
_ENOUGH = 8
"""So many routers are hardly between a client and its server in private networks."""


class Sender(Crosser):
    """Sends packets off, to the client or to the host behind this one."""

    def send_off(self, trips: list[Trip], leg: str) -> list[Trip]:
        """What sees a packet last, and whether it gets past the routers to the client behind one."""
        return [trip for trip in self.egress(trips, leg) if not self._ends_at_router(trip, leg)]

    def may_pass_on(self, trips: list[Trip], leg: str) -> list[Trip]:
        """Those that this host passes on: a router throws away what has one left, and says so (ip_forward)."""
        on = []
        for trip in trips:
            left = _left(trip)
            if left is None or left > 1:
                on.append(trip)
                continue
            text = f"the packet's time to live is {left} as it comes in, so it is not passed on"
            verdict, kind = (Verdict.DROP, None) if leg in BACK else (Verdict.REJECT, TIME_EXCEEDED)
            self.end(trip, "forward", leg, text, verdict, kind=kind)
        return on

    def _ends_at_router(self, trip: Trip, leg: str) -> bool:
        left, router = _left(trip), None if trip.way is None else trip.way.gateway
        if router is None or left is None or left >= _ENOUGH:
            return False
        if left <= 1:
            text = f"their time to live of {left} ends at the router {router}"
            self.end(trip, "postrouting", leg, text, Verdict.DROP)
            return True
        text = f"whether their time to live of {left} lasts behind the router {router}"
        self.end(trip, "postrouting", leg, text, Verdict.UNKNOWN, (Doubt(UnknownKind.UNMODELLED, text),))
        return False


def _left(trip: Trip) -> int | None:
    """The most that is left of a packet's time to live; None where nobody knows."""
    value = time_to_live(trip)
    return value.high if isinstance(value, Within) else value


def _one_less(ttl: int | Within | None) -> int | Within | None:
    if isinstance(ttl, Within):
        return Within(ttl.low - 1, ttl.high - 1)
    return None if ttl is None else ttl - 1


def time_to_live(trip: Trip) -> int | Within | None:
    """A packet's time to live as the rules have left it; None where nobody knows."""
    packet = trip.fields.packet
    value = trip.fields["ip ttl" if packet.version == 4 else "ip6 hoplimit"]
    return value if isinstance(value, int | Within) else None


def pass_on(trip: Trip, device: str | None) -> None:
    """Let this host pass a packet on: out by a device, its time to live one less."""
    packet, left = trip.fields.packet, _one_less(time_to_live(trip))
    trip.fields.packet = replace(packet, out_interface=device, ttl=left)
    trip.fields.forget("ip ttl", "ip6 hoplimit", "oif")
