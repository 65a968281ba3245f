"""Hardened hosts, addresses by routes, and translations that concern this machine alone."""

from __future__ import annotations

from tests.lab.network import CLIENT6, SERVER6
from tests.lab.scenario import CLEAR, Expected, Scenario, blocked, iptables, nft_input, sh
from tests.lab.servers import flask, http_server, nginx, nginx_of

SERVERS = (flask("--host 0.0.0.0"),)
NOT_BLOCKED = Expected("clear|undetermined")
NOT_CLEAR = Expected("blocked|undetermined")
FLAGS = """
-A INPUT -p tcp --tcp-flags ALL NONE -j DROP
-A INPUT -p tcp --tcp-flags ALL ALL -j DROP
-A INPUT -p tcp --tcp-flags SYN,FIN SYN,FIN -j DROP
-A INPUT -p tcp --tcp-flags SYN,RST SYN,RST -j DROP
-A INPUT -p tcp ! --syn -m conntrack --ctstate NEW -j DROP
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -f -j DROP
"""
FLOODS = """
-t mangle -A PREROUTING -m conntrack --ctstate INVALID -j DROP
-t mangle -A PREROUTING -p tcp ! --syn -m conntrack --ctstate NEW -j DROP
-t mangle -A PREROUTING -p tcp -m conntrack --ctstate NEW -m tcpmss ! --mss 536:65535 -j DROP
-t mangle -A PREROUTING -p tcp --tcp-flags FIN,SYN FIN,SYN -j DROP
-t mangle -A PREROUTING -p tcp --tcp-flags ACK,URG URG -j DROP
-t mangle -A PREROUTING -s 127.0.0.0/8 ! -i lo -j DROP
-t mangle -A PREROUTING -s 224.0.0.0/3 -j DROP
-t mangle -A PREROUTING -p icmp -j DROP
-t mangle -A PREROUTING -f -j DROP
-A INPUT -p tcp -m connlimit --connlimit-above 80 -j REJECT --reject-with tcp-reset
-A INPUT -p tcp --tcp-flags RST RST -m limit --limit 2/s --limit-burst 2 -j ACCEPT
-A INPUT -p tcp --tcp-flags RST RST -j DROP
-A INPUT -p tcp -m conntrack --ctstate NEW -m limit --limit 60/s --limit-burst 20 -j ACCEPT
-A INPUT -p tcp -m conntrack --ctstate NEW -j DROP
"""
ARCH = """
-N TCP
-N UDP
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -p icmp --icmp-type 8 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p udp -m conntrack --ctstate NEW -j UDP
-A INPUT -p tcp --syn -m conntrack --ctstate NEW -j TCP
-A INPUT -p udp -j REJECT --reject-with icmp-port-unreachable
-A INPUT -p tcp -j REJECT --reject-with tcp-reset
-A INPUT -j REJECT --reject-with icmp-proto-unreachable
-P INPUT DROP
-A TCP -p tcp --dport 22 -j ACCEPT
"""

HARDENED = (
    Scenario(
        "tiny-segments-dropped",
        fault="nothing: SYNs that announce tiny segments are dropped, as advised against CVE-2019-11477",
        before=(iptables("-A INPUT -p tcp -m tcpmss --mss 1:500 -j DROP"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "tiny-segments-dropped-by-nftables",
        fault="nothing: the same with nftables",
        before=(nft_input("tcp flags syn tcp option maxseg size 1-500 counter drop"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "odd-flags-dropped",
        fault="nothing: packets with odd flags, fragments and what is invalid are dropped",
        before=(iptables(FLAGS),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "list-against-floods",
        fault="nothing: a list that goes round against floods, in mangle PREROUTING",
        before=(iptables(FLOODS),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "list-against-floods-and-forged-sources",
        fault="the same list with its line against private sources, which drops the LAN",
        before=(iptables(FLOODS + "-t mangle -A PREROUTING -s 192.168.0.0/16 -j DROP\n"),),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("firewall-drops"),
        fixable=True,
    ),
    Scenario(
        "simple-stateful-firewall",
        fault="Arch's simple stateful firewall, which opens port 22 alone",
        before=(iptables(ARCH),),
        servers=SERVERS,
        truth="refused",
        expected=blocked("firewall-rejects"),
        fixable=True,
    ),
    Scenario(
        "group-of-interfaces",
        fault="a rule drops what comes in by interfaces of the group 0, which all are in",
        before=(nft_input("iifgroup 0 tcp dport 5000 drop"),),
        servers=SERVERS,
        truth="timeout",
        expected=NOT_CLEAR,
    ),
    Scenario(
        "kind-of-interfaces",
        fault="nothing: a rule drops what comes in by a wireguard interface",
        before=(nft_input('meta iifkind "wireguard" tcp dport 5000 drop'),),
        servers=SERVERS,
        truth="served",
        expected=NOT_BLOCKED,
    ),
    Scenario(
        "vlan-of-others",
        fault="nothing: frames of another VLAN are dropped as they come in",
        before=(
            nft_input("vlan id 7 tcp dport 5000 drop", "type filter hook ingress device eth0 priority 0"),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "forwarding-drops",
        fault="nothing: what passes through this machine is dropped, as Docker has it",
        before=(iptables("-P FORWARD DROP"), sh("echo 1 > /proc/sys/net/ipv4/ip_forward")),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
)

TRANSLATED = (
    Scenario(
        "everything-masqueraded",
        fault="nothing: whatever leaves by eth0 is masqueraded, and answers belong to connections that came in",
        before=(iptables("-t nat -A POSTROUTING -o eth0 -j MASQUERADE"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "own-connections-sent-elsewhere",
        fault="nothing for clients: this machine's own connections to the port are sent to 8000, where nobody listens",
        before=(iptables("-t nat -A OUTPUT -p tcp --dport 5000 -j REDIRECT --to-ports 8000"),),
        servers=SERVERS,
        truth="served",
        expected=NOT_BLOCKED,
    ),
    Scenario(
        "own-connections-sent-to-another-server",
        fault="clients get an error page; this machine's own connections are sent to a server that works",
        before=(iptables("-t nat -A OUTPUT -p tcp --dport 5000 -j REDIRECT --to-ports 8000"),),
        servers=(
            nginx_of(
                "server { listen 5000; location / { return 500 no; } }\n"
                "server { listen 8000; location / { return 200 shop; } }"
            ),
        ),
        truth="http 500",
        expected=Expected("clear|blocked|undetermined"),
    ),
    Scenario(
        "redirect-that-loses-the-port",
        fault="the application sends browsers to its address without the port, where nobody listens",
        servers=(nginx("5000", "return 302 http://192.168.77.10/login;"),),
        truth="http 302",
        expected=blocked("redirects-elsewhere"),
    ),
)

BY_ROUTES = (
    Scenario(
        "address-by-a-local-route",
        fault="nothing: a route of type local makes a range of addresses this machine's own",
        before=(sh("ip route add local 192.168.77.48/28 dev lo"),),
        servers=(http_server(),),
        address="192.168.77.50",
        options="--to 192.168.77.50",
        truth="served",
        expected=NOT_BLOCKED,
    ),
    Scenario(
        "address-by-a-local-route-dropped",
        fault="the same, and a rule drops what comes for an address of that range",
        before=(
            sh("ip route add local 192.168.77.48/28 dev lo"),
            nft_input("ip daddr 192.168.77.48/28 tcp dport 5000 drop"),
        ),
        servers=(http_server(),),
        address="192.168.77.50",
        options="--to 192.168.77.50",
        truth="timeout",
        expected=blocked("firewall-drops"),
    ),
    Scenario(
        "ipv6-address-by-a-local-route",
        fault="a route of type local gives this machine an IPv6 address, for which it answers no neighbour's question",
        before=(sh("ip -6 route add local fd77::50/128 dev lo"),),
        servers=(flask("--host ::"),),
        address="fd77::50",
        options="--to fd77::50",
        truth="unreachable|rejected addr-unreachable|timeout",
        expected=NOT_CLEAR,
    ),
    Scenario(
        "table-of-the-source-without-the-lan",
        fault="nothing: a rule sends the answers to a table that knows the gateway only, which sends them on",
        before=(
            sh(
                "ip rule add from 192.168.77.10 table 100; ip route add default via 192.168.77.1 dev eth0 table 100"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=NOT_BLOCKED,
    ),
    Scenario(
        "answers-by-a-neighbour-that-passes-on",
        fault="nothing: the route to this client is by a neighbour, which passes packets on",
        before=(
            sh("echo 1 > /proc/sys/net/ipv4/ip_forward", "neighbour"),
            sh("ip route add 192.168.77.20 via 192.168.77.21"),
        ),
        servers=SERVERS,
        truth="served",
        expected=NOT_BLOCKED,
    ),
    Scenario(
        "single-address-of-ipv6",
        fault="nothing: DHCPv6 gave one address, and no route of the prefix but the gateway's",
        before=(
            sh(
                "ip -6 addr del fd77::10/64 dev eth0; ip -6 addr add fd77::10/128 dev eth0 nodad\n"
                "ip -6 route add fd77::1 dev eth0; ip -6 route replace default via fd77::1 dev eth0"
            ),
        ),
        servers=(flask("--host ::"),),
        address=SERVER6,
        peer=CLIENT6,
        options=f"--to {SERVER6}",
        truth="served",
        expected=NOT_BLOCKED,
    ),
    Scenario(
        "client-with-a-wider-mask",
        fault="the client's mask is wider than the server's, which sends the answers to the gateway",
        before=(
            sh(
                "ip addr add 192.168.78.20/16 dev eth0; ip route add 192.168.77.10 dev eth0 src 192.168.78.20",
                "client",
            ),
        ),
        servers=SERVERS,
        peer="192.168.78.20",
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=Expected("clear|blocked|undetermined"),
    ),
)
