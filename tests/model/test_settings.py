"""Settings of interfaces whose names have dots: those of VLANs, and of keepalived's macvlans."""

from __future__ import annotations

import pytest

from landiag.model.changes import Sysctl
from landiag.model.settings import setting_path, typed_setting


@pytest.mark.parametrize(
    ("name", "typed", "path"),
    [
        ("net.ipv4.ip_forward", "net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"),
        (
            "net.ipv4.conf.eth0.rp_filter",
            "net.ipv4.conf.eth0.rp_filter",
            "/proc/sys/net/ipv4/conf/eth0/rp_filter",
        ),
        (
            "net.ipv4.conf.eth0.10.rp_filter",
            "net.ipv4.conf.eth0/10.rp_filter",
            "/proc/sys/net/ipv4/conf/eth0.10/rp_filter",
        ),
        (
            "net.ipv6.conf.vrrp.44.hop_limit",
            "net.ipv6.conf.vrrp/44.hop_limit",
            "/proc/sys/net/ipv6/conf/vrrp.44/hop_limit",
        ),
    ],
)
def test_the_dots_of_an_interface_are_its_own(name: str, typed: str, path: str) -> None:
    assert typed_setting(name) == typed
    assert setting_path(name) == path


def test_a_change_is_typed_as_sysctl_takes_it() -> None:
    change = Sysctl("net.ipv4.conf.eth0.10.rp_filter", "1", "2")
    assert change.argv == ("sysctl", "-w", "net.ipv4.conf.eth0/10.rp_filter=2")
    assert change.undo_argv == ("sysctl", "-w", "net.ipv4.conf.eth0/10.rp_filter=1")
