"""What a card carries (VLANs, macvlans), how long packets live, and hashes of a client's address."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import pytest
from msgspec.structs import replace

from landiag.collect.routes import parse_routes
from landiag.firewall.linux import parse_ruleset
from landiag.journey.ends import LinkFault, ReplyFault
from landiag.journey.entrances import answering
from landiag.journey.journey import Journey, follow
from landiag.journey.one_link import all_on_link, on_one_link
from landiag.journey.ways import list_ways
from landiag.model.facts import Family, Interface, Reading, ReadStatus
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, Verdict
from landiag.model.terms import Symptom
from tests.journey.world import (
    BASE,
    CLIENT,
    ETH0,
    GATEWAY,
    LO,
    LOCAL,
    ROUTES,
    attempt,
    host,
    interface,
    route,
    settings,
)

MACVLAN = interface("mac0", "192.168.77.50/32", lower="eth0")
VLAN = interface("eth0.7", "192.168.77.50/32", kind="vlan", lower="eth0")
STRANGER = "10.99.0.20"


def chain(hook: str, *expressions: Any, policy: str = "accept") -> Ruleset:
    """A table of netdev with one chain on eth0, and one rule in it for each list of statements."""
    place = {"family": "netdev", "table": "f"}
    held = {**place, "name": "c", "type": "filter", "hook": hook, "prio": 0, "policy": policy, "dev": "eth0"}
    rules = [
        {"rule": {**place, "chain": "c", "handle": number, "expr": list(one)}}
        for number, one in enumerate(expressions, 2)
    ]
    listing = [{"table": {"family": "netdev", "name": "f"}}, {"chain": held}, *rules]
    text = json.dumps({"nftables": [{"metainfo": {"json_schema_version": 1}}, *listing]})
    readings = {"nft-ruleset": Reading("nft-ruleset", ReadStatus.OK, text.encode())}
    found = parse_ruleset(readings)
    return Ruleset(found.tables)


def field(protocol: str, name: str, value: Any) -> dict[str, Any]:
    left = {"payload": {"protocol": protocol, "field": name}}
    return {"match": {"op": "==", "left": left, "right": value}}


DROP = {"drop": None}
PORT = field("tcp", "dport", 5000)
TAG = field("vlan", "id", 7)


def beside(card: Interface) -> Facts:
    local = route("192.168.77.50/32", card.name, kind="local", table="local")
    settings = {**BASE.sysctls, f"net.ipv4.conf.{card.name}.rp_filter": "0"}
    return host(interfaces=(LO, ETH0, card), routes=(*LOCAL, local, *ROUTES[2:]), sysctls=settings)


def test_what_carries_a_macvlan_sees_its_packets_first() -> None:
    for hook, statement, leg in (
        ("ingress", PORT, "syn"),
        ("egress", field("tcp", "sport", 5000), "syn-ack"),
    ):
        facts = replace(beside(MACVLAN), ruleset=chain(hook, (statement, DROP)))
        journey = attempt(facts, to="192.168.77.50", device="mac0")
        assert journey.verdict is Verdict.DROP
        assert journey.leg == leg


def test_tagged_frames_are_those_of_a_vlan_alone() -> None:
    rules = chain("ingress", (TAG, PORT, DROP))
    assert attempt(host(ruleset=rules)).verdict is Verdict.ACCEPT
    for card, verdict in ((MACVLAN, Verdict.ACCEPT), (VLAN, Verdict.UNKNOWN)):
        tagged = replace(beside(card), ruleset=rules)
        assert attempt(tagged, to="192.168.77.50", device=card.name).verdict is verdict


def test_a_macvlan_is_on_the_link_of_its_card_and_a_vlan_is_not() -> None:
    assert on_one_link(MACVLAN, ETH0)
    assert not on_one_link(VLAN, ETH0)
    assert [one.name for one in all_on_link(beside(MACVLAN), ETH0)] == ["eth0", "mac0"]
    lost = attempt(beside(VLAN), to="192.168.77.50", device="eth0.7")
    assert lost.lost_reply is not None
    assert lost.lost_reply.reply is ReplyFault.OTHER_LINK
    assert attempt(beside(MACVLAN), to="192.168.77.50", device="mac0").sight.symptom is Symptom.ANSWERED


@pytest.mark.parametrize(
    ("setting", "metric", "is_lost"),
    [(None, None, False), ("1", None, True), (None, 1, True), ("1", 64, False)],
)
def test_the_life_of_answers_is_that_of_the_route_before_that_of_the_setting(
    setting: str | None, metric: int | None, is_lost: bool
) -> None:
    routes = (*LOCAL, ROUTES[2], route("0.0.0.0/0", "eth0", gateway=GATEWAY, hop_limit=metric))
    sysctls = {**BASE.sysctls, **({} if setting is None else {"net.ipv4.ip_default_ttl": setting})}
    journey = attempt(host(routes=routes, sysctls=sysctls), client=STRANGER)
    assert (journey.sight.symptom is Symptom.TIMEOUT) is is_lost
    assert attempt(host(routes=routes, sysctls=sysctls)).sight.symptom is Symptom.ANSWERED


def test_the_hop_limit_of_a_route_is_read() -> None:
    text = (
        '[{"dst": "default", "gateway": "fd77::1", "dev": "eth0", "metrics": [{"mtu": 1400, "hoplimit": 3}]}]'
    )
    assert [one.hop_limit for one in parse_routes(text, Family.IPV6)] == [3]


@pytest.mark.parametrize("number", [0, 1])
def test_a_hash_of_the_address_is_known_for_the_client_that_is_named(number: int) -> None:
    """192.168.77.20 is given 1 of 2 with this seed, by the kernel in the lab."""
    hashed = {"jhash": {"mod": 2, "seed": 0x2A, "expr": {"payload": {"protocol": "ip", "field": "saddr"}}}}
    rules = chain("ingress", ({"match": {"op": "==", "left": hashed, "right": number}}, PORT, DROP))
    packet = Packet(
        5000, source=ip_address(CLIENT), destination=ip_address("192.168.77.10"), in_interface="eth0"
    )
    named = follow(host(ruleset=rules), replace(packet, is_named=True))
    assert isinstance(named, Journey)
    assert named.verdict is (Verdict.DROP if number == 1 else Verdict.ACCEPT)
    anybody = follow(host(ruleset=rules), packet)
    assert isinstance(anybody, Journey)
    assert anybody.sight.symptom is Symptom.VARIES


def test_a_macvlan_answers_where_its_card_does_not() -> None:
    strict = {**BASE.sysctls, "net.ipv4.conf.all.arp_ignore": "1"}
    on_card = replace(beside(MACVLAN), sysctls=strict)
    assert attempt(on_card, to="192.168.77.50", device="eth0").link is LinkFault.ARP_IGNORE
    assert attempt(on_card, to="192.168.77.50", device="mac0").link is None


def test_a_question_is_answered_where_any_address_of_the_card_has_both_in_its_network() -> None:
    both = interface("eth0", "192.168.77.10/24", "192.168.77.50/32")
    local = route("192.168.77.50/32", "eth0", kind="local", table="local")
    facts = host(interfaces=(LO, both), routes=(*ROUTES, local), sysctls=settings(arp_ignore="2"))
    assert attempt(facts, to="192.168.77.50").link is None
    alone = replace(facts, interfaces=(LO, interface("eth0", "192.168.77.50/32")))
    assert attempt(alone, to="192.168.77.50").link is LinkFault.ARP_IGNORE


@pytest.mark.parametrize(("ignores", "entrance"), [("0", "eth0"), ("1", "mac0")])
def test_clients_come_by_the_card_where_the_macvlan_does_not_answer(ignores: str, entrance: str) -> None:
    strict = {
        f"net.ipv4.conf.{name}.rp_filter": "1" if name == "mac0" else "0" for name in ("all", "eth0", "mac0")
    }
    sysctls = {**BASE.sysctls, **strict, "net.ipv4.conf.all.arp_ignore": ignores}
    facts = replace(beside(MACVLAN), sysctls=sysctls)
    (way,) = [one for one in list_ways(facts) if one.interface.name == "mac0"]
    assert answering(facts, way, ip_address(CLIENT)).interface.name == entrance
