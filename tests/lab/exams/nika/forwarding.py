"""NIKA's domain "forwarding, encapsulation and policy": rules, routes and packet sizes."""

from __future__ import annotations

from collections.abc import Mapping

from tests.lab.exams.nika.shared import BIG, GONE, SERVERS, Questions, everywhere, listening
from tests.lab.network import STRANGER
from tests.lab.probe.scenario import Probe
from tests.lab.probe.scenarios.link import OWN_ARP
from tests.lab.probe.scenarios.shared import AWAY, PORT
from tests.lab.scenario import CLEAR, Scenario, blocked, nft, sh
from tests.lab.scenarios.containers import INSIDE, WEB, docker
from tests.lab.servers import script

DROPS = blocked("firewall-drops")
SMALL_PACKETS = (
    sh("ip link set wan0 mtu 500", "gateway"),
    sh("ip link set eth0 mtu 500", "stranger"),
)
BIG_AWAY = script(BIG.files["server.py"], on="stranger", user=False)
FRAG_NEEDED = (
    "nft 'table inet f { chain o { type filter hook output priority 0;"
    " icmp type destination-unreachable icmp code frag-needed drop; }; }'"
)

FAULTS: Mapping[str, Questions] = {
    "mtu_mismatch": (
        Scenario(
            "nika-mtu",
            fault="nothing that stops a page: the way to this client takes packets of 500 bytes, and says so",
            before=SMALL_PACKETS,
            servers=(BIG,),
            who="stranger",
            peer=STRANGER,
            truth="served",
            expected=CLEAR,
        ),
    ),
    "icmp_frag_needed_filter_misconfiguration": (
        Probe(
            "nika-mtu-and-no-word-of-it",
            AWAY,
            blocked("path-mtu"),
            "stalled",
            (BIG_AWAY,),
            (sh(f"ip route change 192.168.77.0/24 dev eth0 mtu lock 600; {FRAG_NEEDED}", "gateway"),),
            address=STRANGER,
            nmap=False,
            seconds=12,
        ),
    ),
    "arp_acl_block": (
        Scenario(
            "nika-arp-acl",
            fault="rules drop every ARP packet",
            servers=SERVERS,
            after=(
                nft(
                    "table arp filter {\n  chain input { type filter hook input priority 0; drop; }\n"
                    "  chain output { type filter hook output priority 0; drop; }\n}\n"
                ),
                sh("ip neigh flush all"),
                sh("ip neigh flush all", "client"),
            ),
            truth=GONE,
            expected=DROPS,
        ),
        OWN_ARP,
    ),
    "bgp_acl_block": (
        Scenario(
            "nika-bgp-acl",
            fault="rules drop the port of a routing daemon",
            before=(everywhere("tcp dport 179 drop; tcp sport 179 drop;"),),
            servers=listening(179),
            port=179,
            truth="timeout",
            expected=DROPS,
        ),
    ),
    "ospf_acl_block": (
        Scenario(
            "nika-ospf-acl",
            fault="nothing for a web server: rules drop OSPF's protocol",
            before=(everywhere("meta l4proto 89 drop;"),),
            servers=SERVERS,
            truth="served",
            expected=CLEAR,
        ),
    ),
    "http_acl_block": (
        Scenario(
            "nika-http-acl",
            fault="rules drop port 80",
            before=(everywhere("tcp dport 80 drop; tcp sport 80 drop;"),),
            servers=listening(80),
            port=80,
            truth="timeout",
            expected=DROPS,
            fixable=True,
        ),
    ),
    "icmp_acl_block": (
        Scenario(
            "nika-icmp-acl",
            fault="nothing for a web server: rules drop ICMP",
            before=(everywhere("meta l4proto icmp drop;"),),
            servers=SERVERS,
            truth="served",
            expected=CLEAR,
        ),
        Probe(
            "nika-icmp-acl-seen-from-the-client",
            PORT,
            CLEAR,
            "served",
            SERVERS,
            (everywhere("meta l4proto icmp drop;"),),
        ),
    ),
    "host_static_blackhole": (
        Scenario(
            "nika-blackhole",
            fault="a route of type blackhole takes the answers to another subnet",
            before=(sh("ip route add blackhole 10.99.0.0/24"),),
            servers=SERVERS,
            who="stranger",
            peer=STRANGER,
            truth=GONE,
            ordinary="served",
            expected=CLEAR,
            with_peer=blocked("no-route-to-client"),
        ),
        Probe(
            "nika-blackhole-of-the-router",
            AWAY,
            blocked("connection-filtered|peer-in-other-network|no-route-to-server"),
            "timeout|unreachable|rejected host-unreachable|rejected net-unreachable",
            (BIG_AWAY,),
            (sh("ip route add blackhole 10.99.0.20/32", "gateway"),),
            address=STRANGER,
            nmap=False,
        ),
    ),
    "k8s_networkpolicy_deny": (
        Scenario(
            "nika-policy-denies-the-pod",
            fault="a published container gets no connections that come from outside",
            containers=WEB,
            before=(docker(user_rules="-A DOCKER-USER -d 172.17.0.2/32 -m conntrack --ctstate NEW -j DROP"),),
            servers=(INSIDE,),
            truth="timeout",
            expected=DROPS,
        ),
    ),
    "vrf_dscp_remarking": (
        Scenario(
            "nika-dscp",
            fault="nothing that stops a page: a rule takes the priority off what is urgent",
            before=(
                nft(
                    "table inet m {\n  chain c {\n    type filter hook postrouting priority -150;\n"
                    "    ip dscp ef ip dscp set cs0\n  }\n}\n"
                ),
            ),
            servers=SERVERS,
            truth="served",
            expected=CLEAR,
        ),
    ),
}
