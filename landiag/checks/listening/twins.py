"""Servers that share a port (SO_REUSEPORT): each gets a part of the connections, and one that hangs keeps its part."""

from __future__ import annotations

from collections.abc import Sequence

from landiag.checks.application.exchange import again_exchange, exchange_of, where_to_ask
from landiag.checks.case import Case
from landiag.checks.destination import destination_of, sockets_there
from landiag.checks.listening.owners import describe_owner, owner_evidence
from landiag.collect.exchanges.http import Attempt, End, Exchange, parse_exchange
from landiag.journey.binding import bind_among
from landiag.model.facts import Call, Socket, Unknown
from landiag.model.report import Finding, Fix, Outcome
from landiag.model.terms import Symptom

AGAIN = 9
"""How often a shared port is asked once more: of two programs one is missed once in a thousand times."""

_HALTED = ("stopped", "tracing-stop")


def twins_of(case: Case) -> tuple[Socket, ...]:
    """The sockets that share out the connections; empty where one takes them all, or nobody can tell."""
    if case.way is None or isinstance(case.facts.sockets, Unknown) or case.facts.os != "linux":
        return ()
    ip, port = where_to_ask(case, case.way)
    serving = bind_among(sockets_there(case, destination_of(case, case.way)), ip, port, None).serving
    best = [one for one in serving if not one.address.is_unspecified] or list(serving)
    holders = {one.pids for one in best if one.pids}
    return tuple(best) if len(best) > 1 and len(holders) > 1 else ()


def plan(case: Case) -> tuple[Call, ...]:
    """Ask a shared port several times more."""
    if case.way is None or not case.asks_http or not twins_of(case):
        return ()
    return tuple(again_exchange(case, case.way, number) for number in range(1, AGAIN + 1))


def check(case: Case) -> list[Finding]:
    """Name a twin that does not answer while the others do."""
    twins = twins_of(case)
    if not twins:
        return []
    halted = [one for one in twins if _is_halted(case, one)]
    attempts = _attempts(case)
    silent = [one for one in attempts if one.end in (End.SILENT, End.STALLED)]
    if not halted and not (silent and len(silent) < len(attempts)):
        return []
    if halted and len(halted) == len(twins):
        return []
    names = " and ".join(dict.fromkeys(describe_owner(case, one) for one in halted or twins))
    title = f"Port {case.port} is shared by {len(twins)} programs, and {names} does not answer its part"
    if not halted:
        title = f"Port {case.port} is shared by {names}, and one of them does not answer its part"
    return [
        Finding(
            code="server-silent",
            outcome=Outcome.BLOCKS,
            title=title,
            detail="The kernel deals connections out among them: those that the silent one gets wait for ever.",
            evidence=tuple(owner_evidence(case, one) for one in twins),
            fixes=(
                Fix(
                    "End the one that hangs",
                    needs="user-action",
                    steps=("End the program that does not answer, with kill and its pid, or start it anew.",),
                ),
            ),
            symptom=Symptom.VARIES,
        )
    ]


def _is_halted(case: Case, socket: Socket) -> bool:
    owners = case.owners(socket)
    return bool(owners) and all(one.state in _HALTED for one in owners)


def _attempts(case: Case) -> Sequence[Attempt]:
    assert case.way is not None
    first = exchange_of(case)
    again = [
        case.parse(again_exchange(case, case.way, number), parse_exchange) for number in range(1, AGAIN + 1)
    ]
    return [one.best for one in (first, *again) if isinstance(one, Exchange)]
