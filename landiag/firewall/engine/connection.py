"""What lasts from packet to packet of a connection: its addresses, what tracking knows, marks, remembered sets."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.engine.context import Tracking
from landiag.firewall.engine.crossing import Trip
from landiag.firewall.engine.packets import (
    ANSWER,
    ASSURED,
    CONFIRMED,
    DATA,
    ECHO_ANSWERS,
    SEEN_REPLY,
    SYN_ACK,
    tuple_of,
)
from landiag.firewall.engine.sockets import as_taken
from landiag.firewall.engine.surroundings import Surroundings
from landiag.model.packet import ABSENT, Packet, Value

_UNSEEN = {"established": False, "untracked": True, "invalid": True}
"""Whether a connection's tracking has missed a packet, by the packet's state: invalid in another zone."""


class Connection(Struct):
    """A connection that one packet has begun.

    ``client`` is its packet as it came, ``server`` the same after translation. ``tracked`` is None where nobody
    knows. ``is_half_seen`` and ``is_unseen_data`` tell whether connection tracking has missed the server's SYN-ACK
    and the client's data; None where that is not known. ``taken`` is the packet with address and port of the socket
    to which a rule has handed it; None where it goes to that of its destination.
    """

    tracking: Tracking | None
    tracked: bool | None
    mark: Value
    remembered: dict[int, list[tuple[bool, tuple[Value, ...]]]]
    client: Packet
    server: Packet
    in_interface: str | None
    out_interface: str | None
    local: bool | None
    trip: Trip
    is_half_seen: bool | None = False
    is_unseen_data: bool | None = False
    taken: Packet | None = None

    @property
    def is_translated(self) -> bool:
        """Whether the server has another address or port than the client wrote to."""
        one, other = self.client, self.server
        return (one.destination, one.destination_port) != (other.destination, other.destination_port)

    def next_tracking(self, leg: str, *, loose: bool) -> tuple[Tracking | None, str | None]:
        """What connection tracking will say of the next packet, and its state by name."""
        base = self.tracking
        if base is None:
            base = Tracking("new", tuple_of(self.client), tuple_of(self.client).reversed())
        if self.tracked is None:
            return replace(base, state=None, status=None), None
        if self.tracked and leg == DATA and self.is_half_seen is not False:
            state = "invalid" if self.is_half_seen else None
            return replace(base, state=state, status=None), state
        if self.tracked and leg == ANSWER and self.is_unseen_data is not False:
            # It acknowledges what was never seen: out of the window (tcp_in_window).
            state = "invalid" if self.is_unseen_data else None
            return replace(base, state=state, status=None), state
        if self.tracked:
            return self._established(base, leg), "established"
        is_tcp = self.client.protocol == "tcp"
        if is_tcp and (leg == SYN_ACK or not loose):
            return replace(base, state="invalid"), "invalid"
        picked = tuple_of(self.client) if leg == DATA else tuple_of(self.server).reversed()
        return Tracking("new", picked, picked.reversed(), 0, 0, 0), "new"

    def _established(self, base: Tracking, leg: str) -> Tracking:
        status = (
            CONFIRMED | SEEN_REPLY | (ASSURED if leg in (DATA, ANSWER) else 0) | ((base.status or 0) & ~7)
        )
        mark = self.mark if isinstance(self.mark, int) else None
        direction = 0 if leg == DATA else 1
        return replace(base, state="established", direction=direction, status=status, mark=mark)

    def learn(self, trips: list[Trip], state: str | None, leg: str) -> None:
        """Keep what the packet has left behind: marks, sets, a connection that was picked up on its way."""
        if not trips:
            return
        found = trips[0].fields
        mark = found["ct mark"]
        if mark is not ABSENT:
            self.mark = mark
        tracking = found.context.tracking
        seen = None if tracking is None else tracking.state
        if self.tracked and leg == SYN_ACK:
            self.is_half_seen = _UNSEEN.get(seen or "")
        if self.tracked and leg == DATA and self.is_half_seen is False:
            self.is_unseen_data = _UNSEEN.get(seen or "")
        if state == "new" and tracking is not None and tracking.known:
            self.tracking, self.tracked = tracking, True


def connect(client: Packet, trip: Trip, around: Surroundings) -> Connection:
    """The connection that a client's packet has begun by coming this way."""
    fields = trip.fields
    tracking = fields.context.tracking
    state = None if tracking is None else tracking.state
    tracked = None if state is None else state in ("new", "established", "related")
    local = None if trip.way is None else trip.way.kind == "local"
    server = fields.packet
    if server.icmp_type in ECHO_ANSWERS:
        dscp = fields["ip dscp" if server.version == 4 else "ip6 dscp"]
        server = replace(server, dscp=dscp if isinstance(dscp, int) else None)
    return Connection(
        tracking if tracked is not False else None, tracked, fields["ct mark"], fields.context.remembered,
        client, server, client.in_interface or around.in_interface, fields.packet.out_interface, local, trip,
        taken=as_taken(fields),
    )  # fmt: skip
