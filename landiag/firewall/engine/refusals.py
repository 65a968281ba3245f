"""What a rejection is to the client: a refusal, where its RST or ICMP error may leave; silence, where it may not."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.engine.context import NO_SOCKET, Context, Tracking
from landiag.firewall.engine.crossing import Crosser, Trip
from landiag.firewall.engine.ends import End
from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.hops import Sender
from landiag.firewall.engine.packets import (
    ANSWER,
    DATA,
    REFUSAL,
    SYN,
    answer_to,
    family_of,
    reset_to,
    tuple_of,
)
from landiag.firewall.engine.surroundings import Surroundings
from landiag.model.action import RESET
from landiag.model.packet import ABSENT, Packet
from landiag.model.route import RouteKind
from landiag.model.ruleset import Verdict


class Refuser(Sender):
    """Follows packets, and the refusals of those that are rejected."""

    def as_seen(self, end: End, leg: str) -> tuple[Verdict, ...]:
        """What a rejection is to the client: a refusal, if that may leave; silence, if it may not.

        A rejected packet of the server itself is silence too.
        """
        if leg not in (SYN, DATA):
            return (Verdict.DROP,)
        if end.line.hook == "ingress":
            return (Verdict.REJECT,)
        if end.line.chain is not None and end.line.chain.family == "bridge":
            # nft_reject_bridge.c hands it to the port itself, past every chain of ip and ip6.
            return (Verdict.REJECT, Verdict.DROP) if self.sees("output", "bridge") else (Verdict.REJECT,)
        port = end.fields["physdev in"] if end.reject_with == RESET else ABSENT
        by_port = () if port is ABSENT else self._reset_by_port(end)
        return by_port if isinstance(port, str) else (*by_port, *self._refused(end))

    def _reset_by_port(self, end: End) -> tuple[Verdict, ...]:
        """What a reset does that leaves by the port of a bridge directly, past every rule and translation.

        That is how br_netfilter has it (nf_send_reset); the client knows nothing of a translated address.
        """
        tracking = end.fields.context.tracking
        if tracking is not None and tracking.known and tracking.original != tuple_of(end.fields.packet):
            return (Verdict.DROP,)
        return (Verdict.REJECT, Verdict.DROP) if self.sees("egress", "netdev") else (Verdict.REJECT,)

    def _refused(self, end: End) -> tuple[Verdict, ...]:
        """What becomes of a refusal that this host sends as a packet of its own."""
        answer, tracking = refusal(end, self.around)
        known = tracking is not None and tracking.state != "invalid"
        return self.leave(answer, tracking if known else None, None if known else tracking)

    def leave(self, answer: Packet, early: Tracking | None, late: Tracking | None) -> tuple[Verdict, ...]:
        """What the client sees of a refusal: REJECT where it leaves this host, DROP where it is stopped, or both.

        ``early`` is what connection tracking knows of it already, ``late`` what it finds out.
        """
        family = family_of(answer)
        context = Context(family, self.around, "output", early, self.now)
        back = Crosser(self.ruleset, self.around, self.now)
        trips = back.hook([Trip(PacketFields(answer, context))], "output", family, REFUSAL, tracking=late)
        trips = back.egress(back.hook(trips, "postrouting", family, REFUSAL), REFUSAL)
        self.lines += back.lines
        seen = (Verdict.REJECT,) if trips else ()
        return (*seen, Verdict.DROP) if back.stops else seen

    def reset(self, packet: Packet, tracking: Tracking | None) -> tuple[Verdict, ...]:
        """What the client sees of the RST for a packet that arrived and that no socket takes."""
        answer = reset_to(packet)
        back = self.around.way_back(answer, 0)
        if back is not None and back.kind not in (RouteKind.UNICAST, RouteKind.LOCAL):
            return (Verdict.DROP,)
        answer = replace(answer, out_interface=back.device if back else None)
        known = tracking is not None and tracking.known
        if tracking is None or not known:
            original = tuple_of(answer)
            return self.leave(answer, None, Tracking("invalid", original, original.reversed()))
        return self.leave(answer, replace(tracking, state="established", direction=1), None)


def refusal(end: End, around: Surroundings) -> tuple[Packet, Tracking | None]:
    """The RST or ICMP error of a rejection, and what connection tracking says of it.

    It is related to the packet's connection (nf_ct_attach); without one it is invalid.
    """
    packet = end.fields.packet
    if end.reject_with == RESET:
        answer = reset_to(packet)
    else:
        answer = answer_to(packet, ANSWER)
        version = packet.version
        source = answer.source if end.line.hook == "input" else None
        answer = replace(
            answer, protocol="icmp", source=source, source_port=None, destination_port=None,
            flags=frozenset(), icmp_type=3 if version == 4 else 1, icmp_code=None, length=None,
            dscp=48 if version == 4 else 0, skuid=NO_SOCKET, skgid=NO_SOCKET,
        )  # fmt: skip
    back = around.way_back(answer, 0)
    answer = replace(answer, out_interface=back.device if back else None)
    tracking = end.fields.context.tracking
    if tracking is None or not tracking.known:
        original = tuple_of(answer)
        return answer, Tracking("invalid", original, original.reversed())
    mark = end.fields["ct mark"]
    state = None if tracking.state is None else "related"
    return answer, replace(tracking, state=state, direction=1, mark=mark if isinstance(mark, int) else None)
