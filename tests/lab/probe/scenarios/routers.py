"""A server in another network, and what the router in between may say."""

from __future__ import annotations

from tests.lab.network import STRANGER
from tests.lab.probe.scenario import Probe
from tests.lab.probe.scenarios.shared import AWAY, filtering, listing, on_client, on_gateway
from tests.lab.scenario import CLEAR, blocked
from tests.lab.servers import script

LARGE_PAGE = """
import http.server as h
class Page(h.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "60000")
        self.end_headers()
        self.wfile.write(b"x" * 60000)
h.ThreadingHTTPServer(("", 5000), Page).serve_forever()
"""

ROUTERS = (
    Probe("away-served", AWAY, CLEAR, "served", listing(on="stranger"), address=STRANGER),
    Probe("away-stopped", AWAY, blocked("connection-refused"), "refused", address=STRANGER),
    Probe(
        "away-router-drops",
        AWAY,
        blocked("connection-filtered"),
        "timeout",
        listing(on="stranger"),
        (filtering("tcp dport 5000 drop", "forward", "gateway"),),
        address=STRANGER,
    ),
    Probe(
        "away-router-rejects",
        AWAY,
        blocked("connection-rejected"),
        "rejected admin-prohibited",
        listing(on="stranger"),
        (filtering("tcp dport 5000 reject with icmpx admin-prohibited", "forward", "gateway"),),
        address=STRANGER,
    ),
    Probe(
        "away-router-rejects-port",
        AWAY,
        blocked("connection-rejected"),
        "rejected port-unreachable",
        listing(on="stranger"),
        (filtering("tcp dport 5000 reject", "forward", "gateway"),),
        address=STRANGER,
    ),
    Probe(
        "away-router-resets",
        AWAY,
        blocked("connection-refused"),
        "refused",
        listing(on="stranger"),
        (filtering("tcp dport 5000 reject with tcp reset", "forward", "gateway"),),
        address=STRANGER,
    ),
    Probe(
        "away-no-network",
        "172.31.9.9 --port 5000",
        blocked("peer-in-other-network"),
        "rejected net-unreachable",
        address="172.31.9.9",
    ),
    Probe(
        "away-no-network-ipv6",
        "fd55::9 --port 5000",
        blocked("peer-in-other-network"),
        "rejected no-route",
        address="fd55::9",
    ),
    Probe("away-absent", "10.99.0.77 --port 5000", blocked("peer-down"), None, address="10.99.0.77"),
    Probe("away-absent-ipv6", "fd99::77 --port 5000", blocked("peer-down"), None, address="fd99::77"),
    Probe(
        "away-unreachable-route",
        AWAY,
        blocked("peer-down"),
        "rejected host-unreachable",
        listing(on="stranger"),
        (on_gateway(f"ip route add unreachable {STRANGER}"),),
        address=STRANGER,
    ),
    Probe(
        "away-prohibit-route",
        AWAY,
        blocked("connection-rejected"),
        "rejected admin-prohibited",
        listing(on="stranger"),
        (on_gateway(f"ip route add prohibit {STRANGER}"),),
        address=STRANGER,
    ),
    Probe(
        "away-blackhole-route",
        AWAY,
        blocked("connection-filtered"),
        "timeout",
        listing(on="stranger"),
        (on_gateway(f"ip route add blackhole {STRANGER}"),),
        address=STRANGER,
    ),
    Probe(
        "away-router-is-off",
        AWAY,
        blocked("no-route-to-server"),
        None,
        listing(on="stranger"),
        (on_gateway("ip link set eth0 down"),),
        address=STRANGER,
    ),
    Probe(
        "away-served-router-silent",
        AWAY,
        CLEAR,
        "served",
        listing(on="stranger"),
        (on_gateway("echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all"),),
        address=STRANGER,
    ),
    Probe(
        "away-by-mobile-data",
        AWAY,
        blocked("peer-in-other-network"),
        "timeout",
        listing(on="stranger"),
        (
            on_client(
                "ip link set eth0 down; ip link set eth0 name wwan0; ip link set wwan0 up\n"
                "ip route add default via 192.168.77.1"
            ),
            filtering("meta l4proto { tcp, icmp } drop", "forward", "gateway"),
        ),
        address=STRANGER,
    ),
    Probe(
        "away-mtu-black-hole",
        AWAY,
        blocked("path-mtu"),
        None,
        (script(LARGE_PAGE, on="stranger", user=False),),
        (
            on_gateway("ip link set eth0 mtu 1300"),
            filtering("icmp type destination-unreachable drop", "output", "gateway"),
        ),
        seconds=11.0,
        address=STRANGER,
    ),
)
