"""A Windows host from its readings: fallbacks, silence, and what is read first."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from landiag.collect import windows, windows_state
from landiag.collect.machine import parse_machine
from landiag.collect.systems import first_sources
from landiag.host import Recorder
from landiag.model.facts import Call, Command, Reading, ReadStatus, Unknown, parse_reading
from landiag.model.host import Facts
from landiag.model.ruleset import Ruleset
from tests.machines.windows import PID, excluded, host, machine, state
from tests.machines.windows_cases import GERMAN_NETSH


def facts_of(**changes: object) -> tuple[Facts, Mapping[str, Reading]]:
    recorder = Recorder(host(**changes))  # type: ignore[arg-type]
    who = parse_machine(machine())
    recorder.read_all(windows.FIRST, float("inf"))
    facts = windows.parse_facts(recorder.readings, who)
    recorder.read_all(windows.plan(facts, recorder.readings), float("inf"))
    return windows.complete_facts(facts, recorder.readings), recorder.readings


def test_nothing_slow_is_read_before_the_fast_sources_have_answered() -> None:
    programs = {source.argv[0] for source in windows.FIRST if isinstance(source, Command)}
    assert programs == {"route", "arp"}
    assert all(
        source.seconds <= 5
        for source in windows.FIRST
        if isinstance(source, Call) and source.name != "machine"
    )


def test_the_facts_of_a_laptop() -> None:
    facts, _ = facts_of()
    assert not isinstance(facts.interfaces, Unknown)
    assert [(one.name, one.kind, one.index, one.profile) for one in facts.interfaces][:2] == [
        ("Wi-Fi", "wifi", 12, "private"), ("vEthernet (WSL (Hyper-V firewall))", "vm", 44, "public"),
    ]  # fmt: skip
    assert not isinstance(facts.sockets, Unknown)
    assert [one.pids for one in facts.sockets if one.port == 5000] == [(PID,)]
    assert not isinstance(facts.processes, Unknown)
    assert facts.processes[4].exe == "System"
    assert not isinstance(facts.routes, Unknown)
    assert any(str(one.destination) == "0.0.0.0/0" and one.device == "Wi-Fi" for one in facts.routes)
    assert isinstance(facts.ruleset, Ruleset)


NETSTAT = (
    "\n  Proto  Lokale Adresse  Remoteadresse  Status  PID\n  TCP    0.0.0.0:5000  0.0.0.0:0  ABHÖREN  4711\n"
)


def test_netstat_stands_in_for_psutil_in_any_code_page() -> None:
    facts, _ = facts_of(denied={"listeners": "not allowed"}, texts={"netstat": NETSTAT.encode("cp850")})
    assert not isinstance(facts.sockets, Unknown)
    assert [(one.port, one.pids) for one in facts.sockets] == [(5000, (4711,))]


def test_netsh_stands_in_for_the_registry() -> None:
    text = GERMAN_NETSH.format(program="C:\\x.exe", action="Zulassen").encode("cp850")
    facts, _ = facts_of(denied={"registry": "not allowed"}, texts={"netsh-rules": text})
    assert isinstance(facts.ruleset, Ruleset)


@pytest.mark.parametrize("text", ["", "\n", "The following command was not found\n"])
def test_silence_with_status_0_is_unknown(text: str) -> None:
    said = {"netsh-rules": text, "netsh-profiles": text, "netstat": text}
    facts, _ = facts_of(denied={"registry": "no", "listeners": "no"}, texts=said)
    assert isinstance(facts.ruleset, Unknown)
    assert isinstance(facts.sockets, Unknown)


@pytest.mark.parametrize(
    "text",
    ["", "running scripts is disabled", "{}", '{"profiles": 3}', '{"profiles": [{"alias": "Wi-Fi"}]}', "[1]"],
)
def test_powershell_that_says_something_else_leaves_the_profile_open(text: str) -> None:
    facts, _ = facts_of(windows_state=text)
    assert not isinstance(facts.interfaces, Unknown)
    assert {one.profile for one in facts.interfaces} == {None}


def test_one_object_instead_of_a_list_and_noise_before_it() -> None:
    whole = json.loads(state("Public"))
    whole["profiles"] = whole["profiles"][0]
    reading = Reading(
        windows_state.STATE.name, ReadStatus.OK, b"WARNING: slow\r\n" + json.dumps(whole).encode()
    )
    found = windows_state.parse_state({windows_state.STATE.name: reading})
    assert not isinstance(found, Unknown)
    assert [(one.alias, one.category) for one in found.profiles] == [("Wi-Fi", "public")]


@pytest.mark.parametrize(
    ("value", "name"), [(0, "public"), ("Private", "private"), ("DomainAuthenticated", "domain")]
)
def test_categories(value: object, name: str) -> None:
    assert windows_state.category(value) == name


def test_damaged_readings_are_unknown_never_an_error() -> None:
    for name in (
        "listeners",
        "adapters",
        "registry",
        "route-print-4",
        "arp",
        "windows-state",
        "excluded-ports-4",
    ):
        for text in ("", "\0\1\2", "[", "[1]", '{"values": [[1]]}', excluded("x")):
            facts, _ = facts_of(texts={name: text})
            assert facts.os == "windows"


def test_each_system_has_its_collector() -> None:
    firsts = {os: len(first_sources(os)) for os in ("linux", "windows", "macos", "freebsd", "openbsd")}
    assert min(firsts.values()) > 5
    reading = Reading("machine", ReadStatus.OK, machine(platform="freebsd14").encode())
    who = parse_reading(reading, parse_machine)
    assert not isinstance(who, Unknown)
    assert who.os == "freebsd"
