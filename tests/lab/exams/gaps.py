"""Situations of networks and rules that were known to be judged wrong, and the like of them that are fine."""

from __future__ import annotations

from tests.lab.network import SERVER6
from tests.lab.scenario import CLEAR, Expected, Scenario, blocked, firewalld, iptables, nft, nft_input, sh
from tests.lab.servers import OPEN, flask

SERVERS = (OPEN,)
SERVERS6 = (flask("--host ::"),)
DROPS = blocked("firewall-drops")
INGRESS = "type filter hook ingress device eth0 priority 0"

MACVLAN = (
    "ip addr flush dev eth0; ip link add mac0 link eth0 type macvlan mode bridge; ip link set mac0 up\n"
    "ip addr add 192.168.77.10/24 dev mac0; ip route add default via 192.168.77.1"
)
VLANS = (
    Scenario(
        "vlan-of-nobody-else",
        fault="what comes without a VLAN's tag is dropped as it comes in, but for ARP",
        before=(nft_input("vlan id 7 accept\nether type arp accept\nether type ip drop", INGRESS),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "vlan-by-priority",
        fault="nothing: tagged frames of a priority are dropped as they come in",
        before=(nft_input("vlan pcp 3 drop\nvlan type ip vlan id != 5 drop", INGRESS),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "rule-of-what-carries-a-macvlan",
        fault="the address is on a macvlan, and a rule drops the port as it comes in by the card that carries it",
        before=(
            sh(MACVLAN),
            nft_input("tcp dport 5000 drop", INGRESS),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "egress-of-what-carries-a-macvlan",
        fault="a rule drops the answers as they leave by the card that carries the macvlan",
        before=(
            sh(MACVLAN),
            nft(
                "table netdev f {\n chain out {\n  type filter hook egress device eth0 priority 0;\n"
                "  tcp sport 5000 drop\n }\n}\n"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("firewall-drops-replies"),
        fixable=True,
    ),
)

CHOSEN = "jhash ip saddr mod 2 seed 0x2a == %s tcp dport 5000 drop"
SHARES = (
    Scenario(
        "even-addresses-dropped",
        fault="addresses that are even are dropped, the client's among them",
        before=(nft_input("ip saddr & 0.0.0.1 == 0.0.0.0 tcp dport 5000 drop"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        with_peer=DROPS,
    ),
    Scenario(
        "odd-addresses-dropped",
        fault="nothing for this client: addresses that are odd are dropped",
        before=(nft_input("ip saddr & 0.0.0.1 == 0.0.0.1 tcp dport 5000 drop"),),
        servers=SERVERS,
        truth="served",
        ordinary="timeout",
        expected=DROPS,
        with_peer=CLEAR,
    ),
    Scenario(
        "hash-in-a-match-first",
        fault="clients are dropped by a hash of their address",
        before=(nft_input(CHOSEN % 0),),
        servers=SERVERS,
        truth="served",
        expected=Expected("blocked"),
        with_peer=Expected("undetermined", "own-connection-stopped"),
    ),
    Scenario(
        "hash-in-a-match-second",
        fault="clients are dropped by a hash of their address, the other half",
        before=(nft_input(CHOSEN % 1),),
        servers=SERVERS,
        truth="timeout",
        expected=Expected("blocked"),
        with_peer=DROPS,
    ),
)

LOOSE = (
    "sysctl -qw net.netfilter.nf_conntrack_tcp_loose=%s net.ipv4.tcp_syncookies=1 net.ipv4.tcp_timestamps=1"
)
SYNPROXY = (
    Scenario(
        "synproxy-nft",
        fault="nothing: nftables' synproxy answers for the server until a client has proved itself",
        before=(
            sh(LOOSE % 0),
            nft(
                "table ip x {\n chain raw { type filter hook prerouting priority raw; "
                "tcp dport 5000 tcp flags & (fin|syn|rst|ack) == syn notrack\n }\n"
                " chain in { type filter hook input priority filter; tcp dport 5000 ct state invalid,untracked "
                "synproxy mss 1460 wscale 7 timestamp sack-perm\n  ct state invalid drop\n }\n}\n"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "synproxy-and-nothing-accepts",
        fault="the policy drops what SYNPROXY sends on to the server",
        before=(
            sh(LOOSE % 0),
            iptables(
                """
                -t raw -A PREROUTING -i eth0 -p tcp --dport 5000 --syn -j CT --notrack
                -A INPUT -i eth0 -p tcp --dport 5000 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460
                -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
                -P INPUT DROP
                """  # noqa: E501 - one rule is one line
            ),
        ),
        servers=SERVERS,
        truth="silent",
        expected=DROPS,
    ),
    Scenario(
        "synproxy-with-loose-tracking",
        fault="connection tracking takes the client's ACK for a connection of before, so SYNPROXY never sees it",
        before=(
            sh(LOOSE % 1),
            iptables(
                """
                -t raw -A PREROUTING -i eth0 -p tcp --dport 5000 --syn -j CT --notrack
                -A INPUT -i eth0 -p tcp --dport 5000 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460
                """  # noqa: E501 - one rule is one line
            ),
        ),
        servers=SERVERS,
        truth="reset|silent",
        expected=blocked("firewall-rejects"),
    ),
)

FORGOTTEN = """
-t raw -A PREROUTING -p tcp --dport 5000 --syn -j CT --notrack
-A INPUT -m conntrack --ctstate NEW,ESTABLISHED,UNTRACKED -j ACCEPT
-A INPUT -i eth0 -p tcp -j DROP
"""
TRACKING = (
    Scenario(
        "first-packet-not-tracked-and-strict",
        fault="the first packet is not tracked, and strict tracking takes what follows for invalid",
        before=(sh(LOOSE % 0), iptables(FORGOTTEN)),
        servers=SERVERS,
        truth="silent",
        expected=DROPS,
    ),
    Scenario(
        "first-packet-not-tracked-and-loose",
        fault="nothing: loose tracking takes the connection up from its second packet",
        before=(sh(LOOSE % 1), iptables(FORGOTTEN)),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
)

HOP_LIMIT = "echo 1 > /proc/sys/net/ipv6/conf/eth0/hop_limit"
LIVES = (
    Scenario(
        "hop-limit-ends-at-the-router",
        fault="the interface's hop limit ends its answers at the router",
        before=(sh(HOP_LIMIT),),
        servers=SERVERS6,
        who="stranger",
        address=SERVER6,
        options=f"--to {SERVER6}",
        peer="fd99::20",
        truth="timeout",
        expected=CLEAR,
        with_peer=blocked("firewall-drops-replies"),
    ),
    Scenario(
        "hop-limit-and-a-neighbour",
        fault="nothing for a neighbour: the interface's hop limit of 1 is enough for the own link",
        before=(sh(HOP_LIMIT),),
        servers=SERVERS6,
        address=SERVER6,
        options=f"--to {SERVER6}",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "hop-limit-of-a-route",
        fault="the route over the router has a hop limit that ends there",
        before=(sh("ip -6 route replace default via fd77::1 dev eth0 hoplimit 1"),),
        servers=SERVERS6,
        who="stranger",
        address=SERVER6,
        options=f"--to {SERVER6}",
        peer="fd99::20",
        truth="timeout",
        expected=CLEAR,
        with_peer=blocked("firewall-drops-replies"),
    ),
    Scenario(
        "time-to-live-of-a-route",
        fault="the same for IPv4",
        before=(sh("ip route replace default via 192.168.77.1 dev eth0 hoplimit 1"),),
        servers=SERVERS,
        who="stranger",
        peer="10.99.0.20",
        truth="timeout",
        expected=CLEAR,
        with_peer=blocked("firewall-drops-replies"),
    ),
    Scenario(
        "time-to-live-of-a-route-that-is-enough",
        fault="nothing: the setting would end answers at the router, and the route has more",
        before=(
            sh(
                "echo 1 > /proc/sys/net/ipv4/ip_default_ttl\n"
                "ip route replace default via 192.168.77.1 dev eth0 hoplimit 64"
            ),
        ),
        servers=SERVERS,
        who="stranger",
        peer="10.99.0.20",
        truth="served",
        expected=CLEAR,
    ),
)

DIRECT = "--direct --add-rule ipv4 filter INPUT 0 -p tcp --dport 5000 -j "
RULES = (
    Scenario(
        "firewalld-direct-rule-kept",
        fault="a direct rule drops the port, now and after a reload",
        before=(firewalld("--add-port=5000/tcp", f"--permanent {DIRECT}DROP", f"{DIRECT}DROP"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "firewalld-direct-rule-in-a-chain",
        fault="a direct rule leads to a direct chain, whose rule rejects the port",
        before=(
            firewalld(
                "--add-port=5000/tcp",
                "--direct --add-chain ipv4 filter mine",
                "--direct --add-rule ipv4 filter mine 0 -p tcp --dport 5000 -j REJECT",
                "--direct --add-rule ipv4 filter INPUT 0 -j mine",
            ),
        ),
        servers=SERVERS,
        truth="refused|rejected port-unreachable",
        expected=blocked("firewall-rejects"),
        fixable=True,
    ),
    Scenario(
        "firewalld-passthrough",
        fault="a rule that is passed through to iptables drops the port",
        before=(
            firewalld(
                "--add-port=5000/tcp", "--direct --passthrough ipv4 -I INPUT -p tcp --dport 5000 -j DROP"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
)

ANOTHER = "ip route flush dev eth0; ip addr flush dev eth0; ip addr add %s dev eth0"
PEERS = (
    Scenario(
        "client-elsewhere-with-a-gateway",
        fault="the client has an address of another network, and a gateway there that does not exist",
        before=(sh(ANOTHER % "192.168.1.20/24" + "; ip route add default via 192.168.1.1", "client"),),
        servers=SERVERS,
        peer="192.168.1.20",
        truth="rejected host-unreachable|timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=Expected("blocked|undetermined", "peer-in-other-network"),
    ),
    Scenario(
        "client-elsewhere-sends-all-to-the-link",
        fault="the client has an address of another network, and takes all addresses for its own link",
        before=(
            sh(ANOTHER % "192.168.1.20/24" + "; ip route add default dev eth0", "client"),
            sh("ip route add unreachable 192.168.1.0/24", "gateway"),
        ),
        servers=SERVERS,
        peer="192.168.1.20",
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=Expected("blocked|undetermined"),
    ),
    Scenario(
        "client-behind-a-router-that-lost-its-route",
        fault="the router knows no way to the client's network any more",
        before=(sh("ip route flush dev wan0; ip addr flush dev wan0", "gateway"),),
        servers=SERVERS,
        who="stranger",
        peer="10.99.0.20",
        truth="rejected host-unreachable|timeout",
        expected=CLEAR,
        with_peer=Expected("blocked|undetermined"),
    ),
    Scenario(
        "client-by-a-router-that-forwards-one-way",
        fault="the router takes the client's packets to the server, and has no way back",
        before=(sh("ip route add unreachable 10.99.0.0/25", "gateway"),),
        servers=SERVERS,
        who="stranger",
        peer="10.99.0.20",
        truth="timeout",
        expected=CLEAR,
        with_peer=Expected("blocked|undetermined"),
    ),
)
