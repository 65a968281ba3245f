"""An address of the clients' network behind this machine: who answers for it on the link?"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.checks.addresses import behind
from landiag.checks.addresses import check as addresses
from landiag.checks.case import Case
from landiag.checks.listening import check as listening
from landiag.model.report import Outcome
from tests.checks.asked import PORT, case_of, said
from tests.journey.world import BASE, interface, route


def asked(device: str = "docker0") -> Case:
    assert isinstance(BASE.interfaces, tuple)
    assert isinstance(BASE.routes, tuple)
    facts = replace(
        BASE,
        interfaces=(*BASE.interfaces, interface("docker0", "172.17.0.1/16", kind="container")),
        routes=(*BASE.routes, route("192.168.77.50/32", device)),
    )
    return case_of(facts, target=replace(PORT, address="192.168.77.50"))


def told(case: Case, values: str, proxies: str = "") -> Outcome:
    """The outcome with these values of the settings, and these entries of the neighbour table."""
    *settings, listed = behind.plan(case)
    readings = dict(
        [*(said(one, value) for one, value in zip(settings, values, strict=True)), said(listed, proxies)]
    )
    case = replace(case, readings=readings)
    assert listening.check(case).outcome is Outcome.NOT_APPLICABLE
    return next(one.outcome for one in addresses.check(case).findings if one.code == "wrong-address")


@pytest.mark.parametrize(
    ("values", "proxies", "outcome"),
    [
        ("0000", "", Outcome.BLOCKS),
        ("0000", "192.168.77.5 dev eth0 proxy\n", Outcome.BLOCKS),
        ("0000", "192.168.77.50 dev eth0 proxy\n", Outcome.UNKNOWN),
        ("1000", "", Outcome.UNKNOWN),
        ("0010", "", Outcome.UNKNOWN),
        ("0001", "", Outcome.UNKNOWN),
    ],
)
def test_a_proxy_may_answer(values: str, proxies: str, outcome: Outcome) -> None:
    assert told(asked(), values, proxies) is outcome


def test_without_the_settings_nobody_knows() -> None:
    findings = addresses.check(asked()).findings
    assert [one.outcome for one in findings if one.code == "wrong-address"] == [Outcome.UNKNOWN]


def test_an_address_on_the_link_is_behind_nobody() -> None:
    assert behind.plan(asked("eth0")) == ()
