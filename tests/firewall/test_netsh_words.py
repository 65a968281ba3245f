"""netsh in other words: settings that only Group Policy has, and types of interfaces as a list."""

from __future__ import annotations

import pytest

from landiag.firewall.command import judge_packets
from landiag.firewall.saved import parse_saved
from landiag.firewall.saved_file import SavedFile
from landiag.firewall.windows.netsh import parse_netsh
from landiag.model.packet import Packet
from landiag.model.ruleset import Verdict

PROFILES = """
Private Profile Settings:
----------------------------------------------------------------------
State                                 ON
Firewall Policy                       BlockInbound,AllowOutbound
LocalFirewallRules                    {merges}
Ok.
"""
RULE = """
Rule Name:                            My server
----------------------------------------------------------------------
Enabled:                              Yes
Direction:                            In
Profiles:                             Private
LocalIP:                              Any
RemoteIP:                             Any
Protocol:                             TCP
LocalPort:                            5000
RemotePort:                           Any
Program:                              Any
InterfaceTypes:                       {types}
Security:                             NotRequired
Action:                               Allow
Ok.
"""


@pytest.mark.parametrize(
    "said",
    ["N/A (GPO-store only)", "N/V (nur GPO-Speicher)", "N/D (solo almacén de GPO)", "不适用(仅 GPO 存储)"],
)
def test_what_only_group_policy_has_is_not_set_here(said: str) -> None:
    assert parse_netsh(PROFILES.format(merges=said)).effective("private").merges_local is True


@pytest.mark.parametrize(
    ("types", "verdict"),
    [
        ("Any", Verdict.ACCEPT),
        ("LAN,Wireless", Verdict.ACCEPT),
        ("LAN,Wireless,RAS", Verdict.ACCEPT),
        ("Drahtlos,LAN", Verdict.ACCEPT),
        ("LAN", Verdict.UNKNOWN),
        ("Fence,LAN", Verdict.UNKNOWN),
    ],
)
def test_interface_types_are_a_list(types: str, verdict: Verdict) -> None:
    text = PROFILES.format(merges="N/A (GPO-store only)") + RULE.format(types=types)
    ruleset = parse_saved([SavedFile("rules.txt", text.encode())], lambda _: None)
    (found,) = judge_packets(ruleset, [Packet(5000, profile="private", program=r"C:\Python312\python.exe")])
    assert found.told.verdict is verdict
