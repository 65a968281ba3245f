"""ifconfig, netstat, lsof, sockstat and arp of macOS and the BSDs."""

from __future__ import annotations

from pathlib import Path

import pytest

from landiag.collect.bsd_net import (
    join_families,
    parse_arp,
    parse_destination,
    parse_hardware_ports,
    parse_ifconfig,
    parse_routes,
)
from landiag.collect.bsd_sockets import parse_lsof, parse_netstat, parse_sockstat
from landiag.model.facts import ParseError

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

OLD = """Active Internet connections (including servers)
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)      rhiwat  shiwat    pid   epid state
tcp46      0      0  *.5000                 *.*                    LISTEN       131072  131072   4711      0 00100
tcp4       0      0  127.0.0.1.8080         *.*                    LISTEN       131072  131072    815      0 00100
tcp4       0      0  10.0.0.2.22            10.0.0.9.50000         ESTABLISHED  131072  131072    900      0 00102
"""
NEW = """Active Internet connections (including servers)
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)      rxbytes  txbytes  process:pid    state
tcp4       0      0  *.5000                 *.*                    LISTEN             0        0  Control Cent:612  00
"""


def test_pids_stand_where_the_heading_says() -> None:
    assert [(str(one.address), one.port, one.pids, one.v6only) for one in parse_netstat(OLD)] == [
        ("::", 5000, (4711,), False), ("127.0.0.1", 8080, (815,), None),
    ]  # fmt: skip
    assert [(one.port, one.pids) for one in parse_netstat(NEW)] == [(5000, (612,))]


def test_an_empty_netstat_is_not_an_empty_machine() -> None:
    with pytest.raises(ParseError):
        parse_netstat("Active Internet connections\n")


IFCONFIG = """lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
\tinet 127.0.0.1 netmask 0xff000000
en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tether 3c:22:fb:1:2:3
\tinet6 fe80::1c2%en0 prefixlen 64 secured scopeid 0x6
\tinet6 2001:db8::5 prefixlen 64 autoconf temporary
\tinet 192.168.1.20 netmask 0xffffff00 broadcast 192.168.1.255
\tstatus: active
utun4: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1380
\tinet 10.8.0.2 --> 10.8.0.1 netmask 0xffffffff
"""


def test_interfaces() -> None:
    wifi = parse_hardware_ports("Hardware Port: Wi-Fi\nDevice: en0\nEthernet Address: 3c:22:fb:01:02:03\n")
    found = parse_ifconfig(IFCONFIG, wifi)
    assert [(one.name, one.kind, one.carrier) for one in found] == [
        ("lo0", "loopback", None), ("en0", "wifi", True), ("utun4", "vpn", None),
    ]  # fmt: skip
    assert [(str(one.interface), one.scope, one.temporary) for one in found[1].addresses] == [
        ("fe80::1c2/64", "link", False), ("2001:db8::5/64", "global", True), ("192.168.1.20/24", "global", False),
    ]  # fmt: skip
    assert str(found[2].addresses[0].peer) == "10.8.0.1/32"


@pytest.mark.parametrize(
    ("text", "flags", "network"),
    [("default", "UGSc", "0.0.0.0/0"), ("127", "UCS", "127.0.0.0/8"), ("192.168.1", "UCS", "192.168.1.0/24"),
     ("10.0.2/24", "UCS", "10.0.2.0/24"), ("10.0.2.2", "UHLWIi", "10.0.2.2/32"), ("fe80::%en0/64", "UCI",
     "fe80::/64"),
     ("224.0.0/4", "UmCS", "224.0.0.0/4")],
)  # fmt: skip
def test_short_destinations(text: str, flags: str, network: str) -> None:
    assert str(parse_destination(text, flags)) == network


def test_both_default_routes() -> None:
    text = """Routing tables

Internet:
Destination        Gateway            Flags        Netif Expire
default            192.168.1.1        UGScg          en0
default            link#20            UCSIg        utun4

Internet6:
Destination        Gateway            Flags        Netif Expire
default            fe80::1%en0        UGcg           en0
"""
    found = join_families(parse_routes(text), text)
    assert [(str(one.destination), one.device, one.metric) for one in found] == [
        ("0.0.0.0/0", "en0", 0), ("0.0.0.0/0", "utun4", 1), ("::/0", "en0", 0),
    ]  # fmt: skip


def test_two_rows_that_run_together_are_damage() -> None:
    head = "Destination        Gateway            Flags     Netif Expire\n"
    with pytest.raises(ParseError):
        parse_routes(f"{head}default 192.168.217.2 UGS em0127.0.0.1 link#2 UH lo0\n")


@pytest.mark.parametrize("gateway", ["102", "10.0.2.2.", "10.0.2.256", "fe80::1::2%en0"])
def test_a_number_that_is_no_gateway_is_damage(gateway: str) -> None:
    head = "Destination        Gateway            Flags     Netif Expire\n"
    with pytest.raises(ParseError):
        parse_routes(f"{head}default {gateway} UGS em0\n127.0.0.1 link#2 UH lo0\n")


def test_lsof_sockstat_and_arp() -> None:
    line = "ControlCe  612 anna   10u  IPv4 0x3      0t0  TCP *:5000 (LISTEN)\n"
    ((socket, command),) = parse_lsof(line)
    assert (str(socket.address), socket.port, socket.pids, command) == ("0.0.0.0", 5000, (612,), "ControlCe")
    head = "USER     COMMAND    PID   FD  PROTO  LOCAL ADDRESS         FOREIGN ADDRESS\n"
    (found,) = parse_sockstat(head + "anna     python3.11 815   3   tcp4   *:5000                *:*\n")
    assert (str(found.address), found.port, found.pids) == ("0.0.0.0", 5000, (815,))
    (neighbour,) = parse_arp("? (192.168.1.1) at 0:11:22:3:4:5 on en0 ifscope [ethernet]\n")
    assert (neighbour.device, neighbour.mac) == ("en0", "00:11:22:03:04:05")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of recorded outputs is not beside the checkout")
@pytest.mark.parametrize(
    ("name", "count"),
    [("macos/jc_osx1014_ifconfig2.txt", 21), ("bsd_net/getmac_openbsd_6_ifconfig.txt", 4),
     ("macos/facter_ifconfig_mac.txt", 17), ("bsd_net/getmac_netbsd8.2_ifconfig.txt", 2)],
)  # fmt: skip
def test_recorded_interfaces(name: str, count: int) -> None:
    assert len(parse_ifconfig((CORPUS / name).read_text())) == count
