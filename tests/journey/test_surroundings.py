"""What a packet filter learns from its host: types of addresses, devices, loopback from outside, the socket's mark."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.firewall.engine.surroundings import Way
from landiag.journey.surroundings import HostSurroundings
from landiag.model.facts import Family, Interface, Socket, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.route import PolicyRule, RouteKind
from landiag.model.terms import StageName, Symptom
from tests.journey.world import (
    BASE,
    CLIENT,
    ETH0,
    LO,
    LOCAL,
    ROUTES,
    RULES,
    SERVER,
    attempt,
    host,
    interface,
    iptables,
    route,
    rule,
    settings,
)

SIX = host(
    interfaces=(LO, interface("eth0", f"{SERVER}/24", "fd77::10/64")),
    routes=(
        *ROUTES,
        route("fd77::10/128", "eth0", kind="local", table="local"),
        route("fd77::/64", "eth0"),
        route("fd78::/64", None, kind="blackhole"),
    ),
    policy_rules=(*RULES, *(replace(one, family=Family.IPV6) for one in RULES)),
)


def around(facts: Facts) -> HostSurroundings:
    packet = Packet(5000, source=ip_address(CLIENT), destination=ip_address(SERVER), in_interface="eth0")
    return HostSurroundings(facts, packet)


@pytest.mark.parametrize(
    ("address", "device", "kind"),
    [
        (SERVER, None, "local"),
        (SERVER, "eth0", "local"),
        (SERVER, "lo", "unicast"),
        (CLIENT, None, "unicast"),
        ("8.8.8.8", None, "unicast"),
        ("224.0.0.1", None, "multicast"),
        ("255.255.255.255", None, "broadcast"),
        ("0.0.0.0", None, "broadcast"),
        ("0.1.2.3", None, "unicast"),
        ("::", None, "unspec"),
        ("fd77::10", None, "local"),
        ("fd77::10", "eth0", "local"),
        ("fd77::10", "lo", "unicast"),
        ("fd77::20", None, "unicast"),
        ("fd78::1", None, "blackhole"),
        ("fd79::1", None, "unreachable"),
        ("ff02::1", None, "multicast"),
    ],
)
def test_the_type_of_an_address(address: str, device: str | None, kind: str) -> None:
    assert around(SIX).address_type(ip_address(address), device) == kind


def test_without_routes_only_what_is_the_same_everywhere_has_a_type() -> None:
    blind = around(host(routes=Unknown("denied", "ip route")))
    assert blind.address_type(ip_address(SERVER), None) is None
    assert blind.address_type(ip_address("224.0.0.1"), None) == "multicast"
    assert blind.way_to(ip_address(CLIENT), None, 0) is None


def test_a_rule_that_asks_for_addresses_of_this_host_holds_for_them_alone() -> None:
    rules = iptables(
        "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m addrtype --src-type UNICAST --dst-type LOCAL -j DROP\nCOMMIT\n"
    )
    assert attempt(host(ruleset=rules)).sight.symptom is Symptom.TIMEOUT


TO_LOOPBACK = iptables(
    "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -j DNAT --to-destination 127.0.0.1:5000\nCOMMIT\n"
)
KNOWN = {"net.ipv4.conf.all.route_localnet": "0", "net.ipv4.conf.eth0.route_localnet": "0"}


@pytest.mark.parametrize(
    ("told", "symptom", "kind"),
    [
        (KNOWN, Symptom.TIMEOUT, RouteKind.MARTIAN),
        ({**KNOWN, "net.ipv4.conf.eth0.route_localnet": "1"}, Symptom.ANSWERED, None),
        ({"net.ipv4.conf.all.route_localnet": "1"}, Symptom.ANSWERED, None),
        ({"net.ipv4.conf.all.route_localnet": "0"}, Symptom.UNKNOWN, RouteKind.PERHAPS_MARTIAN),
    ],
)
def test_what_a_translation_sends_to_loopback_is_a_martian(
    told: dict[str, str], symptom: Symptom, kind: RouteKind | None
) -> None:
    journey = attempt(host(ruleset=TO_LOOPBACK, sysctls={**BASE.sysctls, **told}))
    assert journey.sight.symptom is symptom
    assert [one.line.route for one in journey.stops] == ([] if kind is None else [kind])


def test_where_marks_decide_a_packet_without_a_known_mark_has_no_known_route() -> None:
    marked = host(policy_rules=(rule(0, "local"), rule(10, "70", mark=1), *RULES[1:]))
    packet = Packet(5000, source=ip_address(CLIENT), destination=ip_address(SERVER), in_interface="eth0")
    answer = Packet(40000, source=ip_address(SERVER), destination=ip_address(CLIENT), source_port=5000)
    assert around(marked).route(packet, None) is None
    assert around(marked).way_back(answer, None) is None
    assert around(BASE).route(packet, None) == around(BASE).route(packet, 0)


def test_the_mark_of_an_answer_is_that_of_the_packet_where_the_kernel_is_told_so() -> None:
    assert around(BASE).socket_mark(7) == 0
    accepts = around(host(sysctls={**BASE.sysctls, "net.ipv4.tcp_fwmark_accept": "1"}))
    assert accepts.socket_mark(7) == 7
    assert accepts.socket_mark(None) is None


def test_the_source_is_taken_where_an_own_one_may_come_in_or_the_kernel_spreads_over_this_link() -> None:
    own = Packet(5000, source=ip_address(SERVER), destination=ip_address(SERVER), in_interface="eth0")
    strict = {**settings(rp_filter="1"), "net.ipv4.conf.all.accept_local": "0"}
    refused = around(host(sysctls=strict)).refused_source(own, 0)
    assert refused is not None
    assert refused.kind is RouteKind.OWN_SOURCE
    takes = {**strict, "net.ipv4.conf.eth0.accept_local": "1"}
    assert around(host(sysctls=takes)).refused_source(own, 0) is None
    hops = (
        route("192.168.77.0/24", "eth0", multipath=True),
        route("192.168.77.0/24", "eth1", multipath=True),
    )
    spread = host(sysctls=settings(rp_filter="1"), routes=(*LOCAL, *hops))
    assert attempt(spread).route_stop is None
    elsewhere = replace(spread, routes=(*LOCAL, replace(hops[0], device="eth2"), hops[1]))
    (stop,) = attempt(elsewhere).stops
    assert stop.line.route is RouteKind.PERHAPS_REVERSE_PATH


@pytest.mark.parametrize(
    ("group", "number"), [(None, 0), ("default", 0), ("7", 7), ("friends", None)], ids=str
)
def test_the_group_of_an_interface(group: str | None, number: int | None) -> None:
    assert around(host(interfaces=(replace(ETH0, group=group),))).interface_group("eth0") == number


BR0 = interface("br0", "192.168.77.10/24", kind="bridge")


@pytest.mark.parametrize(
    ("name", "known", "ports"),
    [
        ("br0", (BR0, replace(ETH0, master="br0")), ("eth0",)),
        ("br0", (BR0,), None),
        ("bond0", (interface("bond0", kind="bond"), replace(ETH0, master="bond0")), ()),
        ("eth0", (ETH0,), ()),
        ("br1", (ETH0,), None),
        ("wlan1", (ETH0,), ()),
    ],
)
def test_the_ports_of_a_bridge(
    name: str, known: tuple[Interface, ...], ports: tuple[str, ...] | None
) -> None:
    assert around(host(interfaces=known)).bridge_ports(name) == ports


def test_what_is_asked_of_an_interface_that_nobody_knows_is_unknown() -> None:
    asked = around(host(interfaces=()))
    assert asked.interface_index("eth0") is None
    assert asked.interface_group("eth0") is None
    assert asked.interface_type("eth0") is None
    assert asked.first_address("eth0", ip_address(SERVER)) is None


def test_a_redirection_takes_the_first_address_of_the_same_scope_that_is_in_use() -> None:
    card = interface("eth0", "fe80::1/64", "fd77::9/64", "fd77::10/64")
    unusable = (card.addresses[0], replace(card.addresses[1], tentative=True), card.addresses[2])
    asked = around(host(interfaces=(replace(card, addresses=unusable),)))
    assert asked.first_address("eth0", ip_address("fd77::1")) == ip_address("fd77::10")
    assert asked.first_address("eth0", ip_address("fe80::9")) == ip_address("fe80::1")
    assert asked.first_address("eth0", ip_address(SERVER)) is None


def test_rules_of_the_routing_policy_tell_ports_apart() -> None:
    by_port = rule(5, "70", protocol="tcp", destination_ports=(80, 90), source_ports=(5000, 5000))
    (edges,) = around(host(policy_rules=(by_port,))).port_edges()
    assert edges.edges == (80, 91, 5000, 5001)
    assert edges.alike(79, 65535) == ((0, 79), (91, 4999), (5001, 65535))
    assert around(host(policy_rules=Unknown("denied", "ip rule"))).port_edges() == ()


def test_the_answer_of_a_server_whose_user_has_no_route_is_lost_on_its_way() -> None:
    """The routing policy asks for the user whose packet it is (``uidrange``): the socket's, not the kernel's."""
    facts = host(
        routes=(*ROUTES, route("0.0.0.0/0", None, kind="blackhole", table="70")),
        policy_rules=(rule(0, "local"), rule(10, "70", uids=(1000, 1000)), *RULES[1:]),
    )
    journey = attempt(facts)
    assert (journey.ends[0].stage, journey.sight.symptom) == (StageName.REPLY_ROUTE, Symptom.TIMEOUT)
    others = replace(facts, sockets=(Socket(ip_address("0.0.0.0"), 5000, uid=33),))
    assert attempt(others).sight.symptom is Symptom.ANSWERED


def test_a_packet_that_has_no_address_is_taken_for_one_to_this_host() -> None:
    assert around(BASE).route(Packet(5000, in_interface="eth0"), 0) == Way(RouteKind.LOCAL, "lo")
    back = around(BASE).way_back(Packet(40000, in_interface="eth0"), 0)
    assert back == Way(RouteKind.UNICAST, "eth0")


def test_rules_of_one_family_say_nothing_of_the_other() -> None:
    blackhole = PolicyRule(1, Family.IPV6, action="blackhole")
    assert attempt(host(policy_rules=(blackhole, *RULES))).sight.symptom is Symptom.ANSWERED
