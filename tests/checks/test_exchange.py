"""Where this machine asks its own server, by which name, and what of its own keeps it from asking."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.checks.application import exchange
from landiag.checks.listening import sandbox
from landiag.collect.systemd import FEATURES, unit_source
from landiag.model.facts import Reading, ReadStatus, Socket, Unknown
from landiag.model.host import Facts
from landiag.model.report import Outcome
from tests.checks.asked import case_of, said
from tests.journey.world import (
    BASE,
    ETH0,
    LO,
    ROUTES,
    RULES,
    SERVER,
    TUN0,
    host,
    input_rules,
    interface,
    iptables,
    route,
    rule,
)

ANY = ip_address("0.0.0.0")
IN_UNIT = host(sockets=(Socket(ANY, 5000, pids=(17,), cgroup="/system.slice/shop.service"),))
SHOW = "IPAddressAllow=\nIPAddressDeny={}\nIPIngressFilterPath={}\nRestrictNetworkInterfaces={}\nId=shop.service\n"
BPF = "Version=257\nFeatures=+PAM +BPF_FRAMEWORK\n"


def asked(facts: Facts) -> dict[str, str]:
    case = case_of(facts)
    assert case.way is not None
    return dict(exchange.client_exchange(case, case.way).params)


@pytest.mark.parametrize(
    ("facts", "address", "host_header"),
    [
        (BASE, SERVER, f"{SERVER}:5000"),
        (host(sockets=(Socket(ip_address("127.0.0.1"), 5000),)), "127.0.0.1", f"{SERVER}:5000"),
        (host(sockets=Unknown("denied", "ss")), SERVER, f"{SERVER}:5000"),
    ],
    ids=["its address", "loopback, where nothing else listens", "unread"],
)
def test_the_server_is_asked_where_it_listens_by_the_name_that_clients_use(
    facts: Facts, address: str, host_header: str
) -> None:
    params = asked(facts)
    assert (params["address"], params["host"]) == (address, host_header)


def test_a_name_that_people_type_is_the_host() -> None:
    case = case_of(BASE, host_header="shop.lan")
    assert case.way is not None
    assert dict(exchange.client_exchange(case, case.way).params)["host"] == "shop.lan"


def test_a_rule_for_lo_stops_this_machines_own_test_alone() -> None:
    stop = exchange.own_stop(case_of(host(ruleset=input_rules("-i lo -j DROP"))))
    assert stop == exchange.OwnStop("firewall", "ip filter INPUT: -A INPUT -i lo -j DROP")
    assert exchange.own_stop(case_of(BASE)) is None
    assert exchange.own_stop(case_of(host(interfaces=(LO,)))) is None


def test_a_route_may_lead_this_machines_own_test_into_a_tunnel() -> None:
    """The port is published for a container, and what this machine itself sends is led elsewhere."""
    docker = interface("docker0", "172.17.0.1/16", kind="container", index=9)
    sent_on = "-A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination 172.17.0.2:80"
    facts = host(
        interfaces=(LO, ETH0, docker, TUN0),
        routes=(*ROUTES, route("172.17.0.0/16", "docker0"), route("0.0.0.0/0", "tun0", table="70")),
        policy_rules=(rule(0, "local"), rule(5, "70", in_interface="lo"), *RULES[1:]),
        ruleset=iptables(f"*nat\n:PREROUTING ACCEPT [0:0]\n{sent_on}\nCOMMIT\n"),
    )
    stop = exchange.own_stop(case_of(facts))
    assert stop == exchange.OwnStop("ip route", "172.17.0.2 by tun0, from 10.8.0.2")


@pytest.mark.parametrize(
    ("show", "says"),
    [
        (SHOW.format("192.168.77.0/24", "", "~"), "shop.service: IPAddressDeny=192.168.77.0/24"),
        (SHOW.format("", "", "eth0"), "shop.service: RestrictNetworkInterfaces=eth0"),
        (SHOW.format("", "", "~wlan0"), None),
    ],
)
def test_a_setting_of_the_servers_unit_stops_this_machines_own_test(show: str, says: str | None) -> None:
    readings = dict([said(unit_source(["shop.service"]), show), said(FEATURES, BPF)])
    stop = sandbox.own_stop(case_of(IN_UNIT, readings))
    assert (None if stop is None else stop.text) == says


def test_a_unit_that_nobody_could_read_leaves_open_what_it_lets_in() -> None:
    name = unit_source(["shop.service"]).name
    unread = {name: Reading(name, ReadStatus.TIMED_OUT, detail="too slow")}
    (finding,) = sandbox.check(case_of(IN_UNIT, unread))
    assert (finding.code, finding.outcome) == ("sandbox-denies", Outcome.UNKNOWN)
    assert list(sandbox.check(case_of(IN_UNIT, {name: Reading(name, ReadStatus.MISSING)}))) == []
    assert list(sandbox.check(case_of(replace(IN_UNIT, interfaces=(LO,)), unread))) == []
