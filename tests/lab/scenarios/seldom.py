"""Faults that are seldom seen: queues of packets, lists of addresses, floods, servers that name another address."""

from __future__ import annotations

import struct

from tests.lab.scenario import (
    CLEAR,
    UNDETERMINED,
    Container,
    Scenario,
    background,
    blocked,
    iptables,
    sh,
    ufw,
)
from tests.lab.servers import OPEN, Server, nginx, script, sockets

QUEUED = "-A INPUT -p tcp --dport 5000 -j NFQUEUE --queue-num 7"

FLOOD = """
import socket, time
begun = [socket.socket() for _ in range(12)]
for one in begun:
    one.setblocking(False)
    one.connect_ex(("192.168.77.10", 5000))
time.sleep(0.3)
print("begun", flush=True)
time.sleep(600)
"""
FILTERED = """
import ctypes, socket, struct
s = socket.create_server(("0.0.0.0", 5000))
nothing = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0))
s.setsockopt(socket.SOL_SOCKET, 26, struct.pack("@HP", 1, ctypes.addressof(nothing)))
"""
FOLDER = "deny all; root /srv/shop; autoindex on;"
LISTED = """
import http.server, ipaddress

class Shop(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        allowed = [ipaddress.ip_network("%s")]
        if any(ipaddress.ip_address(self.client_address[0]) in one for one in allowed):
            super().do_GET()
        else:
            self.send_error(403)

http.server.ThreadingHTTPServer(("0.0.0.0", 5000), Shop).serve_forever()
"""
BEFORE_RULES = (
    "sed -i '/^# End required lines/a -A ufw-before-input -p tcp --dport 5000 -j DROP' /etc/ufw/before.rules"
)

TOLD = """
import socket, threading

ANSWER = %r

def serve(client):
    asked = client.recv(65536)
    if not asked.startswith(b"GET "):
        client.sendall(ANSWER)
        client.recv(1)
    client.close()

s = socket.create_server(("0.0.0.0", %d))
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
"""


def _kafka(host: str, port: int = 9092) -> Server:
    """What a client of Kafka is told when it connects: the one broker, by the address that it advertises."""
    name = host.encode()
    body = struct.pack(">iiih", 1, 1, 1, len(name)) + name + struct.pack(">ihii", port, -1, 1, 0)
    return script(TOLD % (struct.pack(">i", len(body)) + body, 9092), port=9092, name="broker.py")


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "queue-that-no-program-reads",
        fault="a rule hands packets to a program that does not run",
        before=(iptables(QUEUED),),
        servers=(OPEN,),
        truth="timeout",
        expected=blocked("firewall-drops"),
        fixable=True,
    ),
    Scenario(
        "queue-with-bypass",
        fault="nothing: no program reads the queue, and the rule says that packets then pass",
        before=(iptables(f"{QUEUED} --queue-bypass", "iptables-legacy"),),
        servers=(OPEN,),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "half-open-connections-fill-the-queue",
        fault="a neighbour begins connections and completes none, and the kernel sends no SYN cookies",
        before=(
            sh("sysctl -qw net.ipv4.tcp_syncookies=0"),
            sh("iptables-nft -A INPUT -p tcp --sport 5000 -j DROP", on="neighbour"),
        ),
        servers=(sockets("s = socket.create_server(('0.0.0.0', 5000), backlog=4)"),),
        after=(background(FLOOD, "neighbour"),),
        truth="timeout",
        expected=blocked("accept-queue-full"),
    ),
    Scenario(
        "filter-on-the-socket",
        fault="the program has a filter on its socket that takes nothing",
        servers=(sockets(FILTERED, user=False),),
        truth="timeout",
        expected=UNDETERMINED,
        also=("server-silent",),
    ),
    Scenario(
        "allows-the-servers-own-address",
        fault="nginx's list lets this machine's own address in, where that of the client was meant",
        servers=(nginx("5000", f"allow 127.0.0.2; allow 192.168.77.10; {FOLDER}"),),
        truth="http 403",
        expected=blocked("client-rejected"),
    ),
    Scenario(
        "allows-the-network-and-no-loopback",
        fault="nothing: nginx's list lets the clients' network in",
        servers=(nginx("5000", f"allow 192.168.77.0/24; {FOLDER}"),),
        truth="served",
        expected=CLEAR,
        also=("client-rejected",),
    ),
    Scenario(
        "script-that-allows-its-own-address",
        fault="a script lets this machine's own address in; its list can't be told from what else it names",
        servers=(script(LISTED % "192.168.77.10"),),
        truth="http 403",
        expected=UNDETERMINED,
        also=("client-rejected",),
    ),
    Scenario(
        "script-that-allows-the-network",
        fault="nothing: a script lets the clients' network in",
        servers=(script(LISTED % "192.168.77.0/24"),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "ufw-flushed-chain",
        fault="somebody flushed INPUT: ufw's rules are never asked, and its policy is still to drop",
        before=(ufw("allow 5000/tcp"), iptables("-F INPUT")),
        servers=(OPEN,),
        truth="timeout",
        expected=blocked("firewall-drops"),
        fixable=True,
    ),
    Scenario(
        "ufw-before-rules",
        fault="a rule in ufw's before.rules comes before all that ufw allow adds",
        before=(sh(BEFORE_RULES), ufw("allow 5000/tcp")),
        servers=(OPEN,),
        truth="timeout",
        expected=blocked("firewall-drops"),
        fixable=True,
    ),
    Scenario(
        "address-of-another-network-on-the-cable",
        fault="the client is given an address of another network, and its router knows no way there",
        before=(sh("ip addr add 10.50.0.10/24 dev eth0"),),
        servers=(OPEN,),
        address="10.50.0.10",
        options="--to 10.50.0.10 --peer 192.168.77.20",
        truth="rejected net-unreachable",
        expected=UNDETERMINED,
        as_user=UNDETERMINED,
        also=("peer-in-other-network",),
    ),
    Scenario(
        "address-of-another-network-with-a-route",
        fault="nothing: the client's router knows the way to the other network",
        before=(
            sh("ip addr add 10.50.0.10/24 dev eth0"),
            sh("ip route add 10.50.0.0/24 via 192.168.77.10", on="gateway"),
        ),
        servers=(OPEN,),
        address="10.50.0.10",
        options="--to 10.50.0.10 --peer 192.168.77.20",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "kafka-advertises-localhost",
        fault="clients connect, and are told to go on to localhost",
        servers=(_kafka("localhost"),),
        port=9092,
        scheme="tcp",
        truth="connected",
        expected=blocked("redirects-elsewhere"),
    ),
    Scenario(
        "kafka-advertises-its-address",
        fault="nothing: clients are told the address that they have connected to",
        servers=(_kafka("192.168.77.10"),),
        port=9092,
        scheme="tcp",
        truth="connected",
        expected=CLEAR,
    ),
    Scenario(
        "route-to-a-container-and-no-proxy",
        fault="this machine has a route to a container's address of the network, and doesn't answer for it",
        containers=(Container(),),
        before=(
            sh("ip route add 192.168.77.50/32 dev docker0; sysctl -qw net.ipv4.ip_forward=1"),
            sh("ip addr add 192.168.77.50/32 dev eth0", on="web"),
        ),
        servers=(Server("python -m http.server 5000", on="web"),),
        address="192.168.77.50",
        options="--to 192.168.77.50",
        truth="unreachable|timeout",
        expected=blocked("wrong-address"),
    ),
)
