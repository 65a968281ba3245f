"""Many ports and whole networks."""

from __future__ import annotations

from tests.lab.network import SERVER
from tests.lab.probe.scenario import Probe
from tests.lab.probe.scenarios.shared import OPEN
from tests.lab.scenario import CLEAR, blocked, nft_input, sh
from tests.lab.servers import script

SURVEYS = (
    Probe("host-serves-5000", SERVER, CLEAR, "served", OPEN),
    Probe(
        "host-serves-8000",
        SERVER,
        CLEAR,
        "served",
        (
            script(
                "import http.server as h; h.HTTPServer(('', 8000), h.SimpleHTTPRequestHandler).serve_forever()",
                port=8000,
            ),
        ),
        port=8000,
    ),
    Probe("host-up-serves-nothing", SERVER, blocked("connection-refused"), "refused", seconds=7.0),
    Probe(
        "host-drops-everything",
        SERVER,
        blocked("connection-filtered"),
        "timeout",
        OPEN,
        (nft_input("ip version 4 drop"),),
        seconds=8.0,
    ),
    Probe(
        "host-absent",
        "192.168.77.99",
        blocked("peer-down"),
        None,
        address="192.168.77.99",
        nmap=False,
        seconds=7.0,
    ),
    Probe("ports", f"{SERVER} --port 4998-5002,8000", CLEAR, "served", OPEN, nmap=False),
    Probe(
        "ports-all-closed",
        f"{SERVER} --port 4000-4010",
        blocked("connection-refused"),
        "refused",
        OPEN,
        port=4000,
        nmap=False,
        seconds=7.0,
    ),
    Probe("network", "192.168.77.0/24 --port 5000", CLEAR, "served", OPEN, nmap=False, seconds=8.0),
    Probe(
        "network-none-serves",
        "192.168.77.0/24 --port 5000",
        blocked("connection-refused"),
        "refused",
        nmap=False,
        seconds=8.0,
    ),
    Probe("network-ipv6", "fd77::/64 --port 5000", CLEAR, None, OPEN, nmap=False, seconds=8.0),
    Probe(
        "own-rule-sends-it-elsewhere",
        f"{SERVER} --port 5000",
        blocked("no-route-to-server|connection-refused"),
        "refused",
        OPEN,
        (sh("iptables-nft -t nat -A OUTPUT -p tcp --dport 5000 -j DNAT --to 127.0.0.1:9", "client"),),
        also=("no-route-to-server",),
        root_only=True,
        nmap=False,
    ),
)
