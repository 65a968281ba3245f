"""What a client sees on a way in: the journey's end, joined with what was found and what the server answered. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from landiag.checks.application.exchange import has_gaps
from landiag.checks.application.listed import client_attempt
from landiag.checks.case import Case
from landiag.checks.destination import destinations_of
from landiag.checks.listening.closed import is_silent
from landiag.checks.listening.shares import is_dead
from landiag.collect.exchanges.http import Attempt
from landiag.journey.ends import End, see
from landiag.journey.journey import Journey, translated_by
from landiag.journey.ways import Way
from landiag.model.causes import cause_of
from landiag.model.report import ClientSees, Finding, Outcome
from landiag.model.terms import CheckName, StageName, Symptom
from landiag.verdict.symptom import describe_symptom, symptom_of

_OPEN = (Symptom.ANSWERED, Symptom.VARIES, Symptom.UNKNOWN)


class _Seen(Struct, frozen=True):
    """``perhaps`` is what a client sees unless rules that could not be read stop it before."""

    symptom: Symptom
    status: int | None = None
    share: float | None = None
    perhaps: Symptom | None = None


def what_client_sees(case: Case, way: Way | None, findings: Sequence[Finding]) -> ClientSees:
    """Say what the named client, else the ordinary ones, see on a way in; ``findings`` are in the order of fixing."""
    mine = [one for one in findings if way is None or not one.paths or way.id in one.paths]
    seen = _see(case, way, [one for one in mine if one.outcome is Outcome.BLOCKS and not one.clients], mine)
    if case.peer is not None and way is not None and way.family != case.peer.version:
        seen = _Seen(Symptom.UNKNOWN)  # no address that was found is one that this client can ask
    if seen.symptom is not Symptom.TIMEOUT and any(map(_may_lose_answers, mine)):
        seen = _Seen(Symptom.UNKNOWN)
    if seen.symptom is not Symptom.UNREACHABLE and any(map(_may_not_be_found, mine)):
        seen = _Seen(Symptom.UNKNOWN)
    who = "" if case.peer is None else str(case.peer)
    return describe_symptom(seen.symptom, seen.status, seen.share, who, perhaps=seen.perhaps)


def _may_lose_answers(finding: Finding) -> bool:
    """Whether nobody can tell if answers find the client: then neither a refusal nor anything else may come."""
    is_back = finding.stage is StageName.REPLY_ROUTE and finding.symptom is Symptom.UNKNOWN
    return is_back and finding.outcome is Outcome.UNKNOWN


def _may_not_be_found(finding: Finding) -> bool:
    """Whether nobody can tell if clients learn this machine's hardware address: without it nothing else is met."""
    return finding.stage is StageName.LINK and finding.outcome is Outcome.UNKNOWN


def _see(case: Case, way: Way | None, blocks: Sequence[Finding], findings: Sequence[Finding]) -> _Seen:
    classes = case.classes.get(way.id, ()) if way is not None else ()
    by_finding = _of_findings(case, blocks)
    if not classes:
        return by_finding or _Seen(Symptom.UNKNOWN)
    journey = classes[0].journey
    before = [one for one in blocks if not one.paths and _is_before(one)]
    if before:
        return _Seen(symptom_of(before[0]))
    if any(one.outcome is Outcome.UNKNOWN and not one.paths and _is_before(one) for one in findings):
        return _Seen(Symptom.UNKNOWN)
    if way is not None and journey.link is None and len(destinations_of(case, way)) > 1:
        sight = see([_observed(case, way, journey, end) for end in journey.ends])
        if sight.symptom is not Symptom.ANSWERED:
            return _Seen(sight.symptom, None, sight.share)
    if journey.sight.symptom not in _OPEN and _is_passed_on(case, way):
        return _Seen(Symptom.UNKNOWN)
    if journey.sight.symptom not in _OPEN:
        return _Seen(_stealthy(case, way, journey, journey.sight.symptom))
    if journey.sight.symptom is Symptom.UNKNOWN and _is_open_before(journey):
        return _Seen(Symptom.UNKNOWN)
    if by_finding is not None and not _is_one_of_several(journey, by_finding):
        return replace(by_finding, symptom=_stealthy(case, way, journey, by_finding.symptom))
    if by_finding is None and _is_open(findings):
        return _Seen(Symptom.UNKNOWN)
    if journey.sight.symptom is not Symptom.ANSWERED or way is not case.way:
        return _Seen(journey.sight.symptom, None, journey.sight.share)
    return _of_application(case, client_attempt(case), findings)


def _is_passed_on(case: Case, way: Way | None) -> bool:
    """Whether another machine takes the client's connection first, and makes one of its own to this one.

    A port proxy of Windows and the NAT of a virtual machine's host do: what becomes of theirs is not what clients see.
    """
    front = None if way is None else way.front
    return front is not None and (front.nat is not None or case.facts.os == "linux")


def _is_one_of_several(journey: Journey, seen: _Seen) -> bool:
    """Whether what was found is one of the ends between which the client's attempts vary."""
    ends = {end.symptom for end in journey.ends}
    return journey.sight.symptom is Symptom.VARIES and seen.symptom in ends


def _is_open_before(journey: Journey) -> bool:
    """Whether what is not known comes before what was found: the route of the first packet, or all there is."""
    ends = journey.ends
    return not any(end.doubts for end in ends) or any(
        end.stage is StageName.ROUTE and end.symptom is Symptom.UNKNOWN for end in ends
    )


def _is_before(finding: Finding) -> bool:
    """Whether what was found stops the client before any packet of it comes to an address of this machine."""
    return cause_of(finding.code).stages[:1] in ((StageName.LINK,), (StageName.ADDRESS,))


def _observed(case: Case, way: Way, journey: Journey, end: End) -> End:
    """An end with what this machine's own test of that place saw, where the model knows no socket of it."""
    place = None if end.arrival is None else translated_by(journey.arrivals[end.arrival])
    if end.symptom is not Symptom.ANSWERED or place is None:
        return end
    there = [one for one in destinations_of(case, way) if (one.ip, one.port) == (place.ip, place.port)]
    is_gone = any(is_dead(case, way, one) for one in there)
    return replace(end, symptom=Symptom.UNREACHABLE) if is_gone else end


def _stealthy(case: Case, way: Way | None, journey: Journey, symptom: Symptom) -> Symptom:
    """Some systems answer nothing on a closed port; what a rule rejects is refused all the same."""
    refused_at = [end.stage for end in journey.ends if end.symptom is Symptom.REFUSED]
    if symptom is not Symptom.REFUSED or StageName.SOCKET not in refused_at or way is None:
        return symptom
    return {None: Symptom.UNKNOWN, True: Symptom.TIMEOUT, False: symptom}[is_silent(case, way)]


def _of_findings(case: Case, blocks: Sequence[Finding]) -> _Seen | None:
    """The symptom of the first block that the journey does not know of; None where what blocks is the answer itself.

    Where rules could not be read, one of them may drop what would be refused.
    """
    is_unread = case.facts.os == "linux" and has_gaps(case)
    for finding in blocks:
        symptom = symptom_of(finding)
        if symptom is Symptom.ANSWERED:
            continue
        is_doubted = is_unread and symptom is not Symptom.TIMEOUT and not _is_before(finding)
        return _Seen(Symptom.UNKNOWN, perhaps=symptom) if is_doubted else _Seen(symptom)
    return None


def _is_open(findings: Sequence[Finding]) -> bool:
    """Whether something before the server could not be judged."""
    return any(
        one.outcome is Outcome.UNKNOWN and cause_of(one.code).check is not CheckName.APPLICATION
        for one in findings
    )


def _of_application(case: Case, attempt: Attempt | None, findings: Sequence[Finding]) -> _Seen:
    """What the server itself gives, as this machine saw it."""
    open_ends = [one for one in findings if one.outcome is Outcome.UNKNOWN]
    if open_ends and case.asks_http and case.target.scheme != "tcp":
        return _Seen(Symptom.UNKNOWN)
    status = None if attempt is None or attempt.answer is None else attempt.answer.status
    return _Seen(Symptom.ANSWERED, status)
