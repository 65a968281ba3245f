"""The steps on the way to one target address, as the report's paths show them."""

from __future__ import annotations

from landiag.collect.exchanges.http import Attempt, End
from landiag.collect.exchanges.icmp import Ping
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.model.causes.application import SPEAKS_TLS
from landiag.model.causes.cause import Cause
from landiag.model.causes.clients import NO_ROUTE_TO_SERVER, PATH_MTU
from landiag.model.facts import Unknown
from landiag.model.report import Finding, Outcome, Stage
from landiag.model.terms import StageName
from landiag.probe.evidence import nmap_state
from landiag.probe.look import Look, NeighbourState

_NOT_ASKED = Outcome.NOT_APPLICABLE


def list_stages(look: Look, findings: tuple[Finding, ...]) -> tuple[Stage, ...]:
    """Every stage of the contract in order; one that nobody came to is not applicable."""
    return (
        _name(look),
        _route(look, findings),
        _neighbour(look),
        _icmp(look),
        _tcp(look),
        _tls(look, findings),
        _http(look, findings),
        _mtu(look, findings),
    )


def _blocked(findings: tuple[Finding, ...], cause: Cause) -> bool:
    return any(finding.code == cause.code and finding.outcome is Outcome.BLOCKS for finding in findings)


def _name(look: Look) -> Stage:
    name = look.case.request.name
    if name is None:
        return Stage(StageName.NAME, _NOT_ASKED, "an address was given")
    resolution = look.case.resolution()
    by = "the system resolver"
    if resolution is None or isinstance(resolution, Unknown) or look.address not in resolution.addresses:
        asked = look.case.name_servers()
        by = next((one.shown for one in asked.answers if look.address in one.addresses), by) if asked else by
        return Stage(StageName.NAME, Outcome.WARNS, f"{name} is {look.address}, but only {by} says so")
    return Stage(StageName.NAME, Outcome.OK, f"{name} is {look.address} ({by})")


def _route(look: Look, findings: tuple[Finding, ...]) -> Stage:
    route = look.route
    if isinstance(route, Unknown):
        return Stage(StageName.ROUTE, Outcome.UNKNOWN, route.reason)
    blocked = _blocked(findings, NO_ROUTE_TO_SERVER)
    if not route.leaves:
        return Stage(StageName.ROUTE, Outcome.BLOCKS, f"{route.kind}: packets do not leave this machine")
    where = (
        f"directly on {route.device}" if route.gateway is None else f"by {route.gateway} on {route.device}"
    )
    source = look.connect.local if look.connect else None
    by = f"from {source}" if source else ""
    decided = None
    if route.route is not None:
        decided = f"route {route.route.destination} in table {route.route.table}"
    return Stage(
        StageName.ROUTE,
        Outcome.BLOCKS if blocked else Outcome.OK,
        f"{where} {by}".strip(),
        decided,
        device=route.device,
        source=source,
    )


def _neighbour(look: Look) -> Stage:
    state = look.neighbour_state
    entry = look.case.neighbour(look.ip)
    known = f"{entry.mac} ({', '.join(entry.states)})" if entry and entry.mac else ""
    if len(look.owners) > 1:
        return Stage(
            StageName.NEIGHBOUR, Outcome.WARNS, f"two machines claim the address: {', '.join(look.owners)}"
        )
    if state in (NeighbourState.ANSWERS, NeighbourState.KNOWN):
        return Stage(StageName.NEIGHBOUR, Outcome.OK, known or "it answers")
    if state is NeighbourState.SILENT:
        return Stage(StageName.NEIGHBOUR, Outcome.BLOCKS, f"no answer to {look.resolution}")
    if state is NeighbourState.NOT_ON_LINK:
        gateway = look.case.neighbour(look.gateway) if look.gateway else None
        via = f"the router {look.gateway} is {gateway.mac}" if gateway and gateway.mac else "behind a router"
        return Stage(StageName.NEIGHBOUR, _NOT_ASKED, via)
    return Stage(StageName.NEIGHBOUR, Outcome.UNKNOWN, "not known")


def describe_ping(ping: Ping) -> str:
    """One line: loss and round-trip times, or what came instead."""
    if ping.rtts:
        low, high = min(ping.rtts) * 1000, max(ping.rtts) * 1000
        mean = sum(ping.rtts) / len(ping.rtts) * 1000
        loss = round((ping.loss or 0) * 100)
        return f"{ping.received} of {ping.sent} answered, {loss}% lost, {low:.2f}/{mean:.2f}/{high:.2f} ms"
    if ping.errors:
        first = ping.errors[0]
        return f"ICMP {first.type}/{first.code} {first.word} from {first.sender}"
    if ping.sent == 0:
        return f"not sent: {ping.error or 'not allowed'}"
    return f"no answer to {ping.sent} echo requests; that alone proves nothing"


def _icmp(look: Look) -> Stage:
    if not look.case.request.icmp:
        return Stage(StageName.ICMP, _NOT_ASKED, "not asked (--no-icmp)")
    ping = look.ping
    if ping is None:
        return Stage(StageName.ICMP, Outcome.UNKNOWN, "not read")
    if ping.rtts:
        return Stage(StageName.ICMP, Outcome.OK, describe_ping(ping))
    return Stage(StageName.ICMP, Outcome.WARNS if ping.sent else Outcome.UNKNOWN, describe_ping(ping))


def _tcp(look: Look) -> Stage:
    connect = look.connect
    if connect is None:
        return Stage(StageName.TCP, Outcome.UNKNOWN, "not read")
    outcome = Outcome.OK if connect.outcome is TcpOutcome.CONNECTED else Outcome.BLOCKS
    return Stage(StageName.TCP, outcome, f"port {look.case.request.port} {nmap_state(connect)}")


def _tls(look: Look, findings: tuple[Finding, ...]) -> Stage:
    attempt = look.attempt
    if attempt is None or attempt.tls is None:
        return Stage(StageName.TLS, _NOT_ASKED, "not used")
    if attempt.tls.version is None:
        wanted = look.case.request.scheme == "https"
        return Stage(
            StageName.TLS, Outcome.BLOCKS if wanted else _NOT_ASKED, f"no TLS there ({attempt.tls.error})"
        )
    certificate = attempt.tls.certificate
    shown = ""
    if certificate is not None:
        own = ", signed by itself" if certificate.self_signed else ""
        shown = (
            f", certificate for {', '.join(certificate.names[:4])} until {certificate.not_after[:10]}{own}"
        )
    warned = any(finding.code == SPEAKS_TLS.code for finding in findings)
    return Stage(StageName.TLS, Outcome.WARNS if warned else Outcome.OK, f"{attempt.tls.version}{shown}")


def _http(look: Look, findings: tuple[Finding, ...]) -> Stage:
    attempt = look.attempt
    if attempt is None or not look.connected or look.case.request.scheme == "tcp":
        return Stage(StageName.HTTP, _NOT_ASKED, "not asked")
    worst = _worst(findings)
    if attempt.answer is None:
        outcome = worst if worst is Outcome.BLOCKS else Outcome.OK
        return Stage(StageName.HTTP, outcome, describe_silence(attempt))
    server = attempt.answer.header("Server")
    said = f"{attempt.answer.status} {attempt.answer.reason}".strip() + (f", {server}" if server else "")
    return Stage(StageName.HTTP, worst, said)


def _worst(findings: tuple[Finding, ...]) -> Outcome:
    outcomes = {finding.outcome for finding in findings}
    return next((one for one in (Outcome.BLOCKS, Outcome.WARNS) if one in outcomes), Outcome.OK)


def describe_silence(attempt: Attempt) -> str:
    """What came instead of an HTTP answer."""
    if attempt.first.data:
        return f"no HTTP: {attempt.first.data[:40]!r}"
    words = {
        End.SILENT: f"connected, no answer within {attempt.seconds:.0f} s",
        End.CLOSED_EMPTY: "connected, closed without a byte",
        End.RESET: "connected, then reset",
        End.TLS_FAILED: "connected, the TLS handshake failed",
    }
    return words.get(attempt.end, attempt.end.value)


def _mtu(look: Look, findings: tuple[Finding, ...]) -> Stage:
    sizes = look.mtu
    blocked = _blocked(findings, PATH_MTU)
    if sizes is None or sizes.passes is None:
        return Stage(
            StageName.MTU,
            Outcome.BLOCKS if blocked else _NOT_ASKED,
            "large answers vanish" if blocked else "not known",
        )
    if sizes.vanishes is None:
        return Stage(StageName.MTU, Outcome.BLOCKS if blocked else Outcome.OK, f"{sizes.passes} bytes pass")
    told = sizes.reports[0].mtu if sizes.reports else None
    if told:
        return Stage(StageName.MTU, Outcome.OK, f"{told} bytes pass, and the path says so")
    outcome = Outcome.BLOCKS if blocked else Outcome.WARNS
    return Stage(StageName.MTU, outcome, f"{sizes.passes} bytes pass, {sizes.vanishes} vanish without a word")
