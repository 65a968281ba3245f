"""Random nft rulesets, made of what the evaluator claims to decide."""
# ruff: noqa: E501 - tables of rules, a rule an entry

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.lab.differential.world import INNER, LAN, PORTS, SECOND

PRIORITIES = (-310, -300, -250, -190, -150, -110, -90, -10, 0, 0, 0, 5, 10, 50, 99, 110, 300)
ADDRESSES4 = (*LAN.clients4, *SECOND.clients4)
ADDRESSES6 = (*LAN.clients6, *SECOND.clients6)
PREFIXES4 = (
    "192.168.77.0/24",
    "192.168.0.0/16",
    "10.20.0.0/16",
    "10.0.0.0/8",
    "192.168.77.16/28",
    "172.16.0.0/12",
)
PREFIXES6 = ("fd77::/64", "fd20::/64", "fd00::/8", "fe80::/10", "fd77::20/124")
INTERFACES = ('"eth0"', '"eth1"', '"lo"', '"br-app"', '"eth*"')


@dataclass(slots=True)
class Table:
    """A table under construction."""

    random: Random
    family: str
    name: str
    definitions: list[str] = field(default_factory=list)
    chains: list[str] = field(default_factory=list)
    regular: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The table in nft's words."""
        body = "\n".join([*self.definitions, *self.chains])
        return f"table {self.family} {self.name} {{\n{body}\n}}\n"


def generate(seed: int) -> str:
    """One ruleset."""
    random = Random(seed)
    tables = []
    for number in range(random.choice((1, 1, 1, 2, 2, 3))):
        family = random.choice(("inet", "inet", "inet", "ip", "ip6"))
        tables.append(_table(random, family, f"t{number}"))
    if random.random() < 0.15:
        tables.append(_netdev(random))
    if random.random() < 0.35:
        tables.append(_nat(random))
    random.shuffle(tables)
    return "".join(tables)


def generate_bridged(seed: int) -> str:
    """A ruleset for a server whose address is on the bridge ``br0``, with the port ``eth0``."""
    random = Random(f"bridge {seed}")
    tables = [_table(random, "bridge", "b0", BRIDGE_HOOKS)]
    if random.random() < 0.3:
        tables.append(_table(random, "bridge", "b1", BRIDGE_HOOKS))
    if random.random() < 0.3:
        tables.append(_netdev(random))
    if random.random() < 0.3:
        tables.append(_netdev(random).replace("eth0", "br0").replace("early", "late"))
    if random.random() < 0.6:
        tables.append(_table(random, random.choice(("inet", "ip")), "t0").replace('"eth0"', '"br0"'))
    if random.random() < 0.2:
        tables.append(_nat(random))
    return "".join(tables)


HOOKS = ("input", "input", "prerouting", "output", "postrouting", "forward")
BRIDGE_HOOKS = ("input", "input", "prerouting", "prerouting", "output", "postrouting", "forward")
NOT_ON_BRIDGES = re.compile(r"\b(?:ct|fib|notrack|reject|sk[ug]id|exthdr|socket|reset)\b")


def _table(random: Random, family: str, name: str, hooks: Sequence[str] = HOOKS) -> str:
    table = Table(random, family, name)
    _define_sets(table)
    for number in range(random.randrange(3)):
        _regular_chain(table, f"sub{number}")
    for hook in random.sample(hooks, random.randint(1, 3)):
        _base_chain(table, hook)
    return table.text()


def _define_sets(table: Table) -> None:
    random = table.random
    ports = ", ".join(map(str, sorted(random.sample(PORTS, 4))))
    table.definitions.append(f" set ports {{ type inet_service; elements = {{ {ports} }} }}")
    spans = ", ".join(random.sample(("22-80", "5000-5001", "8000-8500", "443"), 2))
    table.definitions.append(f" set spans {{ type inet_service; flags interval; elements = {{ {spans} }} }}")
    if table.family != "ip6":
        hosts = ", ".join(random.sample(ADDRESSES4, 2))
        nets = ", ".join(
            random.sample(("192.168.77.16/28", "10.0.0.0/8", "192.168.77.100-192.168.77.200"), 2)
        )
        table.definitions.append(f" set hosts4 {{ type ipv4_addr; elements = {{ {hosts} }} }}")
        table.definitions.append(f" set nets4 {{ type ipv4_addr; flags interval; elements = {{ {nets} }} }}")
        pairs = ", ".join(f"{random.choice(ADDRESSES4)} . {port}" for port in random.sample(PORTS, 3))
        table.definitions.append(f" set pairs4 {{ type ipv4_addr . inet_service; elements = {{ {pairs} }} }}")
        wide = f"192.168.77.0/25 . {random.choice(PORTS)}-{9000}, 10.20.0.0/16 . 22-80"
        table.definitions.append(
            f" set wide4 {{ type ipv4_addr . inet_service; flags interval; elements = {{ {wide} }} }}"
        )
        table.definitions.append(
            " set seen4 { type ipv4_addr; flags dynamic,timeout; timeout 1m; size 999; }"
        )
    if table.family != "ip":
        hosts = ", ".join(random.sample(ADDRESSES6, 2))
        table.definitions.append(f" set hosts6 {{ type ipv6_addr; elements = {{ {hosts} }} }}")
        table.definitions.append(
            " set nets6 { type ipv6_addr; flags interval; elements = { fd77::20/124, fd20::/64 } }"
        )
    verdicts = ", ".join(f"{port} : {random.choice(('accept', 'drop', 'return', 'continue'))}"
                         for port in random.sample(PORTS, 4))  # fmt: skip
    table.definitions.append(f" map verdicts {{ type inet_service : verdict; elements = {{ {verdicts} }} }}")


def _regular_chain(table: Table, name: str) -> None:
    rules = [_rule(table, "any") for _ in range(table.random.randint(1, 5))]
    table.chains.append(f" chain {name} {{\n" + "".join(f"  {rule}\n" for rule in rules) + " }")
    table.regular.append(name)


def _base_chain(table: Table, hook: str) -> None:
    random = table.random
    priority = random.choice(PRIORITIES)
    policy = random.choice(
        ("accept", "accept", "drop") if hook in ("input", "forward") else ("accept",) * 6 + ("drop",)
    )
    rules = []
    if random.random() < (0.85 if policy == "drop" else 0.3):
        rules.append(random.choice((
            "ct state established,related accept",
            "ct state vmap { established : accept, related : accept, invalid : drop }",
            "ct state { established, related } counter accept",
            "tcp flags & (syn|ack) != syn accept",
        )) if table.family != "bridge" else "tcp flags & (syn|ack) != syn accept")  # fmt: skip
    rules += [_rule(table, hook) for _ in range(random.randint(2, 9))]
    if (
        table.family != "bridge"
        and hook in ("prerouting", "output")
        and priority < -200
        and random.random() < 0.3
    ):
        rules.append(f"{_match(table, hook)} notrack")
    text = "".join(f"  {rule}\n" for rule in rules)
    number = len(table.chains)
    table.chains.append(
        f" chain c{number} {{\n  type filter hook {hook} priority {priority}; policy {policy};\n{text} }}"
    )


def _rule(table: Table, hook: str) -> str:
    rule = _any_rule(table, hook)
    while table.family == "bridge" and NOT_ON_BRIDGES.search(rule):
        rule = _any_rule(table, hook)
    return rule


def _any_rule(table: Table, hook: str) -> str:
    random = table.random
    matches = [_match(table, hook) for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3)))]
    if not matches and random.random() < 0.7:
        matches = [_match(table, hook)]
    if any(" th " in match for match in matches):
        # Beside one protocol nft lists bits of its header as other fields, or none.
        matches = [
            match for match in matches if " th " in match or not match.startswith(("meta l4proto", "icmp"))
        ]
    matches.sort(key=_hides_others)
    statement = _statement(table, hook, bare=not matches)
    if "tcp reset" in statement:
        # nft forgets the family of such a rule when it lists it.
        matches = [match for match in matches if not match.startswith(("meta nfproto", "meta protocol"))]
    return " ".join([*matches, statement])


def _hides_others(match: str) -> bool:
    """Behind a link layer match nft compares the ethertype of the frame instead, and lists neither: put it last."""
    return match.startswith(("meta iiftype", "ether "))


def _statement(table: Table, hook: str, *, bare: bool) -> str:
    random = table.random
    roll = random.random()
    if roll < 0.12:
        return random.choice((
            "counter", "meta mark set 0x1", "meta mark set mark or 0x10", "meta mark set mark and 0xf0",
            "ct mark set mark", "ct mark set 0x5", "meta mark set ct mark", "ip dscp set cs1",
            "meta mark set tcp dport map { 22 : 0x1, 80-90 : 0x2, 5000 : 0x3 }",
        )) if table.family != "ip6" else "meta mark set 0x2"  # fmt: skip
    if roll < 0.2 and table.regular and hook != "any":
        return f"{random.choice(('jump', 'jump', 'goto'))} {random.choice(table.regular)}"
    if roll < 0.24 and hook == "any":
        return "return"
    if roll < 0.28:
        return random.choice(("tcp dport vmap @verdicts", "tcp dport vmap @verdicts", "udp dport vmap @verdicts",
                              "meta l4proto vmap { tcp : continue, udp : accept, icmp : drop }"))  # fmt: skip
    if roll < 0.31:
        return (
            "iifname vmap { "
            + f'"eth0" : {random.choice(("accept", "continue"))}, "lo" : accept, "eth1" : drop'
            + " }"
        )
    if bare or random.random() < 0.55:
        return "counter accept" if random.random() < 0.3 else "accept"
    if random.random() < 0.3 and hook in ("input", "forward", "output"):
        return random.choice(_rejects(table))
    return "drop"


def _rejects(table: Table) -> tuple[str, ...]:
    always = ("reject", "reject with tcp reset")
    if table.family == "inet":
        kinds = ("icmpx admin-prohibited", "icmpx host-unreachable", "icmp net-prohibited", "icmpv6 no-route")
        return (*always, *(f"reject with {kind}" for kind in kinds))
    if table.family == "ip":
        return (*always, "reject with icmp host-unreachable", "reject with icmp admin-prohibited")
    return (*always, "reject with icmpv6 admin-prohibited", "reject with icmpv6 no-route")


def _match(table: Table, hook: str) -> str:
    random = table.random
    port = random.choice(PORTS)
    some = ", ".join(map(str, sorted(random.sample(PORTS, 3))))
    side = "dport" if hook not in ("output", "postrouting") or random.random() < 0.3 else "sport"
    choices = [
        f"tcp {side} {port}", f"tcp {side} {port}", f"tcp {side} != {port}", f"tcp {side} {{ {some} }}",
        f"tcp {side} {port}-{port + 3000}", f"tcp {side} > {port}", f"tcp {side} <= {port}", f"tcp {side} @ports",
        f"tcp {side} @spans", f"tcp {side} != @spans", f"tcp {side} {{ 22-80, {5000 + random.randrange(9)} }}",
        f"meta l4proto {{ tcp, udp }} th {side} {port}", "meta l4proto tcp", "meta l4proto != tcp", "meta l4proto udp",
        f"udp {side} {port}", f"udp {side} != {port}", f"udp {side} @ports", f"udp {side} {{ {some} }}", f"udp {side} @spans",
        "meta l4proto { icmp, ipv6-icmp }", "meta l4proto icmp", "meta l4proto ipv6-icmp", "meta l4proto { tcp, icmp }",
        f"meta l4proto {{ tcp, udp }} th {side} @ports",
        "ct state new", "ct state established", "ct state invalid", "ct state != established", "ct state { new, untracked }",
        "ct state established,related", "ct direction reply", "ct direction original", "ct status dnat", "ct status seen-reply",
        "ct mark 0x5", "ct mark != 0x0", "ct mark and 0x1 == 0x1",
        "meta mark 0x1", "meta mark != 0x0", "meta mark and 0x10 == 0x10", "meta mark { 0x1, 0x2, 0x10 }",
        "tcp flags & (syn|ack) == syn", "tcp flags syn", "tcp flags & (fin|syn|rst|psh|ack|urg) == 0x0",
        "tcp flags syn / fin,syn,rst,ack", "tcp flags ! ack", "tcp flags == syn", "tcp flags { syn, syn|ack }",
        "meta pkttype host", "meta pkttype broadcast", "meta pkttype { broadcast, multicast }", "meta pkttype != host",
        f"meta length {random.choice(('< 100', '> 59', '60', '80'))}" if hook in ("input", "prerouting") else "meta l4proto tcp",
        "fib daddr type local", "fib daddr type != local", "fib daddr type { broadcast, multicast }", "fib saddr type local",
        "meta iifgroup 0", "meta iiftype ether", "meta iiftype loopback",
    ]  # fmt: skip
    if hook in ("prerouting", "input", "forward"):
        choices += ["fib saddr . iif oif exists", "fib saddr . iif oif missing", "fib daddr . iif type local",
                    "fib saddr oif exists"]  # fmt: skip
        choices += [f"iifname {name}" for name in INTERFACES] + ["iif eth0", "iifname != \"eth1\"",
                    'iifname { "eth0", "lo" }', "iif != lo", "iif > 0", "ether saddr 00:11:22:33:44:55",
                    f'iifname . tcp dport {{ "eth0" . {port}, "eth1" . 22 }}']  # fmt: skip
    if hook in ("output", "forward", "postrouting"):
        choices += [f"oifname {name}" for name in INTERFACES] + ["oif eth0", 'oifname != "eth0"']
    if hook == "output":
        choices += [
            "meta skuid 0",
            "meta skuid != 0",
            "meta skuid { 0, 1000 }",
            'iifname "eth0"',
            'iifname != "eth0"',
            "iif 0",
        ]
    if table.family == "inet":
        choices += [
            "meta nfproto ipv4",
            "meta nfproto ipv6",
            "meta protocol ip",
            "meta nfproto { ipv4, ipv6 }",
        ]
    if table.family != "ip6":
        who = "saddr" if hook not in ("output", "postrouting") else "daddr"
        choices += [
            f"ip {who} {random.choice(ADDRESSES4)}", f"ip {who} != {random.choice(ADDRESSES4)}",
            f"ip {who} {random.choice(PREFIXES4)}", f"ip {who} != {random.choice(PREFIXES4)}",
            f"ip {who} @hosts4", f"ip {who} != @hosts4", f"ip {who} @nets4",
            f"ip {who} {{ {random.choice(PREFIXES4)}, 1.2.3.4 }}", "ip saddr 192.168.77.20-192.168.77.99",
            f"ip {who} . tcp dport @pairs4", f"ip {who} . tcp dport @wide4", f"ip {who} . tcp sport != @pairs4",
            f"ip {who} & 255.255.0.255 == 192.168.0.20", "ip protocol tcp", "ip version 4", "ip ttl 64", "ip ttl < 64",
            "ip ttl { 63, 64 }", "ip frag-off & 0x1fff != 0", "ip dscp cs0", "ip dscp cs1", "ip hdrlength 5", "ip option ra missing",
            "ip daddr 192.168.77.10", f"ct original ip saddr {random.choice(ADDRESSES4)}", "ct original ip daddr 192.168.77.10",
            f"tcp dport {port} ct original proto-dst {port}", "ip daddr . tcp dport { 192.168.77.10 . 22-5000 }",
            "add @seen4 { ip saddr }", "ip saddr @seen4", f"udp dport {port} ct original proto-dst {port}",
            "icmp type echo-request", "icmp type { echo-request, echo-reply, destination-unreachable }", "icmp type != echo-reply",
            f"ip {who} . udp dport @pairs4", "ip protocol udp", "ip protocol icmp",
        ]  # fmt: skip
    if table.family != "ip":
        who = "saddr" if hook not in ("output", "postrouting") else "daddr"
        choices += [
            f"ip6 {who} {random.choice(ADDRESSES6)}", f"ip6 {who} {random.choice(PREFIXES6)}", f"ip6 {who} @hosts6",
            f"ip6 {who} != @nets6", "ip6 nexthdr tcp", "ip6 nexthdr udp", "ip6 nexthdr icmpv6", "ip6 hoplimit 64", "ip6 version 6",
            "icmpv6 type echo-request", "icmpv6 type { echo-request, echo-reply }", "icmpv6 type != echo-request",
            f"ip6 {who} . udp dport {{ fd77::20 . {port}, fd77::150 . 53 }}",  "exthdr frag missing",
            "exthdr frag exists", f"ip6 {who} . tcp dport {{ fd77::20 . {port}, fd77::150 . 22 }}",
        ]  # fmt: skip
    return random.choice(choices)


NETDEV_MATCHES = (
    "", "", "ip saddr 192.168.77.0/25 ", "ip6 saddr fd77::/64 ", "meta protocol ip ", "ip daddr 192.168.77.0/25 ", "udp dport 53 ",
    "meta length < 53 ", "meta pkttype host ", "iifname eth0 ", "oifname eth0 ", "ether type ip ", "ip ttl < 64 ", "tcp flags syn ",
)  # fmt: skip


def _netdev(random: Random) -> str:
    table = Table(random, "netdev", "early")
    rules = "".join(
        f"  {random.choice(('tcp dport', 'tcp dport !=', 'tcp sport >'))} {random.choice(PORTS)} "
        f"{random.choice(NETDEV_MATCHES)}"
        f"{random.choice(('drop', 'accept', 'counter', 'accept'))}\n"
        for _ in range(random.randint(1, 3))
    )
    hook = random.choice(("ingress", "ingress", "egress"))
    table.chains.append(f" chain in {{\n  type filter hook {hook} device eth0 priority 0;\n{rules} }}")
    return table.text()


def _nat(random: Random) -> str:
    family = random.choice(("inet", "ip"))
    rules = []
    for _ in range(random.randint(1, 4)):
        port, other = random.choice(PORTS), random.choice(PORTS)
        rules.append(random.choice((
            f"tcp dport {port} redirect to :{other}",
            f"tcp dport {port} dnat ip to {INNER.clients4[0]}:{other}",
            f"ip daddr 192.168.77.10 tcp dport {port} dnat ip to {INNER.clients4[0]}",
            f"iifname \"eth0\" tcp dport {port} dnat ip to 192.168.77.10:{other}",
            f"tcp dport {{ {port}, {other} }} accept",
            f"ip saddr {random.choice(ADDRESSES4)} accept",
            f"dnat ip to tcp dport map {{ {port} : {INNER.clients4[0]} }}",
            f"tcp dport {port} redirect", f"udp dport {port} redirect to :{other}", f"meta l4proto udp dnat ip to {INNER.clients4[0]}",
            f"udp dport {port} dnat ip to {INNER.clients4[0]}:{other}", f"ip daddr 192.168.77.10 meta l4proto {{ icmp, udp }} dnat ip to {INNER.clients4[0]}",
            f"dnat ip to ip daddr . tcp dport map {{ 192.168.77.10 . {port} : {INNER.clients4[0]} . {other} }}",
            f"tcp dport {port} drop",
        )))  # fmt: skip
    text = "".join(
        f"  {rule.replace('dnat ip to', 'dnat to' if family == 'ip' else 'dnat ip to')}\n" for rule in rules
    )
    pre = (
        f" chain pre {{\n  type nat hook prerouting priority {random.choice((-100, -90, -150))};\n{text} }}\n"
    )
    after = random.choice(
        ("masquerade", 'oifname "br-app" masquerade', "ip saddr 192.168.77.0/24 masquerade", "counter")
    )
    post = f" chain post {{\n  type nat hook postrouting priority 100;\n  {after}\n }}\n"
    return f"table {family} nat{random.randrange(9)} {{\n{pre}{post}}}\n"
