"""The server's report and the client's put into one verdict: what each side alone cannot know. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from landiag.model.report import Finding, Outcome, Path, Report, Status, Verdict

_SILENT = (
    *("firewall-drops", "firewall-drops-replies", "firewall-blocks-program", "firewall-profile"),
    *("rate-limited", "other-firewall", "sandbox-denies"),
)
_LOST = (
    *(
        "reverse-path-filter",
        "no-route-to-client",
        "vpn-takes-replies",
        "conntrack-full",
        "accept-queue-full",
    ),
    *("port-not-forwarded", "subnet-overlap", "link-down", "no-lan-address"),
)
_NOBODY = (
    *("nothing-listening", "bound-to-loopback", "bound-to-other-address", "bound-to-ipv6-only"),
    *("bound-to-ipv4-only", "bound-to-device", "listening-in-namespace", "published-on-loopback"),
    *("port-redirected", "port-not-forwarded", "port-privileged", "port-reserved", "accept-queue-full"),
)

EXPLAINS: Mapping[str, frozenset[str]] = {
    "connection-filtered": frozenset(
        [
            *_SILENT,
            *_LOST,
            "sandbox-denies",
            "port-not-forwarded",
            "subnet-overlap",
            "link-down",
            "no-lan-address",
        ]
    ),
    "connection-refused": frozenset((*_NOBODY, "firewall-rejects", "sandbox-denies")),
    "connection-rejected": frozenset(("firewall-rejects", "no-route-to-client", "sandbox-denies")),
    "connection-reset": frozenset(
        ("firewall-rejects", "not-http", "speaks-tls", "server-silent", "port-redirected")
    ),
    "server-silent": frozenset(
        (*_SILENT, "server-silent", "accept-queue-full", "conntrack-full", "rate-limited")
    ),
    "peer-down": frozenset(("link-down", "no-lan-address", "wrong-address", *_SILENT)),
}
"""What the client met -> what on the server's machine makes a client meet that."""

_BETWEEN = {
    "connection-filtered": "something between the two drops the packets",
    "connection-rejected": "something between the two turns the packets away",
    "connection-reset": "something between the two cuts the connection",
    "connection-refused": "another machine answers in its place, or the server was started in between",
    "peer-down": "the two do not reach each other: another network, Wi-Fi that keeps its clients apart, a VLAN",
}


class JoinError(ValueError):
    """The two reports are not the two halves of one question; the message says why."""


class _Halves(Struct, frozen=True):
    """Both reports, the client's way and the server's way to the same address."""

    server: Report
    client: Report
    asked: Path
    way: Path | None


def join(first: Report, second: Report) -> Report:
    """Join a report of ``check`` and one of ``probe``, in either order, into one report.

    Raises JoinError where they are not one of each, or speak of different ports.
    """
    server, client = _sides(first, second)
    ports = (server.target.port, client.target.port)
    if None not in ports and ports[0] != ports[1]:
        raise JoinError(f"the server's report is about port {ports[0]}, the client's about port {ports[1]}")
    if not client.paths:
        raise JoinError("the client's report names no address that it asked")
    asked = next((path for path in client.paths if path.outcome is Outcome.OK), client.paths[0])
    way = next((path for path in server.paths if path.address == asked.address.partition("%")[0]), None)
    halves = _Halves(server, client, asked, way)
    verdict, notes = _judge(halves)
    return _assemble(halves, verdict, notes)


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


def _judge(halves: _Halves) -> tuple[Verdict, list[str]]:
    """Say what both halves together mean; the notes name contradictions."""
    if halves.client.verdict.status is Status.CLEAR:
        return _reached(halves)
    if halves.way is None and halves.server.paths:
        return _other_address(halves), []
    met, cause = halves.client.verdict.cause, halves.server.verdict.cause
    if halves.server.verdict.status is Status.BLOCKED and cause is not None:
        return _explained(halves, met or "", cause)
    if halves.server.verdict.status is Status.UNDETERMINED:
        return _half_known(halves, met)
    return _between(halves, met)


def _reached(halves: _Halves) -> tuple[Verdict, list[str]]:
    notes = []
    if halves.server.verdict.status is Status.BLOCKED:
        notes.append(
            f"The reports contradict each other: the server's says {halves.server.verdict.cause}, but the client "
            f"connected. What the client saw counts; was something changed between {_times(halves)}?"
        )
    summary = (
        f"The client reaches {halves.asked.url or halves.asked.address}: {halves.client.verdict.summary}"
    )
    return Verdict(Status.CLEAR, summary, confirmed_by="peer"), notes


def _times(halves: _Halves) -> str:
    return " and ".join(sorted((halves.server.created, halves.client.created)))


def _other_address(halves: _Halves) -> Verdict:
    own = ", ".join(path.address for path in halves.server.paths[:3])
    code = "name-resolves-elsewhere" if _was_named(halves.client) else "wrong-address"
    summary = f"The client asked {halves.asked.address}, but the server's machine has {own}"
    return Verdict(Status.BLOCKED, summary, code, confirmed_by="peer")


def _was_named(client: Report) -> bool:
    return any(
        stage.stage == "name" and stage.outcome is Outcome.OK
        for path in client.paths
        for stage in path.stages
    )


def _explained(halves: _Halves, met: str, cause: str) -> tuple[Verdict, list[str]]:
    """The server's machine has a fault: does it explain what the client met?"""
    server, client = halves.server.verdict, halves.client.verdict
    if met == cause or cause in EXPLAINS.get(met, frozenset()):
        return Verdict(Status.BLOCKED, server.summary, cause, confirmed_by="peer"), []
    note = (
        f"The reports contradict each other: {cause} on the server does not look like what the client met "
        f"({met}: {client.summary}). There may be two faults, or something was changed between {_times(halves)}."
    )
    return Verdict(Status.BLOCKED, server.summary, cause), [note]


def _half_known(halves: _Halves, met: str | None) -> tuple[Verdict, list[str]]:
    server, client = halves.server.verdict, halves.client.verdict
    likely = server.likely or (server.cause if server.cause in EXPLAINS.get(met or "", ()) else None)
    note = f"On the server not everything could be read: {server.summary}"
    return Verdict(client.status, client.summary, met, likely=likely), [note]


def _between(halves: _Halves, met: str | None) -> tuple[Verdict, list[str]]:
    """The server's machine lets the conversation pass, the client does not get through: the network between."""
    client = halves.client.verdict
    why = _BETWEEN.get(met or "")
    if why is None:
        return replace(client, confirmed_by=None), []
    summary = f"The server's machine lets clients in, and the client met {met}: {why}"
    note = "To be sure, run landiag watch on the server while the client tries: it says whether the packets arrive."
    likely = "peer-isolated" if met in ("peer-down", "connection-filtered") else None
    return Verdict(client.status, summary, met, likely=likely), [note]


def _assemble(halves: _Halves, verdict: Verdict, notes: list[str]) -> Report:
    server, client = halves.server, halves.client
    findings = [*_named(server, "s"), *_named(client, "c")]
    findings.sort(key=lambda finding: (finding.code != verdict.cause, finding.outcome is not Outcome.BLOCKS))
    checks = [replace(check, findings=tuple(f"s-{one}" for one in check.findings)) for check in server.checks]
    paths = [*_paths(server, "s", halves.way), *_paths(client, "c", halves.asked)]
    return replace(
        server,
        command="report",
        verdict=verdict,
        checks=tuple(checks),
        findings=tuple(findings),
        paths=tuple(paths),
        see_also=(),
        readings=(*server.readings, *client.readings),
        redacted=server.redacted and client.redacted,
        notes=(*notes, *server.notes, *(f"Client: {note}" for note in client.notes)),
    )


def _named(report: Report, side: str) -> list[Finding]:
    """Give the findings of one side ids of their own."""
    return [
        replace(
            finding,
            id=f"{side}-{finding.id}",
            hidden_by=None if finding.hidden_by is None else f"{side}-{finding.hidden_by}",
            paths=tuple(f"{side}-{path}" for path in finding.paths),
            title=finding.title if side == "s" else f"the client: {finding.title}",
        )
        for finding in report.findings
    ]


def _paths(report: Report, side: str, first: Path | None) -> list[Path]:
    ordered = sorted(report.paths, key=lambda path: path is not first)
    return [replace(path, id=f"{side}-{path.id}") for path in ordered]
