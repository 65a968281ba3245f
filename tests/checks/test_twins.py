"""Servers that share a port: one that hangs keeps its part of the connections."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from landiag.checks.case import Case
from landiag.checks.listening import twins
from landiag.collect.exchanges.http import End
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.model.facts import Socket
from landiag.model.process import Process
from landiag.model.report import Outcome
from landiag.model.terms import Symptom
from tests.checks.asked import case_of, heard
from tests.journey.world import host

FIRST, SECOND = (Socket(ip_address("0.0.0.0"), 5000, pids=(pid,), uid=1000) for pid in (17, 18))


def shared(*states: str, sockets: tuple[Socket, ...] = (FIRST, SECOND)) -> Case:
    processes = {
        pid: Process(pid, f"shop{pid}", (f"/opt/shop{pid}",), state=state)
        for pid, state in zip((17, 18), states, strict=True)
    }
    return case_of(host(sockets=sockets, processes=processes))


def answered(case: Case, *ends: End) -> Case:
    """The same, with what one connection after the other met."""
    calls = twins.plan(case)
    assert len(calls) == twins.AGAIN
    readings = dict(heard(call, TcpOutcome.CONNECTED, end) for call, end in zip(calls, ends, strict=False))
    return case_of(case.facts, readings)


def test_the_twin_that_is_stopped_is_named() -> None:
    (found,) = twins.check(shared("sleeping", "stopped"))
    assert (found.code, found.outcome, found.symptom) == ("server-silent", Outcome.BLOCKS, Symptom.VARIES)
    assert found.title == "Port 5000 is shared by 2 programs, and shop18 (pid 18) does not answer its part"
    assert len(found.evidence) == 2


def test_where_all_are_stopped_the_port_is_silent_and_no_twin_is_at_fault() -> None:
    assert twins.check(shared("stopped", "tracing-stop")) == []


@pytest.mark.parametrize(
    ("ends", "is_said"),
    [
        ((End.COMPLETE, End.SILENT, End.COMPLETE), True),
        ((End.COMPLETE, End.STALLED), True),
        ((End.COMPLETE, End.COMPLETE), False),
        ((End.SILENT, End.SILENT), False),
        ((), False),
    ],
)
def test_a_part_without_an_answer_says_that_one_hangs(ends: tuple[End, ...], is_said: bool) -> None:
    found = twins.check(answered(shared("sleeping", "sleeping"), *ends))
    assert bool(found) is is_said
    assert all("one of them does not answer its part" in one.title for one in found)


@pytest.mark.parametrize(
    "sockets",
    [
        (FIRST,),
        (FIRST, Socket(FIRST.address, 5000, pids=(17,), uid=1000)),
        (FIRST, Socket(ip_address("192.168.77.10"), 5000, pids=(18,), uid=1000)),
    ],
    ids=["one", "workers of one program", "the closer address takes all"],
)
def test_one_that_takes_every_connection_has_no_twin(sockets: tuple[Socket, ...]) -> None:
    case = shared("sleeping", "stopped", sockets=sockets)
    assert twins.plan(case) == ()
    assert twins.check(case) == []
