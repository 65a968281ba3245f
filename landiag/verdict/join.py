"""The server's report and the client's put into one verdict: what each side alone cannot know. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from landiag.model.causes import find_cause
from landiag.model.causes.clients import CONNECTION_REJECTED
from landiag.model.causes.network import WRONG_ADDRESS
from landiag.model.report import (
    CheckResult,
    ClientSees,
    Evidence,
    Finding,
    Fix,
    Outcome,
    Path,
    Report,
    Status,
    Verdict,
)
from landiag.model.terms import StageName
from landiag.verdict.algebra import add_findings, in_order, rename
from landiag.verdict.halves import (
    Halves,
    explains,
    faults_of,
    shares_network,
    source_of,
    way_to,
)
from landiag.verdict.symptom import describe_symptom

_STALE = 3600.0
"""Seconds between the two reports after which they may speak of different days."""


class JoinError(ValueError):
    """The two reports are not the two halves of one question; the message says why."""


class _Joined(Struct, frozen=True):
    """What both halves say together; the notes name contradictions, ``found`` is what only both show."""

    verdict: Verdict
    notes: tuple[str, ...] = ()
    found: tuple[Finding, ...] = ()


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
    joined = _judge(halves)
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


def _judge(halves: Halves) -> _Joined:
    """Say what both halves together mean."""
    if halves.client.verdict.status is Status.CLEAR:
        return _reached(halves)
    if halves.asked is not None and halves.way is None and halves.server.paths:
        return _other_address(halves, halves.asked)
    faults = faults_of(halves)
    explained = next((one for one in faults if explains(one, halves.met)), None)
    if explained is not None:
        return _confirmed(halves, explained, faults)
    met = find_cause(halves.met)
    if met is not None and met.is_clients_own:
        return _clients_own(halves, faults)
    if halves.server.verdict.status is Status.UNDETERMINED:
        return _half_known(halves)
    if faults:
        return _contradiction(halves, faults[0])
    return _between(halves)


def _reached(halves: Halves) -> _Joined:
    asked, fault = halves.asked, halves.server.verdict
    if asked is not None and halves.way is None and halves.server.paths:
        return _other_answered(halves, asked)
    notes: tuple[str, ...] = ()
    if fault.status is Status.BLOCKED and (halves.way is None or halves.way.outcome is Outcome.BLOCKS):
        text = (
            f"The reports contradict each other: the server's says {fault.cause} ({fault.summary}), but the client "
            f"connected. What the client saw counts; was something changed between {halves.times}?"
        )
        notes = (text,)
    summary = f"The client gets through: {halves.client.verdict.summary}"
    return _Joined(Verdict(Status.CLEAR, summary, confirmed_by="peer"), notes)


def _other_answered(halves: Halves, asked: Path) -> _Joined:
    """The client got its answer from an address that the server's machine does not have."""
    if shares_network(halves, asked.address):
        return _other_address(halves, asked)
    summary = (
        f"The client was answered at {asked.address}, which is not an address of the server's machine "
        f"({_own(halves.server)}): a router passes connections on to it, or another machine serves there"
    )
    return _Joined(Verdict(Status.UNDETERMINED, summary, likely=WRONG_ADDRESS.code))


def _own(server: Report) -> str:
    return ", ".join(path.address for path in server.paths[:3])


def _other_address(halves: Halves, asked: Path) -> _Joined:
    """The client asked an address that the server's machine does not have."""
    server = halves.server
    best = next((path for path in server.paths if path.family == asked.family), server.paths[0])
    if server.host.environment in ("container", "wsl1", "wsl2") and not shares_network(halves, asked.address):
        note = (
            f"The server runs in {server.host.environment} with the address {best.address}, and the client asked "
            f"{asked.address}: that machine must pass port {server.target.port} on."
        )
        return replace(_between(halves), notes=(note,))
    named = _was_named(asked)
    led = f"The name {halves.client.target.address} led the client to" if named else "The client asked"
    summary = f"{led} {asked.address}, but the server's machine has {_own(server)}"
    code = "name-resolves-elsewhere" if named else "wrong-address"
    met = f"What the client met there says nothing about the server: {halves.client.verdict.summary}"
    fix = Fix(
        "Use the server's own address",
        needs="user-action",
        steps=(f"On the client, open {best.url or best.address}",),
    )
    evidence = (Evidence("the client's report", asked.address), Evidence("the server's report", _own(server)))
    finding = Finding(code, Outcome.BLOCKS, summary, met, evidence, (fix,), id="j-f1")
    notes: tuple[str, ...] = ()
    if server.verdict.status is Status.BLOCKED:
        notes = (f"The server's own address has a fault too, which comes next: {server.verdict.summary}",)
    return _Joined(Verdict(Status.BLOCKED, summary, code, confirmed_by="peer"), notes, (finding,))


def _was_named(asked: Path) -> bool:
    return any(
        stage.stage is StageName.NAME and stage.outcome in (Outcome.OK, Outcome.WARNS)
        for stage in asked.stages
    )


def _confirmed(halves: Halves, fault: Finding, faults: list[Finding]) -> _Joined:
    """The server's machine has a fault that explains what the client met."""
    server = halves.server.verdict
    summary = server.summary if fault.code == server.cause else fault.title
    others = [one.title for one in faults if one.outcome is Outcome.BLOCKS and one.code != fault.code]
    notes = tuple(f"Once that is fixed, the client meets the next fault: {title}" for title in others)
    return _Joined(Verdict(Status.BLOCKED, summary, fault.code, confirmed_by="peer"), notes)


def _clients_own(halves: Halves, faults: list[Finding]) -> _Joined:
    """The client stops itself; the server's report says whether more waits behind that."""
    server, client = halves.server, halves.client.verdict
    if faults:
        note = f"Once that is fixed, the client meets the server's own fault: {faults[0].title}"
    elif server.verdict.status is Status.CLEAR and (
        url := next((one.url for one in server.paths if one.url), None)
    ):
        note = f"The server's machine lets clients in at {url}"
    else:
        note = f"Of the server's machine: {server.verdict.summary}"
    return _Joined(replace(client, likely=None, confirmed_by=None), (note,))


def _contradiction(halves: Halves, fault: Finding) -> _Joined:
    """The server's machine has a fault, but the client met something else."""
    server, client = halves.server.verdict, halves.client.verdict
    note = (
        f"The reports contradict each other: {fault.code} on the server does not look like what the client met "
        f"({halves.met}: {client.summary}). There may be two faults, or something was changed between {halves.times}."
    )
    summary = server.summary if fault.code == server.cause else fault.title
    return _Joined(Verdict(Status.BLOCKED, summary, fault.code), (note,))


def _half_known(halves: Halves) -> _Joined:
    server, client = halves.server.verdict, halves.client.verdict
    likely = server.likely or _suspected(halves)
    note = f"On the server not everything could be read, and the fault may lie there: {server.summary}"
    return _Joined(Verdict(client.status, client.summary, client.cause, likely=likely), (note,))


def _suspected(halves: Halves) -> str | None:
    """What the server's half could not settle, where it would explain what the client met."""
    code = halves.server.verdict.cause
    cause = None if code is None else find_cause(code)
    return code if cause is not None and cause.explains(halves.met) else None


def _between(halves: Halves) -> _Joined:
    """The server's machine lets the conversation pass, the client does not get through: the network between."""
    client = halves.client.verdict
    met = find_cause(halves.met)
    if met is None or not met.between:
        return _Joined(replace(client, confirmed_by=None))
    why = met.between
    if met is CONNECTION_REJECTED:
        why = f"{why}. {client.summary}"  # which names the one who did it
    summary = f"The server's machine lets clients in, and this one met {halves.met}: {why}"
    notes = [
        *_other_peer(halves),
        "Run landiag watch on the server while the client tries: it shows whether the packets arrive.",
    ]
    singled = [one for one in halves.server.findings if _may_single_out(one, halves)]
    notes += [f"The server turns some clients away: {one.title}" for one in singled]
    return _Joined(Verdict(client.status, summary, client.cause), tuple(notes))


def _other_peer(halves: Halves) -> tuple[str, ...]:
    """A note where the server was checked for other clients than this one."""
    source, target = source_of(halves), halves.server.target
    if source is None or target.peer == source:
        return ()
    if target.peer is None and (halves.asked is None or shares_network(halves, source)):
        return ()
    asked = target.peer or "clients of its own network"
    line = f"landiag check --port {target.port} --peer {source}"
    return (f"The server was checked for {asked}, and this client is {source}. Run there: {line}",)


def _may_single_out(fault: Finding, halves: Halves) -> bool:
    """Whether a fault stops some clients, and nobody knows the address of this one."""
    return fault.outcome is Outcome.WARNS and explains(fault, halves.met) and source_of(halves) is None


def _seen(halves: Halves) -> ClientSees | None:
    """What the client saw, as the server's side says it; None where its report does not tell."""
    seen = halves.client.verdict.client_sees
    if seen is None:
        return None
    return describe_symptom(seen.outcome, seen.http_status, seen.share, source_of(halves) or "")


def _assemble(halves: Halves, joined: _Joined) -> Report:
    server = _named(halves.server, "s", halves.way)
    client = _named(halves.client, "c", halves.asked)
    findings = in_order((*server.findings, *client.findings))
    findings.sort(key=lambda finding: finding.code != joined.verdict.cause)
    both = replace(
        server,
        command="report",
        verdict=replace(joined.verdict, client_sees=_seen(halves)),
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
