"""A connection that this host makes itself, to its own address or to a container: what its rules do with it.

It leaves by OUTPUT; to an own address it comes in again by lo, past PREROUTING's translations. It proves nothing of
clients, whose packets come in by another interface.
"""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.engine.context import Context, Tracking
from landiag.firewall.engine.conversation import Arrival, Conversation
from landiag.firewall.engine.crossing import Trip
from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.packets import ANSWER, DATA, SYN, SYN_ACK, answer_to, family_of, fresh
from landiag.model.packet import Packet


class OwnFollower(Follower):
    """Follows connections of the host itself."""

    def follow_own(self, packet: Packet, device: str | None, *, is_local: bool) -> Conversation:
        """Follow a SYN that this host sends by a device, the answer to it, data and the answer to that."""
        new = fresh(packet)
        there = replace(new, state="established", status=None)
        back = replace(there, direction=1)
        reply = answer_to(packet, SYN_ACK)
        data = replace(packet, flags=frozenset({"ack", "psh"}), length=None)
        answer = answer_to(packet, ANSWER)
        legs = (
            (SYN, packet, new, True), (SYN_ACK, reply, back, is_local), (DATA, data, there, True),
            (ANSWER, answer, back, is_local),
        )  # fmt: skip
        for leg, one, tracking, is_sent_here in legs:
            if not self._cross(one, leg, tracking, device, is_sent_here=is_sent_here, is_local=is_local):
                return self.conclude()
        self.passed = True
        return self.conclude()

    def _cross(
        self,
        packet: Packet,
        leg: str,
        tracking: Tracking,
        device: str | None,
        *,
        is_sent_here: bool,
        is_local: bool,
    ) -> bool:
        """Send one packet out, where it is this host's own, and in, where it comes back to it."""
        family = family_of(packet)
        if is_sent_here:
            sent = replace(packet, in_interface=None, out_interface=device)
            trips = self._from(sent, family, "output", None)
            trips = self.hook(trips, "output", family, leg, tracking=tracking)
            if leg == SYN:
                self.headings += [
                    Arrival(one.fields.packet, is_local, translated=one.translated) for one in trips
                ]
            trips = self.egress(self.hook(trips, "postrouting", family, leg), leg)
            if not trips or not is_local:
                return bool(trips)
        came = replace(packet, in_interface=device, out_interface=None)
        trips = self._from(came, family, "prerouting", tracking)
        trips = self.hook(trips, "prerouting", family, leg)
        return bool(self.hook(trips, "input", family, leg))

    def _from(self, packet: Packet, family: str, hook: str, tracking: Tracking | None) -> list[Trip]:
        return [Trip(PacketFields(packet, Context(family, self.around, hook, tracking, self.now)))]
