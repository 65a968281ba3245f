"""What is added to the system, as the commands that add it and take it away: nothing of anybody else's changes.

Marker chains that accept stand first and last in each hook, and around each table of iptables-legacy. Their rules
match this one packet and its answer, and set ``nftrace``; the last of all stops the answer, so that no device
of the network ever sees it.
"""

from __future__ import annotations

from collections.abc import Iterator

from landiag.prove import LINKS, TABLE
from landiag.prove.injection import Injection

_FIRST, _LAST = -2147483648, 2147483647
_LEGACY = {"raw": -300, "mangle": -150, "nat-in": -100, "filter": 0, "security": 50, "nat-out": 100}
"""At which priority each table of iptables runs (linux/netfilter_ipv4.h)."""

TABLES_OF_HOOK = {
    "prerouting": ("raw", "mangle", "nat-in"),
    "input": ("mangle", "filter", "security", "nat-out"),
    "forward": ("mangle", "filter", "security"),
    "output": ("raw", "mangle", "nat-in", "filter", "security"),
    "postrouting": ("mangle", "nat-out"),
}

SYN, ANSWER = "saddr", "daddr"
"""The word by which the rule that marked a packet tells which one it is."""


def links_script(injection: Injection) -> tuple[tuple[str, ...], ...]:
    """The commands that add the pair of interfaces; they are down, and nothing is redirected yet."""
    tx, rx = LINKS
    own = ("address", injection.to_mac) if injection.to_mac else ()
    return (
        ("ip", "link", "add", tx, "type", "veth", "peer", "name", rx, *own),
        ("tc", "qdisc", "add", "dev", rx, "clsact"),
    )


def redirect_script(injection: Injection, source_port: int) -> tuple[tuple[str, ...], ...]:
    """The commands that hand this one packet, and nothing else, to the real interface, and set the links up."""
    tx, rx = LINKS
    ip, protocol, length = ("ip6", "ipv6", 128) if injection.is_ipv6 else ("ip", "ip", 32)
    match = (
        "u32",
        "match",
        ip,
        "src",
        f"{injection.source}/{length}",
        "match",
        ip,
        "sport",
        str(source_port),
        "0xffff",
    )
    action = ("action", "mirred", "ingress", "redirect", "dev", injection.interface)
    return (
        ("tc", "filter", "add", "dev", rx, "ingress", "protocol", protocol, *match, *action),
        ("ip", "link", "set", tx, "up"),
        ("ip", "link", "set", rx, "up"),
    )


def netdev_table(injection: Injection, source_port: int) -> str:
    """The table that sees the packet before all others, where the kernel has that hook."""
    rule = _syn_rule(injection, source_port)
    hook = f'type filter hook ingress device "{injection.interface}" priority {_FIRST}; policy accept;'
    return f"table netdev {TABLE} {{\nchain ingress_first {{\n{hook}\n{rule}\n}}\n}}\n"


def inet_table(injection: Injection, source_port: int) -> str:
    """The table with the markers of the five hooks of IP."""
    chains = "".join(_chains(injection, source_port))
    return f"table inet {TABLE} {{\n{chains}}}\n"


def _chains(injection: Injection, source_port: int) -> Iterator[str]:
    rules = [_syn_rule(injection, source_port), *_answer_rules(injection, source_port, "continue")]
    # A router that translates the port to another device would send the SYN on: it ends here, too.
    sent_on = _syn_rule(injection, source_port, f'oifname "{injection.interface}"', "drop")
    stopping = [sent_on, _syn_rule(injection, source_port), *_answer_rules(injection, source_port, "drop")]
    for hook, tables in TABLES_OF_HOOK.items():
        yield _chain(hook, "first", _FIRST, rules)
        for table in tables:
            if table.partition("-")[0] in injection.legacy:
                yield _chain(hook, table.partition("-")[0], _LEGACY[table] + 1, rules)
        yield _chain(hook, "last", _LAST, stopping if hook == "postrouting" else rules)


def _chain(hook: str, mark: str, priority: int, rules: list[str]) -> str:
    body = "\n".join(rules)
    return (
        f"chain {hook}_{mark} {{\ntype filter hook {hook} priority {priority}; policy accept;\n{body}\n}}\n"
    )


def _syn_rule(injection: Injection, source_port: int, only: str = "", verdict: str = "continue") -> str:
    ip = "ip6" if injection.is_ipv6 else "ip"
    return f"{ip} {SYN} {injection.source} tcp sport {source_port} {only} meta nftrace set 1 {verdict}"


def _answer_rules(injection: Injection, source_port: int, verdict: str) -> Iterator[str]:
    """Match the answer: a segment of the server, or an ICMP error that quotes the SYN behind its own IP header."""
    end = f"meta nftrace set 1 {verdict}"
    ip, icmp, quoted = ("ip6", "icmpv6", 64 + 320) if injection.is_ipv6 else ("ip", "icmp", 64 + 160)
    yield f"{ip} {ANSWER} {injection.source} tcp dport {source_port} {end}"
    yield f"{ip} {ANSWER} {injection.source} meta l4proto {icmp} @th,{quoted},16 {source_port} {end}"


def removal_script(family: str) -> str:
    """The nft script that removes a table whether it is there or not."""
    return f"add table {family} {TABLE}\ndelete table {family} {TABLE}\n"


def announcement(injection: Injection, *, is_client: bool) -> tuple[str, ...]:
    """Say what will be added, before it is: complete lines for people. ``is_client``: the sender was named."""
    whose = "the client's own address" if is_client else "an address that no device here is known to use"
    return (
        "--prove adds these for a second or two and removes them again, also when it is interrupted:",
        f"  the interfaces {' and '.join(LINKS)} (a veth pair) with a tc filter that hands one frame to"
        f" {injection.interface}",
        f"  the nftables tables inet {TABLE} and netdev {TABLE}, which trace that one packet and stop its answer",
        f"  one SYN from {injection.source} ({whose}) to {injection.destination} port {injection.port}",
        "Counters, logs and limits of your rules count that packet. After a kill: landiag check --prove --cleanup",
    )
