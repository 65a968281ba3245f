"""Routes and policy rules, from ``ip -j`` (ip-route(8), ip-rule(8))."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Network, ip_address, ip_network
from typing import Any

from landiag.collect.jsontext import number_at, parse_objects, text_at
from landiag.model.facts import Command, Family, IPNetwork, ParseError
from landiag.model.regex import regex
from landiag.model.route import PolicyRule, Route
from landiag.model.strict import only_keys, only_words

ROUTES4 = Command("ip-routes-4", ("ip", "-j", "-4", "route", "show", "table", "all"))
ROUTES6 = Command("ip-routes-6", ("ip", "-j", "-6", "route", "show", "table", "all"))
RULES4 = Command("ip-rules-4", ("ip", "-j", "-4", "rule", "show"))
RULES6 = Command("ip-rules-6", ("ip", "-j", "-6", "rule", "show"))


def namespace_sources(pid: int, name: str) -> tuple[Command, ...]:
    """Name the sources of the routes and rules in another network namespace, in which process ``pid`` lives."""
    inside = ("nsenter", "-t", str(pid), "-n")
    return tuple(
        Command(f"{one.name} netns={name}", (*inside, *one.argv), needs_root=True)
        for one in (ROUTES4, ROUTES6, RULES4, RULES6)
    )


def namespace_settings(pid: int, name: str) -> Command:
    """Name the source of the settings of IPv4 in another network namespace."""
    argv = ("nsenter", "-t", str(pid), "-n", "sysctl", "net.ipv4.conf")
    return Command(f"sysctl netns={name}", argv, needs_root=True)


def parse_settings(text: str) -> dict[str, str]:
    """Parse ``sysctl``: ``net.ipv4.conf.all.rp_filter = 1``, one a line; slashes are the dots of an interface."""
    pairs = (line.partition(" = ") for line in text.splitlines())
    return {name.strip().replace("/", "."): value.strip() for name, separator, value in pairs if separator}


_EVERYWHERE = {Family.IPV4: ip_network("0.0.0.0/0"), Family.IPV6: ip_network("::/0")}

_RULE_WORDS = frozenset({
    "priority", "src", "srclen", "dst", "dstlen", "table", "action", "goto", "not", "fwmark", "fwmask",
    "iif", "iif_detached", "oif", "oif_detached", "uid_start", "uid_end", "ipproto", "protocol", "sport", "sport_start",
    "sport_end", "dport", "dport_start", "dport_end", "suppress_prefixlen", "suppress_ifgroup", "l3mdev", "nop",
    "unresolved",
})  # fmt: skip
"""The keys of a rule that are understood; a rule with another one matches perhaps."""

_ROUTE_KEYS = frozenset(
    (
        "type",
        "dst",
        "src",
        "from",
        "tos",
        "dsfield",
        "nhid",
        "encap",
        "gateway",
        "via",
        "dev",
        "table",
        "protocol",
        "scope",
    )
    + (
        "prefsrc",
        "metric",
        "flags",
        "mark",
        "flow",
        "realms",
        "to_realms",
        "from_realms",
        "users",
        "uid",
        "expires",
        "error",
    )
    + (
        "metrics",
        "iif",
        "nexthops",
        "weight",
        "pref",
        "ttl-propogate",
        "ttl-propagate",
        "cache",
        "age",
        "used",
    )
    + (
        "mtu",
        "window",
        "rtt",
        "rttvar",
        "ssthresh",
        "cwnd",
        "advmss",
        "reordering",
        "hoplimit",
        "initcwnd",
        "features",
    )
    + (
        "rto_min",
        "initrwnd",
        "quickack",
        "congctl",
        "fastopen_no_cookie",
        "lock",
        "labels",
        "newdst",
        "as-to",
        "traffic_class",
    )
)
"""Every key of a route and of its next hops: print_route() of iproute2."""

_ROUTE_KINDS = frozenset(
    (
        "unicast",
        "local",
        "broadcast",
        "anycast",
        "multicast",
        "unreachable",
        "blackhole",
        "prohibit",
        "throw",
        "nat",
        "xresolve",
    )
)
_HOP_FLAGS = frozenset(
    (
        "dead",
        "onlink",
        "pervasive",
        "offload",
        "trap",
        "notify",
        "linkdown",
        "unresolved",
        "rt_offload",
        "rt_trap",
    )
    + ("rt_offload_failed", "offload_failed", "cloned", "cache")
)
_ACTIONS = frozenset(
    ("goto", "nop", "unreachable", "prohibit", "blackhole", "masquerade", "map-to", "nat", "to_tbl", "table")
)


def parse_routes(text: str, family: Family) -> tuple[Route, ...]:
    """Parse ``ip -j route show table all`` of one family; a multipath route becomes one Route a next hop."""
    try:
        return tuple(route for item in parse_objects(text) if item for route in _parse_route(item, family))
    except (KeyError, TypeError, ValueError) as error:
        raise ParseError(f"not the output of ip -j route: {type(error).__name__} {error}") from error


def _parse_route(item: dict[str, Any], family: Family) -> list[Route]:
    hops = item.get("nexthops") or [item]
    for part in hops if hops[0] is item else (item, *hops):
        only_keys(part, _ROUTE_KEYS, "a route")
        only_words(part.get("flags", ()), _HOP_FLAGS, "a route's flags")
    only_words((item.get("type", "unicast"),), _ROUTE_KINDS, "a route's types")
    return [
        Route(
            destination=_parse_prefix(item["dst"], family),
            kind=str(item.get("type", "unicast")),
            table=str(item.get("table", "main")),
            device=text_at(hop, "dev"),
            gateway=_address(hop["gateway"]) if "gateway" in hop else _parse_via(hop),
            source=_address(item["prefsrc"]) if "prefsrc" in item else None,
            metric=int(item.get("metric", 0)),
            hop_limit=_hop_limit(item),
            dead="dead" in hop.get("flags", ()),
            multipath=len(hops) > 1,
        )
        for hop in hops
    ]


def _hop_limit(item: dict[str, Any]) -> int | None:
    """What its packets begin with as time to live, where the route sets it."""
    told = [one["hoplimit"] for one in item.get("metrics", ()) if "hoplimit" in one]
    return int(told[0]) if told else None


_address = lru_cache(maxsize=4096)(ip_address)
"""Tens of thousands of routes lead to some hundred gateways."""


def _parse_via(hop: dict[str, Any]) -> Any:
    """Parse a gateway of the other family (``via inet6 fe80::1``, RFC 5549); None without one."""
    return ip_address(hop["via"]["host"]) if "via" in hop else None


def _parse_prefix(text: str, family: Family) -> IPNetwork:
    if text in ("default", "all"):
        return _EVERYWHERE[family]
    found = _PREFIX.fullmatch(text)
    if found is None:
        return ip_network(text, strict=False)
    first, second, third, fourth, length = map(int, found.groups())
    return IPv4Network((first << 24 | second << 16 | third << 8 | fourth, length), strict=False)


_OCTET = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_PREFIX = regex(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}/(3[0-2]|[12]?\d)", re.ASCII)
"""How nearly every route of a large table is written; ``ip_network`` takes twice as long for it."""


def parse_rules(text: str, family: Family) -> tuple[PolicyRule, ...]:
    """Parse ``ip -j rule show`` of one family, in the order in which the kernel asks them."""
    try:
        rules = [_parse_rule(item, family) for item in parse_objects(text) if item]
    except (KeyError, TypeError, ValueError) as error:
        raise ParseError(f"not the output of ip -j rule: {type(error).__name__} {error}") from error
    return tuple(sorted(rules, key=lambda rule: rule.priority))


_MORE_RULE_WORDS = frozenset({
    "tos", "dsfield", "dscp", "dscp_mask", "tun_id", "flowlabel", "flowlabel_mask", "sport_mask", "dport_mask",
    "sup_group", "flow", "flow_from", "flow_to", "realms", "nat_gateway", "masquerade",
})  # fmt: skip
"""What else a rule may have (print_rule of iproute2's ip/iprule.c): it may or may not be for a packet."""


def _parse_rule(item: dict[str, Any], family: Family) -> PolicyRule:
    only_keys(item, _RULE_WORDS | _MORE_RULE_WORDS, "a rule")
    only_words((item.get("action", "table"),), _ACTIONS, "a rule's actions")
    return PolicyRule(
        priority=int(item["priority"]),
        family=family,
        action=next((one for one in ("goto", "nop") if one in item), str(item.get("action", "table"))),
        table=str(item["table"]) if "table" in item else None,
        source=_parse_selector(item, "src", family),
        destination=_parse_selector(item, "dst", family),
        in_interface=text_at(item, "iif"),
        out_interface=text_at(item, "oif"),
        mark=int(item["fwmark"], 0) if "fwmark" in item else None,
        mark_mask=int(item.get("fwmask", "0xffffffff"), 0),
        protocol=text_at(item, "ipproto"),
        source_ports=_parse_range(item, "sport"),
        destination_ports=_parse_range(item, "dport"),
        uids=_parse_range(item, "uid"),
        negated="not" in item,
        suppress_prefix_length=number_at(item, "suppress_prefixlen"),
        suppress_group=text_at(item, "suppress_ifgroup"),
        goto=int(item["goto"]) if "unresolved" not in item and str(item.get("goto", "")).isdigit() else None,
        is_vrf="l3mdev" in item,
        unmodelled=tuple(sorted(set(item) - _RULE_WORDS)),
    )


def _parse_selector(item: dict[str, Any], key: str, family: Family) -> IPNetwork | None:
    text = item.get(key, "all")
    if text in ("all", "default"):
        return None
    length = item.get(f"{key}len")
    return _parse_prefix(text if length is None else f"{text}/{length}", family)


def _parse_range(item: dict[str, Any], key: str) -> tuple[int, int] | None:
    if f"{key}_start" in item:
        return int(item[f"{key}_start"]), int(item[f"{key}_end"])
    return (int(item[key]), int(item[key])) if key in item else None
