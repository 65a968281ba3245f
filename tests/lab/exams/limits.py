"""Limits: an ordinary visit (8 connections in a second, then one a second) stays below some and exceeds others."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, Scenario, blocked, iptables, nft_input
from tests.lab.servers import flask

SERVERS = (flask("--host 0.0.0.0"),)
STATEFUL = "ct state established,related accept\niif lo accept\n"
POLICY_DROP = "type filter hook input priority 0; policy drop"
LIMITED = ("rate-limited",)

SCENARIOS = (
    Scenario(
        "limit-far-above-a-visit",
        fault="nothing: more than 25 connections a second are rejected",
        before=(
            iptables(
                """
                -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
                -A INPUT -i lo -j ACCEPT
                -A INPUT -p tcp --dport 5000 -m limit --limit 25/second --limit-burst 50 -j ACCEPT
                -A INPUT -p tcp --dport 5000 -j REJECT
                """
            ),
        ),
        servers=SERVERS,
        truth="served",
        attempts=8,
        expected=CLEAR,
        also=LIMITED,
    ),
    Scenario(
        "connlimit-far-above-a-visit",
        fault="nothing: more than 50 connections at once are rejected",
        before=(iptables("-A INPUT -p tcp --syn --dport 5000 -m connlimit --connlimit-above 50 -j REJECT"),),
        servers=SERVERS,
        truth="served",
        attempts=8,
        expected=CLEAR,
        also=LIMITED,
    ),
    Scenario(
        "hashlimit-far-above-a-visit",
        fault="nothing: more than 100 packets a second of one client are dropped",
        before=(
            iptables(
                "-A INPUT -p tcp --dport 5000 --syn -m hashlimit --hashlimit-above 100/second"
                " --hashlimit-burst 100 --hashlimit-mode srcip --hashlimit-name shop -j DROP"
            ),
        ),
        servers=SERVERS,
        truth="served",
        attempts=8,
        expected=CLEAR,
        also=LIMITED,
    ),
    Scenario(
        "ct-count-far-above-a-visit",
        fault="nothing: more than 60 connections at once are dropped",
        before=(nft_input("tcp dport 5000 ct state new ct count over 60 drop"),),
        servers=SERVERS,
        truth="served",
        attempts=8,
        expected=CLEAR,
        also=LIMITED,
    ),
    Scenario(
        "limit-and-a-reject-behind-it",
        fault="a limit drops floods, and the rule behind it rejects everybody",
        before=(
            nft_input(
                "tcp dport 5000 ct state new limit rate over 100/second drop\ntcp dport 5000 reject with tcp reset"
            ),
        ),
        servers=SERVERS,
        truth="refused",
        attempts=8,
        expected=blocked("firewall-rejects"),
    ),
    Scenario(
        "hashlimit-and-a-reject-behind-it",
        fault="the same with hashlimit",
        before=(
            iptables(
                """
                -A INPUT -p tcp --dport 5000 --syn -m hashlimit --hashlimit-above 100/second --hashlimit-burst 100 --hashlimit-mode srcip --hashlimit-name shop -j DROP
                -A INPUT -p tcp --dport 5000 -j REJECT --reject-with icmp-admin-prohibited
                """  # noqa: E501 - one rule is one line
            ),
        ),
        servers=SERVERS,
        truth="rejected admin-prohibited",
        expected=blocked("firewall-rejects"),
    ),
    Scenario(
        "limit-that-logs-only",
        fault="nothing: the limit is for the log",
        before=(
            nft_input(
                STATEFUL + 'tcp dport 5000 limit rate 1/minute log prefix "x"\ntcp dport 5000 accept',
                POLICY_DROP,
            ),
        ),
        servers=SERVERS,
        truth="served",
        attempts=8,
        expected=CLEAR,
    ),
    Scenario(
        "limit-below-a-visit",
        fault="beyond four connections all but one a second are rejected: a page with images exceeds it",
        before=(
            nft_input(
                STATEFUL + "tcp dport 5000 ct state new limit rate 1/second burst 4 packets accept\n"
                "tcp dport 5000 reject with tcp reset",
                POLICY_DROP,
            ),
        ),
        servers=SERVERS,
        truth="sometimes",
        attempts=8,
        expected=blocked("rate-limited"),
    ),
    Scenario(
        "hashlimit-below-a-visit",
        fault="three connections of one client, then one a minute",
        before=(
            iptables(
                """
                -P INPUT DROP
                -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
                -A INPUT -i lo -j ACCEPT
                -A INPUT -p tcp --dport 5000 -m hashlimit --hashlimit-upto 1/minute --hashlimit-burst 3 --hashlimit-mode srcip --hashlimit-name shop -j ACCEPT
                """  # noqa: E501 - one rule is one line
            ),
        ),
        servers=SERVERS,
        truth="sometimes",
        attempts=6,
        expected=blocked("rate-limited"),
    ),
    Scenario(
        "limit-that-lets-through-what-the-policy-accepts",
        fault="nothing: beyond the limit the policy accepts",
        before=(nft_input("tcp dport 5000 ct state new limit rate 1/minute burst 1 packets accept"),),
        servers=SERVERS,
        truth="served",
        attempts=8,
        expected=CLEAR,
    ),
)
