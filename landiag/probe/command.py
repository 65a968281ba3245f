"""``landiag probe`` on one screen: ask, plan what to ask next, judge, report."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone

from landiag import __version__
from landiag.host import Recorder
from landiag.model.report import HostInfo, ReadingNote, Report, SeeAlso, Target
from landiag.probe.case import Case
from landiag.probe.first import plan_of
from landiag.probe.judge import Judgement, judge_host, url
from landiag.probe.look import Look
from landiag.probe.target import Request, UsageError, refuse_broadcast

MOST_ROUNDS = 8

Progress = Callable[[str], None]
"""Told what is being waited for, in a few words; empty when the waiting is over."""


def run(request: Request, recorder: Recorder, deadline: float, progress: Progress = lambda _: None) -> Report:
    """Answer a request. ``deadline`` is on ``time.monotonic()``'s clock.

    Raises UsageError where the request does not fit this machine (an interface that is not there, its own
    address, a broadcast address).
    """
    case = Case(request, recorder.readings)
    plan_next, judge = plan_of(case), _judge_of(case)
    for number in range(MOST_ROUNDS):
        wanted = plan_next(case)
        missing = [source for source in wanted if source.name not in recorder.readings]
        if not missing:
            break
        progress(describe_round(case, number))
        recorder.read_all(missing, deadline)
        if number == 0:
            refuse(case)
        if time.monotonic() >= deadline:
            break
    progress("")
    return _report(case, judge(case))


def _judge_of(case: Case) -> Callable[[Case], Judgement]:
    """How to judge: one request, or a survey, whose judge is loaded only when it is needed."""
    if not case.is_survey:
        return judge_host
    from landiag.probe.survey_judge import judge_survey

    return judge_survey


def describe_round(case: Case, number: int) -> str:
    """What is waited for in a round."""
    if number == 0:
        return f"asking {case.request.shown}"
    return f"looking closer at {case.request.shown}"


def refuse(case: Case) -> None:
    """Refuse what only this machine's own settings show to be a mistake. Raises UsageError."""
    request = case.request
    names = [interface.name for interface in case.interfaces]
    for wanted in (request.interface, request.zone):
        if wanted and names and not wanted.isdecimal() and wanted not in names:
            raise UsageError(f"there is no interface {wanted} here: choose one of {', '.join(names)}")
    interface = case.interface(request.interface or request.zone)
    if interface is not None and interface.kind == "loopback":
        raise UsageError(f"{interface.name} leads nowhere but to this machine: name another interface")
    if interface is not None and not interface.up:
        raise UsageError(f"the interface {interface.name} is down: switch it on, or name another")
    if request.address is None:
        return
    if (
        request.address.version == 6
        and request.address.is_link_local
        and not (request.zone or request.interface)
    ):
        example = next((name for name in names if name != "lo"), "eth0")
        raise UsageError(
            f"{request.address} is a link-local address, which needs its interface: {request.address}%{example}"
        )
    if case.is_own(str(request.address)):
        raise UsageError(
            f"{request.address} is this machine itself: run landiag probe on the client, or landiag check here"
        )
    refuse_broadcast(request, tuple(own.network for _, own in case.own_addresses))


def _report(case: Case, judgement: Judgement) -> Report:
    request, machine = case.request, case.machine
    look = Look(case, case.addresses[0]) if case.addresses else None
    return Report(
        command="probe",
        created=datetime.fromtimestamp(machine.now if machine else 0, timezone.utc).isoformat(
            timespec="seconds"
        ),
        tool_version=__version__,
        target=Target(
            port=request.port if request.network is None or request.ports else None,
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
        readings=tuple(
            ReadingNote(reading.source, reading.argv, reading.status.value, reading.seconds, reading.detail)
            for reading in case.readings.values()
        ),
    )


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
