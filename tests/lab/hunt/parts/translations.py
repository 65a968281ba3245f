"""Translations: docker's shapes, redirects, several ends, loopback."""

from __future__ import annotations

from tests.lab.hunt.machine import RANDOM, Part
from tests.lab.hunt.parts.draw import Draw
from tests.lab.scenario import Container, Step, iptables, nft, sh
from tests.lab.scenarios.containers import INSIDE, INSIDE_LOOPBACK, docker, docker_proxy
from tests.lab.servers import Server, sockets

WEB, WEB2 = Container(), Container("web2", "172.17.0.3")
INSIDE_TWO = sockets("s = socket.create_server(('0.0.0.0', 80))", port=80, user=False, on="web2")
FORWARDS = sh("echo 1 > /proc/sys/net/ipv4/ip_forward")


def on_port(port: int) -> Server:
    """A server on another port of the machine."""
    return sockets(f"s = socket.create_server(('0.0.0.0', {port}))", port=port, name=f"server{port}.py")


def published(draw: Draw) -> Part:
    """A container whose port 80 is published as 5000; it takes the place of the server."""
    user = draw.one(
        "", "", "", "-A DOCKER-USER -i eth0 -p tcp --dport 80 -j DROP", "-A DOCKER-USER -s 10.0.0.0/8 -j DROP",
        f"-A DOCKER-USER ! -s {draw.subnet} -i eth0 -j DROP", "-A DOCKER-USER -i eth0 -j REJECT",
    )  # fmt: skip
    address = draw.weighted(((8, "0.0.0.0"), (1, "127.0.0.1"), (1, draw.address)))
    inside = draw.weighted(((9, INSIDE), (1, INSIDE_LOOPBACK)))
    servers = (inside, docker_proxy(address)) if draw.chance(0.5) else (inside,)
    return Part(
        f"docker publishes a container's port on {address}",
        before=(docker(address, user),),
        servers=servers,
        containers=(WEB,),
        binds=address if len(servers) > 1 else "",
    )


def two_ends(draw: Draw) -> Part:
    """Connections are spread over two ends; in half of the machines one of them is dead."""
    alive = draw.chance(0.5)
    if draw.chance(0.5):
        ports = (on_port(5001), on_port(5002))
        return Part(
            f"two ports behind one, {'both serve' if alive else 'one of them dead'}",
            before=(_spread_ports(draw),),
            servers=ports if alive else ports[:1],
            traits=frozenset({RANDOM}),
        )
    containers = (INSIDE, INSIDE_TWO)
    return Part(
        f"two containers behind one port, {'both serve' if alive else 'one of them dead'}",
        before=(FORWARDS, _spread_containers(draw)),
        servers=containers if alive else containers[:1],
        containers=(WEB, WEB2),
        traits=frozenset({RANDOM}),
    )


def _spread_ports(draw: Draw) -> Step:
    if draw.chance(0.5):
        return iptables(
            f"-t nat -A PREROUTING -p tcp --dport 5000 {_half(draw)} -j REDIRECT --to-ports 5001\n"
            "-t nat -A PREROUTING -p tcp --dport 5000 -j REDIRECT --to-ports 5002"
        )
    how = draw.one("inc", "random")
    return _prerouting(f"tcp dport 5000 redirect to :numgen {how} mod 2 map {{ 0 : 5001, 1 : 5002 }}")


def _spread_containers(draw: Draw) -> Step:
    if draw.chance(0.5):
        return iptables(
            f"-t nat -A PREROUTING -p tcp --dport 5000 {_half(draw)} -j DNAT --to 172.17.0.2:80\n"
            "-t nat -A PREROUTING -p tcp --dport 5000 -j DNAT --to 172.17.0.3:80"
        )
    how = draw.one("inc", "random")
    ends = "{ 0 : 172.17.0.2, 1 : 172.17.0.3 }"
    return _prerouting(f"tcp dport 5000 dnat to numgen {how} mod 2 map {ends} : 80")


def _half(draw: Draw) -> str:
    mode = draw.one("random --probability 0.5", "nth --every 2 --packet 0")
    return f"-m statistic --mode {mode}"


def _prerouting(rule: str) -> Step:
    return nft(
        f"table ip spread {{\n chain pre {{\n  type nat hook prerouting priority -100\n  {rule}\n }}\n}}\n"
    )


def redirect(draw: Draw) -> Part:
    """One translation beside an ordinary server."""
    rule = draw.one(
        "tcp dport 5000 redirect to :5990", "tcp dport 8080 redirect to :5000", "tcp dport 5000 redirect to :5000",
        "tcp dport 5000 dnat to 127.0.0.1:5000", f"tcp dport 5000 dnat to {draw.address}:5000",
        "tcp dport 5000 dnat to 172.17.0.9:80", "tcp dport 5000 dnat to 192.168.77.1:5990",
        f"ip saddr {draw.subnet} tcp dport 5000 redirect to :5990", 'iifname "wlan0" tcp dport 5000 redirect to :5990',
    )  # fmt: skip
    before = [_prerouting(rule)]
    if draw.chance(0.5):
        before.append(sh("echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet"))
    if draw.chance(0.5):
        before.append(FORWARDS)
    return Part(f"a translation: {rule}", before=tuple(before))


def masquerade(_draw: Draw) -> Part:
    """What routers and VPN servers have."""
    return Part("masquerade", before=(iptables("-t nat -A POSTROUTING -o eth0 -j MASQUERADE"), FORWARDS))
