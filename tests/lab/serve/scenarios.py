"""The scenarios of the page."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, Expected, blocked, nft_input, nft_output, sh, ufw
from tests.lab.serve.case import Page
from tests.lab.servers import flask, http_server, sockets

OPEN = (http_server("--bind ::"),)
PAGE_TOO = nft_input("tcp dport { 5000, 8780-8799 } drop")
NO_FLASK_PAGE = "from flask import Flask\napp = Flask(__name__)\n"

SCENARIOS = (
    Page(
        "works",
        CLEAR,
        "It works: open http://192.168.77.10:5000/",
        "",
        ("answered", "answered"),
        "works",
        OPEN,
    ),
    Page(
        "works-404",
        CLEAR,
        "It works",
        "",
        ("answered",),
        "works",
        (flask("--host 0.0.0.0", NO_FLASK_PAGE),),
    ),
    Page(
        "loopback",
        blocked("bound-to-loopback"),
        "for the computer itself only",
        "0.0.0.0",
        ("refused",),
        servers=(flask(),),
    ),
    Page(
        "other-address",
        blocked("bound-to-other-address"),
        "another address",
        servers=(http_server("--bind 10.5.5.5"),),
        before=(sh("ip addr add 10.5.5.5/32 dev lo"),),
    ),
    Page(
        "stopped",
        blocked("nothing-listening"),
        "No server is running",
        "Start the server",
        ("refused",),
        options="--page-port 8790",
    ),
    Page(
        "port-stays-free",
        blocked("nothing-listening"),
        "No server is running",
        "Start the server",
        ("refused",),
    ),
    Page(
        "firewall-drops",
        blocked("firewall-drops"),
        "firewall drops",
        "Open port 5000",
        ("silent",),
        servers=OPEN,
        before=(nft_input("tcp dport 5000 drop"),),
    ),
    Page(
        "firewall-rejects",
        blocked("firewall-rejects"),
        "firewall refuses",
        "Open port 5000",
        ("refused",),
        servers=OPEN,
        before=(nft_input("tcp dport 5000 reject with tcp reset"),),
    ),
    Page(
        "answers-dropped",
        blocked("firewall-drops-replies"),
        "keeps the server's answers back",
        servers=OPEN,
        before=(nft_output("tcp sport 5000 drop"),),
    ),
    Page(
        "server-hangs",
        blocked("server-silent"),
        "does not answer",
        "start it again",
        ("silent",),
        servers=(sockets("s = socket.create_server(('0.0.0.0', 5000))", serve=False),),
    ),
    Page(
        "ufw-stops-all",
        blocked("firewall-drops"),
        servers=OPEN,
        before=(ufw(),),
        reaches=False,
        terminal="dropped by ufw (its default: deny incoming)",
    ),
    Page(
        "nothing-reached",
        Expected("undetermined", "peer-isolated"),
        servers=OPEN,
        after=(
            sh(
                "nft add table inet x; nft 'add chain inet x c { type filter hook input priority 0; policy drop; }'",
                on="client",
            ),
        ),
        reaches=False,
        terminal="the answer was lost beyond this machine",
    ),
    Page(
        "nothing-arrives",
        Expected("undetermined", "nothing-arrived"),
        servers=OPEN,
        after=(sh("ip route replace blackhole 192.168.77.10", on="client"),),
        reaches=False,
    ),
    Page(
        "page-port-closed",
        Expected("undetermined"),
        servers=OPEN,
        before=(nft_input("tcp dport 8780-8799 drop"),),
        reaches=False,
        terminal="For this page: 192.168.77.20",
    ),
    Page(
        "ipv6-only-by-rule",
        CLEAR,
        "It works: open http://192.168.77.10:5000/",
        "Not by",
        ("answered", "silent"),
        "works",
        OPEN,
        (nft_input("meta nfproto ipv6 tcp dport 5000 drop"),),
    ),
)
