"""What the settings of this machine say."""

from __future__ import annotations

import pytest

from landiag.collect.names import RESOLV_CONF, UPLINKS, parse_resolv_conf, servers_to_ask
from landiag.model.facts import Reading, ReadStatus
from landiag.probe.case import Case
from landiag.probe.plan import plan
from landiag.probe.target import parse_request


def test_name_servers_of_resolv_conf() -> None:
    assert parse_resolv_conf("# x\nnameserver 192.168.1.1\nsearch lan\nnameserver fe80::1%eth0\n") == (
        "192.168.1.1",
        "fe80::1%eth0",
    )


@pytest.mark.parametrize(
    ("listed", "behind", "asked"),
    [
        ("192.168.1.1", "10.0.0.1", "192.168.1.1"),
        ("127.0.0.53", "10.0.0.1 fe80::1%eth0", "10.0.0.1 fe80::1%eth0"),
        ("127.0.0.1 192.168.1.1", "192.168.1.1", "192.168.1.1"),
        ("127.0.0.53", "127.0.0.1", "127.0.0.53"),
        ("::1", "", "::1"),
        ("", "10.0.0.1", ""),
    ],
)
def test_who_is_behind_a_name_server_of_this_machine_is_asked(listed: str, behind: str, asked: str) -> None:
    assert servers_to_ask(listed.split(), behind.split()) == tuple(asked.split())


def test_probe_asks_whom_resolved_asks() -> None:
    """What resolved answers for servers that are silent says nothing of them."""
    files = {RESOLV_CONF.name: "127.0.0.53", UPLINKS[0].name: "192.168.1.1"}
    readings = {
        name: Reading(name, ReadStatus.OK, f"nameserver {one}\n".encode()) for name, one in files.items()
    }
    case = Case(parse_request("nas.lan", ("5000",)), readings)
    assert set(files) < {source.name for source in plan(case)}
    source = case.name_servers_source()
    assert source is not None
    assert ("servers", "192.168.1.1") in source.params
