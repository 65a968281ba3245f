"""Bad input: what says nothing, is cut off, or comes in a wrong code page never means "off" and never "no rule"."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from landiag.host import Recording
from landiag.model.facts import Reading, ReadStatus
from landiag.model.report import Finding, Outcome, Report, Status
from tests.cases import NAMES, is_taken, load, replay, report_of
from tests.machines import bsd, windows
from tests.machines.case import Made
from tests.machines.made import examine
from tests.machines.windows_cases import (
    CASES,
    GERMAN_NETSH,
    GERMAN_PROFILES,
    MINE,
    NO_REGISTRY,
    joined,
)

SYSTEMS = ("windows", "macos", "freebsd", "openbsd", "wsl2")
SPEAKS = {  # what is said by saying nothing: no port proxy, no anchor, no table, no rule of an anchor, no policy
    "wsl-portproxy", "wsl-windows-group-policy", "pf-anchors", "pf-tables", "pf-interfaces", "pf-nat",
}  # fmt: skip

SAMPLE = 4
"""One in so many readings is emptied or cut in each case, another one in the next."""


def _blocks(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if finding.outcome is Outcome.BLOCKS}


def _changed(recording: Recording, source: str, data: bytes) -> Recording:
    reading = replace(recording.readings[source], data=data)
    return replace(recording, readings={**recording.readings, source: reading})


def _commands(recording: Recording) -> Iterator[tuple[str, Reading]]:
    for source, reading in recording.readings.items():
        silent = source in SPEAKS or source.startswith(("pf-nat ", "pf-rules ", "pf-table "))
        silent = silent or source.startswith(
            ("ss-", "ip-", "nft", "iptables", "conntrack")
        )  # Linux, inside WSL2
        if reading.argv is not None and reading.status is ReadStatus.OK and reading.data and not silent:
            yield source, reading


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(SYSTEMS)])
def test_a_command_that_says_nothing_and_ends_well_never_turns_a_verdict(name: str) -> None:
    recording = load(name).recording
    before = report_of(name)
    for source, _ in _commands(recording):
        if not is_taken(f"{name} {source}", SAMPLE):
            continue
        after = replay(_changed(recording, source, b""))
        assert after.verdict.status in (before.verdict.status, Status.UNDETERMINED), source
        assert _blocks(after) <= _blocks(before), source


CLOSED = (
    "netsh-rules",
    "alf-listapps",
    "powershell-rules",
    "registry",
    "windows-state",
    "listeners",
    "adapters",
)
"""What shows that its end is missing: a last line, a count, a bracket."""


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("windows", "macos"))])
def test_what_is_cut_off_never_turns_a_verdict(name: str) -> None:
    recording = load(name).recording
    before = report_of(name)
    for source in CLOSED:
        reading = recording.readings.get(source)
        if reading is None or reading.status is not ReadStatus.OK or not is_taken(f"{name} {source}", SAMPLE):
            continue
        for tenth in (1, 3, 5, 7, 9):
            cut = reading.data[: len(reading.data) * tenth // 10]
            after = replay(_changed(recording, source, cut))
            assert after.verdict.status in (before.verdict.status, Status.UNDETERMINED), (source, tenth)
            assert _blocks(after) <= _blocks(before), (source, tenth)


def _finding(made: Made) -> Finding:
    _, report = examine(made)
    assert report.verdict.status is Status.UNDETERMINED
    found = next(one for one in report.findings if one.outcome is Outcome.UNKNOWN)
    assert found.title
    return found


def _says_how_to_look(found: Finding) -> bool:
    return any(fix.commands or fix.steps for fix in found.fixes)


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "utf-16", "utf-16-le", "cp866", "utf-8"])
@pytest.mark.parametrize("action", ["Zulassen", "Blockieren"])
def test_netsh_in_a_wrong_code_page(encoding: str, action: str) -> None:
    text = GERMAN_NETSH.format(program=windows.PYTHON, action=action).replace("Notizen", "Größe für Übung")
    data = text.encode(encoding, "replace")
    texts = {"netsh-rules": data, "netsh-profiles": GERMAN_PROFILES.encode(encoding, "replace")}
    _, report = examine(Made("", windows.host(denied=NO_REGISTRY, texts=texts), ""))
    expected = Status.CLEAR if action == "Zulassen" else Status.BLOCKED
    assert report.verdict.status in (expected, Status.UNDETERMINED)


def test_netsh_in_a_language_nobody_knows() -> None:
    found = _finding(CASES["windows-firewall-unreadable-netsh-language"])
    assert found.code == "firewall-unreadable"


@pytest.mark.parametrize(
    "why", ["powershell is not installed", "running scripts is disabled", "powershell did not answer in time"]
)
def test_powershell_that_is_missing_blocked_or_slow(why: str) -> None:
    """The profile is then not known, and neither is whether another firewall took over."""
    found = _finding(Made("", windows.host(MINE, denied={"windows-state": why}), ""))
    assert found.code in ("firewall-unreadable", "other-firewall")
    assert _says_how_to_look(found)


def test_registry_values_with_junk_at_the_end() -> None:
    for junk in ("0", "\x00", "|0", "\u3000", "|RDK="):
        rules = {"x": windows.ALLOW + junk}
        _, report = examine(Made("", windows.host(rules), ""))
        assert report.verdict.status in (Status.CLEAR, Status.UNDETERMINED), junk
        blocks = {"x": windows.ALLOW.replace("Allow", "Block") + junk, **MINE}
        _, report = examine(Made("", windows.host(blocks), ""))
        assert report.verdict.status in (Status.BLOCKED, Status.UNDETERMINED), junk


def test_socketfilterfw_that_is_not_where_it_was() -> None:
    gone = dict.fromkeys(
        ("alf-getglobalstate", "alf-getblockall", "alf-getstealthmode", "alf-getallowsigned", "alf-listapps"),
        "socketfilterfw is not installed",
    )
    found = _finding(Made("", bsd.mac(denied=gone), ""))
    assert found.code == "firewall-unreadable"
    assert _says_how_to_look(found)


def test_pf_that_only_root_may_read() -> None:
    found = _finding(Made("", bsd.mac(denied=bsd.NOT_ROOT), ""))
    assert bsd.DENIED in found.title
    assert any("pfctl" in command for fix in found.fixes for command in fix.commands)


def test_powershell_that_lists_no_rule_is_no_answer() -> None:
    for text in ("", "[]", joined(), json.dumps({"value": [], "Count": 0})):
        texts = {"powershell-rules": text, "netsh-rules": "", "netsh-profiles": ""}
        found = _finding(Made("", windows.host(denied=NO_REGISTRY, texts=texts), ""))
        assert found.code == "firewall-unreadable"
        assert _says_how_to_look(found)
