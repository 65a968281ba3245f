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
from tests.machines.bsd import MAC_NAT, MAC_RULES, mac, pf
from tests.machines.case import Made
from tests.machines.exchanges import Synthetic
from tests.machines.made import examine
from tests.machines.windows import ALLOW
from tests.machines.windows import host as windows_host
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
            if any(command.startswith("Remove-NetFirewallRule") for command in fix.commands):
                assert any(one.startswith("New-NetFirewallRule") for one in fix.undo)


ELSEWHERE = ALLOW.replace("LPort=5000|", "LPort=5000|RA4=10.0.0.0/255.255.255.0|")
PF_ANCHORS = {
    "com.apple/250.ApplicationFirewall": "block drop in proto tcp from any to any port = 5000\n",
    "com.apple/landiag": "pass in quick inet proto tcp from 10.0.0.0/24 to any port = 5000 flags S/SA keep state\n",
}


@pytest.mark.parametrize(
    ("host", "cause", "own", "older"),
    [
        (
            windows_host({"landiag-tcp-5000": ELSEWHERE}),
            "firewall-drops",
            "'landiag-tcp-5000-2'",
            "'landiag-tcp-5000'",
        ),
        (
            mac(texts=pf(MAC_RULES, nat=MAC_NAT, anchors=PF_ANCHORS), root=True),
            "firewall-drops",
            "-a com.apple/landiag-2 ",
            "-a com.apple/landiag ",
        ),
    ],
    ids=["windows", "macos"],
)
def test_what_an_older_fix_added_is_neither_replaced_nor_taken_back(
    host: Synthetic, cause: str, own: str, older: str
) -> None:
    """It let another network in: its name is not taken, as an undo goes by the name alone."""
    _, report = examine(Made("an older rule of landiag's", host, "blocked", cause))
    assert report.verdict.cause == cause
    fix = next(one for finding in report.findings if finding.code == cause for one in finding.fixes)
    assert all(own in line and older not in line for line in (*fix.commands, *fix.undo))
