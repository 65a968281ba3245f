"""Rules of nftables and of both iptables, as people write them: mostly beside the point, sometimes to it."""

from __future__ import annotations

from tests.lab.hunt.machine import LIMITED, RANDOM, Part
from tests.lab.hunt.parts.draw import Draw
from tests.lab.scenario import Step, nft, sh

PORTS = ("tcp dport 5000", "tcp dport 5000", "tcp dport 8000", "tcp dport 443",
         "tcp dport { 22, 5000 }", "tcp dport 4000-6000", "tcp dport != 22",
         "tcp dport 22", "meta l4proto tcp", "ct state new", "tcp flags syn", "")  # fmt: skip
ENDS = ("drop", "drop", "accept", "accept", "accept", "accept", "reject", "reject with icmpx admin-prohibited",
        "reject with icmpx host-unreachable", "counter", "continue", "return")  # fmt: skip
LOW = ("limit rate 3/minute burst 3 packets", "limit rate 10/hour burst 5 packets")
HIGH = ("limit rate 50/second burst 60 packets", "limit rate 2000/minute burst 100 packets")
SHUT = (
    "ct state established,related accept",
    'iifname "lo" accept',
    "meta l4proto { icmp, ipv6-icmp } accept",
)


def nft_layer(draw: Draw) -> Part:
    """A table of nftables with one base chain."""
    hook = draw.weighted(((12, "input"), (3, "prerouting"), (3, "output"), (2, "forward"), (1, "ingress")))
    policy = draw.weighted(((7, "accept"), (3, "drop"))) if hook in ("input", "forward") else "accept"
    lines = [_nft_rule(draw, hook) for _ in range(draw.random.randint(1, 4))]
    traits = frozenset[str]()
    if policy == "drop":
        lines = [line for line in SHUT if draw.chance(0.9)] + lines
        lines += ["tcp dport 5000 accept"] if draw.chance(0.6) else []
    if hook == "input" and draw.chance(0.12):
        trait, more = _special(draw)
        lines, traits = [*lines[:-1], *more, lines[-1]], frozenset({trait})
    device = " device eth0" if hook == "ingress" else ""
    header = f"type filter hook {hook}{device} priority {_priority(draw, hook)}; policy {policy}"
    family = draw.one("inet", "inet", draw.ip) if hook != "ingress" else "netdev"
    name = f"t{draw.random.randrange(1000)}"

    def make(rules: tuple[str, ...]) -> Step:
        text = "\n".join(f"    {_in_family(rule, family)}" for rule in rules)
        return nft(f"table {family} {name} {{\n  chain c {{\n    {header}\n{text}\n  }}\n}}\n")

    return Part(f"nftables in {hook}", traits=traits, lines=tuple(lines), make=make)


def _in_family(rule: str, family: str) -> str:
    """The rejection in the words of a family: ``icmpx`` is for tables of both."""
    if family == "ip":
        return rule.replace("with icmpx", "with icmp")
    if family == "ip6":
        return rule.replace("with icmpx host-unreachable", "with icmpv6 addr-unreachable").replace(
            "icmpx", "icmpv6"
        )
    return rule


def bridge_layer(draw: Draw) -> Part:
    """Rules that frames meet on the bridge that has the address."""
    rule = (
        draw.one("", "ether type ip ", 'iifname "eth0" ', 'iifname "wlan0" ')
        + draw.one("tcp dport 5000 ", "tcp dport 22 ", "meta l4proto tcp ", "arp operation request ")
        + draw.one("drop", "accept", "drop")
    )
    lines = (rule.replace("ether type ip arp", "arp"),)  # no frame is of both
    if draw.chance(0.4):
        options = draw.one("--ip-dport 5000 -j DROP", "--ip-dport 22 -j DROP", "--ip-dport 5000 -j ACCEPT")
        return Part("ebtables", before=(sh(f"ebtables-nft -A INPUT -p IPv4 --ip-proto tcp {options}"),))

    def make(rules: tuple[str, ...]) -> Step:
        text = "\n".join(rules)
        header = "type filter hook input priority 0"
        return nft(f"table bridge own {{\n chain c {{\n  {header}\n{text}\n }}\n}}\n")

    return Part("nftables on the bridge", lines=lines, make=make)


def _priority(draw: Draw, hook: str) -> str:
    if hook == "ingress":
        return "0"
    return str(draw.one(0, 0, 0, -10, 10, -150) if hook != "prerouting" else draw.one(-300, -150, 0))


def _nft_rule(draw: Draw, hook: str) -> str:
    if hook == "ingress":
        source = draw.one(
            "", f"{draw.ip} saddr {draw.subnet} ", f"{draw.ip} saddr 10.9.0.0/16 " if not draw.is_ipv6 else ""
        )
        return source + draw.one(
            "tcp dport 5000 drop", "tcp dport 22 drop", "tcp dport 5000 accept", "counter"
        )
    words = [_nft_interface(draw, hook), _nft_host(draw, hook), _nft_port(draw, hook), _nft_other(draw, hook)]
    end = draw.one(*ENDS)
    if "tcp dport" in words[2] and draw.chance(0.1):
        end = "reject with tcp reset" if hook != "prerouting" else "drop"
    if end.startswith("reject") and hook == "prerouting":
        end = "drop"
    return " ".join(word for word in (*words, end) if word)


def _nft_port(draw: Draw, hook: str) -> str:
    words = draw.one(*PORTS)
    if hook == "output":
        return words.replace("dport", "sport").replace("tcp flags syn", "tcp flags & syn == syn")
    return words


def _nft_interface(draw: Draw, hook: str) -> str:
    if draw.chance(0.5):
        return ""
    word = "oifname" if hook == "output" else "iifname"
    return f"{word} " + draw.one(f'"{draw.interface}"', '"lo"', '!= "lo"', '"wlan0"', '{ "eth0", "eth1" }')


def _nft_host(draw: Draw, hook: str) -> str:
    if draw.chance(0.5):
        return ""
    word = "daddr" if hook == "output" else "saddr"
    if draw.is_ipv6:
        hosts = [draw.subnet, "fd77::21" if draw.singled else "fd77::99", "fd99::/64", "!= fd77::/64"]
    else:
        hosts = [
            draw.subnet,
            "192.168.77.20",
            "10.0.0.0/8",
            f"!= {draw.subnet}",
            "{ 192.168.0.0/16, 172.16.0.0/12 }",
        ]
    if draw.singled:
        hosts += [draw.client, f"!= {draw.client}"]
    return f"{draw.ip} {word} {draw.one(*hosts)}"


def _nft_other(draw: Draw, hook: str) -> str:
    if draw.chance(0.75):
        return ""
    choices = [
        "meta mark 0x1",
        "ct state invalid",
        "ct status dnat",
        "meta length < 500",
        "ct direction original",
    ]
    if hook in ("input", "prerouting"):
        choices += [
            "fib daddr type local",
            "fib saddr . iif oif missing",
            "fib saddr . mark . iif oif exists",
        ]
    if hook == "output":
        choices += ["meta skuid 0", "meta skuid 33", "ct direction reply"]
    return draw.one(*choices)


def _special(draw: Draw) -> tuple[str, list[str]]:
    """Limits below and above an ordinary visit, and rules that go by chance."""
    new = "tcp dport 5000 ct state new"
    end = draw.one("drop", "reject with tcp reset")
    return draw.one(
        (LIMITED, [f"{new} {draw.one(*LOW)} accept", f"{new} {end}"]),
        (LIMITED, [f"{new} {draw.one(*HIGH)} accept", f"{new} {end}"]),
        (LIMITED, [f"{new} {draw.one(*LOW).replace('rate', 'rate over')} {end}"]),
        (LIMITED, [f"{new} {draw.one(*HIGH).replace('rate', 'rate over')} {end}"]),
        (LIMITED, [f"{new} ct count over {draw.one(50, 100)} {end}"]),
        (RANDOM, [f"{new} numgen inc mod 2 0 reject with tcp reset"]),
        (RANDOM, [f"{new} numgen random mod 2 0 reject with tcp reset"]),
    )


IPT_ENDS = (
    "DROP",
    "DROP",
    "ACCEPT",
    "ACCEPT",
    "ACCEPT",
    "REJECT",
    "REJECT --reject-with {prohibited}",
    "RETURN",
)
IPT_SHUT = (
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-A INPUT -i lo -j ACCEPT",
    "-A INPUT -p {icmp} -j ACCEPT",
)


def iptables_layer(draw: Draw) -> Part:
    """Rules of iptables (ip6tables for clients of IPv6), of one of the backends."""
    version = "ip6tables" if draw.is_ipv6 else "iptables"
    tool = f"{version}-{draw.one('nft', 'nft', 'legacy')}"
    lines = [_ipt_rule(draw) for _ in range(draw.random.randint(1, 4))]
    traits = frozenset[str]()
    if draw.chance(0.3):
        lines = [line for line in IPT_SHUT if draw.chance(0.9)] + lines + ["-P INPUT DROP"]
        lines += ["-A INPUT -p tcp --dport 5000 -j ACCEPT"] if draw.chance(0.6) else []
    if draw.chance(0.12):
        trait, more = _ipt_special(draw)
        lines, traits = [*more, *lines], frozenset({trait})
    words = {"icmp": "ipv6-icmp", "prohibited": "icmp6-adm-prohibited"} if draw.is_ipv6 else {
        "icmp": "icmp", "prohibited": "icmp-admin-prohibited"}  # fmt: skip

    def make(rules: tuple[str, ...]) -> Step:
        return Step("\n".join(["set -e", *(f"{tool} -w {rule.format(**words)}" for rule in rules)]))

    return Part(tool, traits=traits, lines=tuple(lines), make=make)


def _ipt_rule(draw: Draw) -> str:
    chain = draw.weighted(((10, "INPUT"), (3, "OUTPUT"), (2, "FORWARD"), (2, "raw"), (2, "mangle")))
    start = {"raw": "-t raw -A PREROUTING", "mangle": "-t mangle -A PREROUTING"}.get(chain, f"-A {chain}")
    words = [start, *_ipt_matches(draw, chain)]
    end = (
        draw.one(*IPT_ENDS)
        if chain in ("INPUT", "OUTPUT", "FORWARD")
        else draw.one("DROP", "ACCEPT", "RETURN")
    )
    if chain == "mangle" and draw.chance(0.6):
        end = "MARK --set-mark 0x1"
    return " ".join(word for word in (*words, f"-j {end}") if word)


def _ipt_matches(draw: Draw, chain: str) -> list[str]:
    out = chain == "OUTPUT"
    words = []
    if draw.chance(0.4):
        words.append(f"{'-o' if out else '-i'} {draw.one(draw.interface, 'lo', 'wlan0')}")
    if draw.chance(0.4):
        hosts = [draw.subnet, "fd99::/64" if draw.is_ipv6 else "10.0.0.0/8"]
        hosts += [draw.client] if draw.singled else []
        words.append(f"{draw.one('', '', '! ')}{'-d' if out else '-s'} {draw.one(*hosts)}")
    port = "sport" if out else "dport"
    words.append(draw.one(
        f"-p tcp --{port} 5000", f"-p tcp --{port} 5000", f"-p tcp -m multiport --{port}s 22,5000",
        f"-p tcp --{port} 22", f"-p tcp --{port} 8000", "-p tcp", f"-p tcp ! --{port} 22", "",
    ))  # fmt: skip
    if draw.chance(0.25):
        others = ["-m conntrack --ctstate NEW", "-m mark --mark 0x1", "-m conntrack --ctstate INVALID"]
        others += [f"-m statistic --mode random --probability {share}" for share in (0, 1)]
        if chain == "OUTPUT":
            others = ["-m owner --uid-owner 0", "-m owner ! --uid-owner 0", "-m mark --mark 0x1"]
        if chain == "raw":
            others = ["-m rpfilter --invert", "-m rpfilter", "-m addrtype --dst-type LOCAL"]
        words.append(draw.one(*others))
    return words


def _ipt_special(draw: Draw) -> tuple[str, list[str]]:
    new = "-A INPUT -p tcp --dport 5000 --syn"
    end = draw.one("DROP", "REJECT")
    name = f"--hashlimit-mode srcip --hashlimit-name h{draw.random.randrange(1000)}"
    return draw.one(
        (LIMITED, [f"{new} -m limit --limit 3/minute --limit-burst 3 -j ACCEPT", f"{new} -j {end}"]),
        (LIMITED, [f"{new} -m limit --limit 25/second --limit-burst 50 -j ACCEPT", f"{new} -j {end}"]),
        (LIMITED, [f"{new} -m connlimit --connlimit-above {draw.one(50, 100)} -j {end}"]),
        (LIMITED, [f"{new} -m hashlimit --hashlimit-above 100/second --hashlimit-burst 100 {name} -j {end}"]),
        (LIMITED, [f"{new} -m hashlimit --hashlimit-above 3/minute --hashlimit-burst 3 {name} -j {end}"]),
        (RANDOM, [f"{new} -m statistic --mode nth --every 2 --packet 0 -j REJECT --reject-with tcp-reset"]),
        (RANDOM, [f"{new} -m statistic --mode random --probability 0.5 -j REJECT --reject-with tcp-reset"]),
    )
