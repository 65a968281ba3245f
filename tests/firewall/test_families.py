"""iptables-save prints one IP version: which, is told by what its rules ask for, and an address of the other is no
address of a rule."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.surroundings import SavedSurroundings
from landiag.firewall.ipt.parse import guess_version
from landiag.firewall.saved import parse_saved
from landiag.firewall.saved_file import SavedFile
from landiag.model.facts import ParseError
from landiag.model.packet import Packet
from landiag.model.ruleset import Verdict
from tests.firewall.rules import saved


@pytest.mark.parametrize(
    ("rule", "version"),
    [
        ("-A INPUT -s 10.0.0.5/32 -j icmpv6-input", 4),
        ("-A INPUT -p icmp -j icmpv6-input", 4),
        ("-A icmp6 -j DROP", 4),
        ("-A INPUT -s fd00::5/128 -j DROP", 6),
        ("-A INPUT -p ipv6-icmp -j ACCEPT", 6),
        ("-A INPUT -p tcp -j REJECT --reject-with icmp6-port-unreachable", 6),
    ],
)
def test_the_ip_version_is_told_by_rules_and_not_by_names_of_chains(rule: str, version: int) -> None:
    assert guess_version(f"*filter\n:INPUT DROP [0:0]\n:icmpv6-input - [0:0]\n{rule}\nCOMMIT\n") == version


def verdict(tool: str, rule: str, source: str) -> Verdict:
    ruleset = saved(f"*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n{rule}\nCOMMIT\n", tool)
    address = ip_address(source)
    here = ip_address("192.168.77.10" if address.version == 4 else "fd77::10")
    packet = Packet(5000, source=address, destination=here, in_interface="eth0")
    return Follower(ruleset, SavedSurroundings(packet)).follow(packet).verdict


@pytest.mark.parametrize(
    ("tool", "rule", "source"),
    [
        ("ip6tables-save", "-A INPUT -s 10.0.0.5/32 -j DROP", "fd77::20"),
        ("ip6tables-save", "-A INPUT -m iprange --src-range 10.0.0.5-10.0.0.9 -j DROP", "fd77::20"),
        ("iptables-save", "-A INPUT -s fd00::5 -j DROP", "192.168.77.20"),
        ("iptables-save", "-A INPUT -s fd00::/16 -j DROP", "192.168.77.20"),
        ("iptables-save", "-A INPUT -s 10.0.0.5/ffff::ffff -j DROP", "192.168.77.20"),
    ],
)
def test_a_rule_with_an_address_of_the_other_version_is_not_known(tool: str, rule: str, source: str) -> None:
    assert verdict(tool, rule, source) is Verdict.UNKNOWN


def test_what_names_a_table_of_iptables_is_of_no_other_system() -> None:
    text = (
        b"*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j ACCEPT\nCOMMIT\n-> filter (OUTPUT)\nblock in all\n"
    )
    with pytest.raises(ParseError, match="line 5"):
        parse_saved([SavedFile("notes", text)], lambda _: None)
