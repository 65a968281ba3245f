"""Answers that a rule marks, and the routes that go by marks."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, Scenario, blocked, iptables, nft_input, sh
from tests.lab.scenarios.routing import tunnel
from tests.lab.servers import flask

SERVERS = (flask("--host 0.0.0.0"),)
UNMARKED_BY_TUNNEL = tunnel(
    "ip route add default dev tun0 table 51820; ip rule add not fwmark 51820 table 51820"
)
MARKED_BY_TUNNEL = tunnel("ip route add default dev tun0 table 70; ip rule add fwmark 7 table 70")
ROUTE_HOOK = "type route hook output priority -150"

SCENARIOS = (
    Scenario(
        "answers-marked-past-the-tunnel",
        fault="nothing: what is not marked goes into the tunnel, and the answers are marked",
        before=(UNMARKED_BY_TUNNEL, nft_input("tcp sport 5000 meta mark set 51820", ROUTE_HOOK)),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "answers-marked-by-connection",
        fault="nothing: the same by the connection's mark",
        before=(
            UNMARKED_BY_TUNNEL,
            iptables(
                """
                -t mangle -A PREROUTING -i eth0 -j CONNMARK --set-mark 51820
                -t mangle -A OUTPUT -j CONNMARK --restore-mark
                """
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "answers-marked-past-the-tunnel-strict",
        fault="the same, and rp_filter is strict: without its mark the client's way back is the tunnel",
        before=(
            UNMARKED_BY_TUNNEL,
            iptables(
                """
                -t mangle -A PREROUTING -i eth0 -j CONNMARK --set-mark 51820
                -t mangle -A OUTPUT -j CONNMARK --restore-mark
                """
            ),
            sh("echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter"),
        ),
        servers=SERVERS,
        truth="rejected host-unreachable|unreachable",
        expected=blocked("reverse-path-filter"),
    ),
    Scenario(
        "answers-marked-into-the-tunnel",
        fault="the answers are marked, and what is marked goes into the tunnel",
        before=(MARKED_BY_TUNNEL, nft_input("tcp sport 5000 meta mark set 7", ROUTE_HOOK)),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("vpn-takes-replies"),
    ),
    Scenario(
        "answers-marked-too-late",
        fault="nothing: the same mark in a chain of type filter changes no route",
        before=(
            MARKED_BY_TUNNEL,
            nft_input("tcp sport 5000 meta mark set 7", "type filter hook output priority -150"),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "mangle-output-marks-into-the-tunnel",
        fault="mangle OUTPUT marks the answers, and what is marked goes into the tunnel",
        before=(MARKED_BY_TUNNEL, iptables("-t mangle -A OUTPUT -p tcp --sport 5000 -j MARK --set-mark 7")),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("vpn-takes-replies"),
    ),
    Scenario(
        "reverse-path-by-mark",
        fault="packets are marked as they come in, and by that mark their source is behind the tunnel",
        before=(
            MARKED_BY_TUNNEL,
            iptables("-t mangle -A PREROUTING -i eth0 -j MARK --set-mark 7"),
            sh("for name in rp_filter src_valid_mark; do echo 1 > /proc/sys/net/ipv4/conf/all/$name; done"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("reverse-path-filter"),
    ),
    Scenario(
        "mark-that-the-reverse-path-does-not-see",
        fault="nothing: the same without src_valid_mark",
        before=(
            MARKED_BY_TUNNEL,
            iptables("-t mangle -A PREROUTING -i eth0 -j MARK --set-mark 7"),
            sh("echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter"),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "mark-reflected",
        fault="fwmark_reflect and tcp_fwmark_accept: the answers take the mark of what came in, and the tunnel",
        before=(
            MARKED_BY_TUNNEL,
            iptables("-t mangle -A PREROUTING -i eth0 -p tcp -j MARK --set-mark 7"),
            sh("echo 1 > /proc/sys/net/ipv4/tcp_fwmark_accept"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("vpn-takes-replies"),
    ),
)
