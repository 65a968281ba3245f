"""What a client sees of a host where one thing is wrong: each end of the journey, and who decides it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.journey.ends import LinkFault, ReplyFault, Sight, see
from landiag.model.facts import Family, Socket, Unknown
from landiag.model.host import Facts
from landiag.model.process import Namespace
from landiag.model.route import RouteKind
from landiag.model.terms import StageName, Symptom
from tests.journey.world import (
    BASE,
    CLIENT,
    ETH0,
    LO,
    LOCAL,
    MAC,
    ROUTES,
    RULES,
    TUN0,
    attempt,
    host,
    input_rules,
    interface,
    iptables,
    neighbour,
    route,
    rule,
    settings,
)

LOOPBACK_ONLY = (Socket(ip_address("127.0.0.1"), 5000),)
FULL = (Socket(ip_address("0.0.0.0"), 5000, queue=6, backlog=5),)
NAT = "*nat\n:PREROUTING ACCEPT [0:0]\n{}\nCOMMIT\n"
ETH1 = interface("eth1", "10.0.0.1/24", mac="02:00:00:00:00:0b")


@pytest.mark.parametrize(
    ("facts", "symptom", "stage"),
    [
        pytest.param(BASE, Symptom.ANSWERED, StageName.APPLICATION, id="nothing is wrong"),
        pytest.param(host(sockets=()), Symptom.REFUSED, StageName.SOCKET, id="nothing listens"),
        pytest.param(host(sockets=LOOPBACK_ONLY), Symptom.REFUSED, StageName.SOCKET, id="loopback only"),
        pytest.param(host(sockets=FULL), Symptom.TIMEOUT, StageName.ACCEPT_QUEUE, id="its queue is full"),
        pytest.param(
            host(sockets=FULL, sysctls={**BASE.sysctls, "net.ipv4.tcp_abort_on_overflow": "1"}),
            Symptom.TIMEOUT,
            StageName.ACCEPT_QUEUE,
            id="its queue is full, and the setting that resets comes too late for the first packet",
        ),
        pytest.param(
            host(ruleset=input_rules("-p tcp --dport 5000 -j DROP")),
            Symptom.TIMEOUT,
            StageName.INPUT,
            id="dropped",
        ),
        pytest.param(
            host(ruleset=input_rules("-p tcp --dport 5000 -j REJECT")),
            Symptom.REFUSED,
            StageName.INPUT,
            id="rejected",
        ),
        pytest.param(
            host(ruleset=input_rules("-p tcp --dport 5000 -j REJECT --reject-with icmp-admin-prohibited")),
            Symptom.UNREACHABLE,
            StageName.INPUT,
            id="prohibited",
        ),
        pytest.param(
            host(ruleset=input_rules("-p tcp --syn -j ACCEPT", "-p tcp --dport 5000 -j DROP")),
            Symptom.SILENT,
            StageName.INPUT,
            id="it opens, and its data is dropped",
        ),
    ],
)
def test_each_end_has_its_symptom(facts: Facts, symptom: Symptom, stage: StageName) -> None:
    journey = attempt(facts)
    assert (journey.sight.symptom, journey.ends[0].stage) == (symptom, stage)


def test_a_refusal_that_may_not_leave_is_silence() -> None:
    rules = iptables("*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT DROP [0:0]\nCOMMIT\n")
    assert attempt(host(sockets=(), ruleset=rules)).sight.symptom is Symptom.TIMEOUT


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        (host(interfaces=(LO, replace(ETH0, carrier=False))), LinkFault.NO_CARRIER),
        (host(interfaces=(LO, replace(ETH0, arp=False))), LinkFault.NO_ARP),
        (host(sysctls=settings(arp_ignore="8")), LinkFault.ARP_IGNORE),
        (host(neighbours=(neighbour(CLIENT, MAC, "STALE"),)), LinkFault.SAME_MAC),
        (host(interfaces=(LO, replace(ETH0, master="br0"), interface("br0", kind="bridge"))), LinkFault.PORT),
        (
            host(sysctls=settings(rp_filter="1"), routes=(*ROUTES, route("192.168.77.0/25", "eth1"))),
            LinkFault.REVERSE_PATH,
        ),
        (
            host(sysctls=settings(arp_filter="1"), routes=(*ROUTES, route("192.168.77.0/25", "eth1"))),
            LinkFault.ARP_FILTER,
        ),
        (
            host(
                policy_rules=(replace(RULES[0], priority=100, table="70"), replace(RULES[0], priority=200)),
                routes=(*ROUTES, route("0.0.0.0/0", "tun0", table="70")),
            ),
            LinkFault.LED_AWAY,
        ),
    ],
)
def test_a_client_that_cannot_find_the_machine_has_no_route_to_it(facts: Facts, fault: LinkFault) -> None:
    journey = attempt(facts)
    assert journey.link is fault
    assert journey.sight.symptom is Symptom.UNREACHABLE


@pytest.mark.parametrize(
    ("value", "answers"), [("0", True), ("1", False), ("2", False), ("3", False), ("4", True), ("8", False)]
)
def test_arp_ignore_for_an_address_on_lo(value: str, answers: bool) -> None:
    lo = interface("lo", "127.0.0.1/8", "192.168.77.50/32", kind="loopback", mac=None)
    local = route("192.168.77.50/32", "lo", kind="local", table="local")
    facts = host(interfaces=(lo, ETH0), routes=(local, *ROUTES), sysctls=settings(arp_ignore=value))
    assert (attempt(facts, to="192.168.77.50").link is None) is answers


def test_a_router_asks_for_the_address_on_its_own_link() -> None:
    """The client is behind a router and asks for the address of eth1: the router has a route by that of eth0."""
    routes = (*ROUTES, route("10.0.0.1/32", "eth1", kind="local", table="local"))
    facts = host(interfaces=(LO, ETH0, ETH1), routes=routes, sysctls=settings(arp_ignore="1"))
    assert attempt(facts, client="10.1.1.1", to="10.0.0.1").link is None
    assert attempt(facts, to="10.0.0.1").link is LinkFault.ARP_IGNORE


def test_ipv6_answers_for_the_addresses_of_its_own_interface_alone() -> None:
    own = route("fd77::10/128", "eth0", kind="local", table="local")
    facts = host(
        interfaces=(LO, interface("eth0", "fd77::10/64"), interface("eth1", "fd78::10/64")),
        routes=(own, route("fd78::10/128", "eth1", kind="local", table="local"), route("::/0", "eth0")),
        policy_rules=tuple(replace(one, family=Family.IPV6) for one in RULES),
        sockets=(Socket(ip_address("::"), 5000, v6only=False),),
    )
    found = {to: attempt(facts, client="fd77::20", to=to).link for to in ("fd77::10", "fd78::10", "fd79::10")}
    assert found == {"fd77::10": None, "fd78::10": LinkFault.NOT_HERE, "fd79::10": None}
    assert attempt(facts, client="fd77::20", to="fd78::10", device="eth1").link is None


def test_arp_ignore_2_answers_askers_of_the_same_network_only() -> None:
    facts = host(sysctls=settings(arp_ignore="2"))
    assert attempt(facts).link is None
    assert attempt(facts, client="10.1.1.1").link is None  # its router asks, who is of the same network


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        (
            host(routes=(*ROUTES, route("192.168.77.0/25", "tun0")), interfaces=(LO, ETH0, TUN0)),
            ReplyFault.TUNNEL,
        ),
        (
            host(routes=(*ROUTES, route("192.168.77.0/25", "eth1")), interfaces=(LO, ETH0, ETH1)),
            ReplyFault.OTHER_LINK,
        ),
        (
            host(
                routes=(*ROUTES, route("192.168.77.0/25", "eth1")),
                interfaces=(LO, ETH0, replace(ETH1, carrier=False)),
            ),
            ReplyFault.NO_CARRIER,
        ),
        (
            host(
                routes=(*ROUTES, route("192.168.77.0/25", "docker0")),
                interfaces=(LO, ETH0, interface("docker0", kind="container")),
            ),
            ReplyFault.CONTAINERS,
        ),
    ],
)
def test_an_answer_that_goes_astray_is_silence(facts: Facts, fault: ReplyFault) -> None:
    journey = attempt(facts)
    assert journey.lost_reply is not None
    assert journey.lost_reply.reply is fault
    assert journey.sight.symptom is Symptom.TIMEOUT


def test_two_cards_in_one_network_answer_for_each_other() -> None:
    twin = interface("eth1", "192.168.77.11/24", mac="02:00:00:00:00:0b")
    facts = host(interfaces=(LO, ETH0, twin), routes=(*LOCAL, route("192.168.77.0/24", "eth1")))
    assert attempt(facts).sight.symptom is Symptom.ANSWERED


def test_a_fixed_entry_with_our_own_mac_loses_the_answer() -> None:
    facts = host(
        interfaces=(LO, ETH0, replace(ETH1, mac="02:00:00:00:00:0c")),
        neighbours=(neighbour(CLIENT, "02:00:00:00:00:0c", "PERMANENT"),),
    )
    lost = attempt(facts).lost_reply
    assert lost is not None
    assert lost.reply is ReplyFault.WRONG_NEIGHBOUR


def test_rp_filter_looks_the_source_up_from_the_destination() -> None:
    """A rule for what this machine sends from its address decides, too (fib_validate_source)."""
    rules = (rule(0, "local"), rule(100, "70", source=ETH0.addresses[0].network), *RULES[1:])
    routes = (*ROUTES, route("0.0.0.0/0", "tun0", table="70"))
    facts = host(
        interfaces=(LO, ETH0, TUN0), routes=routes, policy_rules=rules, sysctls=settings(rp_filter="1")
    )
    stop = attempt(facts).route_stop
    assert stop is not None
    assert stop.line.route is RouteKind.REVERSE_PATH
    loose = replace(facts, sysctls=settings(rp_filter="2"))
    assert attempt(loose).route_stop is None


def test_what_comes_from_our_own_address_is_dropped() -> None:
    facts = host(interfaces=(LO, ETH0, ETH1))
    stop = attempt(facts, client="10.0.0.1").route_stop
    assert stop is not None
    assert stop.line.route is RouteKind.OWN_SOURCE


def test_the_owner_of_the_socket_is_known_to_owner_rules_and_to_uidrange() -> None:
    rules = iptables(
        "*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -m owner --uid-owner 1000 -j DROP\nCOMMIT\n"
    )
    assert attempt(host(ruleset=rules)).sight.symptom is Symptom.TIMEOUT
    by_user = (rule(0, "local"), rule(10, "70", uids=(1000, 1000)), *RULES[1:])
    facts = host(
        interfaces=(LO, ETH0, TUN0),
        routes=(*ROUTES, route("0.0.0.0/0", "tun0", table="70")),
        policy_rules=by_user,
    )
    lost = attempt(facts).lost_reply
    assert lost is not None
    assert lost.reply is ReplyFault.TUNNEL


def test_a_marked_answer_is_routed_anew() -> None:
    rules = iptables(
        "*mangle\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp --sport 5000 -j MARK --set-mark 1\nCOMMIT\n"
    )
    routes = (*LOCAL, route("192.168.77.0/24", "eth0", table="70"), route("0.0.0.0/0", "tun0"))
    marked = (rule(0, "local"), rule(10, "70", mark=1), *RULES[1:])
    facts = host(interfaces=(LO, ETH0, TUN0), routes=routes, policy_rules=marked)
    assert attempt(facts).sight.symptom is Symptom.TIMEOUT
    assert attempt(replace(facts, ruleset=rules)).sight.symptom is Symptom.ANSWERED


@pytest.mark.parametrize(
    ("lines", "symptom", "share"),
    [
        ("-m statistic --mode random --probability 0.5 -j REDIRECT --to-ports 5001", Symptom.VARIES, 0.5),
        ("-m statistic --mode random --probability 1 -j REDIRECT --to-ports 5001", Symptom.REFUSED, None),
        ("-m statistic --mode random --probability 0 -j REDIRECT --to-ports 5001", Symptom.ANSWERED, None),
    ],
)
def test_shares_of_a_translation(lines: str, symptom: Symptom, share: float | None) -> None:
    rules = iptables(NAT.format(f"-A PREROUTING -p tcp --dport 5000 {lines}"))
    sight = attempt(host(ruleset=rules)).sight
    assert (sight.symptom, sight.share) == (symptom, share)


@pytest.mark.parametrize(
    ("limit", "symptom"),
    [
        ("-m limit --limit 25/sec --limit-burst 50", Symptom.ANSWERED),
        ("-m limit --limit 1/min --limit-burst 2", Symptom.VARIES),
        ("-m connlimit ! --connlimit-above 50", Symptom.ANSWERED),
        ("-m connlimit --connlimit-above 0", Symptom.ANSWERED),
        ("-m connlimit --connlimit-upto 0", Symptom.TIMEOUT),
    ],
)
def test_a_limit_is_held_against_an_ordinary_visit(limit: str, symptom: Symptom) -> None:
    rules = input_rules(
        "-m state --state ESTABLISHED -j ACCEPT", f"-p tcp --dport 5000 {limit} -j ACCEPT", policy="DROP"
    )
    assert attempt(host(ruleset=rules)).sight.symptom is symptom


CONTAINER = interface("docker0", "172.17.0.1/16", kind="container", index=9)
TO_CONTAINER = iptables(
    NAT.format("-A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination 172.17.0.2:80")
)
ROUTES_INSIDE = (
    route("172.17.0.2/32", "eth0", kind="local", table="local"),
    route("172.17.0.0/16", "eth0"),
    route("0.0.0.0/0", "eth0", gateway="172.17.0.1"),
)
INSIDE_ONLY = (interface("eth0", "172.17.0.2/16"),)
INSIDE = Namespace(
    "shop", 99, "container shop",
    sockets=(Socket(ip_address("0.0.0.0"), 80),),
    interfaces=INSIDE_ONLY,
    routes=ROUTES_INSIDE,
    policy_rules=RULES,
    sysctls={f"net.ipv4.conf.{name}.rp_filter": "0" for name in ("all", "eth0")},
)  # fmt: skip
UNREAD = Unknown("denied", "ip route")


@pytest.mark.parametrize(
    ("inside", "symptom", "stage"),
    [
        pytest.param(INSIDE, Symptom.ANSWERED, StageName.APPLICATION, id="it answers"),
        pytest.param(
            replace(INSIDE, sockets=()), Symptom.REFUSED, StageName.SOCKET, id="nobody listens inside"
        ),
        pytest.param(
            replace(INSIDE, routes=ROUTES_INSIDE[:2]),
            Symptom.TIMEOUT,
            StageName.REPLY_ROUTE,
            id="it has no route back",
        ),
        pytest.param(
            replace(
                INSIDE,
                routes=(*ROUTES_INSIDE, route("192.168.77.0/24", "eth1")),
                sysctls={**INSIDE.sysctls, "net.ipv4.conf.eth0.rp_filter": "1"},
            ),
            Symptom.TIMEOUT,
            StageName.ROUTE,
            id="its reverse path filter drops what it would answer elsewhere",
        ),
        pytest.param(
            replace(
                INSIDE,
                interfaces=(*INSIDE_ONLY, interface("mv0", "192.168.77.51/24", index=7)),
                routes=(*ROUTES_INSIDE, route("192.168.77.0/24", "mv0")),
            ),
            Symptom.TIMEOUT,
            StageName.REPLY_ROUTE,
            id="it has a network card in the clients' network",
        ),
        pytest.param(
            replace(INSIDE, routes=UNREAD),
            Symptom.ANSWERED,
            StageName.APPLICATION,
            id="its routes are unread",
        ),
        pytest.param(
            replace(INSIDE, interfaces=UNREAD),
            Symptom.ANSWERED,
            StageName.APPLICATION,
            id="nobody knows who has the address",
        ),
    ],
)
def test_what_a_translation_sends_into_a_container_ends_there(
    inside: Namespace, symptom: Symptom, stage: StageName
) -> None:
    facts = host(
        interfaces=(LO, ETH0, CONTAINER),
        routes=(*ROUTES, route("172.17.0.0/16", "docker0")),
        ruleset=TO_CONTAINER,
        namespaces=(inside,),
    )
    journey = attempt(facts)
    assert (journey.sight.symptom, journey.ends[-1].stage) == (symptom, stage)


@pytest.mark.parametrize(("sockets", "symptom"), [(UNREAD, Symptom.ANSWERED), ((), Symptom.REFUSED)])
def test_sockets_that_nobody_could_read_are_not_taken_for_none(sockets: object, symptom: Symptom) -> None:
    assert attempt(host(sockets=sockets)).sight.symptom is symptom


def test_data_that_is_answered_by_a_reset_breaks_an_open_connection() -> None:
    rules = input_rules("-p tcp --syn -j ACCEPT", "-p tcp --dport 5000 -j REJECT --reject-with tcp-reset")
    assert attempt(host(ruleset=rules)).sight.symptom is Symptom.RESET


def test_of_shares_that_all_fail_the_client_sees_the_one_that_keeps_it_waiting() -> None:
    share = "-m statistic --mode random --probability 0.5"
    rules = input_rules(f"-p tcp --dport 5000 {share} -j DROP", "-p tcp --dport 5000 -j REJECT")
    assert attempt(host(ruleset=rules)).sight == Sight(Symptom.TIMEOUT)


def test_an_attempt_without_any_end_shows_nothing() -> None:
    assert see(()) == Sight(Symptom.UNKNOWN)


def test_a_neighbour_that_was_heard_on_another_link_is_reached_there() -> None:
    routes = (*ROUTES, route("192.168.77.0/25", "eth1"))
    facts = host(
        routes=routes,
        interfaces=(LO, ETH0, ETH1),
        neighbours=(neighbour(CLIENT, "02:00:00:00:00:77", "STALE", device="eth1"),),
    )
    assert attempt(facts).lost_reply is None


def test_what_asks_from_an_address_of_ours_is_not_answered() -> None:
    """Two machines with one address: the other one asks for a second address of this one."""
    facts = host(interfaces=(LO, ETH0, interface("eth1", f"{CLIENT}/24", mac="02:00:00:00:00:0b")))
    assert attempt(facts).link is LinkFault.OWN_SOURCE


SPREAD = tuple(route("192.168.77.0/24", device, multipath=True) for device in ("tun0", "eth0"))


def test_where_routes_do_not_tell_how_the_answer_leaves_nobody_knows_what_the_client_sees() -> None:
    journey = attempt(host(interfaces=(LO, ETH0, TUN0), routes=(*LOCAL, *SPREAD)))
    assert journey.sight.symptom is Symptom.UNKNOWN
    assert [end.stage for end in journey.ends] == [StageName.REPLY_ROUTE]


@pytest.mark.parametrize(
    ("rules", "symptom"),
    [
        (
            "-m connbytes --connbytes 100000000 --connbytes-mode bytes --connbytes-dir both -j DROP",
            Symptom.ANSWERED,
        ),
        (
            "-m connbytes --connbytes 1000 --connbytes-mode bytes --connbytes-dir both -j DROP",
            Symptom.UNKNOWN,
        ),
        (
            "-m connbytes ! --connbytes 0:50000 --connbytes-mode packets --connbytes-dir both -j DROP",
            Symptom.ANSWERED,
        ),
        ("-m connbytes --connbytes 9 --connbytes-mode avgpkt --connbytes-dir both -j DROP", Symptom.UNKNOWN),
        ("-m recent --rcheck --name scan --rsource -j DROP", Symptom.UNKNOWN),
        (
            "-m hashlimit --hashlimit-above 5mb/s --hashlimit-mode srcip --hashlimit-name x -j DROP",
            Symptom.ANSWERED,
        ),
        (
            "-m hashlimit --hashlimit-above 1kb/s --hashlimit-mode srcip --hashlimit-name x -j DROP",
            Symptom.UNKNOWN,
        ),
        ("-m quota --quota 1000 -j DROP", Symptom.UNKNOWN),
    ],
)
def test_what_counts_bytes_or_keeps_lists_never_makes_a_part_fail(rules: str, symptom: Symptom) -> None:
    assert attempt(host(ruleset=input_rules(rules))).sight.symptom is symptom
