"""Ports and addresses of many packets, in the shorter of the ways to say them."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from landiag.firewall.said import say_ports, say_who
from landiag.model.operands import Ranges

TOP = (1 << 32) - 1
EVERYWHERE: Ranges = ((0, TOP),)


@pytest.mark.parametrize(
    ("ports", "words"),
    [
        (((0, 65535),), "every port"),
        (((22, 22), (5000, 5010)), "22, 5000-5010"),
        (((1024, 65535),), "1024-65535"),
        (((0, 24), (26, 65535)), "every port but 25"),
        (((0, 21), (23, 79), (81, 65535)), "every port but 22, 80"),
        (((1, 9), (65000, 65535)), "1-9, 65000-65535"),
    ],
)
def test_ports(ports: Ranges, words: str) -> None:
    assert say_ports(ports) == words


def spans(*pairs: tuple[str, str]) -> Ranges:
    return tuple((int(ip_address(low)), int(ip_address(high))) for low, high in pairs)


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        (EVERYWHERE, "anywhere"),
        (spans(("0.0.0.0", "9.255.255.255"), ("11.0.0.0", "255.255.255.255")), "anywhere but 10.0.0.0/8"),
        (spans(("192.168.77.0", "192.168.77.255"), ("10.0.0.5", "10.0.0.5")), "192.168.77.0/24, 10.0.0.5"),
        (spans(("10.0.0.1", "10.0.0.254")), "10.0.0.1-10.0.0.254"),
    ],
)
def test_addresses(sources: Ranges, words: str) -> None:
    assert say_who(sources, EVERYWHERE, 4, TOP) == words
