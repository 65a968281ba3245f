"""The scenarios of the watch."""

from __future__ import annotations

from tests.lab.network import CLIENT, NEIGHBOUR, SERVER, SERVER6
from tests.lab.scenario import CLEAR, Expected, blocked, iptables, nft_input, nft_output, sh, ufw
from tests.lab.scenarios.containers import INSIDE, INSIDE_LOOPBACK, WEB, docker, docker_proxy
from tests.lab.servers import flask, http_server, sockets
from tests.lab.watch.scenario import Try, Watch

OPEN = (http_server("--bind ::"),)
PAUSED = (sockets("s = socket.create_server(('0.0.0.0', 5000))", serve=False),)
FULL_QUEUE = """
s = socket.socket(); s.bind(("0.0.0.0", 5000)); s.listen(1)
c = [socket.create_connection(("127.0.0.1", 5000)) for _ in range(2)]
"""
DROP = nft_input("tcp dport 5000 drop")
NO_ESTABLISHED = nft_input(
    "ct state new tcp dport 5000 accept", "type filter hook input priority 0; policy drop"
)
TUNNEL = sh(
    "ip link add tun0 type veth peer name far0; ip link set tun0 up; ip link set far0 up\n"
    "ip route add 192.168.77.20/32 dev tun0; ip neigh add 192.168.77.20 dev tun0 lladdr 02:00:00:00:00:01"
)
KNOWN = sh("ping -c 1 -W 2 192.168.77.10 > /dev/null", on="client")
SCAN = sh(
    "setsid nmap -n -Pn -p 1-4000,5001-9000 --max-rate 3000 192.168.77.10 > /dev/null 2>&1 &", on="neighbour"
)
NOTHING = Expected("undetermined", "nothing-arrived")

_FINE = (
    Watch(
        "connected",
        CLEAR,
        (Try("connected", truth="served"),),
        OPEN,
        summary=("HTTP 200", "the network is fine"),
    ),
    Watch("connected-ipv6", CLEAR, (Try("connected", truth="served", address=SERVER6),), OPEN),
    Watch("connected-flask", CLEAR, (Try("connected", truth="served"),), (flask("--host 0.0.0.0"),)),
    Watch("connected-only", CLEAR, (Try("connected", truth="connected", scheme="tcp"),), OPEN, slowest=1.6),
    Watch(
        "connected-404",
        CLEAR,
        (Try("connected", truth="http 404"),),
        (flask("--host 0.0.0.0", "from flask import Flask\napp = Flask(__name__)\n"),),
        summary=("HTTP 404",),
    ),
    Watch("stranger", CLEAR, (Try("connected", truth="served", who="stranger"),), OPEN),
)

_SOCKETS = (
    Watch("refused", blocked("nothing-listening"), (Try("refused", "nothing-listening", "refused"),)),
    Watch(
        "refused-ipv6",
        blocked("nothing-listening"),
        (Try("refused", "nothing-listening", "refused", address=SERVER6),),
    ),
    Watch(
        "loopback",
        blocked("bound-to-loopback"),
        (Try("refused", "bound-to-loopback", "refused"),),
        (flask(),),
        summary=("127.0.0.1",),
    ),
    Watch(
        "other-address",
        blocked("bound-to-other-address"),
        (Try("refused", "bound-to-other-address", "refused"),),
        (http_server("--bind 10.5.5.5"),),
        (sh("ip addr add 10.5.5.5/32 dev lo"),),
    ),
    Watch(
        "ipv4-only",
        blocked("bound-to-ipv4-only"),
        (Try("refused", "bound-to-ipv4-only", "refused", address=SERVER6),),
        (http_server("--bind 0.0.0.0"),),
    ),
    Watch(
        "queue-full",
        blocked("accept-queue-full"),
        (Try("unanswered", "accept-queue-full", "timeout"),),
        (sockets(FULL_QUEUE, serve=False),),
    ),
    Watch(
        "silent", blocked("server-silent"), (Try("silent", "server-silent", "silent"),), PAUSED, slowest=3.0
    ),
)

_FIREWALL = (
    Watch(
        "nft-drop", blocked("firewall-drops"), (Try("dropped", "firewall-drops", "timeout"),), OPEN, (DROP,)
    ),
    Watch(
        "nft-drop-ipv6",
        blocked("firewall-drops"),
        (Try("dropped", "firewall-drops", "timeout", address=SERVER6),),
        OPEN,
        (DROP,),
    ),
    Watch(
        "ufw",
        blocked("firewall-drops"),
        (Try("dropped", "firewall-drops", "timeout"),),
        OPEN,
        (ufw(),),
        summary=("ufw (its default: deny incoming)",),
    ),
    Watch(
        "iptables-drop",
        blocked("firewall-drops"),
        (Try("dropped", "firewall-drops", "timeout"),),
        OPEN,
        (iptables("-A INPUT -p tcp --dport 5000 -j DROP"),),
    ),
    Watch(
        "iptables-legacy-rule-counts",
        blocked("firewall-drops"),
        (Try("dropped", "firewall-drops", "timeout"),),
        OPEN,
        (iptables("-A INPUT -p tcp --dport 5000 -j DROP", "iptables-legacy"),),
        during=(sh("sleep 1.5"),),  # the rules are read again only when what is known of them is old
        evidence=("the rule's counter +1 packets",),
    ),
    Watch(
        "iptables-reject",
        blocked("firewall-rejects"),
        (Try("rejected", "firewall-rejects", "rejected port-unreachable"),),
        OPEN,
        (iptables("-A INPUT -p tcp --dport 5000 -j REJECT"),),
    ),
    Watch(
        "reject-ipv6",
        blocked("firewall-rejects"),
        (Try("rejected", "firewall-rejects", "rejected admin-prohibited", address=SERVER6),),
        OPEN,
        (nft_input("tcp dport 5000 reject with icmpx type admin-prohibited"),),
    ),
    Watch(
        "reject-reset",
        blocked("firewall-rejects"),
        (Try("refused", "firewall-rejects", "refused"),),
        OPEN,
        (nft_input("tcp dport 5000 reject with tcp reset"),),
    ),
    Watch(
        "answers-dropped",
        blocked("firewall-drops-replies"),
        (Try("reply-lost", "firewall-drops-replies", "timeout"),),
        OPEN,
        (nft_output("tcp sport 5000 drop"),),
    ),
    Watch(
        "data-dropped",
        blocked("firewall-drops"),
        (Try("silent", "firewall-drops", "silent"),),
        OPEN,
        (NO_ESTABLISHED,),
        slowest=3.0,
    ),
    Watch(
        "ingress-drop",
        blocked("firewall-drops"),
        (Try("dropped", "firewall-drops", "timeout"),),
        OPEN,
        (nft_input("tcp dport 5000 drop", "type filter hook ingress device eth0 priority 0"),),
    ),
    Watch(
        "one-client-banned",
        blocked("firewall-drops"),
        (
            Try("dropped", "firewall-drops", "timeout"),
            Try("connected", truth="served", who="neighbour"),
        ),
        OPEN,
        (nft_input(f"ip saddr {CLIENT} drop"),),
        at_once=True,
    ),
    Watch(
        "source-port",
        blocked("firewall-drops"),
        (Try("dropped", "firewall-drops", "timeout"),),
        OPEN,
        (nft_input("tcp dport 5000 tcp sport 1024-65535 ip ttl 64 drop"),),
    ),
    Watch(
        "mended-meanwhile",
        CLEAR,
        (Try("connected", truth="served"),),
        OPEN,
        (DROP,),
        during=(sh("nft flush ruleset"),),
    ),
    Watch(
        "broken-meanwhile",
        blocked("firewall-drops"),
        (Try("dropped", "firewall-drops", "timeout"),),
        OPEN,
        during=(sh("sleep 3.2"), DROP),
    ),
)

_CONTAINERS = (
    Watch(
        "docker",
        CLEAR,
        (Try("connected", truth="served"),),
        (INSIDE, docker_proxy()),
        (docker(),),
        containers=WEB,
    ),
    Watch(
        "docker-inside-loopback",
        blocked("bound-to-loopback"),
        (Try("refused", "bound-to-loopback|port-redirected|listening-in-namespace", "refused"),),
        (INSIDE_LOOPBACK, docker_proxy()),
        (docker(),),
        containers=WEB,
    ),
    Watch(
        "docker-user-drop",
        blocked("firewall-drops"),
        (Try("dropped", "firewall-drops", "timeout"),),
        (INSIDE, docker_proxy()),
        (docker(user_rules="-A DOCKER-USER -i eth0 -j DROP"),),
        containers=WEB,
    ),
    Watch(
        "rate-limited",
        blocked("rate-limited"),
        (
            Try("connected", truth="served"),
            Try("connected", truth="served"),
            Try("dropped", "rate-limited", "timeout"),
        ),
        OPEN,
        (
            nft_input(
                "ct state established accept\ntcp dport 5000 ct state new limit rate 2/minute burst 2 packets accept",
                "type filter hook input priority 0; policy drop",
            ),
        ),
    ),
)

_WAY_BACK = (
    Watch(
        "tunnel",
        blocked("vpn-takes-replies"),
        (Try("reply-lost", "vpn-takes-replies", "timeout"),),
        OPEN,
        after=(TUNNEL,),
        summary=("left by tun0 instead of eth0",),
    ),
    Watch(
        "reverse-path",
        blocked("reverse-path-filter"),
        (Try("dropped", "reverse-path-filter", "timeout"),),
        OPEN,
        # The filter ends the client's ARP requests too: it must know the address already.
        after=(KNOWN, TUNNEL, sh("echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter")),
    ),
    Watch(
        "no-route",
        blocked("no-route-to-client"),
        (Try("reply-lost|dropped", "no-route-to-client", "timeout"),),
        OPEN,
        after=(sh("ip route add blackhole 192.168.77.20/32"),),
    ),
)

_SEVERAL = (
    Watch(
        "several-clients",
        CLEAR,
        (
            Try("connected", truth="served"),
            Try("connected", truth="served", who="neighbour"),
            Try("connected", truth="served", who="stranger"),
            Try("connected", truth="served", address=SERVER6),
        ),
        OPEN,
        at_once=True,
    ),
    Watch(
        "retries",
        blocked("firewall-drops"),
        (Try("dropped", "firewall-drops", "timeout"),) * 3,
        OPEN,
        (DROP,),
    ),
    Watch("scan-behind", CLEAR, (Try("connected", truth="served"),), OPEN, during=(SCAN,)),
    Watch(
        "scan-behind-drop",
        blocked("firewall-drops"),
        (Try("dropped", "firewall-drops", "timeout"),),
        OPEN,
        (
            nft_input(
                "tcp dport 22 accept\nct state established accept",
                "type filter hook input priority 0; policy drop",
            ),
        ),
        during=(SCAN,),
    ),
    Watch(
        "peer-only",
        CLEAR,
        (Try("connected", truth="served", who="neighbour"),),
        OPEN,
        (nft_input(f"ip saddr {CLIENT} drop"),),
        during=(
            sh(
                f"nc -z -w 1 {SERVER} 5000 || true",
                on="client",
            ),
        ),
        options=f"--peer {NEIGHBOUR}",
    ),
)

_NOTHING = (
    Watch("nothing", NOTHING, servers=OPEN, arrives=False),
    Watch(
        "other-port",
        NOTHING,
        servers=OPEN,
        during=(sh(f"nc -z -w 1 {SERVER} 5001 || true", on="client"),),
        arrives=False,
    ),
    Watch(
        "from-itself", NOTHING, servers=OPEN, during=(sh(f"nc -z -w 1 {SERVER} 5000 || true"),), arrives=False
    ),
)

SCENARIOS = (*_FINE, *_SOCKETS, *_FIREWALL, *_CONTAINERS, *_WAY_BACK, *_SEVERAL, *_NOTHING)
