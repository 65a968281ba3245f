"""ufw, as its users have it."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, Scenario, Step, blocked, nft_input, sh, ufw
from tests.lab.servers import flask

SERVERS = (flask("--host 0.0.0.0"),)
DROPS = blocked("firewall-drops")

SCENARIOS = (
    Scenario(
        "ufw-enabled",
        fault="ufw is on and denies incoming, as it does unless told otherwise",
        before=(ufw(),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ufw-enabled-and-loopback",
        fault="two faults: flask listens on 127.0.0.1, and ufw denies incoming",
        before=(ufw(),),
        servers=(flask(),),
        truth="timeout",
        expected=blocked("bound-to-loopback"),
        also=("firewall-drops",),
        as_user=blocked("bound-to-loopback"),
        fixable=True,
    ),
    Scenario(
        "ufw-allows-another-subnet",
        fault="the rule was copied with another network",
        before=(ufw("allow ssh", "allow from 192.168.1.0/24 to any port 5000 proto tcp"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ufw-allows-another-port",
        fault="the rule is for port 8000",
        before=(ufw("allow 8000/tcp"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ufw-allows-udp",
        fault="the rule is for UDP",
        before=(ufw("allow 5000/udp"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ufw-deny-before-allow",
        fault="a rule that denies stands before the one that allows",
        before=(ufw("deny 5000/tcp", "allow from 192.168.77.0/24 to any port 5000 proto tcp"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ufw-rejects",
        fault="ufw reject answers with a RST",
        before=(ufw("reject 5000/tcp"),),
        servers=SERVERS,
        truth="refused",
        expected=blocked("firewall-rejects"),
        fixable=True,
    ),
    Scenario(
        "ufw-allows-tunnel-only",
        fault="the rule is for the interface tun0",
        before=(ufw("allow in on tun0 to any port 5000 proto tcp"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ufw-limits",
        fault="ufw limit: the sixth connection within thirty seconds is refused",
        before=(ufw("limit 5000/tcp"),),
        servers=SERVERS,
        truth="sometimes",
        attempts=8,
        expected=blocked("rate-limited"),
    ),
    Scenario(
        "ufw-without-ipv6",
        fault="ufw allows the port, but IPV6=no: all of IPv6 is dropped",
        before=(sh("sed -i s/^IPV6=.*/IPV6=no/ /etc/default/ufw"), ufw("allow 5000/tcp")),
        servers=(flask("--host ::"),),
        address="fd77::10",
        options="--to fd77::10",
        truth="timeout|unreachable|rejected host-unreachable",  # as the lookup of its address ends
        expected=DROPS,
    ),
    Scenario(
        "ufw-allows",
        fault="nothing: ufw allows the port",
        before=(ufw("allow 5000/tcp"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "ufw-allows-subnet",
        fault="nothing: ufw allows the port from the LAN",
        before=(ufw("allow from 192.168.77.0/24 to any port 5000 proto tcp"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "ufw-default-allow",
        fault="nothing: ufw is on and allows incoming",
        before=(ufw("default allow incoming", "deny 8000/tcp"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "ufw-inactive-but-nft-drops",
        fault="ufw is off; that is not the same as no firewall",
        before=(nft_input("tcp dport 5000 drop"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ufw-on-paper-only",
        fault="nothing: ufw.conf says enabled, but somebody has flushed the rules",
        before=(
            ufw(),
            Step("iptables -P INPUT ACCEPT; iptables -F; ip6tables -P INPUT ACCEPT; ip6tables -F"),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
)
