"""Whom fail2ban bans, as it says itself, and whose rule a rule then is (recorded on Debian 13)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from landiag.collect.bans import BANNED, parse_banned
from landiag.model.facts import ParseError, Reading, ReadStatus
from landiag.model.report import Finding
from tests.cases import load, replay, show


def decisive(banned: str, status: ReadStatus = ReadStatus.OK) -> Finding:
    """What stops the client whom ufw rejects, where fail2ban says this."""
    recording = load("linux-fail2ban-bans-by-ufw").recording
    reading = Reading(BANNED.name, status, banned.encode())
    report = replay(replace(recording, readings={**recording.readings, BANNED.name: reading}))
    return next(one for one in report.findings if one.code == "firewall-rejects")


def test_every_form_of_the_list() -> None:
    text = "[{'sshd': ['192.168.77.20', 'fd77::20']}, {'web-auth': []}, {'shop': ['10.0.0.0/8']}]\n"
    sshd = ("192.168.77.20", "fd77::20")
    assert parse_banned(text) == {"sshd": sshd, "web-auth": (), "shop": ("10.0.0.0/8",)}
    assert parse_banned("[]") == {}


@given(st.text())
def test_anything_else_is_an_error(text: str) -> None:
    try:
        parse_banned(text)
    except ParseError:
        return
    assert text.strip() == "[]"


@pytest.mark.parametrize("banned", ["192.168.77.20", "192.168.77.20/32"])
def test_the_rule_of_another_program_is_the_jail_s(banned: str) -> None:
    found = decisive(f"[{{'sshd': []}}, {{'shop': ['{banned}']}}]")
    assert found.title.startswith("fail2ban jail shop rejects connections")
    assert found.fixes[0].commands == ("fail2ban-client set shop unbanip 192.168.77.20",)
    assert found.fixes[0].undo == ("fail2ban-client set shop banip 192.168.77.20",)


@pytest.mark.parametrize(
    "said", ["[]", "[{'shop': ['192.168.77.21']}]", "[{'shop': ['192.168.77.0/24']}]", "hello"]
)
def test_a_rule_that_fail2ban_knows_nothing_of_is_ufw_s(said: str) -> None:
    assert decisive(said).title.startswith("ufw rule 1")


def test_without_fail2ban_it_is_ufw_s() -> None:
    assert decisive("", ReadStatus.MISSING).title.startswith("ufw rule 1")


@pytest.mark.parametrize("name", ["linux-fail2ban-bans", "linux-fail2ban-bans-by-ufw"])
def test_an_open_server_names_the_device_that_is_banned_and_what_lifts_the_ban(name: str) -> None:
    """Nobody said which device fails: what is said of all the others isn't true of this one."""
    recording = load(name).recording
    report = replay(replace(recording, target=replace(recording.target, peer=None)))
    assert report.verdict.summary == "Nothing on this machine stops other devices, except 192.168.77.20"
    lines = show(report).splitlines()
    assert lines[0] == "✓ Open: nothing on this machine stops other devices, except 192.168.77.20."
    assert lines[1].startswith("  192.168.77.20: fail2ban jail shop rejects connections to port 5000")
    assert "    sudo fail2ban-client set shop unbanip 192.168.77.20" in lines[:24]
    assert not [line for line in lines if "Failing on" in line or "Still failing" in line]


def test_what_lets_one_device_in_opens_nothing_for_the_others() -> None:
    """Nobody said which device fails, and the rule is not fail2ban's: the fix is for that device all the same."""
    recording = load("linux-fail2ban-bans-by-ufw").recording
    gone = {**recording.readings, BANNED.name: Reading(BANNED.name, ReadStatus.MISSING, b"")}
    report = replay(replace(recording, target=replace(recording.target, peer=None), readings=gone))
    fix = next(one for one in report.findings if one.code == "firewall-rejects").fixes[0]
    assert fix.commands
    assert all("192.168.77.0/24" not in line for line in fix.commands)


def test_where_nothing_is_known_to_let_the_device_in_the_question_about_it_is_offered() -> None:
    recording = load("linux-fail2ban-bans").recording
    report = replay(replace(recording, target=replace(recording.target, peer=None)))
    without = replace(report, findings=tuple(replace(one, fixes=()) for one in report.findings))
    said = " ".join(show(without).split())
    assert "Failing on 192.168.77.20?" in said
    assert "check --port 5000 --peer 192.168.77.20 says why." in said
    assert "If that isn't meant" not in said
