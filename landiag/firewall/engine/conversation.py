"""A whole conversation as it was followed: the arrival of each packet, leg by leg."""

from __future__ import annotations

from msgspec import Struct

from landiag.firewall.engine.context import Tracking
from landiag.firewall.engine.crossing import Stopped
from landiag.firewall.engine.ends import Doubts
from landiag.firewall.engine.surroundings import Way
from landiag.model.packet import Packet
from landiag.model.ruleset import TraceLine, Verdict


class Arrival(Struct):
    """Where the client's packet comes out: after translation, locally or forwarded through a device.

    ``local`` is None when that is not known. ``translated`` is the line of the rule that changed the
    destination. ``back`` is how the answer leaves. ``doubts`` say on what it hangs that it comes out here,
    ``share`` is the part of connections that do. ``passed`` tells whether the whole conversation passes for all
    that the packet filters know. ``tracking`` is what connection tracking knows of it.
    ``taken`` is the packet with address and port of the socket to which a rule has handed it (TPROXY).
    """

    packet: Packet
    local: bool | None
    device: str | None = None
    translated: TraceLine | None = None
    way: Way | None = None
    back: Way | None = None
    doubts: Doubts = ()
    share: float | None = 1.0
    passed: bool = False
    tracking: Tracking | None = None
    taken: Packet | None = None


class Conversation(Struct):
    """What became of a conversation. ``verdict`` accepts only when all of its packets pass for certain.

    ``stops`` are all possible ends; empty when accepted. ``decided_by`` is the line that decides.
    ``unknown`` are the lines of the rules that make the verdict unknown. ``arrivals`` are the places where
    the first packet can come out (``arrived``), or where it is bound for when it is stopped after the routing
    decision; several only when a translation is not certain.
    """

    verdict: Verdict
    lines: tuple[TraceLine, ...]
    stops: tuple[Stopped, ...] = ()
    decided_by: TraceLine | None = None
    reject_with: str | None = None
    leg: str | None = None
    unknown: tuple[TraceLine, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    arrived: bool = False


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
