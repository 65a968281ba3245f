"""Classes of addresses: whoever shares one fares alike, and not every client is a class of its own."""

from __future__ import annotations

import json
import random
from ipaddress import IPv4Address, ip_address

import pytest
from msgspec.structs import replace

from landiag.firewall.engine.mentions import mentioned
from landiag.fleet.classes import Classes
from landiag.fleet.incoming import judge_incoming
from landiag.model.process import Namespace
from landiag.model.ruleset import Ruleset
from tests.fleet.machines import firewall, host, recording

SERVER = IPv4Address("10.0.0.10")


REDIRECTS = """*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 81
COMMIT
"""


def drawn(chance: random.Random) -> str:
    """A rule that tells clients of 10.0.0.0/16 apart."""
    first = IPv4Address("10.0.0.0") + chance.randrange(1 << 10)
    source = chance.choice((
        f"-s {first}/{chance.choice((32, 30, 28, 25))}",
        f"-s {first}/255.255.255.{chance.choice((128, 240, 255))}",
        f"-s {first}/255.255.0.{chance.choice((1, 5, 192))}",
        f"! -s {first}",
        f"-m iprange --src-range {first}-{first + chance.randrange(200)}",
        "-i eth0",
    ))  # fmt: skip
    return f"-A INPUT {source} -p tcp -m tcp --dport {chance.choice((80, 81))} -j {chance.choice(('ACCEPT', 'DROP'))}"


@pytest.mark.parametrize("seed", range(12))
def test_whoever_shares_a_class_fares_alike(seed: int) -> None:
    chance = random.Random(seed)
    rules = firewall(*(drawn(chance) for _ in range(8)), policy=chance.choice(("DROP", "ACCEPT")))
    rules += chance.choice(("", REDIRECTS))
    server = host("server", recording(f"{SERVER}/16", {80: "0.0.0.0", 81: "0.0.0.0"}, rules))
    classes = Classes(server, 4, 80)
    clients = [IPv4Address("10.0.0.11") + chance.randrange(1 << 10) for _ in range(150)]
    fates: dict[object, set[object]] = {}
    for client in clients:
        fate = judge_incoming(server, SERVER, 80, client)
        fates.setdefault(classes.of(int(client)), set()).add((fate.verdict, fate.cause, fate.detail))
    assert {len(found) for found in fates.values()} == {1}


def statement(operator: str, right: object, left: object = None) -> bytes:
    payload = {"payload": {"protocol": "ip", "field": "saddr"}}
    match = {"match": {"op": operator, "left": left or payload, "right": right}}
    return json.dumps({"nftables": [{"rule": {"expr": [match]}}]}).encode()


PAYLOAD = {"payload": {"protocol": "ip", "field": "saddr"}}


@pytest.mark.parametrize(
    ("text", "same", "other"),
    [
        (b"-A INPUT -s 10.1.0.0/16 -j DROP", ("10.1.0.1", "10.1.9.9"), "10.2.0.1"),
        (b"-A INPUT -s 10.1.0.0/255.255.0.0 -j DROP", ("10.1.0.1", "10.1.9.9"), "10.2.0.1"),
        (b"-A INPUT -s 10.0.0.1/255.0.0.255 -j DROP", ("10.5.6.1", "10.7.8.1"), "10.7.8.2"),
        (b"-A INPUT -m iprange --src-range 10.0.0.5-10.0.0.9 -j DROP", ("10.0.0.6", "10.0.0.8"), "10.0.0.10"),
        (b"create s hash:ip family inet netmask 24\nadd s 10.0.0.0\n", ("10.0.0.3", "10.0.0.4"), "10.0.1.3"),
        (b"add s 10.0.0.5-10.0.0.9\n", ("10.0.0.5", "10.0.0.9"), "10.0.0.4"),
        (statement("==", {"range": ["10.0.0.5", "10.0.0.9"]}), ("10.0.0.6", "10.0.0.8"), "10.0.0.10"),
        (statement("==", {"prefix": {"addr": "10.1.0.0", "len": 16}}), ("10.1.0.1", "10.1.9.9"), "10.2.0.1"),
        (statement("==", {"set": ["10.0.0.5", "10.0.0.7"]}), ("10.0.0.4", "10.0.0.9"), "10.0.0.7"),
        (statement(">", "10.0.0.5"), ("10.0.0.6", "10.9.9.9"), "10.0.0.4"),
        (statement("==", "10.0.0.1", {"&": [PAYLOAD, "255.0.0.255"]}), ("10.5.6.1", "10.7.8.1"), "10.7.8.2"),
    ],
)  # fmt: skip
def test_what_a_text_tells_apart(text: bytes, same: tuple[str, str], other: str) -> None:
    found = mentioned(Ruleset(texts=(text,)), 4)

    def place(word: str) -> object:
        number = int(ip_address(word))
        inside = sum(edge <= number for edge in found.gaps.edges)
        return found.gaps.names[inside], [number & mask for mask in found.masks]

    assert place(same[0]) == place(same[1])
    assert place(same[0]) != place(other)


@pytest.mark.parametrize(
    "text",
    [
        statement("==", "x", {"|": [PAYLOAD, "0.0.0.1"]}),
        statement("==", 3232235777, {"payload": {"base": "nh", "offset": 96, "len": 32}}),
        statement("==", "x", {"&": [PAYLOAD, {"strange": 1}]}),
    ],
)
def test_what_is_not_read_tells_every_address_apart(text: bytes) -> None:
    assert (1 << 32) - 1 in mentioned(Ruleset(texts=(text,)), 4).masks


def test_spans_of_ipv6() -> None:
    text = b"-A INPUT -s fd00:1::/32 -j DROP\n-A INPUT -s fd00:2::5/128 -j DROP\n"
    edges = mentioned(Ruleset(texts=(text,)), 6).gaps.edges
    first, single = int(ip_address("fd00:1::")), int(ip_address("fd00:2::5"))
    assert edges == (first, first + (1 << 96), single, single + 1)


def test_rules_of_another_port_tell_no_clients_apart() -> None:
    rules = firewall(
        *(f"-A INPUT -s 10.0.0.{one} -p tcp -m tcp --dport {70 + one} -j DROP" for one in (10, 11))
    )
    clients = [int(IPv4Address("10.0.0.10")), int(IPv4Address("10.0.0.11"))]
    server = host("server", recording("10.0.0.1/16", {80: "0.0.0.0"}, rules))
    places = {port: {Classes(server, 4, port).of(one) for one in clients} for port in (80, 90, None)}
    assert [len(found) for found in places.values()] == [2, 1, 2]


def test_rules_of_a_container_tell_clients_apart() -> None:
    server = host("server", recording(f"{SERVER}/16", {80: "0.0.0.0"}))
    assert server.facts is not None
    ruleset = Ruleset(texts=(b"-A INPUT -s 10.0.0.99 -j DROP",))
    container = Namespace("1", 7, "db", sockets=(), interfaces=(), ruleset=ruleset)
    classes = Classes(replace(server, facts=replace(server.facts, namespaces=(container,))), 4, 80)
    assert len({classes.of(int(IPv4Address(f"10.0.0.{one}"))) for one in (98, 99, 100)}) == 2


def test_clients_on_both_sides_of_what_is_named_are_one_class() -> None:
    server = host(
        "server", recording(f"{SERVER}/16", {80: "0.0.0.0"}, firewall("-A INPUT -s 10.0.0.99 -j DROP"))
    )
    classes = Classes(server, 4)
    places = {classes.of(int(SERVER) + extra) for extra in (5, 50, 500)}
    assert len(places) == 1
    assert classes.of(int(IPv4Address("10.0.0.99"))) not in places
