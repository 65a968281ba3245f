"""A conversation that SYNPROXY begins: it answers the client's SYN itself, and opens the server's half by lo only when
the client has answered that (nf_synproxy_core.c, xt_SYNPROXY.c).
"""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.engine.connection import Connection
from landiag.firewall.engine.context import NO_SOCKET, PROXIED, SENT_BY_PROXY, TAKEN, Tracking
from landiag.firewall.engine.crossing import Trip
from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.packets import ANSWER, CONFIRMED, DATA, SEEN_REPLY, SYN_ACK, family_of, tuple_of
from landiag.firewall.engine.refusals import Refuser
from landiag.model.action import RESET
from landiag.model.packet import Packet, Within
from landiag.model.ruleset import Verdict

_ACK_LENGTH = {4: Within(40, 60), 6: Within(60, 80)}
"""Headers alone, with what options an ACK has."""


class ByProxy(Refuser):
    """Follows conversations whose first packet has ended with SYNPROXY."""

    def _outward(self, connection: Connection, leg: str) -> list[Trip]:
        """Send the server's packet to the client; empty when it is stopped for certain."""
        raise NotImplementedError

    def _again(self, connection: Connection) -> list[Trip]:
        """The client's first data, on the way that its SYN has taken."""
        raise NotImplementedError

    def _fields(
        self, connection: Connection, packet: Packet, family: str, hook: str, leg: str, mark: int | None = 0
    ) -> PacketFields:
        """The fields of a later packet of the connection."""
        raise NotImplementedError

    def by_proxy(self, connection: Connection) -> bool:
        """Follow the rest of a conversation; False when it is stopped for certain."""
        if connection.local is not True or connection.trip.fields[PROXIED] is None:
            self.perhaps("forward", DATA, "what SYNPROXY sends on to the server")
            return True
        server = replace(connection.server, skuid=NO_SOCKET, skgid=NO_SOCKET)
        answered = replace(connection, server=server)
        if not self._outward(answered, SYN_ACK) or not self._proved(connection):
            return False
        opened = self._opened(connection)
        if not opened:
            return False
        mark, original = opened[0].fields["ct mark"], tuple_of(connection.client)
        known = Tracking("established", original, original.reversed(), 0, CONFIRMED | SEEN_REPLY)
        begun = replace(connection, tracking=known, tracked=True, mark=mark, is_half_seen=False)
        return bool(self._again(begun)) and bool(self._outward(begun, ANSWER))

    def _proved(self, connection: Connection) -> bool:
        """Whether the client's ACK comes back to the proxy; a socket that listens refuses it (tcp_v4_do_rcv).

        Of its SYN nothing is tracked: it has gone before it was confirmed.
        """
        client = connection.client
        packet = replace(client, flags=frozenset({"ack"}), length=_ACK_LENGTH[client.version])
        family, tracking = (
            family_of(packet),
            replace(connection, tracked=False).next_tracking(DATA, loose=self.loose)[0],
        )
        fields = self._fields(connection, packet, "netdev", "ingress", DATA)
        trips = self.hook(self.come_in(fields, family, DATA, tracking), "input", family, DATA)
        for trip in trips:
            if trip.fields.get(PROXIED, 0) != TAKEN:
                text = "the client's ACK passes SYNPROXY by: connection tracking takes it for a connection of before"
                self.end(trip, "input", DATA, text, Verdict.REJECT, kind=RESET)
        return any(trip.fields.get(PROXIED, 0) == TAKEN for trip in trips)

    def _opened(self, connection: Connection) -> list[Trip]:
        """The SYN that the proxy sends to the server: out and in again by lo, from the client's address.

        Of its rejection the client hears nothing that it takes for its connection's.
        """
        packet = replace(
            connection.client, in_interface=None, out_interface="lo", source_mac=None, skuid=NO_SOCKET,
            skgid=NO_SOCKET,
        )  # fmt: skip
        family, original, before = family_of(packet), tuple_of(packet), len(self.stops)
        fields = self._fields(connection, packet, family, "output", DATA)
        trips = [Trip(fields, way=connection.trip.way)]
        trips = self.hook(
            trips, "output", family, DATA, tracking=Tracking("new", original, original.reversed())
        )
        trips = self.hook(trips, "postrouting", family, DATA)
        for trip in trips:
            if tuple_of(trip.fields.packet) != original:
                self.perhaps("output", DATA, "where rules send what SYNPROXY sends to the server")
            trip.fields.packet = replace(trip.fields.packet, in_interface="lo", out_interface=None)
            trip.fields.forget("iif", "oif", "meta sk")
            trip.fields[PROXIED] = SENT_BY_PROXY
        trips = self.hook(trips, "prerouting", family, DATA)
        trips = self.hook(trips, "input", family, DATA)
        for trip in [one for one in trips if one.fields[PROXIED] == TAKEN]:
            trips.remove(trip)
            self.end(trip, "input", DATA, "SYNPROXY takes what it sends to the server itself", Verdict.DROP)
        silent = {Verdict.REJECT: Verdict.DROP}
        self.stops[before:] = [
            replace(one, verdict=silent.get(one.verdict, one.verdict), reject_with=None)
            for one in self.stops[before:]
        ]
        return trips
