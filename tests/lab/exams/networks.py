"""Networks as VPN programs, bridges and routing policies leave them."""

from __future__ import annotations

from tests.lab.network import CLIENT6, SERVER6
from tests.lab.scenario import CLEAR, Expected, Scenario, blocked, iptables, nft, sh
from tests.lab.scenarios.bridges import BRIDGE
from tests.lab.scenarios.routing import tunnel
from tests.lab.servers import flask, http_server

SERVERS = (flask("--host 0.0.0.0"),)
NOT_CLEAR = Expected("blocked|undetermined")

BRIDGES = (
    Scenario(
        "bridge-port-isolated",
        fault="nothing: the bridge's port is isolated from other ports, not from this machine",
        before=(BRIDGE, sh("ip link set eth0 type bridge_slave isolated on")),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "address-on-a-macvlan",
        fault="nothing: the machine's address is on a macvlan of eth0, which has none",
        before=(
            sh(
                "ip addr flush dev eth0; ip link add mac0 link eth0 type macvlan mode bridge; ip link set mac0 up\n"
                "ip addr add 192.168.77.10/24 dev mac0; ip route add default via 192.168.77.1"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
)

MULLVAD = """
table inet mullvad {
  chain prerouting { type filter hook prerouting priority -199; policy accept; iif != tun0 ct mark set 0x00000f41; }
  chain input {
    type filter hook input priority 0; policy drop;
    iif lo accept
    udp sport 67 udp dport 68 accept
    icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } accept
    iifname "tun0" accept
  }
  chain output {
    type filter hook output priority 0; policy drop;
    oif lo accept
    udp sport 68 udp dport 67 accept
    icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } accept
    oifname "tun0" accept
    reject
  }
}
"""
VPNS = (
    Scenario(
        "mullvad-without-the-lan",
        fault="Mullvad's rules let in what comes by the tunnel only (local network sharing is off)",
        before=(tunnel(""), nft(MULLVAD)),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("firewall-drops"),
    ),
    Scenario(
        "kill-switch-of-wg-quick",
        fault="the kill switch of wg-quick's manual rejects all that does not leave by the tunnel",
        before=(
            tunnel(""),
            iptables("-I OUTPUT ! -o tun0 -m mark ! --mark 51820 -m addrtype ! --dst-type LOCAL -j REJECT"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("firewall-drops-replies|firewall-rejects"),
    ),
    Scenario(
        "tailscale-exit-node",
        fault="an exit node is used, without access to the LAN",
        before=(
            tunnel(
                "ip link set tun0 name tailscale0; ip link set tailscale0 up\n"
                "ip rule add pref 5210 fwmark 0x80000/0xff0000 table main\n"
                "ip rule add pref 5270 table 52; ip route add default dev tailscale0 table 52"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("vpn-takes-replies"),
    ),
    Scenario(
        "tailscale-exit-node-and-the-lan",
        fault="nothing: an exit node is used, with access to the LAN, whose route is thrown back",
        before=(
            tunnel(
                "ip link set tun0 name tailscale0; ip link set tailscale0 up\n"
                "ip rule add pref 5210 fwmark 0x80000/0xff0000 table main\n"
                "ip rule add pref 5270 table 52; ip route add default dev tailscale0 table 52\n"
                "ip route add throw 192.168.77.0/24 table 52"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "answers-of-a-port-by-the-tunnel",
        fault="a rule of the routing policy sends what comes from port 5000 into the tunnel",
        before=(
            tunnel(
                "ip route add default dev tun0 table 70; ip rule add pref 100 ipproto tcp sport 5000 table 70"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("vpn-takes-replies"),
    ),
    Scenario(
        "answers-of-another-port-by-the-tunnel",
        fault="nothing: the same rule for another port",
        before=(
            tunnel(
                "ip route add default dev tun0 table 70; ip rule add pref 100 ipproto tcp sport 5001-6000 table 70"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
)

ROUTES = (
    Scenario(
        "tunnel-before-the-own-addresses",
        fault="the rule for the own addresses stands behind one that sends everything into the tunnel",
        before=(
            tunnel(
                "ip route add default dev tun0 table 70; ip rule add pref 200 table local\n"
                "ip rule del pref 0; ip rule add pref 100 iif eth0 table 70"
            ),
        ),
        servers=SERVERS,
        truth="unreachable|rejected host-unreachable",
        expected=blocked("link-down"),
    ),
    Scenario(
        "own-addresses-behind-marks",
        fault="nothing: the rule for the own addresses stands behind one for marked packets, as Cilium has it",
        before=(
            tunnel(
                "ip route add default dev tun0 table 70; ip rule add pref 100 table local\n"
                "ip rule del pref 0; ip rule add pref 9 fwmark 0x200/0xf00 table 70"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "next-hop-that-is-a-black-hole",
        fault="the route to this client is by a next hop of its own, which drops",
        before=(sh("ip nexthop add id 7 blackhole; ip route add 192.168.77.20/32 nhid 7"),),
        servers=SERVERS,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=blocked("no-route-to-client"),
    ),
    Scenario(
        "next-hop-by-its-number",
        fault="nothing: the default route is by a next hop of its own",
        before=(sh("ip nexthop add id 8 via 192.168.77.1 dev eth0; ip route replace default nhid 8"),),
        servers=SERVERS,
        who="stranger",
        peer="10.99.0.20",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "ipv6-prefix-unreachable",
        fault="a route of type unreachable covers the IPv6 prefix of the LAN",
        before=(sh("ip -6 route add unreachable fd77::/64 metric 1"),),
        servers=(flask("--host ::"),),
        address=SERVER6,
        peer=CLIENT6,
        options=f"--to {SERVER6}",
        truth="timeout|unreachable",
        expected=blocked("no-route-to-client"),
    ),
    Scenario(
        "deprecated-address",
        fault="nothing: the IPv6 address is deprecated, and still takes connections",
        before=(sh("ip addr change fd77::10/64 dev eth0 preferred_lft 0"),),
        servers=(flask("--host ::"),),
        address=SERVER6,
        peer=CLIENT6,
        options=f"--to {SERVER6}",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "no-route-of-the-prefix",
        fault="the address makes no route (noprefixroute), and there is no other",
        before=(sh("ip addr flush dev eth0; ip addr add 192.168.77.10/24 dev eth0 noprefixroute"),),
        servers=SERVERS,
        truth="timeout|unreachable",
        expected=blocked("no-route-to-client"),
    ),
    Scenario(
        "packets-too-small-for-ipv6",
        fault="the interface's MTU is below 1280, so the kernel has taken IPv6 off it",
        before=(sh("ip link set eth0 mtu 1000"),),
        servers=(flask("--host ::"),),
        address=SERVER6,
        peer=CLIENT6,
        options=f"--to {SERVER6}",
        truth="timeout|unreachable|rejected addr-unreachable",
        expected=blocked("wrong-address|no-lan-address"),
    ),
    Scenario(
        "jumbo-frames-here-alone",
        fault="nothing: this machine alone takes large frames, and TCP agrees on the smaller size",
        before=(sh("ip link set eth0 mtu 9000"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "ipv6-only-by-setting",
        fault="net.ipv6.bindv6only makes a socket on :: one for IPv6 alone",
        before=(sh("echo 1 > /proc/sys/net/ipv6/bindv6only"),),
        servers=(flask("--host ::"),),
        truth="refused",
        expected=blocked("bound-to-ipv6-only"),
        fixable=True,
    ),
    Scenario(
        "syn-cookies-always",
        fault="nothing: every connection is made by a SYN cookie",
        before=(sh("echo 2 > /proc/sys/net/ipv4/tcp_syncookies"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "two-networks-on-one-cable",
        fault="nothing: the server has a second network on the same cable, and the client is in the second alone",
        before=(
            sh("ip addr add 10.55.0.10/24 dev eth0"),
            sh("ip addr add 10.55.0.20/24 dev eth0", "client"),
        ),
        servers=(http_server(),),
        address="10.55.0.10",
        peer="10.55.0.20",
        options="--to 10.55.0.10",
        truth="served",
        expected=CLEAR,
    ),
)
