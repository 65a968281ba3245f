"""NIKA's faults of names: on the server, as it is asked for by its name, and on the client."""

from __future__ import annotations

from collections.abc import Mapping

from tests.lab.exams.nika.shared import GONE, SERVERS, Questions, everywhere
from tests.lab.network import SERVER
from tests.lab.probe.scenario import Probe
from tests.lab.scenario import CLEAR, Scenario, Step, background, blocked, sh
from tests.lab.servers import Server

BY_NAME = "shop.lan --port 5000"
CHECK = "http://shop.lan:5000/"
NAMELESS = blocked("name-does-not-resolve")


def resolver(address: str, on: str) -> Step:
    """A host asks this name server."""
    return sh(f"echo nameserver {address} > /etc/resolv.conf", on)


def names(on: str, address: str = SERVER) -> Step:
    """A name server that knows the shop by an address."""
    return sh(f"setsid dnsmasq {NAMES}{address} > /run/dnsmasq 2>&1 < /dev/null & sleep 0.5", on)


SLOW_NAMES = """
import socket, struct, threading, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 53))


def answer(data, client):
    end = data.index(0, 12) + 5
    wanted = struct.unpack("!H", data[end - 4 : end - 2])[0] == 1
    time.sleep(1)
    head = data[:2] + struct.pack("!5H", 0x8180, 1, int(wanted), 0, 0)
    record = struct.pack("!HHHIH", 0xc00c, 1, 1, 60, 4) + socket.inet_aton("192.168.77.10")
    s.sendto(head + data[12:end] + (record if wanted else b""), client)


print("ready", flush=True)
while True:
    threading.Thread(target=answer, args=s.recvfrom(9000)).start()
"""
DROPS_NAMES = "udp dport 53 drop; tcp dport 53 drop;"
NAMES = "--no-daemon --no-resolv --no-hosts --address=/shop.lan/"
NAME_SERVER = Server(f"dnsmasq {NAMES}{SERVER}", port=53, user=False)


def without_names(name: str, *steps: Step) -> Probe:
    """A client that gets no address for the name."""
    return Probe(name, BY_NAME, NAMELESS, None, SERVERS, steps, nmap=False, seconds=9)


FAULTS: Mapping[str, Questions] = {
    "dns_port_blocked": (
        Scenario(
            "nika-name-server-blocked",
            fault="rules drop the name server's port",
            before=(everywhere(DROPS_NAMES),),
            servers=(NAME_SERVER,),
            port=53,
            scheme="tcp",
            options="--scheme tcp",
            truth="timeout",
            expected=blocked("firewall-drops"),
        ),
        without_names(
            "nika-name-server-blocked-seen-from-the-client",
            resolver(SERVER, "client"),
            everywhere(DROPS_NAMES),
            names("server"),
        ),
    ),
    "dns_record_error": (
        Scenario(
            "nika-record-wrong",
            fault="the name server gives the address of nobody for the server's name",
            before=(names("gateway", "192.168.77.99"), resolver("192.168.77.1", "server")),
            servers=SERVERS,
            address="192.168.77.99",
            options=CHECK,
            truth=GONE,
            expected=blocked("name-resolves-elsewhere"),
        ),
        Probe(
            "nika-record-wrong-seen-from-the-client",
            BY_NAME,
            blocked("peer-down|name-resolves-elsewhere"),
            None,
            SERVERS,
            (names("gateway", "192.168.77.99"), resolver("192.168.77.1", "client")),
            nmap=False,
            seconds=9,
        ),
    ),
    "dns_service_down": (
        without_names("nika-no-name-server-seen-from-the-client", resolver("192.168.77.1", "client")),
    ),
    "host_incorrect_dns": (
        without_names("nika-resolver-elsewhere", names("gateway"), resolver("8.8.8.8", "client")),
    ),
    "dhcp_spoofed_dns": (
        without_names("nika-resolver-forged", names("gateway"), resolver("192.0.2.1", "client")),
    ),
    "k8s_coredns_isolated": (
        without_names(
            "nika-resolver-cut-off",
            names("gateway"),
            resolver("192.168.77.1", "client"),
            sh(
                f"nft 'table inet f {{ chain o {{ type filter hook output priority 0; {DROPS_NAMES} }}; }}'",
                "client",
            ),
        ),
    ),
    "dns_lookup_latency": (
        Probe(
            "nika-slow-names",
            BY_NAME,
            CLEAR,
            None,
            SERVERS,
            (resolver("192.168.77.1", "client"), background(SLOW_NAMES, "gateway")),
            nmap=False,
            seconds=9,
        ),
    ),
}
