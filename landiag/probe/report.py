"""The report of a probe: the judgement, with what this machine is and what else to type."""

from __future__ import annotations

from datetime import datetime, timezone

from landiag.model.report import HostInfo, Report, SeeAlso, Target, notes_of
from landiag.model.surroundings import Option
from landiag.probe.case import Case
from landiag.probe.judge import Judgement, url
from landiag.probe.look import Look
from landiag.probe.target import Request
from landiag.verdict.surroundings import describe_surroundings
from landiag.version import __version__


def assemble_report(case: Case, judgement: Judgement) -> Report:
    """The report of one request or survey."""
    request, machine = case.request, case.machine
    look = Look(case, case.addresses[0]) if case.addresses else None
    return Report(
        command="probe",
        created=datetime.fromtimestamp(machine.now if machine else 0, timezone.utc).isoformat(
            timespec="seconds"
        ),
        tool_version=__version__,
        target=Target(
            port=_port(request),
            address=request.shown,
            interface=request.interface or request.zone,
            scheme=request.scheme,
        ),
        host=machine.info if machine else HostInfo("unknown", "", "", "", False, "unknown"),
        verdict=judgement.verdict,
        checks=judgement.checks,
        findings=judgement.findings,
        paths=judgement.paths,
        notes=notes(case),
        see_also=see_also(look) if look is not None and not case.is_survey else (),
        readings=notes_of(case.readings),
        surroundings=describe_surroundings(
            _options(request),
            case.facts.interfaces,
            case.facts.routes,
            None if look is None or case.is_survey else look.attempt,
        ),
    )


def _options(request: Request) -> tuple[Option, ...]:
    """What was asked besides the target and unlike what is usual, by the names of the command line."""
    ports = ",".join(map(str, request.ports)) if len(request.ports) > 1 else ""
    return (
        *([Option("port", ports)] if ports else []),
        *([Option("path", request.path)] if request.path != "/" else []),
        *([Option("host-header", request.host)] if request.host else []),
        *([Option(f"ipv{int(request.family)}")] if request.family is not None else []),
        *([] if request.icmp else [Option("no-icmp")]),
    )


def _port(request: Request) -> int | None:
    """The port that was asked for; None where several were, or none of a whole network."""
    if len(request.ports) > 1 or (request.network is not None and not request.ports):
        return None
    return request.port


def notes(case: Case) -> tuple[str, ...]:
    """What this machine's system may do to other programs than landiag, which does not show here."""
    looks = [Look(case, address) for address in case.addresses]
    if (
        case.facts.os != "macos"
        or case.is_survey
        or not any(look.connected and look.on_link for look in looks)
    ):
        return ()
    text = (
        "macOS asks a permission of each program that reaches into the local network, except Terminal, ssh and "
        "Safari. Where one program alone says 'No route to host': System Settings > Privacy & Security > Local Network."
    )
    return (text,)


def see_also(look: Look) -> tuple[SeeAlso, ...]:
    """What to type to see the same without landiag, and what each answer means."""
    port, address = look.case.request.port, look.address
    where = url(look)
    curl = SeeAlso(
        "client",
        f"curl -v --noproxy '*' {where}",
        "an HTTP status: it works; refused: nobody listens for other machines; timed out: dropped, or nobody there",
    )
    connect = SeeAlso(
        "client",
        f"nc -vz -w 3 {address} {port}",
        "succeeded: the port is open; refused: it is closed; no answer: dropped, or nobody there",
    )
    server = SeeAlso("server", f"landiag check --port {port}", "why, seen from the other side")
    return (*((curl,) if where else ()), connect, server)
