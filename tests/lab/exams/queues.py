"""Queues and filters of traffic control on the interface by which answers leave."""

from __future__ import annotations

from typing import Any

from tests.lab.network import STRANGER
from tests.lab.scenario import CLEAR, Expected, Scenario, blocked, sh
from tests.lab.servers import flask

OPEN = (flask("--host 0.0.0.0"),)
GONE = "rejected host-unreachable"
LOST = blocked("queue-drops")
OPEN_QUESTION = Expected("undetermined", "queue-drops")


def _queue(name: str, fault: str, truth: str, expected: Expected, *commands: str, **more: Any) -> Scenario:
    return Scenario(
        name, fault, truth, expected, servers=OPEN, after=tuple(map(sh, commands)), **more,
    )  # fmt: skip


SCENARIOS = (
    _queue(
        "queue-of-no-packet", "the interface's queue takes no packet at all", GONE, LOST,
        "tc qdisc add dev eth0 root pfifo limit 0",
    ),
    _queue(
        "queue-of-no-byte", "the same, counted in bytes, for a client behind the router", GONE, LOST,
        "tc qdisc add dev eth0 root bfifo limit 0", who="stranger", peer=STRANGER,
    ),
    _queue(
        "queue-blackhole", "the interface's queue throws everything away", GONE, LOST,
        "tc qdisc add dev eth0 root blackhole",
    ),
    _queue(
        "queue-of-two-packets", "nothing: a short queue", "served", CLEAR,
        "tc qdisc add dev eth0 root pfifo limit 2",
    ),
    _queue(
        "shaper-of-one-byte-a-second", "a shaper lets eight bits a second leave", "sometimes", LOST,
        "tc qdisc add dev eth0 root tbf rate 8bit burst 1540 limit 1600", attempts=4,
    ),
    _queue(
        "shaper-of-small-packets", "a shaper takes no packet of more than 60 bytes", "timeout", LOST,
        "tc qdisc add dev eth0 root tbf rate 1mbit burst 60 latency 400ms",
    ),
    _queue(
        "shaper-that-is-fast-enough", "nothing: a shaper of 1 Mbit/s", "served", CLEAR,
        "tc qdisc add dev eth0 root tbf rate 1mbit burst 32kb latency 400ms",
    ),
    _queue(
        "shaper-of-classes", "nothing: classes of which each is fast enough", "served", CLEAR,
        "tc qdisc add dev eth0 root handle 1: htb default 10\n"
        "tc class add dev eth0 parent 1: classid 1:10 htb rate 5mbit\n"
        "tc class add dev eth0 parent 1: classid 1:20 htb rate 1mbit",
    ),
    _queue(
        "class-that-is-a-blackhole", "the class that answers are put into by default throws them away",
        GONE, Expected("blocked|undetermined", "queue-drops"),
        "tc qdisc add dev eth0 root handle 1: htb default 10\n"
        "tc class add dev eth0 parent 1: classid 1:10 htb rate 5mbit\n"
        "tc qdisc add dev eth0 parent 1:10 blackhole",
    ),
    _queue(
        "class-of-the-port-is-a-blackhole", "a filter puts what leaves port 5000 into a class that throws it away",
        "timeout", Expected("blocked|undetermined", "queue-drops"),
        "tc qdisc add dev eth0 root handle 1: htb default 10\n"
        "tc class add dev eth0 parent 1: classid 1:10 htb rate 5mbit\n"
        "tc class add dev eth0 parent 1: classid 1:20 htb rate 5mbit\n"
        "tc qdisc add dev eth0 parent 1:20 blackhole\n"
        "tc filter add dev eth0 parent 1: protocol ip u32 match ip sport 5000 0xffff flowid 1:20",
    ),
    _queue(
        "program-drops-what-leaves", "a BPF program of traffic control drops what leaves",
        f"{GONE}|timeout", Expected("undetermined", "other-firewall"),
        "tc qdisc add dev eth0 clsact\ntc filter add dev eth0 egress bpf da bytecode '1,6 0 0 2,'",
    ),
    _queue(
        "program-drops-what-comes", "the same for what comes in",
        f"{GONE}|timeout", Expected("undetermined", "other-firewall"),
        "tc qdisc add dev eth0 clsact\ntc filter add dev eth0 ingress bpf da bytecode '1,6 0 0 2,'",
    ),
    _queue(
        "filters-nowhere", "nothing: filters could be there, and none is", "served", CLEAR,
        "tc qdisc add dev eth0 clsact",
    ),
)  # fmt: skip
