"""All packets at once on hosts whose routes are known: what is told is what the evaluator says of each."""

from __future__ import annotations

from functools import partial
from random import Random

import pytest

from landiag.firewall.engine.spaces import Box
from landiag.firewall.regions import find_regions
from landiag.journey.scope import machine_scope
from landiag.journey.surroundings import FirewallSurroundings, HostSurroundings
from landiag.model.facts import Unknown
from landiag.model.host import Facts
from landiag.model.packet import IPAddress, Packet
from landiag.replay import read_facts
from tests.cases import RECORDED, is_taken, load
from tests.firewall.regions import a_packet, disagreements
from tests.firewall.rules import ACCEPT, DROP, chain, dport, match, nft, rule


def asks_routes(result: str, flags: list[str], right: object) -> dict[str, object]:
    return match({"fib": {"result": result, "flags": flags}}, right)


ROUTED = nft(
    chain("input", "input", policy="drop"),
    rule("input", asks_routes("oif", ["saddr", "iif"], False), dport(22), DROP),
    rule("input", asks_routes("oif", ["saddr"], False), dport(23), DROP),
    rule("input", asks_routes("type", ["daddr", "iif"], "local"), dport(80), ACCEPT),
    rule("input", asks_routes("type", ["saddr"], "unicast"), ACCEPT),
)
"""Rules that ask for the routes of either address, and for both in turns."""


def own(facts: Facts, version: int) -> list[IPAddress]:
    links = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    return sorted({one.ip for link in links for one in link.addresses if one.ip.version == version}, key=int)


HOSTS = [name for name in sorted(RECORDED) if name.startswith("linux-") and is_taken(name, 2)]


@pytest.mark.parametrize("name", HOSTS)
def test_regions_of_a_host_are_what_the_evaluator_says_of_each_packet(name: str) -> None:
    facts = read_facts(load(name).recording)
    assert not isinstance(facts, Unknown)
    random = Random(name)
    rulesets = [ROUTED] if isinstance(facts.ruleset, Unknown) else [ROUTED, facts.ruleset]
    links = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    version = random.choice((4, 6)) if own(facts, 6) else 4
    mine = own(facts, version)
    asked: Box = (None, None, tuple((int(ip), int(ip)) for ip in mine))
    for around in (FirewallSurroundings, HostSurroundings):
        for ruleset in rulesets:
            link = random.choice([one.name for one in links if one.name != "lo"] or ["eth0"])
            packet = a_packet(version, in_interface=link, destination=random.choice(mine), skuid=0, skgid=0)
            assert disagreements(random, ruleset, partial(around, facts), packet, asked, 1) == []


def test_networks_from_which_packets_fare_alike_are_not_told_apart() -> None:
    """A host of many networks: that the way back leads out of the same interface is all that is asked of a client."""
    facts = read_facts(load("linux-docker-published").recording)
    assert not isinstance(facts, Unknown)
    rules = nft(
        chain("input", "input", policy="drop"),
        rule("input", asks_routes("oif", ["saddr", "iif"], False), DROP),
        rule("input", dport(22), ACCEPT),
    )
    found = find_regions(rules, machine_scope(facts, Packet()))
    assert found.is_whole
    assert found.runs < 150
