"""Masks of iptables are netmasks, also those that look like the wildcard masks of routers."""

from __future__ import annotations

from ipaddress import ip_address
from random import Random

import pytest

from landiag.model.masks import MAX_HOLES, unmasked
from tests.firewall.rules import packet, saved, verdict

RULES = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -s {mask} -j DROP
COMMIT
"""


@pytest.mark.parametrize(
    ("mask", "dropped", "passing"),
    [
        ("0.0.0.1/0.0.0.1", "192.168.77.21", "192.168.77.20"),
        ("0.0.0.0/0.0.0.255", "192.168.77.0", "192.168.77.1"),
        ("10.0.7.0/255.0.255.0", "10.9.7.3", "10.9.8.3"),
        ("192.168.77.0/255.255.255.0", "192.168.77.20", "192.168.78.20"),
        ("192.168.77.0/24", "192.168.77.20", "192.168.78.20"),
        ("192.168.77.20", "192.168.77.20", "192.168.77.21"),
    ],
)
def test_a_mask_with_holes_is_compared_bit_by_bit(mask: str, dropped: str, passing: str) -> None:
    rules = saved(RULES.format(mask=mask))
    assert verdict(rules, packet(source=ip_address(dropped))) == "drop"
    assert verdict(rules, packet(source=ip_address(passing))) == "accept"


def test_a_mask_with_few_holes_is_so_many_ranges() -> None:
    chance = Random(15)
    told = 0
    for _ in range(200):
        mask, wanted = chance.getrandbits(16), chance.getrandbits(16)
        ranges = unmasked(((wanted & (mask | 1), wanted & (mask | 1)),), mask, 16)
        if ranges is None:
            assert (0xFFFF & ~mask).bit_count() > MAX_HOLES
            continue
        told += 1
        for value in chance.sample(range(65536), 300):
            is_in = any(low <= value <= high for low, high in ranges)
            assert is_in is (value & mask == wanted & (mask | 1))
    assert told > 100
