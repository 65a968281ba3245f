"""The name that people type: what name servers say of it counts, and this machine's own list is for itself."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from landiag.checks.addresses import names
from landiag.checks.case import Case
from landiag.collect.exchanges.dns import Answers, NameServers
from landiag.collect.exchanges.resolve import Resolution
from landiag.collect.exchanges.transcript import encode
from landiag.collect.names import RESOLV_CONF, UPLINKS
from landiag.model.facts import File, Reading, ReadStatus, Source
from landiag.model.report import Finding, Outcome
from tests.checks.asked import case_of
from tests.journey.world import SERVER, host

NAME = "shop.lan"
UNKNOWN_NAME = Answers("192.168.77.1", error="NXDOMAIN")
NO_MDNS = Answers("mdns", error="no-answer")


def asked(readings: Mapping[str, Reading] | None = None) -> Case:
    servers = Reading(RESOLV_CONF.name, ReadStatus.OK, b"nameserver 192.168.77.1\n")
    return replace(case_of(host(), {servers.source: servers, **(readings or {})}), name=NAME)


def _source(sources: tuple[Source, ...]) -> str:
    return sources[-1].name


def said(*answers: Answers, here: str | None = None) -> list[Finding]:
    """What is said of these answers, and of what this machine's own resolver says."""
    readings = [(_source(names.plan_after(asked())), encode(NameServers(NAME, answers)))]
    if here is not None:
        readings.append((_source(names.plan(asked())), encode(Resolution(NAME, (here,), 0.001))))
    return names.check(asked({name: Reading(name, ReadStatus.OK, data) for name, data in readings}))


def test_without_a_name_nothing_is_asked() -> None:
    case = replace(asked(), name=None)
    assert names.plan(case) == names.plan_after(case) == ()
    assert names.check(case) == []


def test_the_name_servers_of_this_machine_are_asked() -> None:
    (call,) = names.plan_after(asked())
    assert "192.168.77.1" in call.name


@pytest.mark.parametrize("others", [(), ("203.0.113.5",)])
def test_one_answer_with_an_address_of_this_machine_is_enough(others: tuple[str, ...]) -> None:
    assert said(UNKNOWN_NAME, Answers("mdns", (SERVER, *others))) == []


def test_another_address_is_another_machine() -> None:
    (found,) = said(Answers("192.168.77.1", ("203.0.113.5", "fe80::9%eth0")), NO_MDNS, here=SERVER)
    assert (found.code, found.outcome) == ("name-resolves-elsewhere", Outcome.BLOCKS)
    assert "203.0.113.5, fe80::9%eth0" in found.title
    assert [(one.source, one.text) for one in found.evidence] == [
        ("192.168.77.1", "203.0.113.5, fe80::9%eth0"),
        ("mDNS", "no-answer"),
        ("system resolver", SERVER),
    ]
    assert found.fixes[0].steps == (f"On the other device, type the address: http://{SERVER}:5000/",)


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ((UNKNOWN_NAME, NO_MDNS), "no name server and no device answers for it"),
        ((replace(UNKNOWN_NAME, error="no-answer"), NO_MDNS), "no name server answers"),
        ((), "this machine has no name server to ask"),
    ],
)
def test_a_name_that_nobody_knows_leads_nowhere(answers: tuple[Answers, ...], why: str) -> None:
    (found,) = said(*answers)
    assert (found.code, found.outcome) == ("name-does-not-resolve", Outcome.BLOCKS)
    assert found.title == f"The name {NAME} leads other devices nowhere: {why}"


@pytest.mark.parametrize(
    ("here", "outcome"),
    [
        (SERVER, Outcome.WARNS),
        ("127.0.1.1", Outcome.WARNS),
        ("203.0.113.5", Outcome.BLOCKS),
        ("?", Outcome.BLOCKS),
    ],
)
def test_a_name_of_this_machines_own_list_may_have_been_meant_as_its_address(
    here: str, outcome: Outcome
) -> None:
    (found,) = said(UNKNOWN_NAME, NO_MDNS, here=here)
    assert found.outcome is outcome
    assert found.title.startswith("Only this machine knows the name") is (outcome is Outcome.WARNS)


def test_name_servers_that_could_not_be_asked_leave_it_open() -> None:
    name = _source(names.plan_after(asked()))
    (found,) = names.check(asked({name: Reading(name, ReadStatus.FAILED, detail="no socket")}))
    assert (found.code, found.outcome) == ("name-does-not-resolve", Outcome.UNKNOWN)
    assert "no socket" in found.evidence[0].text


def _behind_stub(
    uplinks: Mapping[str, bytes], *answers: Answers, here: str = SERVER
) -> tuple[str, list[Finding]]:
    """Whom this machine asks with a name server of its own, and what is said of the answers."""
    files = {RESOLV_CONF.name: b"nameserver 127.0.0.53\n", **uplinks}
    read = {name: Reading(name, ReadStatus.OK, data) for name, data in files.items()}
    call = names.plan_after(asked(read))[-1]
    local = names.plan(asked(read))[-1].name
    read[call.name] = Reading(call.name, ReadStatus.OK, encode(NameServers(NAME, answers)))
    read[local] = Reading(local, ReadStatus.OK, encode(Resolution(NAME, (here,), 0.001)))
    return call.name, names.check(asked(read))


@pytest.mark.parametrize("uplink", UPLINKS, ids=lambda one: one.name)
def test_behind_a_stub_those_are_asked_whom_it_asks(uplink: File) -> None:
    """systemd-resolved answers from this machine's hosts; the LAN's name server does not know the name."""
    name, (found,) = _behind_stub({uplink.name: b"nameserver 192.168.77.1\n"}, UNKNOWN_NAME, NO_MDNS)
    assert "127.0.0.53" not in name
    assert "192.168.77.1" in name
    assert (found.outcome, found.title) == (
        Outcome.WARNS,
        f"Only this machine knows the name {NAME}; other devices do not",
    )


def test_what_only_the_stub_says_is_not_known_of_others() -> None:
    name, (found,) = _behind_stub({}, Answers("127.0.0.53", (SERVER,)), NO_MDNS)
    assert "127.0.0.53" in name
    assert (found.code, found.outcome) == ("name-does-not-resolve", Outcome.UNKNOWN)


def test_what_devices_say_by_mdns_is_known_to_others_behind_a_stub_too() -> None:
    assert _behind_stub({}, Answers("127.0.0.53", (SERVER,)), Answers("mdns", (SERVER,)))[1] == []
