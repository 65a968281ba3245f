"""All packets at once are what the evaluator says of each: over generated rulesets, and rules made to be hard."""

from __future__ import annotations

from ipaddress import ip_address
from random import Random

import pytest

from landiag.firewall.engine.explore import Explorer
from landiag.firewall.engine.spaces import Axis, Universe
from landiag.firewall.engine.surroundings import AnywhereSurroundings, SavedSurroundings
from landiag.model.ruleset import Ruleset, Verdict
from tests.firewall.engine.test_decidable import Known, an_nft_ruleset, ruleset_text
from tests.firewall.regions import a_packet, disagreements, explored
from tests.firewall.rules import ACCEPT, DROP, chain, dport, match, nft, rule, saved


def known(packet: object) -> Known:
    return Known(packet.destination, "eth0")  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(60))
def test_random_nft(seed: int) -> None:
    random = Random(seed)
    ruleset = an_nft_ruleset(random)
    for version in (4, 6):
        packet = a_packet(version, random.choice(("tcp", "udp")), skuid=0, skgid=0)
        assert disagreements(random, ruleset, known, packet) == []


@pytest.mark.parametrize("seed", range(60))
def test_random_iptables(seed: int) -> None:
    random = Random(seed)
    version = random.choice((4, 6))
    text = ruleset_text(seed, version)
    ruleset = saved(text, "iptables-save" if version == 4 else "ip6tables-save")
    packet = a_packet(version, random.choice(("tcp", "udp")), skuid=0, skgid=0)
    assert disagreements(random, ruleset, known, packet) == []
    assert disagreements(random, ruleset, SavedSurroundings, packet) == []


def ipt(*lines: str, nat: tuple[str, ...] = (), mangle: tuple[str, ...] = ()) -> Ruleset:
    tables = (
        ("nat", (":PREROUTING ACCEPT [0:0]", ":POSTROUTING ACCEPT [0:0]", *nat)),
        ("mangle", (":PREROUTING ACCEPT [0:0]", *mangle)),
        ("filter", (":INPUT DROP [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", *lines)),
    )
    return saved("".join(f"*{name}\n" + "\n".join(body) + "\nCOMMIT\n" for name, body in tables))


HARD = {
    "translated to the port that others type": ipt(
        "-A INPUT -p tcp --dport 85 -s 10.0.0.0/8 -j ACCEPT",
        "-A INPUT -p tcp --dport 86 -j ACCEPT",
        nat=("-A PREROUTING -p tcp --dport 80:90 -j REDIRECT --to-ports 85",),
    ),
    "a range of targets": ipt(
        "-A INPUT -p tcp --dport 5000:5005 -j ACCEPT",
        nat=("-A PREROUTING -p tcp --dport 5000:5010 -j DNAT --to-destination :5000-5005",),
    ),
    "the server's answers are stopped by its port": ipt(
        "-A INPUT -p tcp -j ACCEPT",
        "-A OUTPUT -p tcp --sport 443 -d 192.168.0.0/16 -j DROP",
        "-A OUTPUT -p tcp --dport 40000:50000 -j REJECT",
    ),
    "perhaps returned, then dropped, and yet accepted above": ipt(
        ":limited - [0:0]",
        "-A INPUT -p tcp --dport 22 -j limited",
        "-A INPUT -p tcp --dport 22 -s 10.0.0.0/8 -j ACCEPT",
        "-A INPUT -p tcp --dport 23 -j ACCEPT",
        "-A limited -m limit --limit 1/s -j RETURN",
        "-A limited -s 10.1.0.0/16 -j REJECT",
        "-A limited -j DROP",
    ),
    "a mark that a port sets": ipt(
        "-A INPUT -m mark --mark 1 -s 10.0.0.0/8 -j ACCEPT",
        "-A INPUT -m mark --mark 2 -j ACCEPT",
        mangle=(
            "-A PREROUTING -p tcp --dport 1000:2000 -j MARK --set-mark 1",
            "-A PREROUTING -p tcp --dport 1500 -m limit --limit 1/s -j MARK --set-mark 2",
        ),
    ),
    "the source port too": ipt(
        "-A INPUT -p tcp --sport 1024:65535 --dport 80 -j ACCEPT",
        "-A INPUT -p tcp -m multiport --ports 67,68 -j ACCEPT",
    ),
    "masks with holes": ipt("-A INPUT -s 10.0.7.0/255.0.255.0 -p tcp --dport 80 -j ACCEPT"),
    "masks that keep no leading bits": ipt("-A INPUT -s 0.0.0.7/0.0.0.255 -p tcp --dport 80 -j ACCEPT"),
    "a policy and a rule that accept": ipt(
        "-P INPUT ACCEPT", "-A INPUT -s 10.0.0.0/8 -p tcp --dport 80 -j ACCEPT", "-A INPUT -s 10.0.0.0/9 -j DROP"
    ),
    "a map of verdicts over two fields": nft(
        chain("input", "input", policy="drop"),
        rule("input", {"vmap": {
            "key": {"concat": [{"payload": {"protocol": "ip", "field": "saddr"}},
                               {"payload": {"protocol": "tcp", "field": "dport"}}]},
            "data": {"set": [
                [{"concat": [{"range": ["10.0.0.0", "10.0.0.255"]}, {"range": [1000, 2000]}]}, ACCEPT],
                [{"concat": ["10.0.1.1", 22]}, DROP],
                [{"concat": ["10.0.1.2", 22]}, ACCEPT],
            ]},
        }}),
    ),
    "a set that is not": nft(
        chain("input", "input", policy="accept"),
        rule("input", match({"payload": {"protocol": "ip", "field": "saddr"}},
                            {"set": ["10.0.0.1", {"prefix": {"addr": "192.168.0.0", "len": 16}}]}, "!="),
             dport(5000), DROP),
    ),
    "a set that the packet fills": nft(
        {"set": {"family": "inet", "table": "t", "name": "seen", "type": "ipv4_addr", "flags": ["dynamic"]}},
        chain("input", "input", policy="drop"),
        rule("input", dport(22), {"set": {"op": "add", "elem": {"payload": {"protocol": "ip", "field": "saddr"}},
                                          "set": "@seen"}}),
        rule("input", match({"payload": {"protocol": "ip", "field": "saddr"}}, "@seen"), ACCEPT),
        rule("input", dport(80), ACCEPT),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_hard_rules(name: str, protocol: str) -> None:
    for around in (SavedSurroundings, AnywhereSurroundings):
        packet = a_packet(protocol=protocol)
        asked = () if around is SavedSurroundings else (None, None, ((1 << 24, (127 << 24) - 1),))
        assert disagreements(Random(name), HARD[name], around, packet, asked, number=20) == []


def test_what_speaks_for_all_has_no_value_by_chance() -> None:
    """The port to which others are translated is told apart from the port that clients type."""
    rules = ipt(
        "-A INPUT -p tcp --dport 22 -s 10.0.0.0/8 -j ACCEPT", "-A INPUT -p tcp --dport 22 -j REJECT",
        nat=("-A PREROUTING -p tcp --dport 2022 -j REDIRECT --to-ports 22",),
    )  # fmt: skip
    for seed in range(20):
        assert disagreements(Random(seed), rules, SavedSurroundings, a_packet(), number=20) == []


def test_too_many_kinds_are_unknown_and_never_wrong() -> None:
    """What cannot be said in intervals is told packet by packet, up to a bound; what can be is told all the same."""
    universe, told = explored(
        HARD["masks that keep no leading bits"], SavedSurroundings, a_packet(), max_runs=30
    )
    (aside,) = (one for one in told if one.told is None)
    assert aside.verdict is Verdict.UNKNOWN
    assert {ports for _, ports, *_ in universe.boxes(aside.space)} == {((80, 80),)}
    assert len(told) < 30


def test_one_kind_where_no_rule_asks() -> None:
    universe, told = explored(Ruleset(), SavedSurroundings, a_packet())
    assert [one.verdict for one in told] == [Verdict.ACCEPT]
    assert universe.count(told[0].space) == universe.count(universe.full) >> 32


def test_a_chain_is_swept_once_for_packets_that_are_alike() -> None:
    lines = [
        f"-A INPUT -s 10.0.{number}.0/24 -p tcp --dport {number + 100} -j ACCEPT" for number in range(50)
    ]
    packet = a_packet()
    universe, there = Universe(4), int(ip_address("192.168.77.10"))
    asked = universe.box((None, None, ((there, there),)))
    explorer = Explorer(ipt(*lines), SavedSurroundings, packet, universe, asked)
    told = list(explorer.explore())
    assert len(told) == 2
    assert all(len(tables) <= 4 for tables in explorer.tables.values())
    assert Axis.PORT in (told[0].lens.open if told[0].lens else ())


def test_a_sweep_that_takes_too_long_ends_and_is_never_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many disjoint sets: what comes after the bound is told packet by packet, then unknown."""
    monkeypatch.setattr("landiag.firewall.engine.sweep.MAX_VISITS", 100)
    rules = ipt(*(
        f"-A INPUT -s 10.0.0.{number} -p tcp -j DROP\n-A INPUT -p tcp --dport {1000 + number} -j ACCEPT"
        for number in range(200)
    ))  # fmt: skip
    assert disagreements(Random(1), rules, SavedSurroundings, a_packet()) == []
    _, told = explored(rules, SavedSurroundings, a_packet(), max_runs=40)
    assert any(one.told is None for one in told)
    assert all(one.verdict in (Verdict.ACCEPT, Verdict.DROP) for one in told if one.told is not None)
