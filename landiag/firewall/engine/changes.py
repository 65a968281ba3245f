"""What rules change: fields of the packet, and sets that later packets of the connection are looked up in."""

from __future__ import annotations

from landiag.firewall.engine.context import PROXIED, REWRITTEN, TAKEN, ZONE
from landiag.firewall.engine.fields import PacketFields
from landiag.model.action import Action, Assign, Break, Proxy, Queued, Remember, Stop, Verdict
from landiag.model.match import Match
from landiag.model.packet import ABSENT
from landiag.model.recently import Lately
from landiag.model.sets import InSet, values_of


def assign(fields: PacketFields, action: Assign, *, certain: bool) -> bool:
    """Set a field; False where the rule ends here because it cannot be set."""
    old, new = fields[action.field], action.operand.value(fields)
    if new is ABSENT or (old is ABSENT and not action.field.startswith("ct ")):
        return False
    if action.field == "ct zone":
        fields[ZONE] = new if certain or new == fields.get(ZONE, 0) else None
    if old is not ABSENT:
        fields[action.field] = new if certain or new == old else None
        if action.field.endswith(("addr", "port")):
            fields[REWRITTEN] = 1
    return True


def remember(fields: PacketFields, action: Remember, *, certain: bool) -> bool:
    """Add to a set; False where the packet has no such key, which ends the rule."""
    values = values_of(action.operands, fields)
    if values is None:
        return False
    if certain:
        known = fields.context.remembered.setdefault(id(action.elements), [])
        known.append((not action.delete, tuple(values)))
    return True


def remembered(fields: PacketFields, match: Match) -> bool | None:
    """Whether a match holds by what rules have added to its set or taken out of it; None where they did neither."""
    if not isinstance(match, InSet | Lately) or not match.elements.dynamic:
        return None
    if isinstance(match, Lately) and match.hits != 1:
        return None
    known = fields.context.remembered.get(id(match.elements))
    values = values_of(match.operands, fields) if known else None
    for there, key in reversed(known or []):
        if values is not None and tuple(values) == key:
            return there is not match.negated
    return None


def settled(
    action: Action, fields: PacketFields, queue_readers: frozenset[int] | None, *, certain: bool
) -> Action:
    """What an action comes to that hands the packet to a proxy or a program; any other as it is."""
    if isinstance(action, Queued):
        return _queued(action, queue_readers)
    return _proxied(fields) if isinstance(action, Proxy) and certain else action


def _queued(action: Queued, readers: frozenset[int] | None) -> Stop:
    """Where no program reads the queues the kernel decides; what a program decides is not known."""
    if readers is None or any(action.first <= one <= action.last for one in readers):
        return Stop(Verdict.UNKNOWN)
    return Stop(Verdict.ACCEPT if action.bypass else Verdict.DROP)


def _proxied(fields: PacketFields) -> Action:
    """What the rule does with a packet: a SYN and the ACK that proves the client end with it, other packets go on.

    A later segment acknowledges nothing that the proxy has sent: it is dropped.
    """
    flags = fields.packet.flags & {"syn", "ack", "fin", "rst", "psh"}
    if fields.packet.protocol != "tcp" or flags not in ({"syn"}, {"ack"}, {"ack", "psh"}):
        return Break()
    if "psh" in flags:
        return Stop(Verdict.DROP)
    fields[PROXIED] = TAKEN
    return Stop(Verdict.ACCEPT)
