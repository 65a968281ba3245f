"""The local link and this machine's own routes."""

from __future__ import annotations

from tests.lab.network import NEIGHBOUR, SERVER
from tests.lab.probe.scenario import Probe
from tests.lab.probe.scenarios.shared import OPEN, PORT, on_client
from tests.lab.scenario import CLEAR, blocked, sh

TUNNEL = """
ip link add tun0 type veth peer name tun1; ip link set tun0 up; ip link set tun1 up
ip addr add 10.8.0.2/24 dev tun0
"""

MAKE_STALE = f"""
mac=$(ip neigh show {NEIGHBOUR} | sed 's/.*lladdr \\([^ ]*\\).*/\\1/')
ip neigh replace {NEIGHBOUR} lladdr $mac dev eth0 nud stale; ip neigh flush to {SERVER}
"""

OWN_ARP = Probe(
    "arp-dropped-by-own-rule",
    PORT,
    blocked("no-route-to-server|peer-down"),  # only root hears the answer on the wire
    "timeout|unreachable|rejected host-unreachable",
    OPEN,
    after=(
        sh(
            "nft 'table arp f { chain i { type filter hook input priority 0; drop; };"
            " chain o { type filter hook output priority 0; drop; }; }'\nip neigh flush all",
            "client",
        ),
    ),
    nmap=False,
)

LINK = (
    OWN_ARP,
    Probe("absent", "192.168.77.99 --port 5000", blocked("peer-down"), None, address="192.168.77.99"),
    Probe("absent-ipv6", "fd77::99 --port 5000", blocked("peer-down"), None, address="fd77::99"),
    Probe(
        "absent-no-icmp",
        "192.168.77.99 --port 5000 --no-icmp",
        blocked("peer-down"),
        None,
        address="192.168.77.99",
    ),
    Probe("server-unplugged", PORT, blocked("peer-down"), None, OPEN, after=(sh("ip link set eth0 down"),)),
    Probe(
        "isolated",
        PORT,
        blocked("peer-isolated"),
        None,
        OPEN,
        after=(
            sh(f"ping -c1 {NEIGHBOUR} >/dev/null; ping -c1 192.168.77.1 >/dev/null", on="client"),
            sh(
                "for port in server client neighbour; do bridge link set dev $port isolated on; done",
                on="switch",
            ),
            on_client(MAKE_STALE),
        ),
    ),
    Probe(
        "duplicate-address",
        PORT,
        CLEAR,
        None,
        OPEN,
        after=(
            sh(f"ip addr add {SERVER}/24 dev eth0", on="neighbour"),
            sh("setsid python -m http.server 5000 > /dev/null 2>&1 < /dev/null & sleep 1", on="neighbour"),
        ),
        also=("duplicate-address",),
        root_only=True,
    ),
    Probe(
        "no-route",
        "10.55.0.1 --port 5000",
        blocked("no-route-to-server"),
        "unreachable",
        before=(sh("ip route del default", on="client"),),
        address="10.55.0.1",
        nmap=False,
    ),
    Probe(
        "no-route-ipv6",
        "fd55::9 --port 5000",
        blocked("no-route-to-server"),
        None,
        before=(sh("ip -6 route del default", on="client"),),
        address="fd55::9",
        nmap=False,
    ),
    Probe(
        "own-prohibit-route",
        PORT,
        blocked("no-route-to-server"),
        None,
        OPEN,
        (sh(f"ip route add prohibit {SERVER}", on="client"),),
        nmap=False,
    ),
    Probe(
        "own-blackhole-route",
        PORT,
        blocked("no-route-to-server"),
        None,
        OPEN,
        (sh(f"ip route add blackhole {SERVER}", on="client"),),
        nmap=False,
    ),
    Probe(
        "own-unreachable-rule",
        PORT,
        blocked("no-route-to-server"),
        None,
        OPEN,
        (sh(f"ip rule add to {SERVER} unreachable priority 100", on="client"),),
        nmap=False,
    ),
    Probe(
        "vpn-takes-the-lan",
        PORT,
        blocked("no-route-to-server"),
        None,
        OPEN,
        (on_client(f"{TUNNEL} ip route add 192.168.77.0/28 via 10.8.0.1 dev tun0 onlink"),),
    ),
    Probe(
        "vpn-policy-rule",
        PORT,
        blocked("no-route-to-server"),
        None,
        OPEN,
        (on_client(f"{TUNNEL} ip route add default dev tun0 table 77; ip rule add priority 50 table 77"),),
    ),
    Probe(
        "vpn-harmless",
        PORT,
        CLEAR,
        "served",
        OPEN,
        (on_client(f"{TUNNEL} ip route add 10.9.0.0/16 dev tun0"),),
    ),
)
