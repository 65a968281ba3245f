"""Which addresses are ways in, which comes first, by which interface clients come, and who an ordinary client is."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface

import pytest
from msgspec.structs import replace

from landiag.journey.classes import follow_ways
from landiag.journey.defaults import default_gateway
from landiag.journey.ownership import owner_of
from landiag.journey.served import served_first
from landiag.journey.ways import Way, choose_ways, client_of, list_ways
from landiag.model.facts import Address, Socket, Unknown
from landiag.model.host import Facts
from landiag.model.report import Target
from tests.journey.world import (
    BASE,
    ETH0,
    GATEWAY,
    LO,
    ROUTES,
    SERVER,
    TUN0,
    host,
    input_rules,
    interface,
    route,
)

ETH1 = interface("eth1", "10.0.0.1/24")
SECOND = ip_interface("192.168.77.11/24")
DUMMY = interface("dummy0", "10.99.0.1/32", kind="dummy")
DOCKER = interface("docker0", "172.17.0.1/16", kind="container")
LOOPBACK = interface("lo", "127.0.0.1/8", "192.168.77.50/32", "10.50.0.1/32", kind="loopback", mac=None)
TWO = host(interfaces=(LOOPBACK, ETH0, ETH1, DUMMY, DOCKER), routes=(*ROUTES, route("10.0.0.0/24", "eth1")))


def chosen(facts: Facts, to: str | None = None, peer: str | None = None, by: str | None = None) -> list[Way]:
    client = None if peer is None else ip_address(peer)
    return list(choose_ways(facts, list_ways(facts), Target(5000, address=to, interface=by), client))


def test_the_default_routes_address_comes_first_and_loopback_or_containers_are_none() -> None:
    assert [str(way.ip) for way in list_ways(TWO)] == [SERVER, "10.0.0.1", "10.99.0.1"]
    assert list_ways(host(interfaces=Unknown("denied", "ip addr"))) == ()


@pytest.mark.parametrize(
    ("to", "peer", "by", "entrance", "clients"),
    [
        (SERVER, None, None, "eth0", "192.168.77.0/24"),
        ("192.168.77.50", None, None, "eth0", "192.168.77.0/24"),
        ("10.50.0.1", None, None, "eth0", "192.168.77.0/24"),
        ("10.50.0.1", "10.0.0.9", None, "eth1", "10.0.0.0/24"),
        ("172.17.0.1", "192.168.77.20", None, "eth0", "192.168.77.0/24"),
        (None, None, "eth1", "eth1", "10.0.0.0/24"),
        (None, "10.0.0.9", None, "eth1", "10.0.0.0/24"),
    ],
    ids=[
        "its own", "on lo", "on lo, of no network here", "on lo, of a named client", "of containers, for a client",
        "by an interface", "the client's network",
    ],
)  # fmt: skip
def test_the_first_way_is_the_one_that_was_asked_for(
    to: str | None, peer: str | None, by: str | None, entrance: str, clients: str
) -> None:
    way = chosen(TWO, to, peer, by)[0]
    assert to is None or str(way.ip) == to
    assert (way.interface.name, str(way.network)) == (entrance, clients)


def test_an_address_of_host_scope_is_one_like_others_and_comes_behind_them() -> None:
    (address,) = ETH0.addresses[:1]
    within = replace(ETH0, addresses=(replace(address, scope="host"),))
    assert str(list_ways(host(interfaces=(LO, within)))[0].ip) == SERVER
    both = replace(ETH0, addresses=(replace(address, scope="host"), replace(address, interface=SECOND)))
    assert [str(way.ip) for way in list_ways(host(interfaces=(LO, both)))] == ["192.168.77.11", SERVER]


@pytest.mark.parametrize(
    ("bound", "rules", "first"),
    [
        ("192.168.77.11", (), "192.168.77.11"),
        ("0.0.0.0", (), SERVER),
        ("127.0.0.1", (), SERVER),
        ("192.168.77.11", ("-p tcp -d 192.168.77.10 --dport 5000 -j DROP",), SERVER),
    ],
    ids=["at the second", "at both", "at none", "a rule decides"],
)
def test_of_two_addresses_in_one_network_clients_are_given_the_one_with_the_server(
    bound: str, rules: tuple[str, ...], first: str
) -> None:
    two = replace(ETH0, addresses=(*ETH0.addresses[:1], Address(SECOND)))
    sockets = (Socket(ip_address(bound), 5000),)
    own = route("192.168.77.11/32", "eth0", kind="local", table="local")
    facts = host(interfaces=(LO, two), routes=(*ROUTES, own), sockets=sockets, ruleset=input_rules(*rules))
    ways = list_ways(facts)
    assert str(served_first(ways, follow_ways(facts, ways, Target(5000), None))[0].ip) == first


def test_an_address_of_another_network_is_not_put_first() -> None:
    facts = replace(TWO, sockets=(Socket(ip_address("10.0.0.1"), 5000),))
    ways = list_ways(facts)
    assert served_first(ways, follow_ways(facts, ways, Target(5000), None)) == ways
    assert served_first((), {}) == ()


@pytest.mark.parametrize("to", ["192.168.77.99", "127.0.0.1", "0.0.0.0", "172.17.0.1"])
def test_an_address_that_no_other_device_can_use_is_no_way(to: str) -> None:
    assert [str(way.ip) for way in chosen(TWO, to)] == [SERVER, "10.0.0.1", "10.99.0.1"]


def test_an_address_on_a_link_without_carrier_is_a_way_where_it_is_asked_for() -> None:
    down = host(interfaces=(LO, ETH0, replace(ETH1, carrier=False)))
    assert [str(way.ip) for way in chosen(down)] == [SERVER]
    way = chosen(down, "10.0.0.1")[0]
    assert (way.interface.name, way.beyond) == ("eth1", None)


def test_an_address_on_lo_of_a_machine_without_a_link_is_entered_by_nothing_else() -> None:
    alone = host(interfaces=(LOOPBACK,), routes=())
    assert [way.interface.name for way in chosen(alone, "192.168.77.50")] == ["lo"]


@pytest.mark.parametrize(
    ("routes", "entrance"),
    [
        ((*ROUTES, route("10.9.0.0/16", "eth1", gateway="10.0.0.254")), "eth1"),
        ((*ROUTES, route("10.9.0.0/16", "tun0")), "eth0"),
        (Unknown("denied", "ip route"), "eth0"),
    ],
    ids=["by another card", "by a tunnel", "nobody knows"],
)
def test_a_client_behind_a_router_comes_by_the_card_that_leads_there(routes: object, entrance: str) -> None:
    facts = host(interfaces=(LO, ETH0, ETH1, TUN0), routes=routes)
    (way,) = (one for one in chosen(facts, peer="10.9.1.1") if str(one.ip) == SERVER)
    assert way.interface.name == entrance


@pytest.mark.parametrize(
    ("own", "routes", "clients"),
    [
        ("203.0.113.7/32", (route("0.0.0.0/0", "eth0", gateway="203.0.113.1"),), "203.0.113.0/24"),
        ("203.0.113.7/32", (route("203.0.112.0/20", "eth0"),), "203.0.112.0/20"),
        ("203.0.113.7/32", (), "203.0.113.7/32"),
        ("203.0.113.7/32", Unknown("denied", "ip route"), "203.0.113.7/32"),
    ],
)
def test_clients_of_an_address_without_a_network_are_around_its_gateway(
    own: str, routes: object, clients: str
) -> None:
    (way,) = list_ways(host(interfaces=(LO, interface("eth0", own)), routes=routes))
    assert str(way.network) == clients


def test_an_address_without_a_network_shares_that_of_the_address_beside_it() -> None:
    card = interface("eth0", "192.168.77.10/24", "192.168.77.11/32")
    networks = {str(way.ip): str(way.network) for way in list_ways(host(interfaces=(LO, card)))}
    assert networks == {"192.168.77.10": "192.168.77.0/24", "192.168.77.11": "192.168.77.0/24"}


@pytest.mark.parametrize(
    ("own", "client"),
    [
        ("192.168.77.10/24", "192.168.77.20"),
        ("192.168.77.20/24", "192.168.77.1"),
        ("10.0.0.1/30", "10.0.0.2"),
        ("10.0.0.2/30", "10.0.0.1"),
        ("10.0.0.0/31", "10.0.0.1"),
        ("10.0.0.1/31", "10.0.0.0"),
        ("10.0.0.4/32", "10.0.0.5"),
        ("fd77::1/127", "fd77::"),
        ("fd77::14/64", "fd77::1"),
    ],
)
def test_an_ordinary_client_is_another_address_of_the_network(own: str, client: str) -> None:
    (way,) = list_ways(host(interfaces=(LO, interface("eth0", own)), routes=()))
    assert client_of(way) == ip_address(client)


def test_the_gateway_of_a_card_is_that_of_its_own_default_route() -> None:
    assert default_gateway(BASE.routes, "eth0") == ip_address(GATEWAY)
    assert default_gateway(BASE.routes, "eth1") is None


def test_a_url_says_what_clients_type() -> None:
    (way,) = list_ways(BASE)
    assert [way.url(port) for port in (5000, 80, None)] == [
        f"http://{SERVER}{port}/" for port in (":5000", "", "")
    ]


def test_a_local_route_makes_a_network_this_machines_own() -> None:
    facts = host(routes=(*ROUTES, route("192.168.77.48/28", "lo", kind="local", table="local")))
    first = chosen(facts, to="192.168.77.50")[0]
    assert (str(first.ip), first.interface.name, str(first.network)) == (
        "192.168.77.50",
        "eth0",
        "192.168.77.0/24",
    )
    assert owner_of(facts, ip_address("192.168.77.70")) is None
    assert owner_of(host(routes=Unknown("denied", "ip route")), ip_address("192.168.77.50")) is None


def test_the_address_of_all_routers_is_no_client() -> None:
    shared = route("192.168.77.128/32", "eth0", kind="anycast", table="local")
    facts = host(routes=(*ROUTES, shared))
    classes = follow_ways(facts, list_ways(facts), Target(5000), None)
    assert [len(found) for found in classes.values()] == [1]
