"""The server's report and the client's put into one verdict: what each side alone cannot know. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from landiag.model.report import (
    CheckResult,
    ClientSees,
    Outcome,
    Path,
    Report,
)
from landiag.model.terms import Symptom
from landiag.verdict.algebra import add_findings, in_order, rename
from landiag.verdict.halves import Halves, source_of, way_to
from landiag.verdict.joined import Joined, judge_halves
from landiag.verdict.symptom import describe_symptom

_STALE = 3600.0
"""Seconds between the two reports after which they may speak of different days."""


class JoinError(ValueError):
    """The two reports are not the two halves of one question; the message says why."""


def join(first: Report, second: Report) -> Report:
    """Join a report of ``check`` and one of ``probe``, in either order, into one report.

    Raises JoinError where they are not one of each, or speak of different ports.
    """
    server, client = _sides(first, second)
    ports = (server.target.port, client.target.port)
    if None not in ports and ports[0] != ports[1]:
        raise JoinError(f"the server's report is about port {ports[0]}, the client's about port {ports[1]}")
    if not client.paths and client.verdict.cause is None:
        raise JoinError("the client's report names no address that it asked")
    asked = next(
        (path for path in client.paths if path.outcome is Outcome.OK), next(iter(client.paths), None)
    )
    way = way_to(server, asked, masked=server.redacted or client.redacted) if asked else None
    halves = Halves(server, client, asked, way)
    joined = judge_halves(halves)
    return _assemble(halves, replace(joined, notes=(*joined.notes, *_age(halves))))


def _sides(first: Report, second: Report) -> tuple[Report, Report]:
    is_client = [report.command == "probe" for report in (first, second)]
    if is_client == [False, True]:
        return first, second
    if is_client == [True, False]:
        return second, first
    kind = "of clients (probe)" if all(is_client) else "of servers (check)"
    raise JoinError(
        f"both reports are {kind}: give one of each, or add --compare to see what changed between them"
    )


def _age(halves: Halves) -> tuple[str, ...]:
    """A note where so much time lies between the reports that they may not speak of the same state."""
    try:
        times = [datetime.fromisoformat(report.created) for report in (halves.server, halves.client)]
        apart = abs((times[0] - times[1]).total_seconds())
    except (ValueError, TypeError):
        return ()
    if apart < _STALE:
        return ()
    return (
        f"The two reports are {apart / 3600:.0f} h apart ({halves.times}): make both anew, one after the other.",
    )


def _seen(halves: Halves, cause: str | None) -> ClientSees | None:
    """What the client saw, as the server's side says it; None where its report does not tell.

    Of a client that gave up too soon to tell, what the server's side foresees, where that has the cause.
    """
    seen, foreseen = halves.client.verdict.client_sees, halves.server.verdict.client_sees
    if seen is None:
        return None
    if seen.outcome is Symptom.UNKNOWN and cause is not None and cause == halves.server.verdict.cause:
        return foreseen
    return describe_symptom(seen.outcome, seen.http_status, seen.share, source_of(halves) or "")


def _assemble(halves: Halves, joined: Joined) -> Report:
    server = _named(halves.server, "s", halves.way)
    client = _named(halves.client, "c", halves.asked)
    findings = in_order((*server.findings, *client.findings))
    findings.sort(key=lambda finding: finding.code != joined.verdict.cause)
    both = replace(
        server,
        command="report",
        verdict=replace(joined.verdict, client_sees=_seen(halves, joined.verdict.cause)),
        checks=_checks(server, client),
        findings=tuple(findings),
        paths=(*server.paths, *client.paths),
        see_also=(),
        readings=(*server.readings, *client.readings),
        redacted=server.redacted and client.redacted,
        notes=(*joined.notes, *server.notes, *(f"Client: {note}" for note in client.notes)),
    )
    return add_findings(both, joined.found)


def _checks(server: Report, client: Report) -> tuple[CheckResult, ...]:
    """Each check as the side that found more to say of it."""
    theirs = {check.check: check for check in client.checks}
    return tuple(_worse(check, theirs.get(check.check)) for check in server.checks)


def _worse(mine: CheckResult, theirs: CheckResult | None) -> CheckResult:
    """One check of both sides: the worse of the two, with the findings of both."""
    if theirs is None:
        return mine
    ids = (*mine.findings, *theirs.findings)
    if theirs.outcome.severity > mine.outcome.severity:
        return CheckResult(mine.check, theirs.outcome, f"the client: {theirs.summary}", ids)
    return replace(mine, findings=ids)


def _named(report: Report, side: str, first: Path | None) -> Report:
    """Give the findings and the ways of one side names of their own, the way that the client took first."""
    renamed = rename(report, side)
    ordered = sorted(report.paths, key=lambda path: path is not first)
    findings = (
        replace(
            finding,
            paths=tuple(f"{side}-{path}" for path in finding.paths),
            title=finding.title if side == "s" else f"the client: {finding.title}",
        )
        for finding in renamed.findings
    )
    paths = tuple(replace(path, id=f"{side}-{path.id}") for path in ordered)
    return replace(renamed, findings=tuple(findings), paths=paths)
