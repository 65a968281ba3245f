"""The options of iptables' targets: those that a target is told to have are no strange words."""

from __future__ import annotations

import pytest

from landiag.firewall.ipt.rule import known_options
from landiag.firewall.ipt.target_options import OPTIONS
from tests.firewall.rules import saved, verdict


@pytest.mark.parametrize("target", OPTIONS)
def test_options_of_targets_are_known(target: str) -> None:
    assert set(OPTIONS[target]) <= known_options()


def test_netmap_keeps_the_hosts_part() -> None:
    text = (
        "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 192.168.77.0/24 -j NETMAP --to 10.50.0.0/24\nCOMMIT\n"
        "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -d 10.50.0.%s -j DROP\nCOMMIT\n"
    )
    assert [verdict(saved(text % host)) for host in (10, 11)] == ["drop", "accept"]
