"""A virtual machine behind its host's own NAT is told by the hardware address of its gateway."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from landiag.journey.guest import behind_host
from landiag.journey.ways import Front, list_ways
from landiag.model.facts import Unknown
from landiag.model.host import Facts
from tests.journey.world import LO, host, interface, neighbour, route

GATEWAY = "10.0.2.2"


def guest(*macs: str, gateway: str = GATEWAY) -> Facts:
    """A machine in 10.0.2.0/24 that knows these hardware addresses of its gateway."""
    return host(
        interfaces=(LO, interface("eth0", "10.0.2.15/24")),
        routes=(route("10.0.2.0/24", "eth0"), route("0.0.0.0/0", "eth0", gateway=gateway)),
        neighbours=tuple(neighbour(gateway, mac, "REACHABLE") for mac in macs),
    )


def fronts(facts: Facts, port: int | None = 5000) -> list[Front | None]:
    found = [way.front for way in behind_host(facts, list_ways(facts), port)]
    return [None if one is None else Front(one.ip, one.port, one.source) for one in found]


@pytest.mark.parametrize("mac", ["52:55:0a:00:02:02", "52:54:00:12:35:02"])
def test_its_host_stands_in_front_and_only_the_host_knows_the_address(mac: str) -> None:
    assert fronts(guest(mac)) == [Front(None, 5000, ip_address(GATEWAY))]


@pytest.mark.parametrize(
    ("mac", "gateway"),
    [
        ("9c:c7:a6:01:02:03", GATEWAY),
        ("52:55:0a:00:02:02", "10.0.2.3"),
        ("52:54:00:12:35:01", GATEWAY),
    ],
)
def test_a_router_is_no_such_nat(mac: str, gateway: str) -> None:
    assert fronts(guest(mac, gateway=gateway)) == [None]


def test_where_nobody_knows_the_hardware_address_the_usual_gateway_may_be_one() -> None:
    assert fronts(guest()) == [Front(None, 5000, ip_address(GATEWAY))]
    assert fronts(guest(gateway="10.0.2.1")) == [None]
    assert fronts(host(neighbours=Unknown("denied", "ip neigh"))) == [None]


def test_a_whole_host_has_no_port_that_its_host_could_forward() -> None:
    assert fronts(guest("52:55:0a:00:02:02"), None) == [None]


def test_the_ipv6_address_of_such_a_card_lies_behind_the_same_host() -> None:
    facts = host(
        interfaces=(LO, interface("eth0", "10.211.55.5/24", "fdb2:2c26:f4e4::5/64")),
        routes=(route("10.211.55.0/24", "eth0"), route("0.0.0.0/0", "eth0", gateway="10.211.55.1")),
        neighbours=(neighbour("10.211.55.1", "00:1c:42:00:00:18", "REACHABLE"),),
    )
    assert fronts(facts) == [Front(None, 5000), Front(None, 5000)]


@pytest.mark.parametrize(("peer", "is_fronted"), [("10.211.55.2", False), ("192.168.77.20", True)])
def test_guests_and_the_host_reach_each_other_without_the_nat(peer: str, is_fronted: bool) -> None:
    facts = host(
        interfaces=(LO, interface("eth0", "10.211.55.5/24")),
        routes=(route("10.211.55.0/24", "eth0"), route("0.0.0.0/0", "eth0", gateway="10.211.55.1")),
        neighbours=(neighbour("10.211.55.1", "00:1c:42:00:00:18", "REACHABLE"),),
    )
    (way,) = behind_host(facts, list_ways(facts), 5000, ip_address(peer))
    assert (way.front is not None) is is_fronted


@pytest.mark.parametrize("last", [2, 15])
def test_behind_a_user_network_nobody_is_nearer_than_the_host(last: int) -> None:
    facts = guest("52:55:0a:00:02:02")
    (way,) = behind_host(facts, list_ways(facts), 5000, ip_address(f"10.0.2.{last}"))
    assert way.front is not None


CARD = "00:0c:29:5e:11:22"


@pytest.mark.parametrize(
    ("mac", "gateway", "is_fronted"),
    [(CARD, "10.0.2.1", True), (CARD, GATEWAY, True), ("3c:52:82:aa:bb:cc", GATEWAY, True),
     ("3c:52:82:aa:bb:cc", "10.0.2.1", False)],
)  # fmt: skip
def test_where_the_neighbours_cannot_be_read_the_card_of_a_guest_is_enough(
    mac: str, gateway: str, is_fronted: bool
) -> None:
    facts = host(
        interfaces=(LO, interface("eth0", "10.0.2.15/24", mac=mac)),
        routes=(route("10.0.2.0/24", "eth0"), route("0.0.0.0/0", "eth0", gateway=gateway)),
        neighbours=Unknown("denied", "ip neigh"),
    )
    assert fronts(facts) != [None] if is_fronted else fronts(facts) == [None]
