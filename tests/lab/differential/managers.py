"""Rulesets as ufw, firewalld and docker leave them on a machine, with random rules of a person's in and beside them.

ufw and firewalld write theirs themselves: the real programs run in the namespace, on private copies of their files.
"""
# ruff: noqa: E501 - tables of rules, a rule an entry

from __future__ import annotations

import json
import os
import shutil
from random import Random

from tests.lab.differential import generate_iptables, generate_nft
from tests.lab.differential.generate_docker import docker
from tests.lab.differential.world import INNER, LAN, PORTS, SECOND, run

Load = tuple[tuple[str, ...], str]

SYSTEM_PYTHON = "/usr/bin/python3"
PRIVATE = ("/etc/ufw", "/etc/default", "/etc/firewalld", "/etc/alternatives")
TOOLS = [f"{name}{end}" for name in ("iptables", "ip6tables") for end in ("", "-save", "-restore")]

UFW = """
import json, os, runpy, shutil, sys
for name in os.listdir("/etc/ufw"):
    path = os.path.join("/etc/ufw", name)
    shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
os.mkdir("/etc/ufw/applications.d")
for folder in ("/usr/share/ufw", "/usr/share/ufw/iptables"):
    for name in os.listdir(folder):
        if name.endswith((".rules", ".init", "ufw.conf")):
            shutil.copy(os.path.join(folder, name), "/etc/ufw")
for command in json.load(sys.stdin):
    sys.argv = ["ufw", *command.split()]
    try:
        runpy.run_path("/usr/sbin/ufw", run_name="__main__")
    except SystemExit as ended:
        if ended.code:
            sys.exit(f"ufw {command}: {ended.code}")
"""

FIREWALLD = """
import json, os, shutil, sys
from firewall.core.fw import Firewall
for folder in ("zones", "policies", "services", "helpers", "icmptypes", "ipsets"):
    shutil.rmtree("/etc/firewalld/" + folder, ignore_errors=True)
    os.makedirs("/etc/firewalld/" + folder)
for path, text in json.load(sys.stdin).items():
    with open("/etc/firewalld/" + path, "w") as file:
        file.write(text)
Firewall().start()
"""


def hide_files() -> None:
    """Cover the files of ufw and firewalld with private ones; /run must be private already."""
    for folder in (one for one in PRIVATE if os.path.isdir(one)):
        shutil.copytree(folder, f"/run{folder}", symlinks=True, dirs_exist_ok=True)
        run(["mount", "--bind", f"/run{folder}", folder])
    for tool in TOOLS:
        os.remove(f"/etc/alternatives/{tool}")
        os.symlink("/usr/sbin/xtables-nft-multi", f"/etc/alternatives/{tool}")


def shaped(kind: str, seed: int) -> list[Load]:
    """What is loaded for a seed: the manager's rules, and often random rules mixed into them and beside them."""
    random = Random(f"{kind} {seed}")
    loads = {"ufw": ufw, "firewalld": firewalld, "docker": docker}[kind](random)
    if kind == "ufw" and random.random() < 0.3:
        loads += docker(random)
    if kind != "firewalld" and random.random() < 0.4:
        loads += _mixed_in(random, seed)
    if random.random() < 0.4:
        loads.append((("nft", "-f", "-"), generate_nft.generate(seed)))
    return loads


def _mixed_in(random: Random, seed: int) -> list[Load]:
    """A person's own iptables rules, before or after the manager's."""
    version = random.choice((4, 4, 6))
    rules = generate_iptables.generate(seed, version)
    if random.random() < 0.5:
        rules = "\n".join(line.replace("-A ", "-I ", 1) for line in rules.splitlines()) + "\n"
    kept = [line for line in rules.splitlines() if not line.startswith((":INPUT", ":FORWARD", ":DOCKER"))]
    tool = "iptables-restore" if version == 4 else "ip6tables-restore"
    sets = generate_iptables.ipsets(Random(seed), version)
    return [(("ipset", "restore"), sets), ((tool, "-n"), "\n".join(kept) + "\n")]


def ufw(random: Random) -> list[Load]:
    """The real ufw with random rules; it is enabled last."""
    backend = random.choice(("nft", "nft", "legacy"))
    # All of them each time: what one ruleset has set must not reach the next.
    commands = [
        f"default {random.choice(('deny', 'deny', 'reject', 'allow'))} incoming",
        f"default {random.choice(('allow', 'allow', 'allow', 'deny', 'reject'))} outgoing",
        f"default {random.choice(('deny', 'deny', 'allow', 'reject'))} routed",
        f"logging {random.choice(('off', 'low', 'medium', 'high'))}",
    ]
    commands += [_ufw_rule(random) for _ in range(random.randint(2, 8))]
    return [
        *_choose_backend(backend),
        ((SYSTEM_PYTHON, "-c", UFW), json.dumps([*commands, "--force enable"])),
    ]


def _choose_backend(backend: str) -> list[Load]:
    """Debian's alternatives, in the private copy."""
    multi = f"/usr/sbin/xtables-{backend}-multi"
    return [(("ln", "-sf", multi, f"/etc/alternatives/{tool}"), "") for tool in TOOLS]


def _ufw_rule(random: Random) -> str:
    action = random.choice(("allow", "allow", "allow", "deny", "deny", "reject"))
    port, protocol = random.choice(PORTS), random.choice(("tcp", "tcp", "udp"))
    host = random.choice((*LAN.clients4, *SECOND.clients4, *LAN.clients6))
    net = random.choice(("192.168.77.0/24", "192.168.77.16/28", "10.20.0.0/16", "fd77::/64"))
    back = "" if random.random() < 0.7 else " out"
    inner = INNER.clients6[0] if ":" in host else INNER.clients4[0]
    return random.choice((
        f"{action}{back} {port}", f"{action} {port}/{protocol}", f"{action} {port}:{port + 100}/{protocol}",
        f"{action} from {host}", f"{action} from {net} to any port {port} proto {protocol}", f"{action} from {net}",
        f"{action} in on eth0 to any port {port}", f"{action} in on eth1 from {net} to any port {port}",
        f"{action} {port},5000,8000:8100/{protocol}", f"{action} out on eth0 to any port {port} proto {protocol}",
        f"prepend {action} from {host} to any port {port}", f"{action} out from any port {port} to {net} proto {protocol}",
        f"route {action} in on eth0 out on br-app", f"route {action} proto {protocol} from {host} to {inner} port {port}",
        f"{action} log {port}/{protocol}",
    ))  # fmt: skip


def firewalld(random: Random) -> list[Load]:
    """The real firewalld's rules for random zones; of either backend."""
    zones = ["public", random.choice(("home", "internal", "dmz", "work", "block", "drop", "trusted", "own"))]
    backend = random.choice(("nftables", "nftables", "nftables", "iptables"))
    files = {
        "firewalld.conf": f"DefaultZone={random.choice(zones)}\nFirewallBackend={backend}\n"
        f"LogDenied={random.choice(('off', 'off', 'all', 'unicast'))}\n"
        f"IPv6_rpfilter={random.choice(('yes', 'yes', 'no'))}\nCleanupOnExit=no\n"
    }
    interfaces = dict.fromkeys(random.sample(("eth0", "eth1", "br-app"), random.randrange(4)), 0)
    taken = {name: random.choice(zones) for name in interfaces}
    hosts = random.sample(
        (*LAN.clients4, *LAN.clients6, "10.20.0.0/16", "192.168.77.16/28"), random.randrange(3)
    )
    places = {host: random.choice(zones) for host in hosts}
    for zone in zones:
        mine = [f'<interface name="{name}"/>' for name, place in taken.items() if place == zone]
        mine += [f'<source address="{host}"/>' for host, place in places.items() if place == zone]
        files[f"zones/{zone}.xml"] = _zone(random, mine)
    if random.random() < 0.3:
        files["policies/own.xml"] = _policy(random, zones)
    return [*_choose_backend("nft"), ((SYSTEM_PYTHON, "-c", FIREWALLD), json.dumps(files))]


def _zone(random: Random, members: list[str]) -> str:
    target = random.choice(("", "", "", ' target="ACCEPT"', ' target="DROP"', ' target="%%REJECT%%"'))
    lines = [*members, *(_zone_line(random) for _ in range(random.randint(1, 6)))]
    once = [
        line for line in ("<forward/>", "<masquerade/>", "<icmp-block-inversion/>") if random.random() < 0.15
    ]
    return _document("zone", target, [*dict.fromkeys(lines), *once])


def _zone_line(random: Random) -> str:
    port, protocol = random.choice(PORTS), random.choice(("tcp", "tcp", "udp"))
    return random.choice((
        f'<port port="{port}" protocol="{protocol}"/>', f'<port port="{port}-{port + 50}" protocol="{protocol}"/>',
        f'<service name="{random.choice(("ssh", "http", "https", "dns", "mdns", "dhcpv6-client"))}"/>',
        '<protocol value="icmp"/>', '<icmp-block name="echo-request"/>', '<icmp-block name="echo-reply"/>',
        f'<source-port port="20000-{20000 + port}" protocol="{protocol}"/>',
        f'<forward-port port="{port}" protocol="{protocol}" to-port="{random.choice(PORTS)}"/>',
        f'<forward-port port="{port}" protocol="{protocol}" to-port="{random.choice(PORTS)}" to-addr="172.17.0.2"/>',
        _rich(random), _rich(random), _rich(random),
    ))  # fmt: skip


def _rich(random: Random) -> str:
    port, protocol = random.choice(PORTS), random.choice(("tcp", "udp"))
    family, host = random.choice((
        ("ipv4", random.choice((*LAN.clients4, "192.168.77.0/24", "10.20.0.0/16"))),
        ("ipv6", random.choice((*LAN.clients6, "fd77::/64"))),
    ))  # fmt: skip
    bang = random.choice(("", "", "", ' invert="True"'))
    what = random.choice((f'<port port="{port}" protocol="{protocol}"/>', '<service name="http"/>', "",
                          '<protocol value="tcp"/>', '<icmp-type name="echo-request"/>'))  # fmt: skip
    log = random.choice(("", "", '<log prefix="x" level="info"><limit value="3/m"/></log>'))
    action = random.choice(("<accept/>", "<accept/>", "<drop/>", "<reject/>", '<reject type="{}"/>'))
    kind = "icmp-admin-prohibited" if family == "ipv4" else "icmp6-adm-prohibited"
    rank = random.choice(("", "", ' priority="-5"', ' priority="10"'))
    return f'<rule family="{family}"{rank}><source address="{host}"{bang}/>{what}{log}{action.format(kind)}</rule>'


def _policy(random: Random, zones: list[str]) -> str:
    target = random.choice(("CONTINUE", "ACCEPT", "DROP", "REJECT"))
    into = random.choice(("HOST", "HOST", "ANY"))
    came = random.choice(("ANY", *zones))
    words = f' target="{target}" priority="{random.choice((-10, 10))}"'
    return _document(
        "policy", words, [f'<ingress-zone name="{came}"/>', f'<egress-zone name="{into}"/>', _rich(random)]
    )


def _document(kind: str, words: str, lines: list[str]) -> str:
    body = "\n".join(lines)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{kind}{words}>\n<short>own</short>\n{body}\n</{kind}>\n'
