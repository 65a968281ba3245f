"""Ports and sockets: nothing there, the wrong port, two owners, full queues, families and devices."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, Scenario, background, blocked, sh
from tests.lab.scenarios.addresses import DOCKER0
from tests.lab.servers import Server, app_run, flask, http_server, script, sockets

ALL = "s.bind(('0.0.0.0', 5000)); s.listen()"
CONNECT = sh(
    "python -c \"import socket; socket.create_connection(('192.168.77.10', 5000)).recv(1)\"", on="client"
)
V6ONLY = "s = socket.socket(socket.AF_INET6); s.setsockopt(41, 26, 1); s.bind(('::', 5000)); s.listen()"
HOLD_CONNECTION = """
import socket, time
kept = socket.create_connection(("192.168.77.10", 5000), 2)
print("held", flush=True)
time.sleep(600)
"""
FILL_QUEUE = """
import socket, time
kept = []
try:
    while len(kept) < 9:
        kept.append(socket.create_connection(("192.168.77.10", 5000), 1))
except TimeoutError:
    print("full", flush=True)
time.sleep(600)
"""
OWNER = "$(ss -Hlntp 'sport = :5000' | grep -o 'pid=[0-9]*' | head -1 | cut -d= -f2)"

SCENARIOS = (
    Scenario(
        "nothing-listens",
        fault="the server is not running",
        truth="refused",
        expected=blocked("nothing-listening"),
    ),
    Scenario(
        "server-on-5001",
        fault="the server listens on the next port",
        servers=(Server("flask --app shop run --host 0.0.0.0 --port 5001", flask().files, port=5001),),
        truth="refused",
        expected=blocked("nothing-listening"),
    ),
    Scenario(
        "time-wait",
        fault="the server ended a moment ago and left connections in TIME_WAIT",
        servers=(
            script("""
import socket
s = socket.create_server(("0.0.0.0", 5000))
client, _ = s.accept()
client.close()
"""),
        ),
        after=(CONNECT,),
        truth="refused",
        expected=blocked("nothing-listening"),
    ),
    Scenario(
        "bound-not-listening",
        fault="the server has bound its port and does not listen yet",
        servers=(
            script(
                "import socket, time\ns = socket.socket()\ns.bind(('', 5000))\ntime.sleep(600)", port=None
            ),
        ),
        after=(sh("sleep 0.3"),),
        truth="refused",
        expected=blocked("nothing-listening"),
    ),
    Scenario(
        "privileged-port",
        fault="an ordinary user's server may not bind port 80, and has ended",
        servers=(Server("flask --app shop run --host 0.0.0.0 --port 80", flask().files, port=None),),
        after=(sh("sleep 0.6"),),
        port=80,
        truth="refused",
        expected=blocked("nothing-listening|port-privileged"),
    ),
    Scenario(
        "two-owners",
        fault="flask listens on 127.0.0.1; clients of the LAN get a forgotten server",
        servers=(flask(), http_server("--bind 192.168.77.10")),
        truth="served",
        expected=blocked("port-taken"),
    ),
    Scenario(
        "another-program",
        fault="a forgotten server has the port; the user expects flask",
        servers=(http_server(),),
        options="--program flask",
        truth="served",
        expected=blocked("port-taken"),
    ),
    Scenario(
        "reuseport-siblings",
        fault="nothing: two workers share the port with SO_REUSEPORT",
        servers=(
            sockets("s = socket.socket(); s.setsockopt(1, 15, 1); " + ALL),
            sockets("s = socket.socket(); s.setsockopt(1, 15, 1); " + ALL),
        ),
        truth="served",
        attempts=4,
        expected=CLEAR,
    ),
    Scenario(
        "bound-to-another-address",
        fault="the server listens on an address of a bridge for containers",
        before=(DOCKER0,),
        servers=(flask("--host 172.17.0.1"),),
        truth="refused",
        expected=blocked("bound-to-other-address"),
        fixable=True,
    ),
    Scenario(
        "bound-to-device",
        fault="SO_BINDTODEVICE ties the socket to lo",
        servers=(sockets("s = socket.socket(); s.setsockopt(1, 25, b'lo'); " + ALL),),
        truth="refused",
        expected=blocked("bound-to-device"),
    ),
    Scenario(
        "bound-to-ipv6-only",
        fault="an IPv6 socket with V6ONLY: clients of the IPv4 address are refused",
        servers=(
            sockets(
                V6ONLY,
            ),
        ),
        truth="refused",
        expected=blocked("bound-to-ipv6-only"),
    ),
    Scenario(
        "bound-to-ipv4-only",
        fault="an IPv4 socket, and the clients are given the IPv6 address",
        servers=(flask("--host 0.0.0.0"),),
        address="fd77::10",
        options="--to fd77::10",
        truth="refused",
        expected=blocked("bound-to-ipv4-only"),
        fixable=True,
    ),
    Scenario(
        "ipv6-clients-of-ipv6-only",
        fault="nothing: the socket is IPv6 only, and so are the clients",
        servers=(
            sockets(
                V6ONLY,
            ),
        ),
        address="fd77::10",
        options="--to fd77::10",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "accept-queue-full",
        fault="the server does not accept, and its queue is full",
        servers=(sockets("s = socket.socket(); s.bind(('0.0.0.0', 5000)); s.listen(1)", serve=False),),
        after=(background(FILL_QUEUE, "neighbour"),),
        truth="timeout",
        expected=blocked("accept-queue-full"),
    ),
    Scenario(
        "never-accepts",
        fault="the server hangs: connections are made by the kernel and nobody answers",
        servers=(sockets("s = socket.socket(); " + ALL, serve=False),),
        truth="silent",
        expected=blocked("server-silent"),
    ),
    Scenario(
        "stopped",
        fault="the server is stopped (Ctrl-Z)",
        servers=(flask("--host 0.0.0.0"),),
        after=(sh(f"sleep 0.5; kill -STOP {OWNER}"),),
        truth="silent",
        expected=blocked("server-silent"),
    ),
    Scenario(
        "one-at-a-time",
        fault="the server serves one connection at a time, and an idle one holds it",
        servers=(app_run('host="0.0.0.0", threaded=False'),),
        after=(sh("sleep 0.7"), background(HOLD_CONNECTION, "neighbour")),
        truth="silent",
        expected=blocked("server-silent"),
    ),
    Scenario(
        "closes-at-once",
        fault="the server accepts and closes without a word",
        servers=(
            script("""
import socket
s = socket.create_server(("0.0.0.0", 5000))
while True:
    s.accept()[0].close()
"""),
        ),
        truth="closed|reset",
        expected=blocked("server-silent"),
    ),
)
