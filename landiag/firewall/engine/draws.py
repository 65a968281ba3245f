"""Numbers that an action draws by chance, in turns or by a hash: each is followed on its own."""

from __future__ import annotations

from collections.abc import Iterator

from landiag.model.action import Chosen, Dispatch, Translate
from landiag.model.operands import Draw, Fields, Operand
from landiag.model.sets import FromMap

MAX_NUMBERS = 32
"""How many numbers are followed; an action that draws from more is not foreseen."""


def drawn_by(action: Dispatch | Translate, fields: Fields) -> Draw | None:
    """The number that an action hangs on and that is not drawn yet; None without one, or with too many."""
    for operand in _operands(action):
        for draw in _draws(operand):
            if fields[draw.field] is None and draw.modulus <= MAX_NUMBERS:
                return draw
    return None


def _operands(action: Dispatch | Translate) -> Iterator[Operand]:
    if isinstance(action, Dispatch):
        yield from action.operands
    elif isinstance(action.target, Chosen):
        yield from action.target.operands
        yield from (one for one in (action.target.address, action.target.port) if one is not None)


def _draws(operand: Operand) -> Iterator[Draw]:
    if isinstance(operand, Draw):
        yield operand
    elif isinstance(operand, FromMap):
        for inner in operand.operands:
            yield from _draws(inner)
