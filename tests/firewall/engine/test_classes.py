"""A network is cut at the addresses that rules mention."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from landiag.firewall.command import judge_packets
from landiag.firewall.engine.pieces import split_network
from tests.firewall.rules import packet, saved

BANNED = (
    "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 192.168.77.23/32 -j DROP\n-A INPUT -s 192.168.77.64/28 -j REJECT\n"
    "-A INPUT -s 10.0.0.0/8 -j DROP\nCOMMIT\n"
)
LAN = ip_network("192.168.77.0/24")
OWN = ip_address("192.168.77.10")


def test_the_pieces_hold_every_client_once() -> None:
    pieces = split_network(saved(BANNED), LAN, [OWN])
    held = [int(piece.first) + step for piece in pieces for step in range(piece.size)]
    assert sorted(held) == [int(LAN[0]) + host for host in range(1, 255) if host != 10]


def test_no_rule_tells_the_clients_of_a_piece_apart() -> None:
    for piece in split_network(saved(BANNED), LAN, [OWN]):
        for low, high in (("192.168.77.23", "192.168.77.23"), ("192.168.77.64", "192.168.77.79")):
            first, last = int(piece.first), int(piece.last)
            inside = first >= int(ip_address(low)) and last <= int(ip_address(high))
            outside = last < int(ip_address(low)) or first > int(ip_address(high))
            assert inside or outside


def test_the_ordinary_clients_speak_and_the_others_are_named() -> None:
    (judged,) = judge_packets(saved(BANNED), [packet(5000, source=None)])
    assert judged.told.verdict.value == "accept"
    assert [(one.told.verdict.value, one.size) for one in judged.others] == [("reject", 16), ("drop", 1)]
    assert str(judged.others[1].pieces[0].speaker) == "192.168.77.23"
