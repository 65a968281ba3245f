"""Every cause that landiag can name, one row each, in the order in which a person should fix them."""

from __future__ import annotations

from landiag.model.causes import application, clients, firewall, listening, network
from landiag.model.causes.cause import Cause

CAUSES: tuple[Cause, ...] = (
    *listening.BOUND,
    *network.ADDRESSES,
    *firewall.FILTERS,
    *listening.LED,
    *network.BACK,
    listening.ACCEPT_QUEUE_FULL,
    *application.ANSWERS,
    *clients.PEERS,
    *clients.PROBED,
    *application.EXPOSED,
    *firewall.BYPASSED,
)
"""Every row. The verdict's cause is the first one that blocks."""

CODES = tuple(cause.code for cause in CAUSES)
"""Every code of the contract; each is stable for ever."""

_ROWS = {cause.code: cause for cause in CAUSES}
_RANKS = {code: place for place, code in enumerate(CODES)}


def cause_of(code: str) -> Cause:
    """The row of a code that this landiag found itself. Raises KeyError where there is none."""
    return _ROWS[code]


def find_cause(code: str) -> Cause | None:
    """The row of a code in a report that was read; None for a code that only a newer landiag knows."""
    return _ROWS.get(code)


def rank(code: str) -> int:
    """The place of a code in the order of fixing; a code that only a newer landiag knows comes last."""
    return _RANKS.get(code, len(CODES))
