"""Networks of hosts around a router: each host with a firewall of some kind, servers, and now and then a container.

::

    n-1-1 .11  n-1-2 .12 ...            n-2-1 .11 ...
        |          |                        |
      [ 10.81.1.0/24 ]--.1 router .1--[ 10.81.2.0/24 ]    and so on
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from types import TracebackType

from tests.lab.hosts import Host, LabError
from tests.lab.network import SYSCTLS

PORTS = (80, 81, 443, 5432, 8080, 9000)
PUBLISHED = 8080
"""The port by which hosts with a container lead into it."""

KINDS = ("nft", "iptables-legacy", "iptables-nft", "ufw", "container", "open")

SERVE = """
import socket, sys, time
kept = [socket.create_server((address, int(port))) for address, port in (one.split("=") for one in sys.argv[1:])]
print("up", flush=True)
time.sleep(600)
"""


@dataclass(frozen=True, slots=True)
class Member:
    """One host of the fleet."""

    host: Host
    network: int
    address: str
    kind: str


@dataclass(slots=True)
class World:
    """All of them. ``closed`` is what the router drops: from a network to a port of a network."""

    members: list[Member] = field(default_factory=list)
    closed: set[tuple[int, int, int]] = field(default_factory=set)
    others: list[Host] = field(default_factory=list)

    def __enter__(self) -> World:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every host, those that others live in last."""
        for host in (*reversed(self.others[1:]), *(one.host for one in self.members), *self.others[:1]):
            host.close()


def build_world(networks: int, each: int, seed: int) -> World:
    """Bring it up; to be closed by the caller (``with``)."""
    world, chance = World(), Random(seed)
    try:
        switch = Host("switch")
        world.others.append(switch)
        _add_members(world, switch, networks, each)
        router = Host("router", beside=switch)
        world.others.append(router)
        _join(world, switch, router, networks)
        _filter(world, router, networks, chance)
        for member in world.members:
            _furnish(world, member, chance)
    except BaseException:
        world.__exit__(None, None, None)
        raise
    return world


def _add_members(world: World, switch: Host, networks: int, each: int) -> None:
    for number in range(networks * each):
        network, place = number // each + 1, number % each + 1
        host = Host(f"n-{network}-{place}", beside=switch)
        kind = KINDS[number % len(KINDS)]
        world.members.append(Member(host, network, f"10.81.{network}.{10 + place}", kind))


def _join(world: World, switch: Host, router: Host, networks: int) -> None:
    cables = [SYSCTLS]
    for network in range(1, networks + 1):
        cables.append(f"ip link add lan{network} type bridge mcast_snooping 0 forward_delay 0")
        cables.append(f"ip link set lan{network} up")
        cables.append(f"ip link add r{network} type veth peer name eth{network} netns {router.pid}")
        cables.append(f"ip link set r{network} master lan{network} up")
    for number, one in enumerate(world.members):
        cables.append(f"ip link add h{number} type veth peer name eth0 netns {one.host.pid}")
        cables.append(f"ip link set h{number} master lan{one.network} up")
    switch.configure("\n".join(cables))
    legs = [
        f"ip addr add 10.81.{network}.1/24 dev eth{network}; ip link set eth{network} up\n"
        f"echo 0 > /proc/sys/net/ipv4/conf/eth{network}/rp_filter"
        for network in range(1, networks + 1)
    ]
    router.configure("\n".join((SYSCTLS, *legs, "echo 1 > /proc/sys/net/ipv4/ip_forward")))
    for one in world.members:
        one.host.configure(
            f"{SYSCTLS}\nip addr add {one.address}/24 brd + dev eth0; ip link set eth0 up\n"
            f"ip route add default via 10.81.{one.network}.1"
        )


def _filter(world: World, router: Host, networks: int, chance: Random) -> None:
    """What the router drops: no recording of a host shows it."""
    pairs = [(a, b) for a in range(1, networks + 1) for b in range(1, networks + 1) if a != b]
    world.closed = {(*pair, port) for pair in pairs for port in PORTS if chance.random() < 0.25}
    rules = "".join(
        f"    ip saddr 10.81.{a}.0/24 ip daddr 10.81.{b}.0/24 tcp dport {port} drop\n"
        for a, b, port in sorted(world.closed)
    )
    chain = f"  chain forward {{\n    type filter hook forward priority 0; policy accept;\n{rules}  }}\n"
    router.run("nft -f -", stdin=f"table ip f {{\n{chain}}}\n")


def _furnish(world: World, member: Member, chance: Random) -> None:
    places = [f"{chance.choice(('0.0.0.0', '0.0.0.0', member.address, '127.0.0.1'))}={port}" for port in PORTS
              if chance.random() < 0.7 and not (member.kind == "container" and port == PUBLISHED)]  # fmt: skip
    _serve(member.host, places)
    lines = list(_lines(world, chance))
    if member.kind == "nft":
        member.host.run("nft -f -", stdin=_nft(lines, chance))
    elif member.kind.startswith("iptables"):
        member.host.run(_iptables(lines, member.kind, chance))
    elif member.kind == "ufw":
        allowed = "".join(
            f"ufw {'allow' if accept else 'deny'} proto tcp from {source} to any port {port} > /dev/null\n"
            for source, port, accept in lines
        )
        member.host.run(f"set -e\n{allowed}ufw --force enable > /dev/null")
    elif member.kind == "container":
        _add_container(world, member)


def _serve(host: Host, places: list[str]) -> None:
    wait = "for try in $(seq 200); do grep -q . /run/up && exit 0; sleep 0.05; done; exit 1"
    start = f"setsid python3 /srv/serve.py {' '.join(places)} > /run/up 2>&1 < /dev/null"
    host.run(f"cat > /srv/serve.py; {start} & {wait}", stdin=SERVE)
    if not host.read("/run/up").startswith("up"):
        raise LabError(f"the servers of {host.name}: {host.read('/run/up')}")


def _lines(world: World, chance: Random) -> Iterator[tuple[str, int, bool]]:
    """Rules as (source, port, whether it is let in)."""
    for _ in range(chance.randrange(3, 12)):
        other = chance.choice(world.members)
        source = chance.choice((other.address, f"10.81.{other.network}.0/24", f"10.81.{other.network}.8/30"))
        yield source, chance.choice(PORTS), chance.random() < 0.7


def _nft(lines: list[tuple[str, int, bool]], chance: Random) -> str:
    rules = "".join(
        f"    ip saddr {source} tcp dport {port} {'accept' if accept else chance.choice(('drop', 'reject'))}\n"
        for source, port, accept in lines
    )
    out = lines[0]
    return f"""table inet f {{
  chain in {{ type filter hook input priority 0; policy {chance.choice(("drop", "accept"))};
    ct state established,related accept
    iif lo accept
{rules}  }}
  chain out {{ type filter hook output priority 0; policy accept;
    ip daddr {out[0]} tcp dport {out[1]} reject
  }}
}}
"""


def _iptables(lines: list[tuple[str, int, bool]], tool: str, chance: Random) -> str:
    commands = ["set -e", f"{tool} -w -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"]
    commands += [
        f"{tool} -w -A INPUT -s {source} -p tcp --dport {port} -j "
        + ("ACCEPT" if accept else chance.choice(("DROP", "REJECT")))
        for source, port, accept in lines
    ]
    source, port, _ = lines[-1]
    commands.append(f"{tool} -w -A OUTPUT -d {source} -p tcp --dport {port} -j DROP")
    commands.append(f"{tool} -w -P INPUT {chance.choice(('DROP', 'ACCEPT'))}")
    return "\n".join(commands)


def _add_container(world: World, member: Member) -> None:
    """A container behind the host, and the port that leads into it, as docker does it."""
    container = Host(f"{member.host.name}-c", inside=member.host)
    world.others.append(container)
    member.host.configure(
        "ip link add docker0 type bridge forward_delay 0; ip addr add 172.17.0.1/16 dev docker0\n"
        f"ip link set docker0 up; ip link add vethc type veth peer name eth0 netns {container.pid}\n"
        "ip link set vethc master docker0 up; echo 1 > /proc/sys/net/ipv4/ip_forward"
    )
    container.configure(
        f"{SYSCTLS}\nip addr add 172.17.0.2/16 dev eth0; ip link set eth0 up; ip route add default via 172.17.0.1"
    )
    _serve(container, ["0.0.0.0=80"])
    member.host.run(
        "set -e\niptables-nft -w -t nat -A PREROUTING ! -i docker0 -p tcp --dport "
        f"{PUBLISHED} -j DNAT --to-destination 172.17.0.2:80\n"
        "iptables-nft -w -P FORWARD DROP\n"
        "iptables-nft -w -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"
        "iptables-nft -w -A FORWARD -d 172.17.0.2 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT\n"
        "iptables-nft -w -A FORWARD -i docker0 -j ACCEPT"
    )
