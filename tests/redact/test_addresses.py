"""Properties of the new addresses: order, prefixes, classes and host parts stay, and nothing lands on an old one."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from landiag.collect.guests import usual_networks
from landiag.redact.addresses import AddressMap, IPAddress

_V4 = st.one_of(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**16 - 1).map(lambda low: 0xC0A80000 | low),
    st.integers(0, 2**24 - 1).map(lambda low: 0x0A000000 | low),
    st.integers(0, 2**20 - 1).map(lambda low: 0xAC100000 | low),
    st.integers(0, 2**8 - 1).map(lambda low: 0xCB007100 | low),
).map(IPv4Address)
_V6 = st.one_of(
    st.integers(0, 2**128 - 1),
    st.integers(0, 2**96 - 1).map(lambda low: 0x20010DB8 << 96 | low),
    st.integers(0, 2**80 - 1).map(lambda low: 0xFD77 << 112 | low),
    st.integers(0, 2**64 - 1).map(lambda low: 0xFE80 << 112 | low),
    st.integers(0, 2**125 - 1).map(lambda low: 1 << 125 | low),
).map(IPv6Address)


def _map(addresses: list[IPAddress]) -> dict[IPAddress, IPAddress]:
    table = AddressMap()
    for one in addresses:
        table.add(one.version, int(one))
    table.freeze()
    return {one: type(one)(table.map(one.version, int(one))) for one in addresses}


def _common(first: IPAddress, second: IPAddress) -> int:
    return first.max_prefixlen - (int(first) ^ int(second)).bit_length()


def _is_eui64(one: IPAddress) -> bool:
    return one.version == 6 and int(one) >> 24 & 0xFFFF == 0xFFFE


def _kind(one: IPAddress) -> tuple[bool, ...]:
    return (
        one.is_private,
        one.is_global,
        one.is_loopback,
        one.is_multicast,
        one.is_link_local,
        one.is_unspecified,
    )


def _moves(one: IPAddress) -> bool:
    table = AddressMap()
    return table.ipv4.class_of(int(one)) is not None


@given(st.lists(_V4, min_size=1, max_size=60, unique=True))
@example([ip_address("10.0.2.1"), ip_address("10.0.2.15"), ip_address("10.0.3.15")])
def test_ipv4_keeps_order_prefixes_classes(addresses: list[IPAddress]) -> None:
    new = _map(addresses)
    ordered = sorted(addresses)
    assert sorted(new.values()) == [new[one] for one in ordered]
    assert len(set(new.values())) == len(addresses)
    for first, second in pairwise(ordered):
        assert _common(first, second) == _common(new[first], new[second])
    for one in addresses:
        assert _kind(one) == _kind(new[one])
        assert not _moves(one) or _stays(one, addresses) or new[one] not in addresses


def _stays(one: IPAddress, addresses: list[IPAddress]) -> bool:
    """Whether it lies in a network that a product gives every guest, whose gateway is among them."""
    return any(gateway in addresses and one in network for network, gateway in usual_networks())


@given(st.lists(_V6.filter(lambda one: not _is_eui64(one)), min_size=1, max_size=40, unique=True))
def test_ipv6_keeps_order_prefixes_classes(addresses: list[IPAddress]) -> None:
    new = _map(addresses)
    ordered = [one for one in sorted(addresses) if int(one) >> 32 not in (0, 0xFFFF, 0x64FF9B << 64)]
    for first, second in pairwise(ordered):
        assert _common(first, second) == _common(new[first], new[second])
        assert int(new[first]) < int(new[second])
    for one in addresses:
        assert _kind(one) == _kind(new[one])


@given(st.lists(_V4, min_size=1, max_size=30, unique=True))
def test_ipv6_carries_the_same_ipv4(addresses: list[IPAddress]) -> None:
    new = _map([*addresses, *(IPv6Address(0xFFFF << 32 | int(one)) for one in addresses)])
    for one in addresses:
        assert new[IPv6Address(0xFFFF << 32 | int(one))] == IPv6Address(0xFFFF << 32 | int(new[one]))


@pytest.mark.parametrize(
    ("old", "host_bits"),
    [("192.168.77.10", 8), ("8.8.4.4", 8), ("10.1.2.3", 8), ("fd77::10", 64), ("2a01:4f8::7", 64)],
)
def test_host_part_stays(old: str, host_bits: int) -> None:
    address = ip_address(old)
    (new,) = _map([address]).values()
    assert new != address
    assert int(new) & ((1 << host_bits) - 1) == int(address) & ((1 << host_bits) - 1)


@pytest.mark.parametrize(
    "kept", ["127.0.0.1", "0.0.0.0", "255.255.255.0", "224.0.0.251", "::", "::1", "ff02::fb"]
)
def test_what_names_nobody_stays(kept: str) -> None:
    assert _map([ip_address(kept)]) == {ip_address(kept): ip_address(kept)}


def test_host_part_of_a_wide_network_stays() -> None:
    table = AddressMap()
    table.ipv4.on_link.add((int(ip_address("10.1.0.0")), 16))
    for text in ("10.1.2.3", "10.1.255.255", "10.1.9.9"):
        table.add(4, int(ip_address(text)))
    table.freeze()
    assert str(IPv4Address(table.map(4, int(ip_address("10.1.2.3"))))) == "10.128.2.3"
    assert str(IPv4Address(table.map(4, int(ip_address("10.1.255.255"))))) == "10.128.255.255"


def test_prefix_of_a_wider_network_covers_the_same_hosts() -> None:
    table = AddressMap()
    for text in ("192.168.64.0", "192.168.77.10", "192.168.130.1"):
        table.add(4, int(ip_address(text)))
    table.freeze()
    network = ip_network((table.map(4, int(ip_address("192.168.64.0")), 18), 18))
    assert IPv4Address(table.map(4, int(ip_address("192.168.77.10")))) in network
    assert IPv4Address(table.map(4, int(ip_address("192.168.130.1")))) not in network


def test_hardware_address_inside_ipv6_goes_too() -> None:
    table = AddressMap()
    old = ip_address("fe80::5054:ff:fe12:3456")
    table.add(6, int(old))
    table.freeze()
    new = IPv6Address(table.map(6, int(old)))
    assert new.is_link_local
    assert "12:3456" not in str(new)
    assert table.macs.known == {0x525400123456: 0x525400000001}  # QEMU stays, the machine goes


def test_crowded_class_still_leaves_nothing_where_it_was() -> None:
    full = [IPv4Address(0xC0A80000 | net << 8 | 10) for net in range(256)]
    new = _map(list(full))
    assert not set(new.values()) & set(full)
    assert sorted(new.values()) == [new[one] for one in sorted(full)]
