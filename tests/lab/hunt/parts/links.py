"""Links, addresses, neighbour entries and settings of the kernel."""

from __future__ import annotations

from tests.lab.hunt.machine import Part
from tests.lab.hunt.parts.draw import Draw
from tests.lab.network import SERVER
from tests.lab.scenario import Wire, sh
from tests.lab.scenarios.bridges import BRIDGE

LOST = "ip -4 addr flush dev eth0"
WIRE = (Wire("server", "eth1"),)


def settings(draw: Draw) -> Part:
    """A few settings of the kernel for IPv4."""
    if draw.is_ipv6:
        return _settings6(draw)
    where = draw.one("all", "eth0")
    lines = draw.some(
        3,
        f"net.ipv4.conf.{where}.rp_filter={draw.one(1, 1, 2)}",
        f"net.ipv4.conf.{where}.arp_ignore={draw.one(1, 2, 8)}",
        f"net.ipv4.conf.{where}.arp_filter=1",
        f"net.ipv4.conf.{where}.arp_announce=2",
        f"net.ipv4.conf.{where}.route_localnet=1",
        f"net.ipv4.conf.{where}.src_valid_mark=1",
        f"net.ipv4.conf.{where}.accept_local=1",
        f"net.ipv4.ip_forward={draw.one(0, 1)}",
        "net.ipv4.icmp_echo_ignore_all=1",
        "net.ipv4.tcp_fwmark_accept=1",
        "net.ipv4.fwmark_reflect=1",
        "net.ipv4.tcp_syncookies=2",
        f"net.ipv4.conf.{where}.ignore_routes_with_linkdown=1",
    )
    lines = lines or ["net.ipv4.ip_forward=1"]
    return Part("settings", lines=tuple(lines), make=lambda rules: sh("sysctl -qw " + " ".join(rules)))


def _settings6(draw: Draw) -> Part:
    lines = draw.some(
        2,
        "net.ipv6.conf.all.forwarding=1",
        "net.ipv6.bindv6only=1",
        "net.ipv6.icmp.echo_ignore_all=1",
        "net.ipv6.conf.eth0.disable_ipv6=1",
    )
    lines = lines or ["net.ipv6.conf.all.forwarding=1"]
    return Part("settings", lines=tuple(lines), make=lambda rules: sh("sysctl -qw " + " ".join(rules)))


def bridge(_draw: Draw) -> Part:
    """The address is on a bridge, as where virtual machines run."""
    return Part("addresses: on a bridge", before=(BRIDGE,))


def service_address(draw: Draw) -> Part:
    """The address that clients use is on lo; the interface answers for it unless a setting forbids it."""
    line = f"ip addr add {draw.address}/32 dev lo"
    return Part(f"addresses: {line}", before=(sh(line),))


def _somebody(draw: Draw) -> str:
    """The client where it may be singled out, else another."""
    return draw.client if draw.singled and draw.client.startswith("192.168.77.") else "192.168.77.20"


def second_interface(draw: Draw) -> Part:
    """A second interface in the same network, which answers for its own address only; routes by it in some."""
    more = draw.one(
        "", "", "ip route add 192.168.77.0/25 dev eth1; ip route add 192.168.77.128/25 dev eth1",
        "ip route replace default via 192.168.77.1 dev eth1 onlink", f"ip route add {_somebody(draw)} dev eth1",
    )  # fmt: skip
    return Part(
        f"a second interface {more}".strip(),
        wires=WIRE,
        before=(
            sh(
                "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore\n"
                f"ip addr add 192.168.77.11/24 dev eth1 noprefixroute\n{more}"
            ),
        ),
    )


def without_carrier(draw: Draw) -> Part:
    """A second interface whose cable is unplugged, and the routes that were by it."""
    routes = draw.one(
        "", "ip route add 192.168.77.0/25 dev eth1; ip route add 192.168.77.128/25 dev eth1",
        "ip route replace default via 10.60.0.1 dev eth1", f"ip route add {_somebody(draw)} dev eth1",
    )  # fmt: skip
    return Part(
        f"an interface without carrier {routes}".strip(),
        wires=WIRE,
        before=(
            sh(f"ip addr add 10.60.0.10/24 dev eth1\n{routes}"),
            sh("ip link set server-eth1 down", "switch"),
        ),
    )


def addresses(draw: Draw) -> Part:
    """Addresses that are lost, of one host each, or beside the first one."""
    line = draw.one(
        "ip addr add 10.9.9.9/32 dev lo",
        "ip addr add 172.18.0.1/16 dev lo",
        "ip link add br-x type bridge; ip addr add 172.19.0.1/16 dev br-x; ip link set br-x up",
        "ip addr flush dev eth0; ip addr add 192.168.77.10/32 dev eth0",
        "ip -4 addr flush dev eth0; ip addr add 192.168.77.10/32 dev eth0; ip route add 192.168.77.1 dev eth0;"
        " ip route add default via 192.168.77.1",
        f"{LOST}; ip addr add 192.168.77.10/16 brd + dev eth0; ip route add default via 192.168.77.1",
        f"{LOST}; ip addr add 192.168.77.110/24 brd + dev eth0; ip route add default via 192.168.77.1",
        "ip link set eth0 down",
        "ip link set eth0 arp off",
        "ip link set eth0 mtu 1280",
    )
    removes = SERVER if line.startswith(LOST) and f" {SERVER}/" not in line else ""
    return Part(f"addresses: {line}", before=(sh(line),), removes=removes)


def neighbours(draw: Draw) -> Part:
    """Static neighbour entries: for the gateway, for somebody, for the client."""
    wrong = "lladdr 02:00:00:00:00:99 nud permanent dev eth0"
    hosts = ["192.168.77.1", "192.168.77.99"] + ([draw.client] if draw.singled and not draw.is_ipv6 else [])
    line = f"ip neigh replace {draw.one(*hosts)} {wrong}"
    return Part(f"a static neighbour entry: {line}", before=(sh(line),))
