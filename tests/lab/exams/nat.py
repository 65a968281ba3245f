"""Translations: all that they may lead to, the containers behind them, and own connections that go no way."""

from __future__ import annotations

from tests.lab.scenario import (
    CLEAR,
    Container,
    Expected,
    Scenario,
    Step,
    Wire,
    blocked,
    iptables,
    nft,
    nft_input,
    sh,
)
from tests.lab.scenarios.containers import INSIDE, WEB, docker, docker_proxy
from tests.lab.scenarios.routing import tunnel
from tests.lab.servers import Server, flask, sockets

TWO = (Container(), Container("web2", "172.17.0.3"))
INSIDE_TWO = sockets("s = socket.create_server(('0.0.0.0', 80))", port=80, user=False, on="web2")
REDIRECTED = blocked("port-redirected|port-not-forwarded")
ON_NAT = "-t nat -A PREROUTING -p tcp --dport 5000"
HALF = "-m statistic --mode random --probability 0.5"


def on_port(port: int) -> Server:
    """A server on another port, in a folder of its own."""
    return sockets(f"s = socket.create_server(('0.0.0.0', {port}))", port=port, name=f"server{port}.py")


def prerouting(rule: str) -> Step:
    """A nat chain of nftables with one rule."""
    return nft(
        f"table ip shop {{\n chain pre {{\n  type nat hook prerouting priority -100\n  {rule}\n }}\n}}\n"
    )


FORWARDS = sh("echo 1 > /proc/sys/net/ipv4/ip_forward")


def _by_hash(name: str, rule: Step, alive: int, truth: str, expected: Expected) -> Scenario:
    """Each client gets one of two containers, always the same; in one of them nobody listens."""
    inside = (INSIDE, INSIDE_TWO)[alive]
    return Scenario(
        name, "each device is sent to one of two containers, always the same, and one has no server", truth, expected,
        containers=TWO, before=(FORWARDS, rule), servers=(inside,), attempts=6, options="--peer 192.168.77.20",
    )  # fmt: skip


RANGE = iptables(f"{ON_NAT} -j DNAT --to 172.17.0.2-172.17.0.3:80")
PERSISTENT = iptables(f"{ON_NAT} -j DNAT --to 172.17.0.2-172.17.0.3:80 --persistent")
HASH_MAP = (
    "table ip lb {\n chain pre {\n  type nat hook prerouting priority -100\n"
    "  tcp dport 5000 dnat to jhash %s map { 0: 172.17.0.2, 1: 172.17.0.3 }:80\n }\n}\n"
)
SEEDED, TWO_PARTS, SECRET = (
    nft(HASH_MAP % words)
    for words in ("ip saddr mod 2 seed 0x2a", "ip saddr . tcp dport mod 2 seed 0x2a", "ip saddr mod 2")
)
BY_HASH = (
    _by_hash("range-of-two-first", RANGE, 0, "served", CLEAR),
    _by_hash("range-of-two-second", RANGE, 1, "refused", REDIRECTED),
    _by_hash("range-of-two-persistent-first", PERSISTENT, 0, "served", CLEAR),
    _by_hash("range-of-two-persistent-second", PERSISTENT, 1, "refused", REDIRECTED),
    _by_hash("hash-with-seed-first", SEEDED, 0, "refused", REDIRECTED),
    _by_hash("hash-with-seed-second", SEEDED, 1, "served", CLEAR),
    _by_hash("hash-of-two-parts-first", TWO_PARTS, 0, "refused", REDIRECTED),
    _by_hash("hash-of-two-parts-second", TWO_PARTS, 1, "served", CLEAR),
    _by_hash(
        "hash-that-the-kernel-keeps", SECRET, 0, "served|refused", Expected("undetermined", "port-redirected")
    ),
)
SEVERAL_ENDS = (
    Scenario(
        "statistic-two-containers",
        fault="nothing: connections are spread over two containers, which both serve",
        containers=TWO,
        before=(
            FORWARDS,
            iptables(f"{ON_NAT} {HALF} -j DNAT --to 172.17.0.2:80\n{ON_NAT} -j DNAT --to 172.17.0.3:80"),
        ),
        servers=(INSIDE, INSIDE_TWO),
        truth="served",
        attempts=6,
        expected=CLEAR,
    ),
    Scenario(
        "statistic-one-container-dead",
        fault="connections are spread over two containers, and in one of them nobody listens",
        containers=TWO,
        before=(
            FORWARDS,
            iptables(f"{ON_NAT} {HALF} -j DNAT --to 172.17.0.2:80\n{ON_NAT} -j DNAT --to 172.17.0.3:80"),
        ),
        servers=(INSIDE,),
        truth="sometimes",
        attempts=16,
        expected=REDIRECTED,
    ),
    Scenario(
        "statistic-two-redirects",
        fault="nothing: connections are spread over two ports, and both serve",
        before=(
            iptables(f"{ON_NAT} {HALF} -j REDIRECT --to-ports 5001\n{ON_NAT} -j REDIRECT --to-ports 5002"),
        ),
        servers=(on_port(5001), on_port(5002)),
        truth="served",
        attempts=6,
        expected=CLEAR,
    ),
    Scenario(
        "statistic-nth-redirect-dead",
        fault="every second connection is sent to a port where nobody listens",
        before=(
            iptables(f"{ON_NAT} -m statistic --mode nth --every 2 --packet 0 -j REDIRECT --to-ports 5001"),
        ),
        servers=(flask("--host 0.0.0.0"),),
        truth="sometimes",
        attempts=6,
        expected=REDIRECTED,
    ),
    Scenario(
        "numgen-two-ports",
        fault="nothing: numgen spreads connections over two ports, and both serve",
        before=(prerouting("tcp dport 5000 redirect to :numgen inc mod 2 map { 0 : 5001, 1 : 5002 }"),),
        servers=(on_port(5001), on_port(5002)),
        truth="served",
        attempts=6,
        expected=CLEAR,
    ),
    Scenario(
        "numgen-one-port-dead",
        fault="numgen spreads connections over two ports, and on one of them nobody listens",
        before=(prerouting("tcp dport 5000 redirect to :numgen random mod 2 map { 0 : 5001, 1 : 5002 }"),),
        servers=(on_port(5001),),
        truth="sometimes",
        attempts=16,
        expected=REDIRECTED,
    ),
    Scenario(
        "numgen-one-container-gone",
        fault="numgen spreads connections over two containers, and one of them is gone",
        containers=WEB,
        before=(
            FORWARDS,
            prerouting("tcp dport 5000 dnat to numgen inc mod 2 map { 0 : 172.17.0.2, 1 : 172.17.0.9 } : 80"),
        ),
        servers=(INSIDE,),
        truth="sometimes",
        attempts=4,
        expected=REDIRECTED,
    ),
    Scenario(
        "numgen-all-dead",
        fault="numgen spreads connections over two ports, and nobody listens on either",
        before=(prerouting("tcp dport 5000 redirect to :numgen inc mod 2 map { 0 : 5001, 1 : 5002 }"),),
        servers=(flask("--host 0.0.0.0"),),
        truth="refused",
        attempts=4,
        expected=blocked("port-redirected"),
    ),
)

NEXT_TO = "for p in /proc/[0-9]*; do [ $(readlink $p/ns/net) = $(readlink /proc/self/ns/net) ] || pid=${p#/proc/}; done"
SECOND_NETWORK = sh(
    f"""
    {NEXT_TO}
    ip link add br2 type bridge forward_delay 0; ip addr add 172.18.0.1/16 dev br2; ip link set br2 up
    ip link add vethsecond type veth peer name eth1 netns $pid; ip link set vethsecond master br2 up
    nsenter -t $pid -n ip addr add 172.18.0.2/16 dev eth1; nsenter -t $pid -n ip link set eth1 up
    iptables -t nat -A PREROUTING -p tcp --dport 5000 -j DNAT --to 172.18.0.2:80
    """
)
SECOND_UPLINK = (
    sh("ip addr add 10.50.0.10/24 dev eth1"),
    sh("ip addr add 10.50.0.1/24 dev eth1; ip addr add 10.60.0.20/32 dev lo", "client"),
    sh("ip route add 10.50.0.10 dev eth1 src 10.60.0.20", "client"),
    sh("ip route add default via 10.50.0.1 table 50; ip rule add from 10.50.0.10 table 50"),
)
UPLINK_WIRES = (Wire("server", "eth1"), Wire("client", "eth1"))

STOPPED = Expected("undetermined", "own-connection-stopped")
CONTAINERS = (
    Scenario(
        "container-answers-by-tunnel",
        fault="a rule sends what comes from the containers into the tunnel, their answers to the LAN among it",
        containers=WEB,
        before=(
            docker(),
            tunnel("ip route add default dev tun0 table 70; ip rule add from 172.17.0.0/24 table 70"),
        ),
        servers=(INSIDE,),
        truth="timeout",
        expected=blocked("vpn-takes-replies"),
    ),
    Scenario(
        "container-answers-by-the-lan",
        fault="nothing: the same rule, and before it one that keeps the LAN in the main table",
        containers=WEB,
        before=(
            docker(),
            tunnel(
                "ip route add default dev tun0 table 70; ip rule add from 172.17.0.0/24 table 70 pref 200"
            ),
            sh("ip rule add to 192.168.77.0/24 table main pref 100"),
        ),
        servers=(INSIDE,),
        truth="served",
        expected=STOPPED,  # its own test goes into the tunnel
    ),
    Scenario(
        "host-answers-by-tunnel-container-not",
        fault="nothing: what comes from the server's own address goes into the tunnel, the container's answers do not",
        containers=WEB,
        before=(
            docker(),
            tunnel("ip route add default dev tun0 table 70; ip rule add from 192.168.77.10 table 70"),
        ),
        servers=(INSIDE,),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "container-in-two-networks-strict",
        fault="the container is reached by its second network, its default route is by the first; rp_filter is strict",
        containers=WEB,
        before=(
            SECOND_NETWORK,
            sh(f"{NEXT_TO}; nsenter -t $pid -n sysctl -qw net.ipv4.conf.all.rp_filter=1"),
        ),
        servers=(INSIDE,),
        truth="timeout",
        expected=Expected("blocked|undetermined"),
    ),
    Scenario(
        "container-in-two-networks",
        fault="nothing: the same, without a filter of reverse paths",
        containers=WEB,
        before=(SECOND_NETWORK,),
        servers=(INSIDE,),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "container-behind-second-uplink",
        fault="clients of the second uplink reach a container; its answers leave by the first",
        containers=WEB,
        wires=UPLINK_WIRES,
        before=(*SECOND_UPLINK, docker()),
        servers=(INSIDE,),
        address="10.50.0.10",
        peer="10.60.0.20",
        options="--to 10.50.0.10 --peer 10.60.0.20",
        truth="timeout",
        expected=Expected("blocked|undetermined"),
    ),
    Scenario(
        "host-behind-second-uplink",
        fault="nothing: clients of the second uplink reach the host itself, whose answers have a rule",
        wires=UPLINK_WIRES,
        before=SECOND_UPLINK,
        servers=(flask("--host 0.0.0.0"),),
        address="10.50.0.10",
        peer="10.60.0.20",
        options="--to 10.50.0.10 --peer 10.60.0.20",
        truth="served",
        expected=CLEAR,
    ),
)

OWN_CONNECTION = (
    Scenario(
        "own-output-to-container-rejected",
        fault="nothing for clients: the host's own connections to its containers are rejected",
        containers=WEB,
        before=(docker(), iptables("-A OUTPUT -o docker0 -p tcp --dport 80 -j REJECT")),
        servers=(INSIDE,),
        truth="served",
        expected=STOPPED,
    ),
    Scenario(
        "own-output-to-container-rejected-tcp",
        fault="the same, asked for the connection alone",
        containers=WEB,
        before=(docker(), iptables("-A OUTPUT -o docker0 -p tcp --dport 80 -j REJECT")),
        servers=(INSIDE,),
        options="--scheme tcp",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "own-output-by-user-dropped",
        fault="nothing for clients: root's connections to the containers are dropped",
        containers=WEB,
        before=(
            docker(),
            nft_input(
                'oifname "docker0" meta skuid 0 tcp flags syn drop', "type filter hook output priority 0"
            ),
        ),
        servers=(INSIDE,),
        truth="served",
        expected=STOPPED,
    ),
    Scenario(
        "own-redirected-rejected-on-lo",
        fault="nothing for clients, who are sent to 5001; own connections to 5001 are rejected on lo",
        before=(
            iptables(f"{ON_NAT} -j REDIRECT --to-ports 5001\n-A OUTPUT -o lo -p tcp --dport 5001 -j REJECT"),
        ),
        servers=(on_port(5001),),
        truth="served",
        expected=STOPPED,
    ),
    Scenario(
        "own-input-on-lo-dropped",
        fault="nothing for clients: what comes in on lo is dropped",
        before=(nft_input('iifname "lo" tcp dport 5000 drop'),),
        servers=(flask("--host 0.0.0.0"),),
        truth="served",
        expected=STOPPED,
    ),
    Scenario(
        "own-connection-stopped-and-clients-too",
        fault="own connections are rejected on lo, and clients are dropped",
        before=(nft_input('iifname "lo" tcp dport 5000 reject\niifname "eth0" tcp dport 5000 drop'),),
        servers=(flask("--host 0.0.0.0"),),
        truth="timeout",
        expected=blocked("firewall-drops"),
    ),
    Scenario(
        "docker-proxy-and-others-output-rejected",
        fault="nothing: connections of other users than root to the containers are rejected",
        containers=WEB,
        before=(
            docker(),
            iptables("-A OUTPUT -o docker0 -p tcp --dport 80 -m owner ! --uid-owner 0 -j REJECT"),
        ),
        servers=(INSIDE, docker_proxy()),
        truth="served",
        expected=Expected("clear|undetermined"),
    ),
)

LIVES = tuple(
    Scenario(name, fault, truth, expected, containers=WEB, servers=(INSIDE,), before=(docker(), rules))
    for name, fault, truth, expected, rules in (
        ("packets-for-a-container-that-live-one-hop", "packets for the container live for one hop",
         "rejected host-unreachable|unreachable", blocked("firewall-rejects"),
         iptables("-t mangle -A PREROUTING -i eth0 -j TTL --ttl-set 1")),
        ("answers-of-a-container-that-live-one-hop", "answers of the container live for one hop", "timeout",
         blocked("firewall-drops-replies"), iptables("-t mangle -A PREROUTING -i docker0 -j TTL --ttl-set 1")),
        ("answers-of-a-container-that-live-two-hops", "nothing: for two hops, and the client is a neighbour", "served",
         CLEAR, iptables("-t mangle -A PREROUTING -i docker0 -j TTL --ttl-set 2")),
    )
)  # fmt: skip
