"""``probe`` on the client and ``watch`` on the server: what this client sees, and what arrived."""

from __future__ import annotations

from tests.lab.exams.application import RESETS, STALLS
from tests.lab.exams.routes import NOWHERE
from tests.lab.probe.scenario import Probe
from tests.lab.probe.scenarios.shared import OPEN, PORT, reject
from tests.lab.scenario import CLEAR, Expected, Step, blocked, nft_input, sh
from tests.lab.servers import script, sockets
from tests.lab.watch.scenario import Try, Watch

ACCEPTS_AND_RESETS = """
import socket, struct
s = socket.create_server(("0.0.0.0", 5000))
while True:
    client, _ = s.accept()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
"""
BIG = """
import socket
s = socket.create_server(("0.0.0.0", 5000))
while True:
    client, _ = s.accept()
    client.recv(65536)
    client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 9000\\r\\n\\r\\n")
    client.sendall(b"x" * 9000)
    client.close()
"""
OWN = blocked("no-route-to-server")
BY_ANOTHER_WAY = """
ip link add mv0 link eth0 type macvlan mode bridge; ip link set mv0 up
ip addr add 192.168.77.120/24 dev mv0 noprefixroute; ip route add 192.168.77.10 dev mv0 src 192.168.77.20
cd /proc/sys/net/ipv4/conf; echo 2 > all/arp_announce; echo 1 > all/arp_ignore; echo 1 > eth0/rp_filter
"""


def _own(name: str, rules: str, truth: str, hook: str = "output", expected: Expected = OWN) -> Probe:
    """A rule of the client's own."""
    chain = f"chain c {{\n type filter hook {hook} priority 0\n {rules}\n }}"
    step = Step("nft -f -", f"table inet own {{\n {chain}\n}}\n", "client")
    return Probe(name, PORT, expected, truth=truth, servers=OPEN, before=(step,), nmap=False)


HUNG = sockets("s = socket.create_server(('0.0.0.0', 5000))", serve=False)

PROBES = (
    Probe(
        "probe-accepts-and-resets",
        PORT,
        blocked("connection-reset|not-http"),
        truth="reset",
        servers=(script(ACCEPTS_AND_RESETS),),
        nmap=False,
    ),
    Probe(
        "probe-resets-after-the-request",
        PORT,
        blocked("connection-reset|not-http"),
        truth="reset",
        servers=(script(RESETS),),
        nmap=False,
    ),
    Probe(
        "probe-answer-begins-and-stalls",
        PORT,
        Expected("blocked|undetermined"),
        truth="stalled",
        servers=(script(STALLS),),
        nmap=False,
        seconds=12,
    ),
    Probe(
        "probe-large-packets-vanish",
        PORT,
        blocked("path-mtu"),
        truth="stalled",
        servers=(script(BIG),),
        before=(
            sh(
                "nft 'add table bridge m; add chain bridge m c { type filter hook forward priority 0; }'\n"
                "nft add rule bridge m c oifname client meta length gt 600 drop",
                "switch",
            ),
        ),
        nmap=False,
        seconds=12,
    ),
    Probe(
        "probe-hung", PORT, blocked("server-silent"), truth="silent", servers=(HUNG,), nmap=False, seconds=12
    ),
    Probe(
        "probe-reset-by-a-rule",
        PORT,
        blocked("connection-refused"),
        truth="refused",
        servers=OPEN,
        before=reject("tcp-reset"),
    ),
    Probe(
        "probe-with-one-ping-in-two-lost",
        PORT,
        CLEAR,
        truth="served",
        servers=OPEN,
        before=(nft_input("icmp type echo-request numgen inc mod 2 0 drop"),),
    ),
)

OWN_RULES = (
    _own("probe-own-rule-drops", "tcp dport 5000 drop", "timeout"),
    _own("probe-own-rule-rejects", "tcp dport 5000 reject", "rejected port-unreachable|refused"),
    _own("probe-own-rule-resets", "tcp dport 5000 reject with tcp reset", "refused"),
    _own("probe-own-rule-by-user", "meta skuid 0 tcp dport 5000 reject with tcp reset", "refused"),
    _own("probe-own-rule-drops-answers", "tcp sport 5000 drop", "timeout", "input"),
    _own(
        "probe-own-policy-drops-answers", "ct state invalid accept; iif lo accept; drop", "timeout", "input"
    ),
    _own("probe-own-rule-for-others", "meta skuid 4711 drop; tcp dport 22 drop", "served", expected=CLEAR),
    Probe(
        "probe-own-rule-and-the-servers",
        PORT,
        blocked("connection-refused"),
        truth="refused",
        servers=OPEN,
        before=(
            Step(
                "nft -f -",
                "table inet own {\n chain c {\n type filter hook output priority 0\n tcp dport 22 drop\n }\n}\n",
                "client",
            ),
            *reject("tcp-reset"),
        ),
    ),
    Probe(
        "probe-own-reverse-path-filter",
        PORT,
        OWN,
        truth="timeout",
        servers=OPEN,
        before=(sh(BY_ANOTHER_WAY, "client"),),
        nmap=False,
    ),
    Probe(
        "probe-own-blackhole",
        PORT,
        OWN,
        truth=None,
        servers=OPEN,
        before=(sh("ip route add blackhole 192.168.77.10", "client"),),
        nmap=False,
    ),
)

CLIENT_KNOWS = sh("ip neigh flush all", "client")
UNANSWERED = blocked("reverse-path-filter")
WATCHES = (
    Watch(
        "watch-question-kept-away-by-rp-filter",
        UNANSWERED,
        (Try("unanswered", "reverse-path-filter", "timeout|unreachable|rejected host-unreachable"),),
        OPEN,
        before=(
            sh(
                f"{NOWHERE}ip route add 192.168.77.0/25 dev d0; echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter"
            ),
        ),
        after=(CLIENT_KNOWS,),
        slowest=6,
    ),
    Watch(
        "watch-question-not-answered-by-setting",
        blocked("link-down"),
        (Try("unanswered", "link-down", "timeout|unreachable|rejected host-unreachable"),),
        OPEN,
        after=(sh("echo 8 > /proc/sys/net/ipv4/conf/all/arp_ignore"), CLIENT_KNOWS),
        slowest=6,
    ),
    Watch(
        "watch-question-dropped",
        blocked("firewall-drops"),
        (Try("dropped|unanswered", "firewall-drops", "timeout|unreachable|rejected host-unreachable"),),
        OPEN,
        before=(
            sh(
                "nft 'add table arp a; add chain arp a c { type filter hook input priority 0; }'\n"
                "nft add rule arp a c arp operation request drop"
            ),
        ),
        after=(CLIENT_KNOWS,),
        slowest=6,
    ),
)
