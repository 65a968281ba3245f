"""What rules write into many packets at once: the packets by what they get."""

from __future__ import annotations

from landiag.firewall.engine.ask import Questions
from landiag.firewall.engine.fronts import Front, on_axis
from landiag.firewall.engine.lens import OF_PACKET, Tangled, Tracked
from landiag.firewall.engine.nat import SOURCE_KINDS, translated
from landiag.firewall.engine.ranges import normal
from landiag.model.action import Assign, Chosen, Target, Translate
from landiag.model.operands import Constant, Operand
from landiag.model.packet import ABSENT, Value
from landiag.model.sets import FromMap, Lookup, single, values_of


def values_of_assign(ask: Questions, front: Front, action: Assign) -> list[tuple[Operand, Front]]:
    """What a field is set to: the same for all packets, or what a map gives to each."""
    operand = action.operand
    if isinstance(operand, FromMap):
        return [
            (Constant(given(found)), part)
            for found, part in ask.lookups(front, operand.operands, operand.elements)
        ]
    tracked = Tracked(front.fields, ask.lens)
    value = operand.value(tracked)
    if ask.note(front, tracked, operand):
        raise Tangled
    return [(Constant(value), front)]


def targets_of(ask: Questions, front: Front, action: Translate) -> list[tuple[Front, bool]]:
    """The packets by what they are translated to; False beside those that the rule leaves as they are."""
    target = action.target
    if isinstance(target, Chosen) and target.elements is not None:
        found = ask.lookups(front, target.operands, target.elements)
        ask.write(*(one.data for one, _ in found if one is not None))
        return [(part, one is not None and not (one.certain and not one.data)) for one, part in found]
    if isinstance(target, Chosen):
        tracked = Tracked(front.fields, ask.lens)
        operands = [one for one in (target.address, target.port) if one is not None]
        values_of(operands, tracked)
        if ask.note(front, tracked, operands):
            raise Tangled
        return [(front, translated(front.fields, action) is not None)]
    ask.write(target.addresses, target.ports)
    is_done = translated(front.fields, action) is not None
    return [(part, is_done) for part in _apart(ask, front, action, target)]


def _apart(ask: Questions, front: Front, action: Translate, target: Target) -> list[Front]:
    """Cut packets where they have an address or a port already that they are translated to."""
    sides = ("source", "source_port") if action.kind in SOURCE_KINDS else ("destination", "destination_port")
    fronts = [front]
    for side, given_range in zip(sides, (target.addresses, target.ports), strict=True):
        axis = ask.axis(front, OF_PACKET + side) if getattr(front.fields.packet, side) is not None else None
        if axis is None or given_range is None:
            continue
        if action.netmap or target.base is not None:
            raise Tangled
        box = on_axis(axis, normal([given_range], ask.lens.universe.tops[axis]))
        parts = [(one, ask.lens.universe.split(one.space, box)) for one in fronts]
        fronts = [
            one.with_space(space) for one, both_parts in parts for space in both_parts if space is not None
        ]
    return fronts


def given(found: Lookup | None) -> Value:
    """The value that a map gives, as ``FromMap`` has it."""
    if found is None or (found.certain and not found.data):
        return ABSENT
    return single(found.data[0]) if found.certain else None
