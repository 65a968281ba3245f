"""Short ways for tests to make rulesets and packets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_address

from landiag.firewall.engine.conversation import Conversation
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.surroundings import Surroundings
from landiag.firewall.linux import parse_ruleset
from landiag.model.facts import Reading, ReadStatus
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset

ACCEPT, DROP = {"accept": None}, {"drop": None}


def dport(port: object, operator: str = "==") -> dict[str, object]:
    return {
        "match": {"op": operator, "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": port}
    }


def match(left: Mapping[str, object], right: object, operator: str = "==") -> dict[str, object]:
    return {"match": {"op": operator, "left": left, "right": right}}


def chain(
    name: str, hook: str | None = None, priority: int = 0, policy: str = "accept", **more: object
) -> object:
    hooked = {"type": "filter", "hook": hook, "prio": priority, "policy": policy} if hook else {}
    return {"chain": {"family": "inet", "table": "t", "name": name, **hooked, **more}}


def rule(chain_name: str, *statements: object, **more: object) -> object:
    return {"rule": {"family": "inet", "table": "t", "chain": chain_name, "expr": statements, **more}}


def nft(*items: object) -> Ruleset:
    return of_family("inet", *items)


def of_family(family: str, *items: object) -> Ruleset:
    """The same rules in a table of another family."""
    text = json.dumps({"nftables": [{"table": {"family": "inet", "name": "t"}}, *items]})
    data = text.replace('"inet"', f'"{family}"').encode()
    return parse_ruleset({"nft-ruleset": Reading("nft-ruleset", ReadStatus.OK, data)})


def saved(text: str, name: str = "iptables-save") -> Ruleset:
    return parse_ruleset({name: Reading(name, ReadStatus.OK, text.encode())})


def packet(port: int = 5000, **more: object) -> Packet:
    values: dict[str, object] = {
        "source": ip_address("192.168.77.20"),
        "destination": ip_address("192.168.77.10"),
        "in_interface": "eth0",
        **more,
    }
    return Packet(port, **values)  # type: ignore[arg-type]


def judge(ruleset: Ruleset, one: Packet | None = None) -> Conversation:
    one = one or packet()
    return Follower(ruleset, Surroundings(one.destination, one.in_interface)).follow(one)


def verdict(ruleset: Ruleset, one: Packet | None = None) -> str:
    return judge(ruleset, one).verdict.value
