"""Rules made of what can be decided are decided: never unknown for a packet of which everything is given."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from random import Random

import pytest

from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.surroundings import Surroundings, Way
from landiag.firewall.linux import parse_ruleset
from landiag.model.facts import Reading, ReadStatus
from landiag.model.packet import ABSENT, Absent, IPAddress, Packet
from landiag.model.route import RouteKind
from landiag.model.ruleset import Ruleset
from tests.firewall.rules import ACCEPT, chain, match, nft, rule, verdict
from tests.lab.differential import generate_iptables
from tests.lab.differential.world import ECHO_REQUEST, LAN, PORTS

SEEDS = range(250)
NOT_GIVEN = ("-m length", "-m mac")
"""The length of what client and server say later, and the hardware address of whoever answers for a translated one."""


class Known(Surroundings):
    """A host of which everything is known: eth0 in the LAN, br-app behind it, nothing else."""

    def address_type(self, address: IPAddress, device: str | None) -> str | None:
        return "local" if address == self.destination else "unicast"

    def way_to(
        self, address: IPAddress, device: str | None, mark: int | None, source: IPAddress | None = None
    ) -> str | Absent | None:
        way = "lo" if address == self.destination else "br-app" if _is_inner(address) else "eth0"
        return way if device in (None, way) else ABSENT

    def route(self, packet: Packet, mark: int | None) -> Way | None:
        if packet.destination == self.destination:
            return Way(RouteKind.LOCAL, "lo")
        return Way(
            RouteKind.UNICAST, "br-app" if packet.destination and _is_inner(packet.destination) else "eth0"
        )

    def bridge_ports(self, name: str | None) -> tuple[str, ...] | None:
        return ("veth0",) if name == "br-app" else ()

    def bridge_calls_iptables(self, version: int) -> bool | None:
        return False


def _is_inner(address: IPAddress) -> bool:
    return address in ip_network("172.17.0.0/16" if address.version == 4 else "fd17::/64")


def ruleset_text(seed: int, version: int) -> str:
    lines = generate_iptables.generate(seed, version).splitlines()
    return "\n".join(line for line in lines if not any(word in line for word in NOT_GIVEN)) + "\n"


def a_packet(random: Random, version: int) -> Packet:
    protocol = random.choice(("tcp", "tcp", "udp", "icmp"))
    is_echo = protocol == "icmp"
    server = (LAN.server4 if version == 4 else LAN.server6).split("/")[0]
    return Packet(
        None if is_echo else random.choice(PORTS), protocol=protocol,
        source=ip_address(random.choice(LAN.clients4 if version == 4 else LAN.clients6)),
        destination=ip_address(server), source_port=None if is_echo else 40000, in_interface="eth0",
        flags=frozenset({"syn"} if protocol == "tcp" else ()), skuid=0, skgid=0,
        icmp_type=ECHO_REQUEST[version] if is_echo else None, icmp_code=0 if is_echo else None,
    )  # fmt: skip


def _match(left: object, right: object, operator: str = "==") -> dict[str, object]:
    return {"match": {"op": operator, "left": left, "right": right}}


def _payload(protocol: str, field: str) -> dict[str, object]:
    return {"payload": {"protocol": protocol, "field": field}}


def a_match(random: Random, hook: str) -> dict[str, object]:
    """A comparison that nft -j may show, of what the packet gives or the conversation makes known."""
    port, other = random.choice(PORTS), random.choice(PORTS)
    side = random.choice(("dport", "sport"))
    mark, ct_mark = {"meta": {"key": "mark"}}, {"ct": {"key": "mark"}}
    choices: list[dict[str, object]] = [
        _match(_payload("tcp", side), port, random.choice(("==", "!=", "<", ">="))),
        _match(_payload("udp", side), {"set": [port, {"range": [5000, 6000]}]}, random.choice(("==", "!="))),
        _match(_payload("udp", side), {"range": [min(port, other), max(port, other)]}),
        _match({"meta": {"key": "l4proto"}}, {"set": ["tcp", "udp"]}),
        _match(_payload("ip", random.choice(("saddr", "daddr"))), {"prefix": {"addr": "192.168.77.16", "len": 28}}),
        _match(_payload("ip6", "saddr"), {"prefix": {"addr": "fd77::", "len": 64}}, random.choice(("==", "!="))),
        _match(_payload("icmp", "type"), "echo-request"), _match(_payload("icmpv6", "type"), "echo-reply", "!="),
        _match({"ct": {"key": "state"}}, random.choice((["established", "related"], "new", "invalid")), "in"),
        _match({"ct": {"key": "direction"}}, "reply"), _match({"ct": {"key": "status"}}, "dnat", "in"),
        _match({"ct": {"key": "ip saddr", "dir": "original"}}, LAN.clients4[0]),
        _match(mark, random.choice((0, 1, 16)), random.choice(("==", "!="))),
        _match({"&": [mark, 16]}, 16), _match(ct_mark, 5),
        _match({"meta": {"key": "iifname"}}, random.choice(("eth0", "eth*", "br-app", "lo"))),
        _match({"meta": {"key": "oifname"}}, {"set": ["eth0", "lo"]}, random.choice(("==", "!="))),
        _match({"fib": {"result": "type", "flags": ["daddr"]}}, "local"),
        _match({"&": [_payload("tcp", "flags"), ["syn", "ack"]]}, "syn", random.choice(("==", "!="))),
        _match({"meta": {"key": "pkttype"}}, {"set": ["broadcast", "multicast"]}), _match(_payload("ip", "ttl"), 64),
        _match({"meta": {"key": "nfproto"}}, random.choice(("ipv4", "ipv6"))), _match(_payload("ip", "dscp"), "cs1"),
        _match({"concat": [_payload("ip", "saddr"), _payload("tcp", "dport")]},
               {"set": [{"concat": [LAN.clients4[0], port]}, {"concat": [LAN.clients4[1], other]}]}),
        {"vmap": {"key": _payload("tcp", "dport"), "data": {"set": [[port, {"accept": None}], [5, {"drop": None}]]}}},
    ]  # fmt: skip
    if hook == "output":
        choices.append(_match({"meta": {"key": "skuid"}}, 0))
    if hook in ("prerouting", "input"):
        choices.append(_match({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, False))
    return random.choice(choices)


def an_end(random: Random) -> dict[str, object]:
    mark, ct_mark = {"meta": {"key": "mark"}}, {"ct": {"key": "mark"}}
    ends: list[dict[str, object]] = [
        {"accept": None}, {"accept": None}, {"drop": None}, {"reject": {"type": "tcp reset"}}, {"counter": None},
        {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}, {"jump": {"target": "sub"}}, {"return": None},
        {"mangle": {"key": mark, "value": random.choice((1, 16, ct_mark))}}, {"mangle": {"key": ct_mark, "value": 5}},
    ]  # fmt: skip
    return random.choice(ends)


def an_nft_ruleset(random: Random) -> Ruleset:
    """A few base chains and one to jump to; a rejection stands only where the kernel takes it."""
    places = random.sample(("prerouting", "input", "forward", "output", "postrouting"), 3)
    items: list[object] = [{"table": {"family": "inet", "name": "t"}}, chain("sub")]
    for hook in places:
        policy = "drop" if hook == "input" and random.random() < 0.4 else "accept"
        items.append(chain(hook, hook, random.choice((-250, -150, 0, 50)), policy))
    for hook in ("sub", *places):
        for _ in range(random.randint(1, 5)):
            end = an_end(random)
            if ("jump" in end and hook == "sub") or ("reject" in end and "routing" in hook):
                continue
            items.append(rule(hook, *(a_match(random, hook) for _ in range(random.randint(1, 2))), end))
    return nft(*items)


def judged(rules: Ruleset, packet: Packet, told: dict[str, int]) -> None:
    found = Follower(rules, Known(packet.destination, "eth0")).follow(packet)
    why = [f"{line.rule_text}: {line.result}" for line in found.unknown]
    assert found.verdict.value != "unknown", (packet, why)
    told[found.verdict.value] = told.get(found.verdict.value, 0) + 1


@pytest.mark.parametrize("version", [4, 6])
def test_rules_of_iptables_are_decided(version: int) -> None:
    told: dict[str, int] = {}
    for seed in SEEDS:
        name = "iptables-save" if version == 4 else "ip6tables-save"
        texts = {
            name: ruleset_text(seed, version),
            "ipset-save": generate_iptables.ipsets(Random(seed), version),
        }
        rules = parse_ruleset(
            {key: Reading(key, ReadStatus.OK, text.encode()) for key, text in texts.items()}
        )
        for number in range(8):
            judged(rules, a_packet(Random(f"{seed} {number}"), version), told)
    assert len(told) == 3
    assert min(told.values()) > 40


def test_rules_of_nft_are_decided() -> None:
    told: dict[str, int] = {}
    for seed in SEEDS:
        rules = an_nft_ruleset(Random(seed))
        for number in range(8):
            judged(rules, a_packet(Random(f"{seed} {number}"), random_version(seed + number)), told)
    assert len(told) == 3
    assert min(told.values()) > 40


def random_version(number: int) -> int:
    return 6 if number % 3 == 0 else 4


def test_every_interface_has_an_index() -> None:
    """Which one is not known of a saved ruleset; that it is above zero is."""

    def verdict_of(operator: str, index: int) -> str:
        rules = nft(
            chain("in", "input", policy="drop"),
            rule("in", match({"meta": {"key": "iif"}}, index, operator), ACCEPT),
        )
        return verdict(rules)

    assert verdict_of(">", 0) == "accept"
    assert verdict_of("<", 1) == "drop"
    assert verdict_of("==", 3) == "unknown"
    assert verdict_of(">", 3) == "unknown"
