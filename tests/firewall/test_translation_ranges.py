"""Translations to a range of addresses: each address is an end of its own."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from landiag.firewall.engine.context import Context
from landiag.firewall.engine.draws import spread_over
from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.nat import translated
from landiag.firewall.engine.surroundings import Surroundings
from landiag.firewall.ipt.targets import parse_target
from landiag.firewall.nft.sets import guess_span
from landiag.model.action import NatKind, Target, Translate
from landiag.model.packet import Packet

LOW = int(ip_address("172.17.0.2"))


@pytest.mark.parametrize(
    "written", [{"prefix": {"addr": "172.17.0.2", "len": 31}}, {"range": ["172.17.0.2", "172.17.0.3"]}]
)
def test_two_addresses_as_nft_lists_them(written: object) -> None:
    low, high = guess_span(written, None)
    assert (low, high) == (LOW, LOW + 1)
    draw = spread_over(Translate(NatKind.DNAT, Target((LOW, LOW + 1), (80, 80)), 4))
    assert draw is not None
    assert list(draw.numbers) == [low, high]


def test_a_prefix_of_ipv6_is_one() -> None:
    low = int(ip_address("fd00::2"))
    assert guess_span({"prefix": {"addr": "fd00::2", "len": 127}}, None) == (low, low + 1)


def test_one_address_or_a_whole_network_is_no_choice() -> None:
    network = Target((LOW & ~255, LOW | 255))
    assert spread_over(Translate(NatKind.DNAT, Target((LOW, LOW)), 4)) is None
    assert spread_over(Translate(NatKind.DNAT, network, 4, netmap=True)) is None
    assert spread_over(Translate(NatKind.SNAT, network, 4)) is None


@pytest.mark.parametrize(
    ("translate", "asked", "port"),
    [
        (Translate(NatKind.DNAT, parse_target("172.17.0.2:80-90/5000", 4), 4), 5003, 83),
        (Translate(NatKind.DNAT, parse_target("172.17.0.2:80-90/5000", 4), 4), 5012, 81),
        (Translate(NatKind.DNAT, parse_target("172.17.0.2:80-90", 4), 4), 5003, 80),
        (Translate(NatKind.DNAT, parse_target("172.17.0.2:80-90", 4), 4), 85, 85),
        (Translate(NatKind.DNAT, parse_target("172.17.0.2:80-90", 4), 4, random=True), 85, None),
        (Translate(NatKind.DNAT, parse_target(":80", 4), 4), 5000, 80),
    ],
)
def test_the_port_that_the_kernel_takes_of_a_range(
    translate: Translate, asked: int, port: int | None
) -> None:
    packet = Packet(asked, source=ip_address("192.168.77.20"), destination=ip_address("192.168.77.10"))
    fields = PacketFields(packet, Context("ip", Surroundings(), "prerouting"))
    found = translated(fields, translate)
    assert found is not None
    assert found.destination_port == port
