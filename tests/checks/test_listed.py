"""A server that serves this machine's own address and turns loopback's away keeps a list of addresses."""

from __future__ import annotations

import json
from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.checks.application import check as application
from landiag.checks.application import listed
from landiag.checks.case import Case
from landiag.collect.exchanges.http import End
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.model.facts import Reading, ReadStatus, Socket
from landiag.model.process import Process
from landiag.model.report import Outcome
from landiag.model.terms import Symptom
from landiag.verdict.sight import what_client_sees
from tests.checks.asked import case_of, heard
from tests.checks.test_turned_away import also, asked, page
from tests.journey.world import BASE

MET = TcpOutcome.CONNECTED


def of_nginx(status: int | None) -> Case:
    """nginx serves this machine's own address; what loopback gets (None: a hang-up)."""
    nginx = Process(pid=7, name="nginx", argv=("nginx",), uid=0)
    facts = replace(BASE, sockets=(Socket(ip_address("0.0.0.0"), 5000, pids=(7,)),), processes={7: nginx})
    case = asked(page(server="nginx"), case_of(facts))
    (call,) = listed.plan(case)
    assert dict(call.params)["source"] == "127.0.0.1"
    if status is None:
        return also(case, heard(call, MET, End.CLOSED_EMPTY))
    return also(case, heard(call, MET, End.COMPLETE, answer=page(status)))


def with_files(case: Case, *networks: str, is_list: bool = True) -> Case:
    *_, files = listed.plan(case)
    text = json.dumps({"is_list": is_list, "networks": networks})
    return also(case, (files.name, Reading(files.name, ReadStatus.OK, text.encode())))


def outcomes(case: Case) -> list[Outcome]:
    return [one.outcome for one in application.check(case).findings if one.code == "client-rejected"]


@pytest.mark.parametrize("status", [200, 302, 404, 429, 503])
def test_other_answers_tell_of_no_list(status: int) -> None:
    case = of_nginx(status)
    assert len(listed.plan(case)) == 1
    assert outcomes(case) == []


def test_what_the_files_say_decides() -> None:
    case = of_nginx(403)
    assert outcomes(case) == [Outcome.UNKNOWN]
    assert outcomes(with_files(case, "192.168.77.10", "10.0.0.0/8")) == [Outcome.BLOCKS]
    assert outcomes(with_files(case, "192.168.0.0/16")) == [Outcome.WARNS]
    assert outcomes(with_files(case, "192.168.77.10", "192.168.77.20")) == [Outcome.UNKNOWN]
    assert outcomes(with_files(case, "10.0.0.0/8")) == [Outcome.UNKNOWN]  # that is not the list in force
    assert outcomes(with_files(case, "192.168.77.10", "shop.lan")) == [Outcome.UNKNOWN]
    assert outcomes(with_files(case, "192.168.77.10", is_list=False)) == [Outcome.UNKNOWN]


def test_clients_see_what_loopback_got() -> None:
    case = with_files(of_nginx(403), "192.168.77.10")
    assert what_client_sees(case, case.way, application.check(case).findings).http_status == 403
    case = with_files(of_nginx(None), "192.168.77.10")
    assert what_client_sees(case, case.way, application.check(case).findings).outcome is Symptom.RESET
