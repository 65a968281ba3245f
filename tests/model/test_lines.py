"""Actions as lines to paste, and changes as lines that take them back."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from msgspec.structs import replace

from landiag.model.actions import Run
from landiag.model.changes import (
    Change,
    IptablesRule,
    LinkSetting,
    NftRule,
    RefusingRoute,
    Sysctl,
    UfwRule,
)
from landiag.model.changes_firewalld import FirewalldRule
from landiag.model.lines import command_line, undo_line

LAN = "192.168.1.0/24"


@pytest.mark.parametrize(
    ("change", "line", "undo"),
    [
        (
            UfwRule(LAN, 5000),
            f"ufw prepend allow from {LAN} to any port 5000 proto tcp",
            f"ufw delete allow from {LAN} to any port 5000 proto tcp",
        ),
        (
            IptablesRule("iptables-nft", "raw", "PREROUTING", LAN, 5000, position=3),
            f"iptables-nft -t raw -I PREROUTING 3 -s {LAN} -p tcp -m tcp --dport 5000 -j ACCEPT",
            f"iptables-nft -t raw -D PREROUTING -s {LAN} -p tcp -m tcp --dport 5000 -j ACCEPT",
        ),
        (
            IptablesRule("ip6tables-legacy", "filter", "OUTPUT", "fd00::/64", 80, is_answer=True),
            "ip6tables-legacy -A OUTPUT -d fd00::/64 -p tcp -m tcp --sport 80 -j ACCEPT",
            "ip6tables-legacy -D OUTPUT -d fd00::/64 -p tcp -m tcp --sport 80 -j ACCEPT",
        ),
        (Sysctl("net.ipv4.ip_forward", "0", "1"), "sysctl -w net.ipv4.ip_forward=1", "sysctl -w net.ipv4.ip_forward=0"),
        (
            RefusingRoute("prohibit", "10.0.0.0/8", "7"),
            "ip route del prohibit 10.0.0.0/8 table 7",
            "ip route add prohibit 10.0.0.0/8 table 7",
        ),
        (LinkSetting("eth0", "state", "down", "up"), "ip link set dev eth0 up", "ip link set dev eth0 down"),
        (LinkSetting("eth0", "arp", "off", "on"), "ip link set dev eth0 arp on", "ip link set dev eth0 arp off"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)  # fmt: skip
def test_a_change_is_typed_and_taken_back(change: Change, line: str, undo: str) -> None:
    assert command_line(Run(change.argv, change=change)) == line
    assert undo_line(change) == undo


def test_a_rule_of_nftables_may_ask_for_the_port_that_clients_type() -> None:
    rule = NftRule("inet", "filter", "input", LAN, 5000, is_original=True)
    assert rule.argv[-1] == (
        f'ip saddr {LAN} meta l4proto tcp ct original proto-dst 5000 accept comment "landiag 5000"'
    )


def test_a_rule_of_nftables_is_taken_back_by_its_comment_until_its_handle_is_known() -> None:
    rule = NftRule("inet", "filter", "input", LAN, 5000, before=7)
    assert command_line(Run(rule.argv)) == (
        f"nft insert rule inet filter input position 7 'ip saddr {LAN} tcp dport 5000 accept comment \"landiag 5000\"'"
    )
    assert "sed -n" in undo_line(rule)
    known = NftRule("inet", "filter", "input", LAN, 5000, before=7, handle=9)
    assert undo_line(known) == "nft delete rule inet filter input handle 9"


def test_a_rich_rule_survives_the_shell() -> None:
    rule = FirewalldRule("public", "fd00::/64", 5000, permanent=True)
    words = shlex.split(command_line(Run(rule.argv)))
    assert words == list(rule.argv)
    assert words[1] == "--permanent"
    assert 'family="ipv6"' in words[3]


HOSTILE = Run(
    ("flask", "run", "; touch owned", "$(touch owned)"), "/srv", (("LD_PRELOAD", "/evil.so"),), user="eve"
)


@pytest.mark.parametrize("os", ["linux", "freebsd"])
def test_what_came_from_another_users_process_names_that_user(os: str) -> None:
    run = Run(HOSTILE.argv, HOSTILE.cwd, HOSTILE.environment, user="eve", for_user="eve")
    words = shlex.split(command_line(run, os=os))
    inner = words[4:] if os == "linux" else shlex.split(words[3])
    assert words[:3] == (["runuser", "-u", "eve"] if os == "linux" else ["su", "eve", "-c"])
    # The variable is set, and the folder entered, behind the change of user, never in front of it.
    folder = ["env", "-C", "/srv"] if os == "linux" else ["cd", "/srv", "&&", "env"]
    assert inner == [*folder, "LD_PRELOAD=/evil.so", *HOSTILE.argv]


def test_hostile_words_stay_words() -> None:
    shown = subprocess.run(
        ("sh", "-c", command_line(Run(("printf", "%s|", "a b", "'", "$(id)", "\n;id")))),
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "a b|'|$(id)|\n;id|"


def test_a_rule_may_be_for_one_address_of_this_machine() -> None:
    rule = IptablesRule("iptables-nft", "raw", "PREROUTING", LAN, 5000, server="192.168.1.10")
    assert rule.match[:4] == ("-s", LAN, "-d", "192.168.1.10/32")
    answers = replace(rule, is_answer=True)
    assert answers.match[:4] == ("-s", "192.168.1.10/32", "-d", LAN)
    own = NftRule("netdev", "filter", "ingress", LAN, 5000, server="192.168.1.10")
    assert own.argv[-1].startswith(f"ip saddr {LAN} ip daddr 192.168.1.10 tcp dport 5000 accept")
