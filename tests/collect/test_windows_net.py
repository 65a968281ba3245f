"""Windows' console tools in several languages and code pages."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from landiag.checks.wsl.sources import WSL_PORTPROXY, read_proxies
from landiag.collect.adapters import kind_of
from landiag.collect.portproxy import PortProxy, PortRange, parse_excluded_ranges, parse_portproxy
from landiag.collect.windows_net import (
    parse_adapters,
    parse_arp,
    parse_ipconfig,
    parse_netstat,
    parse_routes4,
    parse_routes6,
)
from landiag.firewall.windows.text import decode_console
from landiag.model.facts import ParseError, Reading, ReadStatus, Unknown

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "windows_net"

GERMAN_NETSTAT = """
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    0.0.0.0:5000           0.0.0.0:0              ABHÖREN         4711
  TCP    127.0.0.1:5000         0.0.0.0:0              ABHÖREN         815
  TCP    192.168.77.10:50123    192.168.77.1:443       HERGESTELLT     900
  TCP    [::]:5000              [::]:0                 ABHÖREN         4711
  UDP    0.0.0.0:5353           *:*                                    3000
"""


def test_listeners_are_told_by_their_remote_port_whatever_the_state_is_called() -> None:
    found = [(str(one.address), one.port, one.pids) for one in parse_netstat(GERMAN_NETSTAT)]
    assert found == [("0.0.0.0", 5000, (4711,)), ("127.0.0.1", 5000, (815,)), ("::", 5000, (4711,))]


def test_the_ipv6_half_of_a_socket_never_serves_ipv4() -> None:
    assert [one.v6only for one in parse_netstat(GERMAN_NETSTAT) if one.address.version == 6] == [True]


@pytest.mark.parametrize("text", ["", "Aktive Verbindungen\n", "UDP 0.0.0.0:1 *:* 3"])
def test_an_empty_netstat_is_not_an_empty_machine(text: str) -> None:
    with pytest.raises(ParseError):
        parse_netstat(text)


FRENCH = """
Configuration IP de Windows

Carte réseau sans fil Wi-Fi :

   Suffixe DNS propre à la connexion. . . : home
   Adresse IPv6 de liaison locale. . . . .: fe80::1%12
   Adresse IPv4. . . . . . . . . . . . . .: 192.168.1.20
   Masque de sous-réseau. . . . . . . . . : 255.255.255.0
   Passerelle par défaut. . . . . . . . . : fe80::2%12
                                       192.168.1.1

Carte Ethernet vEthernet (WSL) :

   Statut du média. . . . . . . . . . . . : Média déconnecté
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp850", "cp437"])
def test_adapters_in_any_code_page(encoding: str) -> None:
    found = parse_ipconfig(decode_console(FRENCH.encode(encoding)))
    assert [(one.name, one.kind) for one in found] == [("Wi-Fi", "wifi"), ("vEthernet (WSL)", "vm")]
    assert [str(one.interface) for one in found[0].addresses] == ["fe80::1/64", "192.168.1.20/24"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Ethernet", "ethernet"), ("WLAN", "wifi"), ("VMware Network Adapter VMnet8", "vm"), ("Tailscale", "vpn"),
     ("Loopback Pseudo-Interface 1", "loopback"), ("以太网", "ethernet"), ("ZeroTier One [a]", "vpn")],
)  # fmt: skip
def test_what_adapters_are(name: str, kind: str) -> None:
    assert kind_of(name) == kind


ROUTES = """
===========================================================================
Schnittstellenliste
 12...3c 52 82 aa bb cc ......Intel(R) Ethernet Connection
  1...........................Software Loopback Interface 1
===========================================================================
IPv4-Routentabelle
===========================================================================
Aktive Routen:
     Netzwerkziel    Netzwerkmaske          Gateway    Schnittstelle Metrik
          0.0.0.0          0.0.0.0      192.168.1.1     192.168.1.20     25
      192.168.1.0    255.255.255.0   Auf Verbindung     192.168.1.20    281
     192.168.1.20  255.255.255.255   Auf Verbindung     192.168.1.20    281
===========================================================================
Ständige Routen:
          0.0.0.0          0.0.0.0         10.9.9.9  Standard
"""


def test_routes() -> None:
    interfaces = parse_ipconfig(FRENCH)
    found = parse_routes4(ROUTES, interfaces)
    assert [(str(one.destination), one.kind, one.device) for one in found] == [
        ("0.0.0.0/0", "unicast", "Wi-Fi"), ("192.168.1.0/24", "unicast", "Wi-Fi"), ("192.168.1.20/32", "local",
        "Wi-Fi"),
    ]  # fmt: skip
    assert found[0].gateway == ip_address("192.168.1.1")
    assert parse_adapters(ROUTES)[0].mac == "3c:52:82:aa:bb:cc"


def test_a_gateway_on_the_next_line() -> None:
    text = " 16    291 fe80::5c07:67a6:7f15:9bab/128\n" + 36 * " " + "On-link\n  5 30 ::/0 fe80::1\n"
    found = parse_routes6(text, {16: "Wi-Fi", 5: "Ethernet"})
    assert [(str(one.destination), one.device, str(one.gateway)) for one in found] == [
        ("fe80::5c07:67a6:7f15:9bab/128", "Wi-Fi", "None"), ("::/0", "Ethernet", "fe80::1"),
    ]  # fmt: skip


@pytest.mark.parametrize("gateway", ["192", "192.168.1.", "192.168.1.999"])
def test_a_number_that_is_no_gateway_is_damage(gateway: str) -> None:
    with pytest.raises(ParseError):
        parse_routes4(ROUTES.replace("192.168.1.1 ", f"{gateway} "), ())


@pytest.mark.parametrize(
    "row", ["  5 30 ::/0 fe80::1::2\n", "  5 30 ::/0 192.168.1\n", "  5 30 1::2::/64 On-link\n"]
)
def test_a_number_that_is_no_gateway_or_network_is_damage_in_ipv6(row: str) -> None:
    with pytest.raises(ParseError):
        parse_routes6(row, {5: "Ethernet"})


def test_neighbours() -> None:
    text = """
Schnittstelle: 192.168.1.20 --- 0xc
  Internetadresse       Physische Adresse     Typ
  192.168.1.1           aa-bb-cc-dd-ee-ff     dynamisch
  192.168.1.255         ff-ff-ff-ff-ff-ff     statisch
  224.0.0.22            01-00-5e-00-00-16     statisch
"""
    (found,) = parse_arp(text, parse_ipconfig(FRENCH))
    assert (str(found.address), found.device, found.mac) == ("192.168.1.1", "Wi-Fi", "aa:bb:cc:dd:ee:ff")


def test_port_proxies_and_none() -> None:
    row = "0.0.0.0         5000        172.20.1.2      5000\n"
    assert parse_portproxy("Adresse Port\n------- ----\n" + row) == (
        PortProxy("0.0.0.0", 5000, "172.20.1.2", 5000),
    )
    assert parse_portproxy("") == ()


TABLE = "{}\n\nAddress         Port        Address         Port\n------- ----\n{}         5000        {}      5000\n\n"


def test_families_of_port_proxies_come_from_the_heading_of_their_own_table() -> None:
    first = TABLE.format("Listen on ipv6:             Connect to ipv4:", "*", "172.20.1.2")
    assert [one.listen_family for one in parse_portproxy(first)] == [6]
    for heading in ("L?sten on ip?6:             Connect to ipv4:", ""):
        with pytest.raises(ParseError, match="IPv4 or IPv6"):
            parse_portproxy(first + TABLE.format(heading, "*", "172.20.1.2"))
    (_, second) = parse_portproxy(first + TABLE.format("", "0.0.0.0", "fd77::10"))
    assert (second.listen_family, second.connect_family) == (4, 6)


def test_dashes_that_run_into_the_first_row_are_damage() -> None:
    with pytest.raises(ParseError):
        parse_portproxy("Address Port\n------- --0.0.0.0 5000 172.20.1.2 5000\n")


@pytest.mark.parametrize("cut", ["0.0.0.0         5000", "0.0.0.0xxxx5000xxxx172.20.1.2xxx5000"])
def test_a_damaged_list_of_port_proxies_is_unknown(cut: str) -> None:
    text = TABLE.format("Listen on ipv4:             Connect to ipv4:", "0.0.0.0", "172.20.1.2")
    damaged = text.replace("0.0.0.0         5000        172.20.1.2      5000", cut)
    assert isinstance(
        read_proxies({WSL_PORTPROXY.name: Reading(WSL_PORTPROXY.name, ReadStatus.OK, damaged.encode())}),
        Unknown,
    )


def test_excluded_ranges() -> None:
    text = "Start Port    End Port\n--------    --------\n      4950        5049      \n     50000       50059     *\n"
    assert parse_excluded_ranges(text) == (PortRange(4950, 5049), PortRange(50000, 50059, administered=True))
    with pytest.raises(ParseError):
        parse_excluded_ranges("")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of recorded outputs is not beside the checkout")
@pytest.mark.parametrize(
    ("name", "count"),
    [("netstat_ano.es.utf16.txt", 49), ("netstat_ano_large.en.txt", 72), ("jc_windows-10_netstat-aonb.txt", 51),
     ("netstat_naob.en.txt", 44)],
)  # fmt: skip
def test_recorded_listeners(name: str, count: int) -> None:
    assert len(parse_netstat(decode_console((CORPUS / name).read_bytes()))) == count


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of recorded outputs is not beside the checkout")
@pytest.mark.parametrize(
    ("name", "address"),
    [("ipconfig.ru.cp866.txt", "192.168.0.245/22"), ("ipconfig.es.cp850.txt", "192.168.1.105/24"),
     ("ipconfig.pt-BR.cp850.txt", "192.168.0.109/24"), ("ipconfig_2.zh-CN.gbk.txt", "192.168.10.21/24"),
     ("ipconfig.en-with-ru-adapters.cp866.txt", "192.168.0.111/22"), ("jc_windows-xp_ipconfig.txt",
     "192.168.22.135/24")],
)  # fmt: skip
def test_recorded_adapters(name: str, address: str) -> None:
    found = parse_ipconfig(decode_console((CORPUS / name).read_bytes()))
    addresses = [
        str(one.interface) for interface in found for one in interface.addresses if interface.kind != "vm"
    ]
    assert address in addresses
