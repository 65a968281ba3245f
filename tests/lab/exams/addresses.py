"""Addresses: the one that is asked about, those of one host each, and what the link knows of them."""

from __future__ import annotations

from tests.lab.network import CLIENT, SERVER6
from tests.lab.scenario import CLEAR, Expected, Scenario, Wire, blocked, nft_input, sh, ufw
from tests.lab.servers import flask

SERVERS = (flask("--host 0.0.0.0"),)
DROPS = blocked("firewall-drops")
NOT_CLEAR = Expected("blocked|undetermined")
ON_LO = sh("ip addr add 192.168.77.50/32 dev lo")
LINK_LOCAL = (
    sh("ip addr add 169.254.13.7/16 dev eth0"),
    sh("ip addr add 169.254.13.20/16 dev eth0", "client"),
)

TO = (
    Scenario(
        "to-address-on-lo-dropped",
        fault="the service's address is on lo, and a rule drops what is for it",
        before=(ON_LO, nft_input("ip daddr 192.168.77.50 drop")),
        servers=SERVERS,
        address="192.168.77.50",
        options="--to 192.168.77.50",
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "to-address-on-lo",
        fault="nothing: the service's address is on lo, and the interface answers for it",
        before=(ON_LO, nft_input("ip daddr 192.168.77.10 drop")),
        servers=SERVERS,
        address="192.168.77.50",
        options="--to 192.168.77.50",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "to-address-on-lo-not-answered",
        fault="the service's address is on lo, and arp_ignore 1 keeps the interface from answering for it",
        before=(ON_LO, sh("echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore")),
        servers=SERVERS,
        address="192.168.77.50",
        options="--to 192.168.77.50",
        truth="rejected host-unreachable|unreachable",
        expected=blocked("link-down|wrong-address"),
    ),
    Scenario(
        "to-address-of-another-program",
        fault="the server is bound to the first address, the clients use the second",
        before=(sh("ip addr add 192.168.77.50/24 dev eth0"),),
        servers=(flask("--host 192.168.77.10"),),
        address="192.168.77.50",
        options="--to 192.168.77.50",
        truth="refused",
        expected=blocked("bound-to-other-address"),
    ),
    Scenario(
        "to-link-local-dropped",
        fault="the link-local address is used, and a rule drops what is for it",
        before=(*LINK_LOCAL, nft_input("ip daddr 169.254.0.0/16 drop")),
        servers=SERVERS,
        address="169.254.13.7",
        peer="169.254.13.20",
        options="--to 169.254.13.7",
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "to-link-local",
        fault="nothing: the link-local address is used; rules drop what is for the other one",
        before=(*LINK_LOCAL, nft_input("ip daddr 192.168.77.10 drop")),
        servers=SERVERS,
        address="169.254.13.7",
        peer="169.254.13.20",
        options="--to 169.254.13.7",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "to-address-without-carrier",
        fault="nothing: the address is that of an interface without carrier, another answers for it",
        wires=(Wire("server", "eth1"),),
        before=(
            sh("ip link set server-eth1 down", "switch"),
            sh("ip addr add 192.168.88.10/32 dev eth1"),
            sh("ip route add 192.168.88.10 dev eth0", "client"),
        ),
        servers=SERVERS,
        address="192.168.88.10",
        options="--to 192.168.88.10",
        truth="served",
        expected=Expected("clear|blocked|undetermined"),  # who routes there is not known on the server
        with_peer=CLEAR,
    ),
)

ONE_HOST = sh(
    "ip -4 addr flush dev eth0; ip addr add 192.168.77.10/32 dev eth0\n"
    "ip route add 192.168.77.1 dev eth0; ip route add default via 192.168.77.1"
)
OVERLAY = (
    sh("ip addr add 100.64.0.2/32 dev ts0; ip route add 100.64.0.0/10 dev ts0 table 52"),
    sh("ip rule add pref 5270 table 52"),
    sh("ip addr add 100.64.0.20/32 dev ts0; ip route add 100.64.0.0/10 dev ts0", "client"),
)
OVERLAY_WIRES = (Wire("server", "ts0"), Wire("client", "ts0"))

HOST_PREFIX = (
    Scenario(
        "host-prefix-by-gateway",
        fault="nothing: a rented machine has one address and reaches its neighbours by the gateway",
        before=(ONE_HOST,),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "host-prefix-and-ufw",
        fault="the same, and ufw denies incoming",
        before=(ONE_HOST, ufw("allow ssh")),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "host-prefix-without-gateway",
        fault="the same without the gateway: nobody gets an answer",
        before=(ONE_HOST, sh("ip route del default")),
        servers=SERVERS,
        truth="timeout|unreachable",
        expected=blocked("no-route-to-client"),
    ),
    Scenario(
        "overlay-address",
        fault="nothing: clients use the address of an overlay network, whose routes are in a table of its own",
        wires=OVERLAY_WIRES,
        before=OVERLAY,
        servers=SERVERS,
        address="100.64.0.2",
        peer="100.64.0.20",
        options="--to 100.64.0.2",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "overlay-address-dropped",
        fault="the same, and a rule drops what comes in by the overlay's interface",
        wires=OVERLAY_WIRES,
        before=(*OVERLAY, nft_input('iifname "ts0" tcp dport 5000 drop')),
        servers=SERVERS,
        address="100.64.0.2",
        peer="100.64.0.20",
        options="--to 100.64.0.2",
        truth="timeout",
        expected=DROPS,
    ),
)

WRONG_ENTRY = "ip neigh replace 192.168.77.20 lladdr 02:00:00:00:00:99 nud permanent dev eth0"
NEIGHBOURS = (
    Scenario(
        "permanent-entry-wrong",
        fault="a static neighbour entry sends the answers for this client to a hardware address of nobody",
        before=(sh(WRONG_ENTRY),),
        servers=SERVERS,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=NOT_CLEAR,
    ),
    Scenario(
        "permanent-entry-right",
        fault="nothing: a static neighbour entry says what is so",
        after=(
            sh("ping -c 1 -W 2 192.168.77.20 > /dev/null"),
            sh("ip neigh replace $(ip neigh show 192.168.77.20 | cut -d' ' -f1-5) nud permanent"),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "permanent-entry-of-a-client-that-is-off",
        fault="the client is off, and a static neighbour entry speaks for it",
        before=(
            sh("ping -c 1 -W 2 192.168.77.20 > /dev/null"),
            sh("ip neigh replace $(ip neigh show 192.168.77.20 | cut -d' ' -f1-5) nud permanent"),
            sh("ip link set client down", "switch"),
        ),
        servers=SERVERS,
        truth="rejected host-unreachable|unreachable",
        ordinary="served",
        expected=CLEAR,
        with_peer=NOT_CLEAR,
    ),
    Scenario(
        "hardware-address-of-the-client",
        fault="a cloned machine: the server has the client's hardware address",
        before=(
            sh(
                f"ping -c 1 -W 2 {CLIENT} > /dev/null\n"
                f"ip link set eth0 address $(ip neigh show {CLIENT} | cut -d' ' -f5)\n"
                "ip route replace default via 192.168.77.1"
            ),
        ),
        after=(sh("ip neigh flush all", "client"),),
        servers=SERVERS,
        truth="rejected host-unreachable|unreachable|timeout",
        expected=Expected("clear|blocked|undetermined"),  # its neighbours see the two by turns
        with_peer=NOT_CLEAR,
    ),
    Scenario(
        "ipv4-address-lost",
        fault="the IPv4 address is gone; the server, which is for IPv4, is not at fault",
        before=(sh("ip -4 addr flush dev eth0"),),
        servers=SERVERS,
        address=SERVER6,
        truth="refused",
        expected=blocked("no-lan-address"),
    ),
    Scenario(
        "ipv4-address-lost-and-asked-for",
        fault="the same, asked for the address that is gone",
        before=(sh("ip -4 addr flush dev eth0"),),
        servers=SERVERS,
        options="--to 192.168.77.10",
        truth="rejected host-unreachable|unreachable",
        expected=blocked("wrong-address|no-lan-address"),
    ),
)
