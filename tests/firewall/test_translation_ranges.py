"""Translations to a range of addresses: each address is an end of its own."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from landiag.firewall.engine.draws import spread_over
from landiag.firewall.nft.sets import guess_span
from landiag.model.action import NatKind, Target, Translate

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
