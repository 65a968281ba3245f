"""What is printed as a fix on Windows: it lets the clients in, and it opens nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.checks.windows import openings as checks
from landiag.collect import windows
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.surroundings import SavedSurroundings
from landiag.firewall.windows.policy import Policy
from landiag.firewall.windows.registry import parse_rule_string
from landiag.gather import gather, open_case
from landiag.host import Recorder
from landiag.model.facts import Unknown
from landiag.model.packet import Packet
from landiag.model.report import Target
from landiag.model.ruleset import Verdict
from landiag.question import Question
from tests.machines.made import examine
from tests.machines.windows_cases import CASES

BLOCKED = [name for name, made in CASES.items() if made.cause in ("firewall-drops", "firewall-profile")]


def packets() -> Iterator[Packet]:
    """Other packets: another port, another network, another profile, UDP."""
    mine = Packet(
        5000, source=ip_address("192.168.77.20"), destination=ip_address("192.168.77.10"), profile="private",
        program=r"C:\other.exe", interface_addresses=("192.168.77.10/24",),
    )  # fmt: skip
    for profile in ("private", "public", "domain"):
        for port in (22, 80, 4999, 5001, 8000):
            yield replace(mine, profile=profile, destination_port=port)
        yield replace(mine, profile=profile, source=ip_address("10.1.2.3"))
        yield replace(mine, profile=profile, protocol="udp", flags=frozenset())


def verdict(policy: Policy, packet: Packet) -> Verdict:
    return Follower(policy.lower(), SavedSurroundings(packet)).follow(packet).verdict


@pytest.mark.parametrize("name", BLOCKED)
def test_the_opening_opens_nothing_else(name: str) -> None:
    made = CASES[name]
    target = Target(port=made.port)
    recorder = Recorder(made.host)
    machine, facts = gather(recorder, float("inf"))
    case = open_case(Question(target=target), recorder, machine, facts)
    policy = windows.parse_policy(recorder.readings)
    assert not isinstance(policy, Unknown)
    assert case.way is not None
    journey = case.classes[case.way.id][0].journey
    opened = Policy([*policy.rules], dict(policy.settings), has_rules=True)
    opened.rules.append(parse_rule_string("landiag", checks.opening_rule(case, case.way, journey)))
    for packet in packets():
        assert verdict(opened, packet) is verdict(policy, packet), packet


@pytest.mark.parametrize("name", [name for name, made in CASES.items() if made.status == "blocked"])
def test_every_command_is_narrow_and_has_an_undo(name: str) -> None:
    _, report = examine(CASES[name])
    for finding in report.findings:
        for fix in finding.fixes:
            for command in fix.commands:
                assert not re.search(
                    r"(?i)reset|-All\b|Enabled False|state off|DefaultInboundAction|sudo", command
                )
                if "-Action Allow" in command:
                    assert f"-LocalPort {CASES[name].port} " in command
                    assert "-RemoteAddress" in command
                    assert "-Profile" in command
                    assert any("Remove-NetFirewallRule" in one for one in fix.undo)
                assert not re.search(r"\bkill\b", command)
                if command.startswith("Disable-NetFirewallRule") or "| Disable-NetFirewallRule" in command:
                    assert command.replace("Disable-", "Enable-") in fix.undo
            if re.search("Remove the rule|Switch off the rule", fix.title):
                assert re.match("Remove-|Disable-|Get-.*Disable-", fix.commands[0])
                assert fix.verified
            if any(command.startswith("Remove-NetFirewallRule") for command in fix.commands):
                assert any(one.startswith("New-NetFirewallRule") for one in fix.undo)
