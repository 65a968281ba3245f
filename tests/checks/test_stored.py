"""What firewalld has stored and not loaded, and what a reload takes away (recorded on Debian 12)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.collect.firewalld import RUNNING, STORED, service_source
from landiag.model.facts import Reading, ReadStatus
from landiag.model.report import Finding
from tests.cases import load, replay

ZONE = (
    "{name}\n  target: {target}\n  interfaces: {interfaces}\n  sources: {sources}\n  services: {services}\n"
)
EMPTY = {"name": "public", "target": "default", "interfaces": "", "sources": "", "services": "ssh"}


def zone(*rules: str, ports: str = "", **fields: str) -> str:
    """A zone as firewall-cmd lists it."""
    lines = "".join(f"\t{rule}\n" for rule in rules)
    return f"{ZONE.format(**{**EMPTY, **fields})}  ports: {ports}\n  rich rules: \n{lines}\n"


def decisive(stored: str, running: str = zone(), service: str = "web\n  ports: 5000/tcp\n") -> Finding:
    """What stops clients where firewalld says this of its zones."""
    recording = load("linux-firewalld-permanent-only").recording
    texts = {STORED: stored, RUNNING: running, service_source("web"): service}
    said = {one.name: Reading(one.name, ReadStatus.OK, text.encode()) for one, text in texts.items()}
    report = replay(replace(recording, readings={**recording.readings, **said}))
    return next(one for one in report.findings if one.code == "firewall-rejects")


ALLOWS = 'rule priority="-100" family="ipv4" source address="192.168.77.0/24" port port="5000" protocol="tcp" accept'


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        (zone(ports="5000/tcp"), "public"),
        (zone(ports="22/tcp 4990-5010/tcp"), "public"),
        (zone(services="ssh web"), "public"),
        (zone(ALLOWS), "public"),
        (zone(target="ACCEPT"), "public"),
        (zone() + zone(name="trusted", target="ACCEPT", interfaces="eth0"), "trusted"),
        (zone() + zone(name="home", sources="192.168.77.0/24", ports="5000/tcp"), "home"),
    ],
)
def test_what_is_stored_and_lets_the_port_in_is_told(stored: str, name: str) -> None:
    found = decisive(stored)
    assert f"(zone {name} allows it in the permanent configuration, which isn't loaded)" in found.title
    (fix,) = found.fixes
    assert fix.verified is True
    assert [line.split()[1] for line in fix.commands] == ["--zone=public"]  # it is stored already
    assert fix.steps[0].startswith(
        "As root, firewall-cmd --reload loads the permanent configuration (no zone"
    )


@pytest.mark.parametrize(
    "stored",
    [
        zone(),
        zone(ports="5000/udp 5001/tcp"),
        zone(ALLOWS.replace("77.0", "78.0")),
        zone(ALLOWS.replace("accept", "reject"), ports="5000/tcp"),
        zone(ports="5000/tcp") + zone(name="drop", target="DROP", sources="192.168.77.0/24"),
        "damaged",
    ],
)
def test_what_is_stored_and_lets_nobody_in_is_not_told(stored: str) -> None:
    found = decisive(stored)
    assert "zone public has no port 5000/tcp" in found.title
    assert len(found.fixes[0].commands) == 2
    assert not found.fixes[0].steps


@pytest.mark.parametrize("had", [zone(ports="5000/tcp"), zone(target="ACCEPT"), zone(ALLOWS)])
def test_what_a_zone_has_already_waits_for_no_reload(had: str) -> None:
    assert "isn't loaded" not in decisive(had, had).title


def test_what_a_reload_takes_away_is_named() -> None:
    found = decisive(zone(ports="5000/tcp"), zone(ports="8080/tcp", services="ssh http"))
    lost = "service http (zone public), port 8080/tcp (zone public)"
    assert f"(it takes away what was set without --permanent: {lost})" in found.fixes[0].steps[0]
