"""Two programs have the port on different addresses: whether other devices get the page that localhost gets.

So it is where a relay or a web server has the LAN's address, and passes on to a server on loopback.
"""

from __future__ import annotations

from landiag.checks.application.exchange import attempt_of, own_exchange
from landiag.checks.application.silence import asked_socket
from landiag.checks.case import Case
from landiag.checks.destination import destination_of
from landiag.collect.exchanges.http import Exchange, parse_exchange
from landiag.journey.binding import bind_among
from landiag.journey.ways import loopback_of
from landiag.model.facts import Call, Unknown


def plan(case: Case) -> tuple[Call, ...]:
    """Ask the server on loopback as other devices ask, where another socket than theirs takes that."""
    way, sockets = case.way, case.facts.sockets
    if way is None or isinstance(sockets, Unknown) or destination_of(case, way).is_elsewhere:
        return ()
    loopback = loopback_of(way)
    theirs, ours = asked_socket(case), bind_among(sockets, loopback, case.port, None).serving
    attempt = attempt_of(case)
    if theirs is None or not ours or theirs in ours or attempt is None or attempt.answer is None:
        return ()
    return (own_exchange(case, way, loopback, loopback),)


def is_same_answer(case: Case) -> bool:
    """Whether both gave the same page, to the byte, and no error."""
    asked = [case.parse(one, parse_exchange) for one in plan(case)]
    attempt = attempt_of(case)
    if attempt is None or attempt.answer is None or not asked or not isinstance(asked[0], Exchange):
        return False
    theirs, ours = attempt.answer, asked[0].best.answer
    is_page = theirs.status < 400 and theirs.body_bytes > 0
    return is_page and ours is not None and (ours.status, ours.body) == (theirs.status, theirs.body)
