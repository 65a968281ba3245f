"""Whether clients can find this machine at all: the question who has its address, and the answer to it.

IPv4 asks by ARP (RFC 826), which passes the arp family and bridges; IPv6 by neighbour solicitations (RFC 4861),
which are ICMPv6 and pass the same chains as everything else. A client whose question is not answered sends
nothing, unless this machine has asked for the client before and made itself known by that.
"""

from __future__ import annotations

from ipaddress import IPv6Address

from msgspec.structs import replace

from landiag.firewall.engine.bridges import INWARD
from landiag.firewall.engine.context import NO_SOCKET, Context
from landiag.firewall.engine.conversation import Conversation
from landiag.firewall.engine.crossing import Trip
from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.packets import fresh
from landiag.model.match import Doubt, UnknownKind
from landiag.model.packet import IPAddress, Packet
from landiag.model.ruleset import TraceLine, Verdict

QUESTION, REPLY = "question", "reply"
ARP_REQUEST, ARP_REPLY, SOLICITATION, ADVERTISEMENT = 1, 2, 135, 136
SOLICITED_NODE = int(IPv6Address("ff02::1:ff00:0"))
ARP_LENGTH, ND_LENGTH = 28, 72
"""Lengths of a question and of an answer; those of ND are an IPv6 header and a message with one address."""


class Seeker(Follower):
    """Follows the questions by which client and server find each other's hardware address."""

    def seek(self, packet: Packet) -> Conversation:
        """Say whether the client of a packet can learn where its destination is.

        It drops only where neither side can make itself known to the other; where this machine still can, the
        verdict is unknown.
        """
        if self._round(packet, came=True):
            self.passed = True
            return self.conclude()
        own = Seeker(self.ruleset, self.around, self.now)
        if own._round(packet, came=False):
            text = "clients learn this machine's hardware address only when it asks for theirs first"
            doubts = (Doubt(UnknownKind.UNMODELLED, text),)
            self.lines.append(
                TraceLine(
                    "input",
                    f"perhaps drop: {text}",
                    text=text,
                    leg=QUESTION,
                    verdict=Verdict.DROP,
                    doubts=doubts,
                )
            )
            self.passed = True
        return self.conclude()

    def _round(self, packet: Packet, *, came: bool) -> bool:
        """Follow a question and its answer; ``came`` where the client asks. False when one is stopped for certain."""
        question = _message(packet, is_question=True, came=came)
        answer = _message(packet, is_question=False, came=not came)
        steps = [(question, self._inward_message if came else self._outward_message),
                 (answer, self._outward_message if came else self._inward_message)]  # fmt: skip
        return all(step(message) for message, step in steps)

    def _inward_message(self, message: Packet) -> bool:
        fields = PacketFields(message, Context("netdev", self.around, "ingress", None, self.now))
        if message.protocol == "arp":
            trips = self.cross_bridge([Trip(fields)], message.in_interface, INWARD, QUESTION)
            trips = self.hook(trips, "ingress", "netdev", QUESTION, device=message.in_interface)
            return bool(self.hook(trips, "input", "arp", QUESTION))
        trips = self.come_in(fields, "ip6", QUESTION, fresh(message))
        return bool(self.hook(trips, "input", "ip6", QUESTION))

    def _outward_message(self, message: Packet) -> bool:
        family = "arp" if message.protocol == "arp" else "ip6"
        fields = PacketFields(message, Context(family, self.around, "output", None, self.now))
        tracking = None if family == "arp" else fresh(message)
        trips = self.hook([Trip(fields)], "output", family, REPLY, tracking=tracking)
        if family == "ip6":
            trips = self.hook(trips, "postrouting", family, REPLY)
        return bool(self.egress(trips, REPLY))


def _message(packet: Packet, *, is_question: bool, came: bool) -> Packet:
    """A question or an answer between the client and the destination of a packet."""
    asker, asked = (packet.source, packet.destination) if came else (packet.destination, packet.source)
    message = replace(
        packet, source=asker, destination=asked, source_port=None, destination_port=None, flags=frozenset(), state=None,
        in_interface=packet.in_interface if came else None, out_interface=None if came else packet.in_interface,
        source_mac=packet.source_mac if came else None, destination_mac=None, skuid=NO_SOCKET, skgid=NO_SOCKET, ttl=255,
    )  # fmt: skip
    if packet.version == 4:
        kind = ARP_REQUEST if is_question else ARP_REPLY
        pkttype = "broadcast" if is_question and came else "host"
        return replace(message, protocol="arp", icmp_type=kind, pkttype=pkttype, length=ARP_LENGTH)
    if is_question and asked is not None:
        message = replace(message, destination=solicited_node(asked), pkttype="multicast" if came else "host")
    kind = SOLICITATION if is_question else ADVERTISEMENT
    return replace(message, protocol="icmp", icmp_type=kind, icmp_code=0, length=ND_LENGTH)


def solicited_node(address: IPAddress) -> IPv6Address:
    """The group to which questions for an address are sent (RFC 4291, 2.7.1)."""
    return IPv6Address(SOLICITED_NODE | int(address) & 0xFFFFFF)
