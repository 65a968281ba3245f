"""NIKA's domains "link and interface" and "traffic, queueing and resource"."""

from __future__ import annotations

from collections.abc import Mapping

from tests.lab.exams.nika.shared import BIG, GONE, NOT_CLEAR, SERVERS, Questions, at_switch
from tests.lab.scenario import CLEAR, Scenario, background, blocked, sh

FLAPS = """
import subprocess, time
print("ready", flush=True)
while True:
    for state in ("down", "up"):
        subprocess.run(["ip", "link", "set", "server", state], check=True)
        time.sleep(1)
"""
BURSTS = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("ready", flush=True)
while True:
    for _ in range(64):
        s.sendto(bytes(1400), ("192.168.77.10", 9))
    time.sleep(0.04)
"""
BAD_CHECKSUM = (
    "@ll,144,16 set 0x5555"  # the identification of an IPv4 header, of which the checksum is left as it was
)

FAULTS: Mapping[str, Questions] = {
    "link_detach": (
        Scenario(
            "nika-link-detach",
            fault="the interface was moved into another namespace",
            servers=SERVERS,
            after=(sh("unshare -n sleep 300 > /dev/null 2>&1 & sleep 0.3; ip link set eth0 netns $!"),),
            truth=GONE,
            expected=blocked("no-lan-address|link-down"),
        ),
    ),
    "link_down": (
        Scenario(
            "nika-link-down",
            fault="both ends of the cable are down",
            servers=SERVERS,
            after=(sh("ip link set eth0 down"), sh("ip link set server down", "switch")),
            truth=GONE,
            expected=blocked("no-lan-address|link-down"),
        ),
    ),
    "link_flap": (
        Scenario(
            "nika-link-flap",
            fault="the cable loses its carrier for one second of two",
            servers=SERVERS,
            after=(background(FLAPS, "switch"),),
            truth=f"served|sometimes|{GONE}",
            attempts=4,
            expected=NOT_CLEAR,
        ),
    ),
    "link_capacity_bottleneck": (
        Scenario(
            "nika-link-capacity",
            fault="nothing that stops a page: the cable carries 200 kbit a second",
            before=(sh("tc qdisc add dev server root tbf rate 200kbit burst 64kb limit 500kb", "switch"),),
            servers=SERVERS,
            truth="served",
            expected=CLEAR,
        ),
    ),
    "link_packet_corruption": (
        Scenario(
            "nika-faulty-cable",
            fault="nothing that stops a page: eight packets of a hundred arrive with a wrong checksum",
            before=(at_switch(f"ether type ip numgen random mod 100 < 8 {BAD_CHECKSUM}"),),
            servers=SERVERS,
            truth="served",
            expected=CLEAR,
        ),
    ),
    "silent_egress_packet_loss": (
        Scenario(
            "nika-silent-loss",
            fault="nothing that stops a page: two packets of a hundred are lost on their way",
            before=(at_switch("numgen random mod 100 < 2 drop"),),
            servers=(BIG,),
            truth="served",
            expected=CLEAR,
        ),
    ),
    "device_forwarding_packet_corruption": (
        Scenario(
            "nika-flows-corrupted",
            fault="nothing that stops a page: of most flows some packets arrive with a wrong checksum",
            before=(
                at_switch(
                    "ether type ip meta l4proto tcp jhash ip saddr . tcp sport mod 4 > 0"
                    f" numgen random mod 100 < 10 {BAD_CHECKSUM}"
                ),
            ),
            servers=(BIG,),
            truth="served",
            expected=CLEAR,
        ),
    ),
    "incast_traffic_network_limitation": (
        Scenario(
            "nika-incast",
            fault="nothing that stops a page: bursts of others fill the short queue of the switch's port",
            before=(
                sh("tc qdisc add dev server root tbf rate 100mbit burst 32kb limit 16kb", "switch"),
                background(BURSTS, "neighbour"),
                background(BURSTS, "gateway"),
            ),
            servers=(BIG,),
            truth="served",
            expected=CLEAR,
        ),
    ),
    "tcp_receive_window_limited": (
        Scenario(
            "nika-small-window",
            fault="nothing that stops a page: the client takes in 4 kB at a time",
            before=(
                sh(
                    "cd /proc/sys/net/ipv4; echo 0 > tcp_moderate_rcvbuf; echo 4096 4096 4096 > tcp_rmem",
                    "client",
                ),
            ),
            servers=(BIG,),
            truth="served",
            expected=CLEAR,
        ),
    ),
}
