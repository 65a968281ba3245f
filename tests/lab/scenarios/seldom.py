"""Faults that are seldom seen: queues of packets, lists of addresses, floods, servers that name another address."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, UNDETERMINED, Scenario, background, blocked, iptables, sh
from tests.lab.servers import OPEN, sockets

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
)
