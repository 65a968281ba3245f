"""Servers that look at the sender's address: they serve this machine itself, and turn other devices away."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks.application.exchange import (
    answerer,
    attempt_of,
    local_exchange,
    loopback_exchanges,
    own_exchange,
)
from landiag.checks.application.silence import asked_socket
from landiag.checks.application.unasked import is_ended_unasked
from landiag.checks.case import Case, unknown_evidence
from landiag.checks.destination import destination_of
from landiag.checks.evidence import of_exchange
from landiag.collect.exchanges.http import Attempt, End, Exchange, parse_exchange
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.journey.binding import takes_connections
from landiag.journey.ways import Way, loopback_of
from landiag.model.facts import Call, Unknown
from landiag.model.report import Finding, Fix, Outcome
from landiag.model.terms import Symptom
from landiag.servers.kinds import server_kinds


def source_rejected(case: Case, exchange: Exchange, attempt: Attempt) -> Finding | None:
    """The server answers better to a connection from loopback: it turns other devices away by their address."""
    assert case.way is not None
    asked = [case.parse(source, parse_exchange) for source in loopback_exchanges(case, case.way)]
    for local in asked:
        if isinstance(local, Exchange) and (
            fares_better(local.best, attempt) or _waits_alone(case, local.best, attempt)
        ):
            return _turned_away(case, exchange, attempt, local)
    for local in asked:
        if isinstance(local, Unknown) and attempt.answer is not None:
            status = attempt.answer.status
            title = f"The server answers {status}; whether this machine gets a better answer is not known"
            evidence = (*of_exchange(exchange, attempt), *unknown_evidence(local))
            return Finding("client-rejected", Outcome.UNKNOWN, title, local.reason, evidence)
    return None


def _waits_alone(case: Case, local: Attempt, attempt: Attempt) -> bool:
    """Whether the server ends what other devices have opened before they ask, and waits for what this machine asks."""
    return attempt.answer is None and local.end is End.SILENT and is_ended_unasked(case)


def _turned_away(case: Case, exchange: Exchange, attempt: Attempt, local: Exchange) -> Finding:
    """The server served ``local``, and turned away what came as other devices come."""
    assert case.way is not None
    if attempt.answer is not None and attempt.answer.status in LOGINS:
        return _login(exchange, attempt, local)
    if _is_of_address(case, attempt):
        return _of_address(case.way, exchange, attempt, local)
    theirs, ours = _what_it_does(attempt), _what_it_does(local.best)
    ours = ours if attempt.answer is None else ours.removeprefix("answers ")
    return Finding(
        "client-rejected",
        Outcome.BLOCKS,
        f"The server {theirs} other devices, and {ours} this machine alone",
        "The connection opens; the server looks at the sender's address and turns it away.",
        (*of_exchange(exchange, attempt), *of_exchange(local, local.best)),
        (_allow_clients(case, case.way),),
        symptom=Symptom.RESET if attempt.answer is None else Symptom.ANSWERED,
    )


def plan_compared(case: Case, way: Way) -> tuple[Call, ...]:
    """Ask what a refusal is compared with: under the name of localhost, at loopback, and from there."""
    inside = loopback_exchanges(case, way)
    return (local_exchange(case, way), *inside, *([_from_loopback(case, way)] if inside else []))


def _from_loopback(case: Case, way: Way) -> Call:
    """Name the clients' exchange as loopback makes it: is it the sender that the server looks at, or the address?"""
    return own_exchange(case, way, way.ip, loopback_of(way))


def _is_of_address(case: Case, attempt: Attempt) -> bool:
    """Whether what comes from loopback fares no better at the address that clients ask."""
    assert case.way is not None
    asked = case.parse(_from_loopback(case, case.way), parse_exchange)
    if not isinstance(asked, Exchange) or asked.best.connect.outcome is not TcpOutcome.CONNECTED:
        return False
    return not fares_better(asked.best, attempt)


def _of_address(way: Way, exchange: Exchange, attempt: Attempt, local: Exchange) -> Finding:
    """The server does one thing at the clients' address and another at loopback's, whoever asks."""
    theirs, ours = (_what_it_does(one).rpartition(" ")[0] for one in (attempt, local.best))
    step = f"In its configuration, look at what stands for {way.ip}: what is meant stands for {local.address} alone."
    return Finding(
        "client-rejected",
        Outcome.BLOCKS,
        f"The server {theirs} at {way.ip}, where other devices ask, and {ours} at {local.address}",
        "This machine gets the same there: the configuration has a part of its own for each address.",
        (*of_exchange(exchange, attempt), *of_exchange(local, local.best)),
        (Fix("Let the server do the same at both addresses", needs="user-action", steps=(step,)),),
        symptom=Symptom.RESET if attempt.answer is None else Symptom.ANSWERED,
    )


LOGINS = (401, 407)
"""What a server says to who has not logged in: an invitation, and no refusal."""


def _login(exchange: Exchange, attempt: Attempt, local: Exchange) -> Finding:
    """Other devices must log in, where this machine itself need not."""
    return Finding(
        "client-rejected",
        Outcome.WARNS,
        "The server asks other devices to log in, and this machine itself it does not",
        evidence=(*of_exchange(exchange, attempt), *of_exchange(local, local.best)),
    )


def _what_it_does(attempt: Attempt) -> str:
    if attempt.answer is not None:
        return f"answers {attempt.answer.status} to"
    if attempt.end is End.SILENT:
        return "waits for"
    return "speaks with" if attempt.first.data else "hangs up on"


def _allow_clients(case: Case, way: Way) -> Fix:
    return Fix(
        "Let the server answer the clients' network",
        needs="user-action",
        steps=(f"Add {case.peer or way.network} to the addresses that the server allows.",),
    )


def fares_better(local: Attempt, client: Attempt) -> bool:
    """Whether the server serves one connection better than the other; one that it hangs up on gets nothing."""
    if client.answer is not None:
        return local.answer is not None and is_better(local.answer.status, client.answer.status)
    if client.first.data:
        return False
    return local.answer.status < 400 if local.answer is not None else bool(local.first.data)


def is_better(local: int, client: int) -> bool:
    """Whether one status is a better answer than the other."""
    return (
        local // 100 < client // 100
        or (local < 400 <= client)
        or (local == 404 and client in (400, 403, 421))
    )


def plan_own_alone(case: Case) -> tuple[Call, ...]:
    """Ask in another way a server that may count all of this machine's own addresses as local.

    Apache's ``Require local`` takes whoever comes from the address that he asks, so that this machine's own test
    succeeds where no other device's would. From that address to loopback it is a stranger, too.
    """
    socket = asked_socket(case)
    if socket is None or case.way is None or destination_of(case, case.way).is_elsewhere:
        return ()
    loopback = loopback_of(case.way)
    if not _what_to_write(case) or takes_connections(socket, loopback, None) is not True:
        return ()
    return tuple(own_exchange(case, case.way, loopback, source) for source in (case.way.ip, loopback))


def _what_to_write(case: Case) -> str:
    """What lets the clients in, where the server that answered is of that kind; else nothing."""
    name = answerer(case)
    return next((kind.own_is_local for kind in server_kinds() if kind.key == name), "")


def own_alone_attempt(case: Case) -> Attempt | None:
    """What came of the way of the verdict as those are answered who are not this machine's own address."""
    asked = _own_alone(case)
    return attempt_of(case) if asked is None else asked[0].best


def _own_alone(case: Case) -> tuple[Exchange, Exchange] | None:
    """The exchange in which this machine is a stranger, and the one in which it is not, where they differ.

    The page by loopback must be the same one: another host of the server's may have rules of its own.
    """
    attempt = attempt_of(case)
    asked = [case.parse(one, parse_exchange) for one in plan_own_alone(case)]
    stranger, local = asked or (None, None)
    if attempt is None or attempt.answer is None or attempt.answer.status >= 400:
        return None
    if not isinstance(stranger, Exchange) or not isinstance(local, Exchange):
        return None
    is_same = local.best.answer is not None and local.best.answer.body == attempt.answer.body
    is_refused = stranger.best.answer is not None and fares_better(local.best, stranger.best)
    return (stranger, local) if is_same and is_refused else None


def own_alone(case: Case) -> list[Finding]:
    """A server that turns this machine away where it does not come from the very address that it asks."""
    asked = _own_alone(case)
    if asked is None or case.way is None:
        return []
    stranger, local = asked
    found = _turned_away(case, stranger, stranger.best, local)
    step = _what_to_write(case).replace("{network}", str(case.peer or case.way.network))
    sources = (case.way.ip, stranger.address)
    evidence = tuple(
        replace(one, source=f"{one.source} from {ip}")
        for one, ip in zip(found.evidence, sources, strict=True)
    )
    return [
        replace(found, evidence=evidence, fixes=tuple(replace(one, steps=(step,)) for one in found.fixes))
    ]
