"""What ufw and firewalld are told, and what takes it back."""

from __future__ import annotations

import shlex

import pytest

from landiag.model.changes import UfwRule
from landiag.model.changes_firewalld import FirewalldDirectRule

LAN = "192.168.77.0/24"
DIRECT = "ipv4 filter INPUT -1 -s 192.168.77.0/24 -p tcp --dport 5000 -j ACCEPT"


@pytest.mark.parametrize(
    ("change", "add", "remove"),
    [
        (
            UfwRule(LAN, 5000),
            "ufw prepend allow from 192.168.77.0/24 to any port 5000 proto tcp",
            "ufw delete allow from 192.168.77.0/24 to any port 5000 proto tcp",
        ),
        (
            UfwRule(LAN, 80, is_routed=True),
            "ufw route prepend allow from 192.168.77.0/24 to any port 80 proto tcp",
            "ufw route delete allow from 192.168.77.0/24 to any port 80 proto tcp",
        ),
        (
            FirewalldDirectRule(4, "filter", "INPUT", -1, LAN, 5000),
            f"firewall-cmd --direct --add-rule {DIRECT}",
            f"firewall-cmd --direct --remove-rule {DIRECT}",
        ),
        (
            FirewalldDirectRule(4, "filter", "INPUT", -1, LAN, 5000, permanent=True),
            f"firewall-cmd --permanent --direct --add-rule {DIRECT}",
            f"firewall-cmd --permanent --direct --remove-rule {DIRECT}",
        ),
        (
            FirewalldDirectRule(6, "filter", "OUTPUT", 0, "fd77::/64", 5000, is_answer=True),
            "firewall-cmd --direct --add-rule ipv6 filter OUTPUT 0 -d fd77::/64 -p tcp --sport 5000 -j ACCEPT",
            "firewall-cmd --direct --remove-rule ipv6 filter OUTPUT 0 -d fd77::/64 -p tcp --sport 5000 -j ACCEPT",
        ),
    ],
)
def test_what_is_typed(change: UfwRule | FirewalldDirectRule, add: str, remove: str) -> None:
    assert shlex.join(change.argv) == add
    assert shlex.join(change.undo_argv) == remove
