"""The servers of public threads, as a client asks them, and as it arrives."""

from __future__ import annotations

from tests.lab.exams.configured import tinyproxy
from tests.lab.exams.other_protocols import GREETS, REDIS, WAITS, called
from tests.lab.probe.scenario import Probe
from tests.lab.scenario import CLEAR, Expected, blocked, nft_input
from tests.lab.servers import Server, script
from tests.lab.watch.scenario import Try, Watch

PORT = "192.168.77.10 --port 5000"
QUIET = "192.168.77.10 --port 6379"
NOT_CLEAR = Expected("blocked|undetermined")
OPEN_REDIS = {"redis.conf": REDIS % "* -::*"}

ASKED = (
    Probe(
        "probe-redis-on-its-own-port",
        QUIET,
        CLEAR,
        servers=(
            Server(
                "redis-server redis.conf",
                {"redis.conf": OPEN_REDIS["redis.conf"].replace("5000", "6379")},
                port=6379,
            ),
        ),
        port=6379,
        nmap=False,
        seconds=12,
    ),
    Probe(
        "probe-redis-for-its-connection",
        f"{PORT} --scheme tcp",
        CLEAR,
        servers=(Server("redis-server redis.conf", OPEN_REDIS),),
        nmap=False,
    ),
    Probe(
        "probe-vnc",
        PORT,
        CLEAR,
        servers=(called("Xtigervnc :1 -rfbport 5000", GREETS % ("0.0.0.0", b"RFB 003.008\n")),),
        nmap=False,
    ),
    Probe(
        "probe-waits-for-its-clients",
        PORT,
        Expected("undetermined|clear"),
        servers=(script(WAITS % (b"", "0.0.0.0", 5000)),),
        nmap=False,
        seconds=12,
    ),
    Probe(
        "probe-greets-with-a-refusal",
        PORT,
        blocked("client-rejected"),
        servers=(script(GREETS % ("0.0.0.0", b"554 5.7.1 No service for you\r\n")),),
        nmap=False,
    ),
    Probe(
        "probe-tinyproxy-allows-others",
        PORT,
        blocked("client-rejected"),
        "http 403",
        (tinyproxy("Allow 127.0.0.1"),),
        nmap=False,
    ),
    Probe(
        "probe-redis-bound-to-loopback",
        QUIET,
        blocked("connection-refused"),
        servers=(
            Server(
                "redis-server redis.conf",
                {"redis.conf": (REDIS % "127.0.0.1").replace("5000", "6379")},
                port=6379,
            ),
        ),
        port=6379,
        nmap=False,
    ),
)

ARRIVED = (
    Watch(
        "watch-redis",
        CLEAR,
        (Try("connected", truth="connected", scheme="tcp"),),
        (Server("redis-server redis.conf", OPEN_REDIS),),
    ),
    Watch(
        "watch-redis-bound-to-loopback",
        blocked("bound-to-loopback"),
        (Try("refused", "bound-to-loopback", "refused", scheme="tcp"),),
        (Server("redis-server redis.conf", {"redis.conf": REDIS % "127.0.0.1"}),),
    ),
    Watch(
        "watch-vnc-dropped",
        blocked("firewall-drops"),
        (Try("dropped", "firewall-drops", "timeout", scheme="tcp"),),
        (called("Xtigervnc :1 -rfbport 5000", GREETS % ("0.0.0.0", b"RFB 003.008\n")),),
        before=(nft_input("tcp dport 5000 drop"),),
        slowest=6,
    ),
)
