"""Clients that come in by the port of a bridge: the chains of its family see them before those of ip."""

from __future__ import annotations

import json

import pytest

from landiag.firewall.engine.conversation import Conversation
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.surroundings import Surroundings
from landiag.firewall.linux import parse_ruleset
from landiag.model.facts import Reading, ReadStatus
from landiag.model.ruleset import Ruleset
from tests.firewall.rules import ACCEPT, DROP, chain, dport, match, nft, packet, rule, saved

PORT_IN, PORT_OUT = {"meta": {"key": "iifname"}}, {"meta": {"key": "oifname"}}


class OnBridge(Surroundings):
    """A server whose address is on the bridge br0."""

    ports: tuple[str, ...] | None = ("eth0",)
    filtered: bool | None = False

    def bridge_ports(self, name: str | None) -> tuple[str, ...] | None:
        return self.ports if name == "br0" else ()

    def bridge_calls_iptables(self, version: int) -> bool | None:
        return self.filtered


def bridged(*items: object) -> Ruleset:
    text = json.dumps({"nftables": [{"table": {"family": "inet", "name": "t"}}, *items]})
    data = text.replace('"inet"', '"bridge"').encode()
    return parse_ruleset({"nft-ruleset": Reading("nft-ruleset", ReadStatus.OK, data)})


def judge(
    rules: Ruleset, port: int = 5000, ports: tuple[str, ...] | None = ("eth0",), filtered: bool | None = False
) -> Conversation:
    one = packet(port, in_interface="br0")
    around = OnBridge(one.destination, "br0")
    around.ports, around.filtered = ports, filtered
    return Follower(rules, around).follow(one)


@pytest.mark.parametrize("hook", ["prerouting", "input", "output", "postrouting"])
def test_the_chains_of_the_bridge_see_the_conversation(hook: str) -> None:
    rules = bridged(chain("b", hook), rule("b", match(PORT_IN, "br0"), DROP), rule("b", match(PORT_OUT, "br0"), DROP),
                    rule("b", dport(5000), DROP), rule("b", match(PORT_OUT, "eth0"), DROP))  # fmt: skip
    told = judge(rules)
    assert (told.verdict.value, told.leg) == ("drop", "syn" if hook in ("prerouting", "input") else "syn-ack")
    assert told.decided_by is not None
    assert told.decided_by.chain is not None
    assert told.decided_by.chain.family == "bridge"


def test_a_frame_that_the_bridge_passes_on_is_not_for_this_host() -> None:
    assert judge(bridged(chain("b", "forward", policy="drop"))).verdict.value == "accept"


def test_of_several_ports_nobody_knows_which() -> None:
    rules = bridged(chain("b", "input"), rule("b", match(PORT_IN, "eth0"), dport(5000), DROP))
    assert judge(rules).verdict.value == "drop"
    told = judge(rules, ports=("eth0", "eth1"))
    assert told.verdict.value == "unknown"
    assert any("by which port of br0" in line.result for line in told.unknown)
    assert judge(rules, 80, ports=("eth0", "eth1")).verdict.value == "accept"


def test_whether_it_is_a_bridge_may_not_be_known() -> None:
    rules = bridged(chain("b", "input"), rule("b", dport(5000), DROP))
    assert judge(rules, ports=None).verdict.value == "unknown"
    assert judge(rules, ports=()).verdict.value == "accept"


def test_with_br_netfilter_translation_comes_before_the_bridge_s_input() -> None:
    nat = nft(
        chain("n", "prerouting", -100, type="nat"), rule("n", dport(5000), {"redirect": {"port": 5001}})
    )
    rules = bridged(chain("b", "input"), rule("b", dport(5001), DROP))
    both = Ruleset({**nat.tables, **rules.tables})
    assert [judge(both, filtered=filtered).verdict.value for filtered in (True, False, None)] == [
        "drop", "accept", "unknown",
    ]  # fmt: skip


def test_ports_in_rules_of_iptables_count_with_br_netfilter_alone() -> None:
    rules = saved("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m physdev --physdev-in eth0 -j DROP\nCOMMIT\n")
    assert [judge(rules, filtered=filtered).verdict.value for filtered in (True, False, None)] == [
        "drop", "accept", "unknown",
    ]  # fmt: skip
    assert judge(rules, ports=("eth1",), filtered=True).verdict.value == "accept"


def test_a_reset_leaves_by_the_port_past_every_rule() -> None:
    rules = saved(
        "*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"
        "-A OUTPUT -p tcp -j DROP\nCOMMIT\n"
    )
    assert [judge(rules, filtered=filtered).verdict.value for filtered in (True, False)] == ["reject", "drop"]


def test_chains_on_the_port_itself() -> None:
    text = json.dumps({"nftables": [
        {"table": {"family": "netdev", "name": "t"}},
        {"chain": {"family": "netdev", "table": "t", "name": "c", "type": "filter", "hook": "ingress", "prio": 0,
                   "policy": "accept", "dev": "eth0"}},
        {"rule": {"family": "netdev", "table": "t", "chain": "c", "expr": [dport(5000), DROP]}},
        {"rule": {"family": "netdev", "table": "t", "chain": "c", "expr": [ACCEPT]}},
    ]})  # fmt: skip
    rules = parse_ruleset({"nft-ruleset": Reading("nft-ruleset", ReadStatus.OK, text.encode())})
    assert judge(rules).verdict.value == "drop"
    assert judge(rules, ports=("eth1",)).verdict.value == "accept"
