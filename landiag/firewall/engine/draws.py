"""Numbers that an action draws by chance, in turns or by a hash: each is followed on its own."""

from __future__ import annotations

from collections.abc import Iterator

from landiag.model.action import Chosen, Dispatch, NatKind, Target, Translate
from landiag.model.operands import Draw, Fields, Operand
from landiag.model.sets import FromMap

MAX_NUMBERS = 32
"""How many numbers are followed; an action that draws from more is not foreseen."""


def drawn_by(action: Dispatch | Translate, fields: Fields) -> Draw | None:
    """The number that an action hangs on and that is not drawn yet; None without one, or with too many."""
    spread = spread_over(action) if isinstance(action, Translate) else None
    if spread is not None and fields[spread.field] is None and spread.modulus <= MAX_NUMBERS:
        return spread
    for operand in _operands(action):
        for draw in _draws(operand):
            if fields[draw.field] is None and draw.modulus <= MAX_NUMBERS:
                return draw
    return None


def spread_over(action: Translate) -> Draw | None:
    """The number of the address to which a translation sends a connection, where it has a range of them to choose from.

    The kernel chooses by a hash of the client's address (find_best_ips_proto in net/netfilter/nf_nat_core.c).
    """
    target = action.target
    if (
        action.kind is not NatKind.DNAT
        or action.netmap
        or not isinstance(target, Target)
        or target.addresses is None
    ):
        return None
    low, high = target.addresses
    return None if low == high else Draw("address", high - low + 1, low)


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
