"""Names: files, name servers, and none of them."""

from __future__ import annotations

from tests.lab.network import SERVER, SERVER6
from tests.lab.probe.scenario import Probe
from tests.lab.probe.scenarios.shared import OPEN, on_gateway
from tests.lab.scenario import CLEAR, blocked, sh
from tests.lab.servers import http_server

SERVE_NAMES = on_gateway(
    f"setsid dnsmasq --no-daemon --no-resolv --no-hosts --address=/shop.lan/{SERVER} > /run/dnsmasq 2>&1 < /dev/null &"
)

NAMES = (
    Probe(
        "name-in-hosts",
        "shop.lan --port 5000",
        CLEAR,
        None,
        OPEN,
        (sh(f"echo {SERVER} shop.lan >> /etc/hosts", on="client"),),
    ),
    Probe(
        "name-both-families",
        "shop.lan --port 5000",
        CLEAR,
        None,
        (http_server("--bind 0.0.0.0"),),
        (sh(f"printf '%s shop.lan\\n' {SERVER} {SERVER6} >> /etc/hosts", on="client"),),
    ),
    Probe("name-nowhere", "nosuch.lan --port 5000", blocked("name-does-not-resolve"), None, nmap=False),
    Probe(
        "name-dead-dns",
        "shop.lan --port 5000",
        blocked("name-does-not-resolve"),
        None,
        OPEN,
        (sh("echo nameserver 192.168.77.99 > /etc/resolv.conf", on="client"),),
        nmap=False,
        seconds=5.0,
    ),
    Probe(
        "name-is-this-machine",
        "shop.lan --port 5000",
        blocked("name-resolves-elsewhere"),
        None,
        OPEN,
        (sh("echo 127.0.1.1 shop.lan >> /etc/hosts", on="client"),),
        nmap=False,
    ),
    Probe(
        "name-stale-in-hosts",
        "shop.lan --port 5000",
        blocked("name-resolves-elsewhere"),
        None,
        OPEN,
        (
            sh(
                "echo 192.168.77.99 shop.lan >> /etc/hosts; echo nameserver 192.168.77.1 > /etc/resolv.conf",
                on="client",
            ),
            SERVE_NAMES,
        ),
        nmap=False,
        seconds=9.0,
    ),
    Probe(
        "name-by-dns",
        "shop.lan --port 5000",
        CLEAR,
        None,
        OPEN,
        (
            sh("echo nameserver 192.168.77.1 > /etc/resolv.conf", on="client"),
            SERVE_NAMES,
        ),
    ),
)
