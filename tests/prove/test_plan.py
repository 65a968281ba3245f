"""Which packet is sent, and where nothing is asked: plans from facts, without any world."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network

import pytest
from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.collect.machine import Machine
from landiag.journey.classes import follow_ways
from landiag.journey.ways import choose_ways, list_ways
from landiag.model.facts import Address, Family, Interface, Unknown
from landiag.model.host import Facts
from landiag.model.neighbour import Neighbour
from landiag.model.report import HostInfo, Target
from landiag.model.route import PolicyRule, Route
from landiag.model.ruleset import Chain, Ruleset
from landiag.prove import CannotProve
from landiag.prove.injection import Injection
from landiag.prove.plan import plan
from landiag.prove.script import announcement, inet_table

ETH0 = Interface(
    "eth0", 2, "ethernet", up=True, carrier=True,
    addresses=(Address(ip_interface("192.168.77.10/24")), Address(ip_interface("fd77::10/64"))),
)  # fmt: skip
ROUTES = (
    Route(ip_network("0.0.0.0/0"), device="eth0", gateway=ip_address("192.168.77.254")),
    Route(ip_network("192.168.77.0/24"), device="eth0"),
    Route(ip_network("fd77::/64"), device="eth0"),
    Route(ip_network("192.168.77.10/32"), "local", "local", "eth0"),
    Route(ip_network("fd77::10/128"), "local", "local", "eth0"),
)
POLICY = tuple(
    PolicyRule(priority, family, table=table)
    for family in Family
    for priority, table in ((0, "local"), (32766, "main"))
)
INFO = HostInfo("Debian GNU/Linux", "12", "6.18", "shop", privileged=True, environment="bare")
MACHINE = Machine("linux", INFO, 0.0, 0, "4026531840", "landiag")


def case(*, peer: str | None = None, to: str | None = None, **facts: object) -> Case:
    known = Facts(
        os="linux", now=0.0, privileged=True, interfaces=(ETH0,), routes=ROUTES, policy_rules=POLICY, neighbours=(),
        sockets=(), processes={}, namespaces=(), sysctls={}, ruleset=Ruleset(),
    )  # fmt: skip
    known = replace(known, **facts)
    target = Target(5000, peer, to)
    client = None if peer is None else ip_address(peer)
    ways = choose_ways(known, list_ways(known), target, client)
    return Case(target, MACHINE, known, ways, follow_ways(known, ways, target, client), {}, client)


def test_the_sender_is_an_address_that_nobody_has() -> None:
    taken = Neighbour(ip_address("192.168.77.253"), "eth0", "02:00:00:00:00:09", ("STALE",))
    chosen = plan(case(neighbours=(taken,)))
    # .255 is broadcast, .254 the router, .253 a neighbour.
    assert chosen == Injection("eth0", "192.168.77.252", "192.168.77.10", 5000)
    assert "no device here is known to use" in announcement(chosen, is_client=False)[3]


def test_a_client_that_is_named_sends_itself_with_its_own_mac() -> None:
    known = Neighbour(ip_address("192.168.77.20"), "eth0", "02:00:00:00:00:09", ("REACHABLE",))
    chosen = plan(case(peer="192.168.77.20", neighbours=(known,)))
    assert (chosen.source, chosen.mac) == ("192.168.77.20", "02:00:00:00:00:09")
    assert "the client's own address" in announcement(chosen, is_client=True)[3]


def test_rules_that_ask_for_macs_get_the_right_ones_or_no_proof() -> None:
    asks = Ruleset(texts=(b"-A INPUT -m mac --mac-source 02:00:00:00:00:09 -j ACCEPT",))
    with pytest.raises(CannotProve, match="MAC address"):
        plan(case(peer="192.168.77.20", ruleset=asks))
    own = Ruleset(texts=(b'{"payload": {"protocol": "ether", "field": "daddr"}}',))
    wired = replace(ETH0, mac="02:00:00:00:00:07")
    assert plan(case(interfaces=(wired,), ruleset=own)).to_mac == "02:00:00:00:00:07"
    assert plan(case(interfaces=(wired,))).to_mac == ""


def test_ipv6() -> None:
    chosen = plan(case(to="fd77::10"))
    assert ip_address(chosen.source) in ip_network("fd77::/64")
    assert chosen.is_ipv6
    assert f"ip6 saddr {chosen.source}" in inet_table(chosen, 40001)


def test_the_call_carries_the_whole_question() -> None:
    chosen = Injection("eth0", "fd77::20", "fd77::10", 5000, "02:00:00:00:00:09", ("filter", "raw"))
    assert Injection.from_params(dict(chosen.call.params)) == chosen


def test_legacy_tables_of_the_family_are_marked_around() -> None:
    tables = {
        ("iptables-legacy", "ip", "raw"): {}, ("iptables-legacy", "ip6", "mangle"): {},
        ("iptables-nft", "ip", "filter"): {"INPUT": Chain("iptables-nft", "ip", "filter", "INPUT")},
    }  # fmt: skip
    chosen = plan(case(ruleset=Ruleset(tables)))
    assert chosen.legacy == ("raw",)
    script = inet_table(chosen, 40001)
    assert "chain prerouting_raw {\ntype filter hook prerouting priority -299;" in script
    assert "mangle" not in script


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"privileged": False}, "only root"),
        ({"os": "freebsd"}, "Linux kernel"),
        ({"interfaces": ()}, "no address"),
        ({"interfaces": (replace(ETH0, kind="bridge"),)}, "eth0 is a bridge"),
        ({"interfaces": (replace(ETH0, master="bond0"),)}, "part of bond0"),
        ({"ruleset": Unknown("nft is not installed", "nft-ruleset")}, "nft is not installed"),
    ],
)
def test_refusals(facts: dict[str, object], why: str) -> None:
    with pytest.raises(CannotProve, match=why):
        plan(case(**facts))  # type: ignore[arg-type]
