"""Faults that are seldom seen: queues of packets, lists of addresses, floods, servers that name another address."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, Scenario, blocked, iptables
from tests.lab.servers import OPEN

QUEUED = "-A INPUT -p tcp --dport 5000 -j NFQUEUE --queue-num 7"

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
)
