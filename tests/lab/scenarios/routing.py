"""The way back: tunnels, policy rules, reverse path filters, gateways."""

from __future__ import annotations

from tests.lab.network import STRANGER
from tests.lab.scenario import CLEAR, Expected, Scenario, Step, Wire, blocked, sh
from tests.lab.servers import OPEN

SERVERS = (OPEN,)
VPN = blocked("vpn-takes-replies")
NO_ROUTE = blocked("no-route-to-client")
TUNNEL = """
ip link add tun0 type veth peer name far0
ip link set far0 up; ip link set tun0 arp off up; ip addr add 10.8.0.2/24 dev tun0
"""

# Each interface answers ARP for its own address only: packets to 192.168.77.10 come in by eth0.
SECOND = sh(
    "ip addr add 192.168.77.11/24 dev eth1 noprefixroute; echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore"
)


def tunnel(commands: str) -> Step:
    """A tunnel on the server, and routes or rules that use it."""
    return sh(TUNNEL + commands)


SCENARIOS = (
    Scenario(
        "tunnel-takes-the-lan",
        fault="the VPN has pushed routes that cover the LAN: answers leave by the tunnel",
        before=(tunnel("ip route add 192.168.77.0/25 dev tun0; ip route add 192.168.77.128/25 dev tun0"),),
        servers=SERVERS,
        truth="timeout",
        expected=VPN,
        fixable=True,
    ),
    Scenario(
        "tunnel-takes-all-by-rule",
        fault="a rule sends all but the tunnel's own packets into the tunnel",
        before=(
            tunnel("ip route add default dev tun0 table 51820; ip rule add not fwmark 51820 table 51820"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=VPN,
        fixable=True,
    ),
    Scenario(
        "tailscale-subnet-route",
        fault="a subnet route of table 52 covers the LAN on which the server stands",
        before=(tunnel("ip route add 192.168.77.0/24 dev tun0 table 52; ip rule add pref 5270 table 52"),),
        servers=SERVERS,
        truth="timeout",
        expected=VPN,
        fixable=True,
    ),
    Scenario(
        "wg-quick",
        fault="nothing: wg-quick's rules send all but the routes of the LAN into the tunnel",
        before=(
            tunnel(
                "ip route add default dev tun0 table 51820; ip rule add not fwmark 51820 table 51820\n"
                "ip rule add table main suppress_prefixlength 0"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "wg-quick-client-of-another-subnet",
        fault="the same, but this client is behind a router: its answers go into the tunnel",
        before=(
            tunnel(
                "ip route add default dev tun0 table 51820; ip rule add not fwmark 51820 table 51820\n"
                "ip rule add table main suppress_prefixlength 0"
            ),
        ),
        servers=SERVERS,
        who="stranger",
        peer=STRANGER,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=VPN,
    ),
    Scenario(
        "default-route-by-tunnel",
        fault="nothing: the tunnel has the default route, the LAN keeps its own",
        before=(tunnel("ip route replace default dev tun0"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "prohibited-by-rule",
        fault="a kill switch prohibits what goes to the LAN",
        before=(sh("ip rule add to 192.168.77.0/24 prohibit pref 100"),),
        servers=SERVERS,
        truth="timeout",
        expected=NO_ROUTE,
    ),
    Scenario(
        "blackhole-route",
        fault="routes to the LAN's addresses lead nowhere",
        before=(sh("ip route add blackhole 192.168.77.0/25; ip route add blackhole 192.168.77.128/25"),),
        servers=SERVERS,
        truth="timeout",
        expected=NO_ROUTE,
    ),
    Scenario(
        "blackhole-for-one-client",
        fault="a route that leads nowhere singles out this client",
        before=(sh("ip route add blackhole 192.168.77.20/32"),),
        servers=SERVERS,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=NO_ROUTE,
    ),
    Scenario(
        "no-gateway",
        fault="the server has no default route: only clients of its own subnet are answered",
        before=(sh("ip route del default"),),
        servers=SERVERS,
        who="stranger",
        peer=STRANGER,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=NO_ROUTE,
    ),
    Scenario(
        "behind-the-router",
        fault="nothing: a client of another subnet, and a router between",
        servers=SERVERS,
        who="stranger",
        peer=STRANGER,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "reverse-path-filter",
        fault="the way back to this client leads over another interface, and rp_filter is strict",
        wires=(Wire("server", "eth1"),),
        before=(
            SECOND,
            sh("ip route add 192.168.77.20/32 dev eth1; echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter"),
        ),
        servers=SERVERS,
        truth="timeout|rejected host-unreachable|unreachable",  # as soon as its neighbour entry is too old
        ordinary="served",
        expected=CLEAR,
        with_peer=blocked("reverse-path-filter"),
    ),
    Scenario(
        "reverse-path-filter-all-clients",
        fault="the way back to the LAN leads over the second interface, and rp_filter is strict",
        wires=(Wire("server", "eth1"),),
        before=(
            SECOND,
            sh("ip route add 192.168.77.0/25 dev eth1; ip route add 192.168.77.128/25 dev eth1"),
            sh("echo 1 > /proc/sys/net/ipv4/conf/eth0/rp_filter"),
        ),
        servers=SERVERS,
        options="--to 192.168.77.10",
        truth="timeout|rejected host-unreachable|unreachable",  # as soon as its neighbour entry is too old
        expected=blocked("reverse-path-filter"),
    ),
    Scenario(
        "reverse-path-filter-and-blackhole",
        fault="a rule throws away what goes to the LAN, and the loose filter takes nobody from there",
        before=(
            sh("echo 2 > /proc/sys/net/ipv4/conf/all/rp_filter"),
            sh("ip rule add to 192.168.77.0/24 blackhole pref 100"),
        ),
        servers=SERVERS,
        truth="timeout|rejected host-unreachable|unreachable",
        expected=blocked("reverse-path-filter"),
    ),
    Scenario(
        "reverse-path-filter-loose",
        fault="nothing: the way back leads over the second interface, and rp_filter is loose",
        wires=(Wire("server", "eth1"),),
        before=(
            SECOND,
            sh("ip route add 192.168.77.0/25 dev eth1; echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter"),
            sh("for name in eth0 eth1; do echo 2 > /proc/sys/net/ipv4/conf/$name/rp_filter; done"),
        ),
        servers=SERVERS,
        options="--to 192.168.77.10",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "two-interfaces",
        fault="nothing: two interfaces in one LAN",
        wires=(Wire("server", "eth1"),),
        before=(sh("ip addr add 192.168.77.11/24 dev eth1"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "traffic-control-takes-packets",
        fault="a traffic control filter takes every packet away before the first rule",
        before=(
            sh(
                "tc qdisc add dev eth0 clsact; tc filter add dev eth0 ingress protocol all"
                " u32 match u32 0 0 action mirred ingress redirect dev lo"
            ),
        ),
        servers=SERVERS,
        truth="timeout|unreachable",
        expected=Expected("undetermined", "other-firewall"),
        with_peer=Expected("blocked|undetermined"),
        as_user=Expected("undetermined", "firewall-unreadable"),
    ),
)
