"""Random rules for iptables-restore, of either backend and IP version."""
# ruff: noqa: E501 - tables of rules, a rule an entry

from __future__ import annotations

from random import Random

from tests.lab.differential.world import INNER, LAN, PORTS, SECOND

HOOKS = {
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "raw": ("PREROUTING", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}
REJECTS = {
    4: ("icmp-port-unreachable", "icmp-host-prohibited", "icmp-admin-prohibited", "icmp-net-unreachable"),
    6: ("icmp6-port-unreachable", "icmp6-adm-prohibited", "no-route", "addr-unreach"),
}


def generate(seed: int, version: int) -> str:
    """The tables of one ruleset, for iptables-restore (4) or ip6tables-restore (6)."""
    random = Random(f"{seed} {version}")
    names = ["filter", *(name for name in ("mangle", "raw", "security") if random.random() < 0.25)]
    text = "".join(_table(random, name, version) for name in names)
    return text + (_nat(random, version) if random.random() < 0.4 else "")


def _table(random: Random, name: str, version: int) -> str:
    lines = [f"*{name}"]
    used = [chain for chain in HOOKS[name] if random.random() < 0.7] or [HOOKS[name][0]]
    for chain in HOOKS[name]:
        drops = chain in ("INPUT", "FORWARD") and name == "filter" and random.random() < 0.5
        lines.append(f":{chain} {'DROP' if drops else 'ACCEPT'} [0:0]")
    subs = [f"sub{number}" for number in range(random.randrange(3))]
    lines += [f":{sub} - [0:0]" for sub in subs]
    for chain in [*used, *subs]:
        base = chain not in subs
        if base and name == "filter" and random.random() < 0.7:
            lines.append(random.choice((
                f"-A {chain} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                f"-A {chain} -m state --state ESTABLISHED -j ACCEPT",
                f"-A {chain} -p tcp ! --syn -j ACCEPT",
            )))  # fmt: skip
        for _ in range(random.randint(1, 7)):
            rule = _rule(random, name, chain, version, subs if base else [])
            lines.append(f"-A {chain} {rule}")
    return "\n".join([*lines, "COMMIT\n"])


def _rule(random: Random, table: str, chain: str, version: int, subs: list[str]) -> str:
    matches = [_match(random, table, chain, version) for _ in range(random.choice((0, 1, 1, 1, 2, 2)))]
    if not any(word in " ".join(matches) for word in ("-p ",)) and random.random() < 0.5:
        matches.insert(0, "-p tcp")
    seen = 0
    kept = []
    for match in matches:
        if match.startswith(("-p ", "! -p ")):
            if seen:
                continue
            seen = 1
        kept.append(match)
    return " ".join([*_once(kept), _target(random, table, chain, version, subs, bool(kept), " ".join(kept))])


def _once(matches: list[str]) -> list[str]:
    """No option twice: iptables refuses that."""
    taken: set[str] = set()
    kept = []
    for match in matches:
        name = next((word for word in match.split() if word.startswith("-")), match)
        name = match.split("-m ")[1].split()[0] if name == "-m" else name
        if name not in taken:
            taken.add(name)
            kept.append(match)
    return kept


def _target(
    random: Random, table: str, chain: str, version: int, subs: list[str], matched: bool, text: str
) -> str:
    roll = random.random()
    if roll < 0.12 and subs:
        return f"{random.choice(('-j', '-j', '-g'))} {random.choice(subs)}"
    if roll < 0.18 and not subs:
        return "-j RETURN"
    if table == "mangle" and roll < 0.6:
        return random.choice((
            "-j MARK --set-xmark 0x1/0xffffffff", "-j MARK --set-xmark 0x10/0x10", "-j MARK --and-mark 0xf0",
            "-j CONNMARK --save-mark", "-j CONNMARK --restore-mark", "-j CONNMARK --set-xmark 0x5/0xffffffff",
            "-j DSCP --set-dscp 0x08", "-j CONNMARK --save-mark --nfmask 0xf --ctmask 0xff",
            "-j MARK --or-mark 0x2", "-j MARK --set-mark 0x3",
        ))  # fmt: skip
    if table == "raw" and roll < 0.4 and matched:
        return "-j CT --notrack"
    if roll < 0.22:
        return random.choice(("", '-j LOG --log-prefix "x -j DROP "'))
    if not matched or random.random() < 0.55:
        return "-j ACCEPT"
    if table == "filter" and random.random() < 0.35:
        if "-p tcp" in text and "! -p" not in text and random.random() < 0.4:
            return "-j REJECT --reject-with tcp-reset"
        return f"-j REJECT --reject-with {random.choice(REJECTS[version])}"
    return "-j DROP"


def _match(random: Random, table: str, chain: str, version: int) -> str:
    port, other = random.choice(PORTS), random.choice(PORTS)
    low, high = sorted((port, other))
    outward = chain in ("OUTPUT", "POSTROUTING")
    side = "sport" if outward and random.random() < 0.7 else "dport"
    bang = "! " if random.random() < 0.2 else ""
    hosts = (*LAN.clients4, *SECOND.clients4) if version == 4 else (*LAN.clients6, *SECOND.clients6)
    nets = ("192.168.77.0/24", "192.168.0.0/16", "10.20.0.0/16", "192.168.77.16/28") if version == 4 else (
        "fd77::/64", "fd20::/64", "fd00::/8", "fd77::20/124")  # fmt: skip
    server = "192.168.77.10" if version == 4 else "fd77::10"
    who = "-d" if outward else "-s"
    choices = [
        f"-p tcp -m tcp {bang}--{side} {port}", f"-p tcp -m tcp {bang}--{side} {port}", f"-p tcp -m tcp --{side} {low}:{high}",
        f"-p tcp -m multiport {bang}--{side}s {low},{high + 1}", f"-p tcp -m multiport {bang}--ports {port},5000:5001",
        f"-p udp -m udp {bang}--{side} {port}", f"-p udp -m udp --{side} {low}:{high}", f"-p udp -m multiport {bang}--{side}s {low},{high + 1}",
        "-p tcp", "! -p tcp", "-p udp", "! -p udp",
        "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", "-p tcp -m tcp ! --tcp-flags SYN,ACK SYN",
        "-p tcp -m tcp --tcp-flags ALL NONE",
        f"{bang}{who} {random.choice(hosts)}", f"{bang}{who} {random.choice(nets)}", f"{bang}{who} {random.choice(nets)}",
        f"-d {server}", f"-m conntrack {bang}--ctstate NEW", f"-m conntrack {bang}--ctstate RELATED,ESTABLISHED",
        f"-m conntrack {bang}--ctstate INVALID", "-m conntrack --ctstate UNTRACKED", f"-m conntrack {bang}--ctstate DNAT",
        "-m conntrack --ctdir REPLY", "-m conntrack --ctdir ORIGINAL", f"-m conntrack {bang}--ctstatus SEEN_REPLY",
        f"-p tcp -m conntrack --ctorigdstport {port}", f"-m conntrack --ctorigsrc {random.choice(hosts)}",
        f"-m conntrack --ctstate NEW,ESTABLISHED --ctorigdst {server}", "-m conntrack --ctstatus NONE",
        f"-m state {bang}--state NEW", "-m comment --comment \"-j DROP ! --dport 5\"",
        f"-m mark {bang}--mark 0x1", "-m mark --mark 0x10/0x10", f"-m connmark {bang}--mark 0x5", "-m connmark --mark 0x0",
        f"-m addrtype {bang}--dst-type LOCAL", "-m addrtype --dst-type BROADCAST,MULTICAST", f"-m addrtype {bang}--src-type LOCAL",
        f"-m pkttype {bang}--pkt-type unicast", "-m pkttype --pkt-type broadcast",
        f"-m length {bang}--length 30:1500", "-m length --length 0:30",
        "-m physdev --physdev-is-bridged" if chain in ("FORWARD", "PREROUTING", "POSTROUTING", "INPUT") else "-p tcp",
        "-m set --match-set hosts src", "-m set ! --match-set ports dst", "-m set --match-set pairs src,dst",
        "-m policy --dir in --pol none" if chain in ("INPUT", "PREROUTING", "FORWARD") else "-p tcp",
    ]  # fmt: skip
    if version == 4:
        choices += [f"-m iprange {bang}--src-range 192.168.77.20-192.168.77.99", "-m ttl --ttl-eq 64", "-m ttl --ttl-lt 64",
                    "-p icmp -m icmp --icmp-type 8", f"-p icmp -m icmp {bang}--icmp-type echo-request", "-p icmp", "-f", f"{who} 192.168.0.20/255.255.0.255"]  # fmt: skip
    else:
        choices += [
            f"-m iprange {bang}--src-range fd77::20-fd77::99",
            "-m hl --hl-eq 64",
            "-p ipv6-icmp -m icmp6 --icmpv6-type 128",
            f"-p ipv6-icmp -m icmp6 {bang}--icmpv6-type echo-request",
            "-p ipv6-icmp",
        ]
    if not outward:
        choices += [f"{bang}-i eth0", "-i eth1", "-i eth+", f"{bang}-i lo", "! -i br-app"]
        choices += [f"-m mac {bang}--mac-source 00:11:22:33:44:55"] if chain != "OUTPUT" else []
    if outward or chain == "FORWARD":
        choices += [f"{bang}-o eth0", "-o eth+", f"{bang}-o lo", "-o br-app"]
    if chain == "OUTPUT":
        choices += [f"-m owner {bang}--uid-owner 0", "-m owner --gid-owner 1000"]
    if chain == "PREROUTING" and table in ("raw", "mangle"):
        choices += ["-m rpfilter", "-m rpfilter --invert", "-m rpfilter --loose"]
    return random.choice(choices)


def _nat(random: Random, version: int) -> str:
    lines = [
        "*nat",
        ":PREROUTING ACCEPT [0:0]",
        ":INPUT ACCEPT [0:0]",
        ":OUTPUT ACCEPT [0:0]",
        ":POSTROUTING ACCEPT [0:0]",
    ]
    inner = (INNER.clients4 if version == 4 else INNER.clients6)[0]
    shown = inner if version == 4 else f"[{inner}]"
    server = "192.168.77.10" if version == 4 else "fd77::10"
    lines.append(":DOCKER - [0:0]")
    lines.append("-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER")
    for _ in range(random.randint(1, 4)):
        port, other = random.choice(PORTS), random.choice(PORTS)
        chain = random.choice(("PREROUTING", "DOCKER"))
        lines.append(f"-A {chain} " + random.choice((
            f"-p tcp -m tcp --dport {port} -j REDIRECT --to-ports {other}",
            f"-p tcp -m tcp --dport {port} -j DNAT --to-destination {shown}:{other}",
            f"! -i br-app -p tcp -m tcp --dport {port} -j DNAT --to-destination {shown}:{other}",
            f"-d {server} -j DNAT --to-destination {inner}",
            f"-p udp -m udp --dport {port} -j REDIRECT --to-ports {other}",
            f"-p udp -m udp --dport {port} -j DNAT --to-destination {shown}:{other}",
            f"-p tcp -m tcp --dport {port} -j ACCEPT",
            f"-p tcp -m multiport --dports {port},{other} -j RETURN",
            f"-i eth0 -p tcp -m tcp --dport {port} -j DNAT --to-destination {server if version == 4 else f'[{server}]'}:{other}",
        )))  # fmt: skip
    net = "172.17.0.0/16" if version == 4 else "fd17::/64"
    lines.append(
        "-A POSTROUTING "
        + random.choice((f"-s {net} ! -o br-app -j MASQUERADE", "-o br-app -j MASQUERADE", "-j ACCEPT"))
    )
    return "\n".join([*lines, "COMMIT\n"])


def ipsets(random: Random, version: int) -> str:
    """The sets that the rules name, for ipset restore."""
    hosts = (*LAN.clients4, *SECOND.clients4) if version == 4 else (*LAN.clients6, *SECOND.clients6)
    family = "inet" if version == 4 else "inet6"
    nets = ("192.168.77.0/25", "10.20.0.0/16") if version == 4 else ("fd77::/124", "fd20::/64")
    kind = random.choice(("hash:ip", "hash:net"))
    lines = [f"create hosts {kind} family {family}", "create ports bitmap:port range 0-65535",
             f"create pairs {random.choice(('hash:ip,port', 'hash:net,port'))} family {family}"]  # fmt: skip
    lines += [f"add hosts {host}" for host in random.sample(hosts, 2)]
    if kind == "hash:net":
        lines += [f"add hosts {nets[0]}"]
        if version == 4:
            lines += ["add hosts 192.168.77.16/28 nomatch"]
    lines += [f"add ports {port}" for port in random.sample(PORTS, 3)]
    for host in random.sample(hosts, 3):
        line = f"add pairs {host},tcp:{random.choice(PORTS)}"
        if line not in lines:
            lines.append(line)
    return "\n".join(lines) + "\n"
