"""The rules that docker's daemon writes for one container, without the daemon."""
# ruff: noqa: E501 - tables of rules, a rule an entry

from __future__ import annotations

from random import Random

from tests.lab.differential.world import LAN, PORTS

Load = tuple[tuple[str, ...], str]


def docker(random: Random) -> list[Load]:
    """Docker's rules for a container with a few published ports: of its iptables, old and new, or of its nftables."""
    published = [
        (
            random.choice(("tcp", "tcp", "udp")),
            random.choice(("", "", "192.168.77.10", "127.0.0.1")),
            host,
            inner,
        )
        for host, inner in zip(random.sample(PORTS, 3), random.choices(PORTS, k=3), strict=True)
    ]
    style = random.choice(("stages", "bridges", "nftables"))
    if style == "nftables":
        return [(("nft", "-f", "-"), _docker_nft(published))]
    user = [_docker_user(random) for _ in range(random.randrange(4))]
    old = style == "stages"
    filters = _old_filter(published, user) if old else _new_filter(published, user)
    first = "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n" if random.random() < 0.7 else ""
    raw = "" if old else _raw(published)
    return [(("iptables-restore", "-n"), first + _docker_nat(published) + filters + raw)]


def _docker_user(random: Random) -> str:
    port = random.choice(PORTS)
    match = random.choice((
        f"-p tcp -m tcp --dport {port}", f"-i eth0 -s {random.choice(LAN.clients4)}", "! -s 192.168.77.0/24 -i eth0",
        f"-i eth0 -p tcp -m conntrack --ctorigdstport {port} --ctdir ORIGINAL", "-i eth1", "-m conntrack --ctstate NEW",
        "-m conntrack --ctstate RELATED,ESTABLISHED", f"-p udp -m udp --dport {port}",
    ))  # fmt: skip
    return f"-A DOCKER-USER {match} -j {random.choice(('DROP', 'ACCEPT', 'RETURN', 'REJECT', 'DROP'))}"


Published = list[tuple[str, str, int, int]]


def _docker_nat(published: Published) -> str:
    lines = [
        "*nat", ":DOCKER - [0:0]", "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
        "-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER",
        "-A POSTROUTING -s 172.17.0.0/16 ! -o br-app -j MASQUERADE", "-A DOCKER -i br-app -j RETURN",
    ]  # fmt: skip
    for protocol, address, host, inner in published:
        to = f"-d {address}/32 " if address else ""
        lines.append(f"-A DOCKER {to}! -i br-app -p {protocol} -m {protocol} --dport {host} "
                     f"-j DNAT --to-destination 172.17.0.2:{inner}")  # fmt: skip
    return "\n".join([*lines, "COMMIT\n"])


def _accepts(published: Published) -> list[str]:
    return [f"-A DOCKER -d 172.17.0.2/32 ! -i br-app -o br-app -p {protocol} -m {protocol} --dport {inner} -j ACCEPT"
            for protocol, _, _, inner in published]  # fmt: skip


def _old_filter(published: Published, user: list[str]) -> str:
    return "\n".join([
        "*filter", ":DOCKER - [0:0]", ":DOCKER-ISOLATION-STAGE-1 - [0:0]", ":DOCKER-ISOLATION-STAGE-2 - [0:0]",
        ":DOCKER-USER - [0:0]", "-I FORWARD -i br-app -o br-app -j ACCEPT", "-I FORWARD -i br-app ! -o br-app -j ACCEPT",
        "-I FORWARD -o br-app -j DOCKER", "-I FORWARD -o br-app -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-I FORWARD -j DOCKER-ISOLATION-STAGE-1", "-I FORWARD -j DOCKER-USER", *_accepts(published),
        "-A DOCKER-ISOLATION-STAGE-1 -i br-app ! -o br-app -j DOCKER-ISOLATION-STAGE-2",
        "-A DOCKER-ISOLATION-STAGE-1 -j RETURN", "-A DOCKER-ISOLATION-STAGE-2 -o br-app -j DROP",
        "-A DOCKER-ISOLATION-STAGE-2 -j RETURN", *user, "-A DOCKER-USER -j RETURN", "COMMIT\n",
    ])  # fmt: skip


def _new_filter(published: Published, user: list[str]) -> str:
    return "\n".join([
        "*filter", ":DOCKER - [0:0]", ":DOCKER-BRIDGE - [0:0]", ":DOCKER-CT - [0:0]", ":DOCKER-FORWARD - [0:0]",
        ":DOCKER-INTERNAL - [0:0]", ":DOCKER-USER - [0:0]", "-I FORWARD -j DOCKER-FORWARD", "-I FORWARD -j DOCKER-USER",
        *_accepts(published), "-A DOCKER ! -i br-app -o br-app -j DROP", "-A DOCKER-BRIDGE -o br-app -j DOCKER",
        "-A DOCKER-CT -o br-app -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-A DOCKER-FORWARD -j DOCKER-CT",
        "-A DOCKER-FORWARD -j DOCKER-INTERNAL", "-A DOCKER-FORWARD -j DOCKER-BRIDGE",
        "-A DOCKER-FORWARD -i br-app -j ACCEPT", *user, "COMMIT\n",
    ])  # fmt: skip


def _raw(published: Published) -> str:
    lines = ["*raw", "-A PREROUTING -d 172.17.0.2/32 ! -i br-app -j DROP"]
    lines += [f"-A PREROUTING -d 127.0.0.1/32 ! -i lo -p {protocol} -m {protocol} --dport {host} -j DROP"
              for protocol, address, host, _ in published if address == "127.0.0.1"]  # fmt: skip
    return "\n".join([*lines, "COMMIT\n"])


def _docker_nft(published: Published) -> str:
    accepts = "\n".join(f"  ip daddr 172.17.0.2 {protocol} dport {inner} counter accept"
                        for protocol, _, _, inner in published)  # fmt: skip
    sends = "\n".join(
        f'  {f"ip daddr {address} " if address else ""}iifname != "br-app" {protocol} dport {host} '
        f"counter dnat to 172.17.0.2:{inner}"
        for protocol, address, host, inner in published
    )
    return f"""table ip docker-bridges {{
 map filter-forward-in-jumps {{ type ifname : verdict; elements = {{ "br-app" : jump filter-forward-in__br-app }} }}
 map filter-forward-out-jumps {{ type ifname : verdict; elements = {{ "br-app" : jump filter-forward-out__br-app }} }}
 chain filter-FORWARD {{
  type filter hook forward priority filter; policy accept;
  oifname vmap @filter-forward-in-jumps
  iifname vmap @filter-forward-out-jumps
 }}
 chain filter-forward-in__br-app {{
  ct state established,related counter accept
  iifname "br-app" counter accept
{accepts}
  counter drop
 }}
 chain filter-forward-out__br-app {{
  ct state established,related counter accept
  counter accept
 }}
 chain nat-OUTPUT {{
  type nat hook output priority dstnat; policy accept;
  ip daddr != 127.0.0.0/8 fib daddr type local counter jump nat-prerouting-and-output
 }}
 chain nat-PREROUTING {{
  type nat hook prerouting priority dstnat; policy accept;
  fib daddr type local counter jump nat-prerouting-and-output
 }}
 chain nat-prerouting-and-output {{
{sends}
 }}
 chain nat-POSTROUTING {{
  type nat hook postrouting priority srcnat; policy accept;
  oifname != "br-app" ip saddr 172.17.0.0/16 counter masquerade
 }}
 chain raw-PREROUTING {{
  type filter hook prerouting priority raw; policy accept;
  ip daddr 172.17.0.2 iifname != "br-app" counter drop
 }}
}}
"""
