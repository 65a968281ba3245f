"""What the server's report and the client's mean together: confirmed, elsewhere, between, contradicting. Pure."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from landiag.model.causes import find_cause
from landiag.model.causes.clients import CONNECTION_REJECTED
from landiag.model.causes.network import WRONG_ADDRESS
from landiag.model.report import Evidence, Finding, Fix, Outcome, Path, Report, Status, Verdict
from landiag.model.terms import StageName, Symptom
from landiag.verdict.halves import Halves, explains, faults_of, shares_network, source_of


class Joined(Struct, frozen=True):
    """What both halves say together; the notes name contradictions, ``found`` is what only both show."""

    verdict: Verdict
    notes: tuple[str, ...] = ()
    found: tuple[Finding, ...] = ()


def judge_halves(halves: Halves) -> Joined:
    """Say what both halves together mean."""
    if halves.client.verdict.status is Status.CLEAR:
        return _reached(halves)
    if halves.asked is not None and _is_elsewhere(halves, halves.asked):
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


def _reached(halves: Halves) -> Joined:
    asked, fault = halves.asked, halves.server.verdict
    if asked is not None and _is_elsewhere(halves, asked):
        return _other_answered(halves, asked)
    if fault.status is Status.BLOCKED and _is_answered_so(halves):
        return Joined(replace(fault, likely=None, confirmed_by="peer"))
    notes: tuple[str, ...] = ()
    if fault.status is Status.BLOCKED and (halves.way is None or halves.way.outcome is Outcome.BLOCKS):
        text = (
            f"The reports contradict each other: the server's says {fault.cause} ({fault.summary}), but the client "
            f"connected. What the client saw counts; was something changed between {halves.times}?"
        )
        notes = (text,)
    summary = f"The client gets through: {halves.client.verdict.summary}"
    return Joined(Verdict(Status.CLEAR, summary, confirmed_by="peer"), notes)


def _is_elsewhere(halves: Halves, asked: Path) -> bool:
    """Whether the server's machine does not have the address: of one that it was asked about its report says so."""
    server = halves.server
    is_known = server.target.address == asked.address and server.verdict.status is not Status.BLOCKED
    return halves.way is None and bool(server.paths) and not is_known


def _is_answered_so(halves: Halves) -> bool:
    """Whether the client got the very answer that the server's report calls useless, or worse than localhost's."""
    way, client = halves.way, halves.client.verdict.client_sees
    server = halves.server.verdict.client_sees if way is None else way.client_sees
    if client is None or server is None or (way is not None and way.outcome is not Outcome.BLOCKS):
        return False
    is_same = (server.outcome, server.http_status) == (client.outcome, client.http_status)
    return is_same and client.outcome is Symptom.ANSWERED and client.http_status is not None


def _other_answered(halves: Halves, asked: Path) -> Joined:
    """The client got its answer from an address that the server's machine does not have."""
    if shares_network(halves, asked.address):
        return _other_address(halves, asked)
    summary = (
        f"The client was answered at {asked.address}, which is not an address of the server's machine "
        f"({_own(halves.server)}): a router passes connections on to it, or another machine serves there"
    )
    return Joined(Verdict(Status.UNDETERMINED, summary, likely=WRONG_ADDRESS.code))


def _own(server: Report) -> str:
    return ", ".join(path.address for path in server.paths[:3])


def _other_address(halves: Halves, asked: Path) -> Joined:
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
        steps=(f"On the client, use {best.place or best.url or best.address}",),
    )
    evidence = (Evidence("the client's report", asked.address), Evidence("the server's report", _own(server)))
    finding = Finding(code, Outcome.BLOCKS, summary, met, evidence, (fix,), id="j-f1")
    notes: tuple[str, ...] = ()
    if server.verdict.status is Status.BLOCKED:
        notes = (f"The server's own address has a fault too, which comes next: {server.verdict.summary}",)
    return Joined(Verdict(Status.BLOCKED, summary, code, confirmed_by="peer"), notes, (finding,))


def _was_named(asked: Path) -> bool:
    return any(
        stage.stage is StageName.NAME and stage.outcome in (Outcome.OK, Outcome.WARNS)
        for stage in asked.stages
    )


def _confirmed(halves: Halves, fault: Finding, faults: list[Finding]) -> Joined:
    """The server's machine has a fault that explains what the client met."""
    server = halves.server.verdict
    summary = server.summary if fault.code == server.cause else fault.title
    others = [one.title for one in faults if one.outcome is Outcome.BLOCKS and one.code != fault.code]
    notes = tuple(f"Once that is fixed, the client meets the next fault: {title}" for title in others)
    return Joined(Verdict(Status.BLOCKED, summary, fault.code, confirmed_by="peer"), notes)


def _clients_own(halves: Halves, faults: list[Finding]) -> Joined:
    """The client stops itself; the server's report says whether more waits behind that."""
    server, client = halves.server, halves.client.verdict
    if faults:
        note = f"Once that is fixed, the client meets the server's own fault: {faults[0].title}"
    elif server.verdict.status is Status.CLEAR and (
        place := next((one.place or one.url for one in server.paths if one.place or one.url), None)
    ):
        note = f"The server's machine lets clients in at {place}"
    else:
        note = f"Of the server's machine: {server.verdict.summary}"
    return Joined(replace(client, likely=None, confirmed_by=None), (note,))


def _contradiction(halves: Halves, fault: Finding) -> Joined:
    """The server's machine has a fault, but the client met something else."""
    server, client = halves.server.verdict, halves.client.verdict
    note = (
        f"The reports contradict each other: {fault.code} on the server does not look like what the client met "
        f"({halves.met}: {client.summary}). There may be two faults, or something was changed between {halves.times}."
    )
    summary = server.summary if fault.code == server.cause else fault.title
    return Joined(Verdict(Status.BLOCKED, summary, fault.code), (note,))


def _half_known(halves: Halves) -> Joined:
    server, client = halves.server.verdict, halves.client.verdict
    likely = server.likely or _suspected(halves)
    note = f"On the server not everything could be read, and the fault may lie there: {server.summary}"
    return Joined(Verdict(client.status, client.summary, client.cause, likely=likely), (note,))


def _suspected(halves: Halves) -> str | None:
    """What the server's half could not settle, where it would explain what the client met."""
    code = halves.server.verdict.cause
    cause = None if code is None else find_cause(code)
    return code if cause is not None and cause.explains(halves.met) else None


_LOOKS_ON = "Run landiag watch on the server while the client tries: it shows whether the packets arrive."
_LETS_TRY = "Run landiag serve on the server and open its page on the client: it shows what gets through."
"""The next step; packets are seen on Linux alone."""


def _between(halves: Halves) -> Joined:
    """The server's machine lets the conversation pass, the client does not get through: the network between."""
    client = halves.client.verdict
    met = find_cause(halves.met)
    if met is None or not met.between:
        return Joined(replace(client, confirmed_by=None))
    why = met.between
    if met is CONNECTION_REJECTED:
        why = f"{why}. {client.summary}"  # which names the one who did it
    summary = f"The server's machine lets clients in, and this one met {halves.met}: {why}"
    notes = [
        *_other_peer(halves),
        _LOOKS_ON if halves.server.host.os == "linux" else _LETS_TRY,
    ]
    singled = [one for one in halves.server.findings if _may_single_out(one, halves)]
    notes += [f"The server turns some clients away: {one.title}" for one in singled]
    return Joined(Verdict(client.status, summary, client.cause), tuple(notes))


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
