"""Addresses in the words of other programs: a zone is no part of one, and what is none is told as none."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from landiag.model.addresses import ip_or_none, parse_ip


@pytest.mark.parametrize(
    ("text", "address"),
    [("192.168.77.10", "192.168.77.10"), ("fe80::1%eth0", "fe80::1"), ("fe80::1%", "fe80::1"), ("::", "::")],
)
def test_an_address_is_read_without_its_zone(text: str, address: str) -> None:
    assert parse_ip(text) == ip_or_none(text) == ip_address(address)


@pytest.mark.parametrize("text", ["", "%eth0", "1.2.3", "192.168.77.256", "shop.local", "192.168.77.10:5000"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert ip_or_none(text) is None
    with pytest.raises(ValueError, match="does not appear to be"):
        parse_ip(text)
