"""Addresses, links, and the client's side as far as the server can see it."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, UNDETERMINED, Expected, Scenario, background, blocked, nft_input, sh
from tests.lab.servers import OPEN, flask

DOCKER0 = sh("ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up")
BRIDGE = """
ip link add br-shop type bridge; ip link set br-shop up; ip link add vethshop type veth peer name inside
ip link set vethshop master br-shop up; ip link set inside up
"""
SERVERS = (OPEN,)

SAME_MAC = "ip link set eth0 down; ip link set eth0 address 02:00:00:00:00:aa; ip link set eth0 up"
TALKS = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("ready", flush=True)
while True:
    for last in (1, 10, 20):
        s.sendto(b"hello", (f"192.168.77.{last}", 9))
    time.sleep(0.05)
"""
FAR = "192.168.99.20"
FAR_CLIENT = (
    sh("ip addr add 192.168.99.1/24 dev wan0", "gateway"),
    sh(f"ip addr add {FAR}/24 dev eth0; ip route replace default via 192.168.99.1 src {FAR}", "stranger"),
)

TWIN = Scenario(
    "hardware-address-of-two",
    fault="a neighbour has the server's hardware address",
    servers=SERVERS,
    after=(
        sh(f"{SAME_MAC}; ip route add default via 192.168.77.1"),
        sh(f"{SAME_MAC}; ip route add default via 192.168.77.1", "neighbour"),
        sh("ip neigh flush all", "client"),
        background(TALKS, "neighbour"),
    ),
    truth="served|sometimes|silent|stalled|timeout|unreachable|rejected host-unreachable",
    attempts=4,
    expected=Expected("blocked|undetermined"),
    as_user=Expected("blocked|undetermined"),
)
WIDE_MASK = Scenario(
    "mask-too-wide",
    fault="the mask is /8: clients behind the router are asked for on the cable",
    before=(
        *FAR_CLIENT,
        sh(
            "ip addr flush dev eth0; ip addr add 192.168.77.10/8 brd + dev eth0\n"
            "ip route add default via 192.168.77.1"
        ),
    ),
    servers=SERVERS,
    who="stranger",
    peer=FAR,
    truth="timeout",
    ordinary="served",
    expected=CLEAR,
    with_peer=blocked("peer-down"),
)

SCENARIOS = (
    TWIN,
    WIDE_MASK,
    Scenario(
        "no-address",
        fault="the interface has no address",
        before=(sh("ip addr flush dev eth0"),),
        servers=SERVERS,
        truth="timeout|unreachable",
        expected=blocked("no-lan-address"),
    ),
    Scenario(
        "link-local-only",
        fault="DHCP gave nothing: a link-local address only",
        before=(sh("ip addr flush dev eth0; ip addr add 169.254.13.7/16 dev eth0"),),
        servers=SERVERS,
        truth="timeout|unreachable",
        expected=blocked("no-lan-address"),
    ),
    Scenario(
        "cable-unplugged",
        fault="the interface has no carrier",
        before=(sh("ip link set server down", "switch"),),
        servers=SERVERS,
        truth="timeout|unreachable",
        expected=blocked("link-down"),
    ),
    Scenario(
        "interface-down",
        fault="the interface is switched off",
        before=(sh("ip link set eth0 down"),),
        servers=SERVERS,
        truth="timeout|unreachable",
        expected=blocked("link-down|no-lan-address"),
    ),
    Scenario(
        "answers-no-arp",
        fault="the interface neither asks nor answers who has an address",
        servers=SERVERS,
        after=(sh("ip link set eth0 arp off"), sh("ip neigh flush all", "client")),
        truth="timeout|unreachable",
        expected=blocked("link-down"),
    ),
    Scenario(
        "answers-no-arp-by-setting",
        fault="arp_ignore is 8: no address is answered for",
        servers=SERVERS,
        after=(sh("sysctl -qw net.ipv4.conf.eth0.arp_ignore=8"), sh("ip neigh flush all", "client")),
        truth="timeout|unreachable",
        expected=blocked("link-down"),
        fixable=True,
    ),
    Scenario(
        "address-without-network",
        fault="the address has the prefix length 32",
        before=(sh("ip addr flush dev eth0; ip addr add 192.168.77.10/32 dev eth0"),),
        servers=SERVERS,
        truth="timeout|unreachable",
        expected=blocked("no-route-to-client"),
    ),
    Scenario(
        "address-on-a-bridge-port",
        fault="the interface became a bridge's port, and the address stayed on it",
        before=(sh("ip link add br0 type bridge; ip link set br0 up; ip link set eth0 master br0"),),
        servers=SERVERS,
        after=(sh("sleep 1"),),
        truth="timeout|unreachable",
        expected=blocked("wrong-address"),
    ),
    Scenario(
        "address-of-two",
        fault="another device of the network has the server's address too",
        servers=SERVERS,
        after=(sh("ip addr add 192.168.77.10/24 dev eth0", "neighbour"), sh("ip neigh flush all", "client")),
        truth="served|refused|timeout",
        expected=blocked("duplicate-address"),
        as_user=UNDETERMINED,  # only root may ask the link
    ),
    Scenario(
        "address-of-yesterday",
        fault="clients use an address that the server had yesterday",
        servers=SERVERS,
        address="192.168.77.99",
        options="--to 192.168.77.99",
        truth="timeout|unreachable",
        expected=blocked("wrong-address"),
    ),
    Scenario(
        "address-of-a-bridge",
        fault="clients are given the address of the bridge for containers",
        before=(DOCKER0,),
        servers=SERVERS,
        address="172.17.0.1",
        options="--to 172.17.0.1",
        truth="timeout|unreachable|rejected net-unreachable",
        expected=blocked("wrong-address"),
        with_peer=UNDETERMINED,  # whether that client has a route to it cannot be seen here
    ),
    Scenario(
        "bridge-beside-the-lan",
        fault="nothing: a bridge for containers stands beside the LAN",
        before=(DOCKER0,),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "subnet-overlap",
        fault="a network of containers has the LAN's own addresses, and came first",
        before=(
            sh(
                BRIDGE
                + "ip route del 192.168.77.0/24 dev eth0; ip addr add 192.168.77.254/24 dev br-shop\n"
                + "ip route add 192.168.77.0/24 dev eth0 metric 100 src 192.168.77.10"
            ),
        ),
        servers=SERVERS,
        options="--to 192.168.77.10",
        truth="timeout",
        expected=blocked("subnet-overlap"),
    ),
    Scenario(
        "subnet-overlap-half",
        fault="a network of containers covers one half of the LAN, this client in it",
        before=(sh(BRIDGE + "ip addr add 192.168.77.126/25 dev br-shop"),),
        servers=SERVERS,
        options="--to 192.168.77.10",
        truth="timeout",
        expected=Expected("blocked|clear"),
        also=("subnet-overlap",),
        with_peer=blocked("subnet-overlap"),
    ),
    Scenario(
        "client-in-another-network",
        fault="the client has an address of another network, to which the gateway knows no way",
        before=(
            sh(
                "ip route flush dev eth0; ip addr flush dev eth0; ip addr add 192.168.1.20/24 dev eth0",
                "client",
            ),
        ),
        servers=SERVERS,
        peer="192.168.1.20",
        truth="unreachable|timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=Expected("blocked|undetermined", "peer-in-other-network"),
    ),
    Scenario(
        "client-off",
        fault="the client is not there",
        before=(sh("ip link set client down", "switch"),),
        servers=SERVERS,
        truth="unreachable|timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=Expected("blocked|undetermined", "peer-down|peer-isolated"),
    ),
    Scenario(
        "client-isolation",
        fault="the access point keeps its clients apart; the gateway answers everybody",
        before=(
            sh(
                "for port in server client neighbour; do bridge link set dev $port isolated on; done",
                "switch",
            ),
        ),
        servers=SERVERS,
        truth="unreachable|timeout",
        expected=CLEAR,
        with_peer=Expected("blocked|undetermined", "peer-isolated|peer-down"),
    ),
    Scenario(
        "client-answers-no-ping",
        fault="nothing: the client answers no ping",
        before=(sh("echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all", "client"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "gateway-answers-nothing",
        fault="nothing: the gateway answers neither pings nor connections",
        before=(
            sh("echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all", "gateway"),
            sh(
                "nft 'add table t; add chain t c { type filter hook input priority 0; policy drop; }'",
                "gateway",
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "one-family-dropped",
        fault="nothing for IPv4: a rule drops IPv6 only",
        before=(nft_input("meta nfproto ipv6 tcp dport 5000 drop"),),
        servers=(flask("--host ::"),),
        truth="served",
        expected=CLEAR,
        also=("firewall-drops",),
    ),
)
