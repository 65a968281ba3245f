"""Names: files, name servers, and none of them."""

from __future__ import annotations

from tests.lab.network import SERVER, SERVER6
from tests.lab.probe.scenario import Probe
from tests.lab.probe.scenarios.shared import OPEN, on_gateway
from tests.lab.scenario import CLEAR, background, blocked, sh
from tests.lab.servers import http_server

SERVE_NAMES = on_gateway(
    f"setsid dnsmasq --no-daemon --no-resolv --no-hosts --address=/shop.lan/{SERVER} > /run/dnsmasq 2>&1 < /dev/null &"
)

MDNS = f"""
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 5353))
group = struct.pack("@4s4si", socket.inet_aton("224.0.0.251"), bytes(4), socket.if_nametoindex("eth0"))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
print("ready", flush=True)
while True:
    data, client = s.recvfrom(9000)
    name = b"\\x04shop\\x05local\\x00"
    if data[12:].startswith(name + b"\\x00\\x01"):
        head = data[:2] + struct.pack("!5H", 0x8400, 0, 1, 0, 0)
        record = struct.pack("!HHIH", 1, 1, 10, 4) + socket.inet_aton("{SERVER}")
        s.sendto(head + name + record, client)
"""
"""A responder that answers by unicast whoever asks from another port than 5353 (RFC 6762, 6.7), as avahi does."""

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
    Probe(
        "name-by-mdns-better",
        "shop.local --port 5000",
        blocked("name-resolves-elsewhere"),
        None,
        OPEN,
        (
            sh("echo 192.168.77.99 shop.local >> /etc/hosts; ip route del default", on="client"),
            background(MDNS, "server"),
        ),
        nmap=False,
        seconds=9.0,
    ),
)
