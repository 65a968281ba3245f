"""Ports that share a journey fare as each does by itself: over the rules of every recorded case."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.firewall.engine.watched import Watcher
from landiag.journey.alike import Alike
from landiag.journey.first_packet import first_packet
from landiag.journey.journey import Journey, follow, follow_through
from landiag.journey.ways import client_of, list_ways
from landiag.model.facts import Socket, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset
from landiag.replay import read_facts
from tests.cases import RECORDED, load
from tests.firewall.regions import place
from tests.journey.world import BASE, CLIENT, host

PORTS = (21, 22, 80, 443, 4999, 5000, 5001, 5353, 8000, 8080, 40000, 60000)


def said(journey: Journey | Unknown) -> object:
    """What a check looks at."""
    if isinstance(journey, Unknown):
        return journey
    ends = [(end.stage, end.symptom, end.share, end.doubts, end.arrival, end.reply) for end in journey.ends]
    arrivals = [(one.packet, one.local, one.device, one.way, one.back) for one in journey.arrivals]
    lines = [(place(line), line.result) for line in journey.lines]
    return (
        journey.packet, journey.verdict, place(journey.decided_by), journey.reject_with, journey.leg, lines,
        [place(line) for line in journey.unknown], journey.translated, journey.link, ends, journey.sight, arrivals,
    )  # fmt: skip


def each_port(facts: Facts) -> Iterator[tuple[Facts, int]]:
    """The facts with nothing but a port's own socket: of this user on some, of another on others."""
    for port in PORTS:
        address = ip_address("127.0.0.1" if port == 5353 else "0.0.0.0")
        yield (
            replace(facts, sockets=(Socket(address, port, uid=1000 if port < 5001 else 33, inode=port),)),
            port,
        )


@pytest.mark.parametrize("name", RECORDED)
def test_shared_journeys_are_those_of_each_port(name: str) -> None:
    facts = read_facts(load(name).recording)
    assert not isinstance(facts, Unknown)
    alike = Alike()
    for alone, port in each_port(facts):
        for way in list_ways(alone):
            packet = first_packet(alone, way, client_of(way), port)
            assert said(alike.follow(alone, packet)) == said(follow(alone, packet))


def test_ports_that_no_rule_tells_apart_are_followed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    followed: list[Packet] = []

    def counted(facts: Facts, ruleset: Ruleset, packet: Packet, watcher: Watcher | None = None) -> Journey:
        followed.append(packet)
        return follow_through(facts, ruleset, packet, watcher)

    monkeypatch.setattr("landiag.journey.alike.follow_through", counted)
    facts = read_facts(load("linux-ufw-default-allow").recording)
    assert not isinstance(facts, Unknown)
    alike = Alike()
    for port in range(3000, 3200):
        alone = replace(facts, sockets=(Socket(ip_address("0.0.0.0"), port, inode=port),))
        (way, *_) = list_ways(alone)
        alike.follow(alone, first_packet(alone, way, client_of(way), port))
    assert len(followed) == 1


def test_what_cannot_be_shared_is_followed_by_itself() -> None:
    packet = first_packet(BASE, list_ways(BASE)[0], ip_address(CLIENT), 5000)
    unread = Unknown("denied", "nft")
    assert Alike().follow(host(ruleset=unread), packet) == unread
    whole = replace(packet, destination_port=None)
    assert said(Alike().follow(BASE, whole)) == said(follow(BASE, whole))
    hidden = host(sockets=Unknown("denied", "ss"))
    assert said(Alike().follow(hidden, packet)) == said(follow(hidden, packet))
