"""The plain cases: a server that serves, and one that does not."""

from __future__ import annotations

from tests.lab.network import SERVER6
from tests.lab.probe.scenario import Probe
from tests.lab.probe.scenarios.shared import OPEN, PORT, PORT6, URL
from tests.lab.scenario import CLEAR, UNDETERMINED, blocked, sh
from tests.lab.servers import flask, http_server, script, sockets

SLOW = """
import http.server, time

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(9)
        self.send_response(200)
        self.end_headers()

http.server.ThreadingHTTPServer(("0.0.0.0", 5000), Page).serve_forever()
"""

FULL_QUEUE = """
s = socket.socket(); s.bind(("0.0.0.0", 5000)); s.listen(1)
c = [socket.create_connection(("127.0.0.1", 5000)) for _ in range(2)]
"""

BASIC = (
    Probe("served", PORT, CLEAR, "served", OPEN),
    Probe("served-ipv6", PORT6, CLEAR, "served", OPEN, address=SERVER6),
    Probe("served-url", URL, CLEAR, "served", OPEN),
    Probe(
        "served-link-local",
        "fe80::aa%eth0 --port 5000",
        CLEAR,
        None,
        OPEN,
        (sh("ip addr add fe80::aa/64 dev eth0 nodad"),),
        nmap=False,
    ),
    Probe("served-flask", PORT, CLEAR, "served", (flask("--host 0.0.0.0"),)),
    Probe(
        "served-no-ping",
        PORT,
        CLEAR,
        "served",
        OPEN,
        (sh("echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all"),),
        also=("peer-blocks-icmp",),
    ),
    Probe("stopped", PORT, blocked("connection-refused"), "refused"),
    Probe("stopped-ipv6", PORT6, blocked("connection-refused"), "refused", address=SERVER6),
    Probe("loopback", PORT, blocked("connection-refused"), "refused", (flask(),)),
    Probe(
        "ipv4-only-asked-by-ipv6",
        PORT6,
        blocked("connection-refused"),
        "refused",
        (http_server("--bind 0.0.0.0"),),
        address=SERVER6,
    ),
    Probe("stopped-resets-only", f"{PORT} --no-icmp", blocked("connection-refused"), "refused"),
    Probe(
        "first-page-compiles",
        PORT,
        UNDETERMINED,
        None,
        (script(SLOW),),
        also=("server-silent",),
        seconds=10.0,
    ),
    Probe(
        "paused",
        PORT,
        UNDETERMINED,
        "silent",
        (sockets("s = socket.create_server(('0.0.0.0', 5000))", serve=False),),
        seconds=10.0,
    ),
    Probe(
        "accept-queue-full",
        PORT,
        blocked("connection-filtered"),
        "timeout",
        (
            sockets(
                FULL_QUEUE,
                serve=False,
            ),
        ),
    ),
)
