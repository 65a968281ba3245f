"""Numbers that an action draws by chance, in turns or by a hash: each is followed on its own."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from landiag.firewall.engine.context import ZONE, Asked
from landiag.firewall.engine.hashes import choose, hash_bytes, hash_words
from landiag.model.action import Chosen, Dispatch, NatKind, Target, Translate
from landiag.model.match import Computed, Doubt, Match, UnknownKind
from landiag.model.operands import Draw, Field, Fields, Operand
from landiag.model.sets import FromMap

_SPREAD = "address"
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


def is_fixed(draw: Draw) -> bool:
    """Whether a client gets the same number each time: it hangs on addresses, and on no port of the client's."""
    operands = [operand for operand, _ in draw.hashed]
    return draw.kind == _SPREAD or (
        bool(operands) and all(isinstance(one, Field) and not one.name.endswith("sport") for one in operands)
    )


def holds_when_settled(match: Match, fields: Asked) -> bool | None:
    """Whether a match on a drawn number holds for the named client, where it gets the same each time."""
    if not isinstance(match, Computed) or not isinstance(match.operand, Draw):
        return None
    number = settle(match.operand, None, fields)
    return None if number is None else match.holds(number)


def doubt_of(match: Match, fields: Asked) -> Doubt:
    """Why a match is not known: a number that is the same each time fails no share of the named client's visits."""
    doubt = match.doubt(fields)
    is_drawn = isinstance(match, Computed) and isinstance(match.operand, Draw) and is_fixed(match.operand)
    return replace(doubt, kind=UnknownKind.CHOICE) if is_drawn and fields.packet.is_named else doubt


def settle(draw: Draw, action: Dispatch | Translate | None, fields: Asked) -> int | None:
    """The number that the named client gets each time; None where it gets another each time, or nobody can tell."""
    if not fields.packet.is_named or not is_fixed(draw):
        return None
    if draw.kind == _SPREAD:
        return _spread(draw, action, fields)
    values = [(operand.value(fields), size) for operand, size in draw.hashed]
    if draw.seed is None or not all(isinstance(value, int) for value, _ in values):
        return None
    pad = 4 if len(values) > 1 else 1
    data = b"".join(
        value.to_bytes(size, "big").ljust(-(-size // pad) * pad, b"\0")
        for value, size in values
        if isinstance(value, int)
    )
    return draw.offset + choose(hash_bytes(data, draw.seed), draw.modulus)


def _spread(draw: Draw, action: Dispatch | Translate | None, fields: Asked) -> int | None:
    """The address that the kernel finds best for a client, of IPv4 and without zones."""
    packet = fields.packet
    source, destination = packet.source, packet.destination
    is_known = packet.version == 4 and source is not None and destination is not None
    if not is_known or source is None or destination is None or fields.get(ZONE, 0) != 0:
        return None
    is_persistent = isinstance(action, Translate) and action.persistent
    seed = 0 if is_persistent else int.from_bytes(destination.packed, "little")
    words = (int.from_bytes(source.packed, "little"), 0, 0, 0)
    return draw.offset + choose(hash_words(words, seed), draw.modulus)


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
    return None if low == high else Draw(_SPREAD, high - low + 1, low)


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
