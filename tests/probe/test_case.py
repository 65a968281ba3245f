"""What the settings of this machine say."""

from __future__ import annotations

from landiag.collect.names import parse_resolv_conf


def test_name_servers_of_resolv_conf() -> None:
    assert parse_resolv_conf("# x\nnameserver 192.168.1.1\nsearch lan\nnameserver fe80::1%eth0\n") == (
        "192.168.1.1",
        "fe80::1%eth0",
    )
