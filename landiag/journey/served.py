"""Which of the addresses in one network clients are given: one at which the server is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from landiag.journey.classes import ClientClass
from landiag.journey.ways import Way
from landiag.model.terms import StageName

Classes = Mapping[str, tuple[ClientClass, ...]]


def served_first(ways: Sequence[Way], classes: Classes) -> tuple[Way, ...]:
    """Put the way first at which the server is, where nobody has the first one's port and this is beside it.

    Clients of one network choose among all its addresses by what they are given; of another network they cannot.
    """
    if not ways or not _is_nobodys(ways[0], classes):
        return tuple(ways)
    beside = [one for one in ways[1:] if _is_beside(one, ways[0]) and _is_taken(one, classes)]
    return (*beside[:1], *(one for one in ways if one not in beside[:1]))


def _is_beside(way: Way, first: Way) -> bool:
    return way.interface.name == first.interface.name and way.ip in first.network


def _is_nobodys(way: Way, classes: Classes) -> bool:
    """Whether its clients come through to the port, as far as rules could be read, and no socket takes them."""
    return StageName.SOCKET in _stages(way, classes) and not _is_taken(way, classes)


def _is_taken(way: Way, classes: Classes) -> bool:
    """Whether something takes its clients' connections."""
    return any(stage in _BEHIND for stage in _stages(way, classes))


_BEHIND = (StageName.ACCEPT_QUEUE, StageName.REPLY_ROUTE, StageName.REPLY, StageName.APPLICATION)
"""Where attempts end that a socket has taken."""


def _stages(way: Way, classes: Classes) -> list[StageName]:
    """Where the attempts of the largest class of clients end."""
    followed = classes.get(way.id, ())
    return [end.stage for end in followed[0].journey.ends] if followed else []
