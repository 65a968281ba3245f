"""Packets that fare alike so far, on their way through a chain and through one rule of it."""

from __future__ import annotations

from functools import reduce

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.engine.fields import PacketFields, merge
from landiag.firewall.engine.nodes import Space
from landiag.firewall.engine.ranges import common
from landiag.firewall.engine.spaces import Axis, Box
from landiag.model.operands import Ranges
from landiag.model.ruleset import Chain, Rule

TANGLED = "tangled"

History = tuple[object, ...]
"""What packets have met that may make a difference later; those with one history have the same fields."""


class Front(Struct):
    """Packets that have fared alike so far: which, the fields that they share, and what they have met.

    ``changed`` are the fields that rules have set. ``returns`` are the fields with which they have perhaps
    returned from the chain in which they are.
    """

    space: Space
    fields: PacketFields
    history: History = ()
    changed: frozenset[str] = frozenset()
    returns: tuple[PacketFields, ...] = ()

    def with_space(self, space: Space) -> Front:
        """Others that have fared the same."""
        return replace(self, space=space)

    def after(self, *events: object) -> Front:
        """The same packets, once they have met something."""
        return replace(self, history=(*self.history, *events))

    def come_back(self, *states: PacketFields) -> Front:
        """The same packets in the chain that jumped to this one: what holds in each state is known."""
        return replace(self, fields=reduce(merge, states), returns=())


class Flow(Struct):
    """Packets on their way through one rule: of a front's, those in ``box``; not ``certain``: perhaps.

    ``limited``: they stay below a limit of the rule.
    """

    front: Front
    box: Box = ()
    certain: bool = True
    limited: bool = False


class Parts(Struct):
    """Where a match says what: boxes by answer, and the answer everywhere else."""

    boxes: dict[bool | None, list[Box]]
    rest: bool | None = False


class Ended(Struct):
    """Packets that have ended by one rule (None: by the policy)."""

    chain: Chain
    rule: Rule | None
    space: Space


class Class(Struct):
    """Packets that a chain treats alike: all of them, and by which rule they end.

    ``others`` are all others that were asked for, where these are of one class; else None.
    """

    space: Space
    ends: tuple[Ended, ...]
    others: Space = None


def on_axis(axis: Axis, ranges: Ranges) -> Box:
    """A box that is bounded on one axis."""
    return (*(None,) * axis, ranges)


def both(left: Box, right: Box) -> Box:
    """What lies in both of two boxes."""
    if len(left) < len(right):
        left, right = right, left
    return (*(common(one, other) for one, other in zip(left, right, strict=False)), *left[len(right) :])
