"""What is to be opened once the fix is made: the address that was asked for, where the fix makes that one work."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.model.report import Finding, Fix, Outcome, Report, Status, Target, Verdict
from landiag.render.headline import step_on_client, use_then
from tests.render import reports

ANSWER = Fix("Let this machine answer", ("sysctl -w net.ipv4.conf.eth0.proxy_arp=1",))
OTHER = Fix("Use the address that this machine has now", steps=("Give clients 192.168.77.10 instead.",))


def _report(outcome: Outcome, *fixes: Fix) -> Report:
    title = "Nobody answers for 192.168.77.50 on the network"
    found = Finding("wrong-address", outcome, title, fixes=fixes, id="f1")
    old = reports.blocked()
    return replace(
        old,
        target=Target(5000, address="192.168.77.50"),
        findings=(found,),
        verdict=Verdict(Status.BLOCKED if fixes else Status.UNDETERMINED, title, found.code),
    )


@pytest.mark.parametrize(("fix", "host"), [(ANSWER, "192.168.77.50"), (OTHER, "192.168.77.10")])
def test_the_address_that_works_after_the_fix_is_named(fix: Fix, host: str) -> None:
    """A machine that answers for another one gets clients there; one that has no such address has its own."""
    use = use_then(_report(Outcome.BLOCKS, fix))
    assert use is not None
    assert use.place == f"http://{host}:5000/"


def test_a_question_about_another_address_is_answered_there() -> None:
    """Whether clients get through to what is behind this machine shows at that address."""
    assert "http://192.168.77.50:5000/" in step_on_client(_report(Outcome.UNKNOWN))
