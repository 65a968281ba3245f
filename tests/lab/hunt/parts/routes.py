"""Ways back: tunnels, policy rules by mark, user and source, routes that lead elsewhere or nowhere."""

from __future__ import annotations

from tests.lab.hunt.machine import Part
from tests.lab.hunt.parts.draw import Draw
from tests.lab.scenario import Step, iptables, nft_input, sh
from tests.lab.scenarios.routing import tunnel

TABLE = "ip route add default dev tun0 table 70; "
NOWHERE = """
ip link add d0 type veth peer name beyond0; ip link set beyond0 up; ip link set d0 up; ip addr add 10.3.0.1/24 dev d0
"""
ROUTE_HOOK = "type route hook output priority -150"


def vpn(draw: Draw) -> Part:
    """A tunnel, and the routes and rules that VPN programs add; answers are marked in some machines."""
    rules = draw.one(
        "ip route add 192.168.77.0/25 dev tun0; ip route add 192.168.77.128/25 dev tun0",
        "ip route replace default dev tun0",
        "ip route add 0.0.0.0/1 dev tun0; ip route add 128.0.0.0/1 dev tun0",
        TABLE + "ip rule add not fwmark 51820 table 70",
        TABLE + "ip rule add not fwmark 51820 table 70; ip rule add table main suppress_prefixlength 0",
        TABLE + "ip rule add fwmark 7 table 70",
        TABLE + "ip rule add from 172.17.0.0/16 table 70",
        TABLE + f"ip rule add from {draw.address} table 70",
        TABLE + f"ip rule add from {draw.address} table 70; ip rule add to {draw.subnet} table main pref 50",
        TABLE + "ip rule add uidrange 0-0 table 70",
        TABLE + "ip rule add iif eth0 table 70",
        TABLE + "ip rule add oif eth0 table 70",
        TABLE + "ip rule add ipproto tcp sport 5000 table 70",
        "ip route add 192.168.77.0/24 dev tun0 table 52; ip rule add pref 5270 table 52",
        "ip route add 100.64.0.0/10 dev tun0 table 52; ip rule add pref 5270 table 52",
    )
    steps = [tunnel(rules)]
    if draw.chance(0.45):
        steps.append(_mark(draw))
    return Part(f"a tunnel: {rules}", before=tuple(steps))


def _mark(draw: Draw) -> Step:
    mark = draw.one(7, 51820)
    return draw.one(
        nft_input(f"tcp sport 5000 meta mark set {mark}", ROUTE_HOOK),
        nft_input(f"tcp sport 5000 meta mark set {mark}", "type filter hook output priority -150"),
        iptables(f"-t mangle -A OUTPUT -p tcp --sport 5000 -j MARK --set-mark {mark}"),
        iptables(
            f"-t mangle -A PREROUTING -i eth0 -j CONNMARK --set-mark {mark}\n"
            "-t mangle -A OUTPUT -j CONNMARK --restore-mark"
        ),
        iptables(f"-t mangle -A PREROUTING -i eth0 -j MARK --set-mark {mark}"),
    )  # fmt: skip


def elsewhere(draw: Draw) -> Part:
    """Routes for the clients that lead to another interface, to a dead router or nowhere."""
    whole = f"ip route add {{}} {draw.subnet[:-3]}/25{{}}; ip route add {{}} {draw.subnet[:-4]}128/25{{}}"
    choices = [
        whole.format("blackhole", "", "blackhole", ""),
        whole.format("unreachable", "", "unreachable", ""),
        NOWHERE + whole.format("", " dev d0", "", " dev d0"),
        f"ip rule add to {draw.subnet} prohibit pref 100",
        f"ip rule add to {draw.subnet} blackhole pref 100",
        "ip route del default",
        "ip route add blackhole 10.0.0.0/8",
    ]
    if draw.singled:
        choices += [
            f"ip route add blackhole {draw.client}",
            NOWHERE + f"ip route add {draw.client} dev d0",
            f"ip rule add to {draw.client} unreachable pref 90",
        ]
    rules = draw.one(*choices)
    return Part(f"routes: {rules}", before=(sh(rules),))


def elsewhere_ipv6(draw: Draw) -> Part:
    """The same for IPv6."""
    choices = [
        "ip -6 rule add to fd77::/64 prohibit pref 100",
        "ip -6 route add blackhole fd77::/65; ip -6 route add blackhole fd77:0:0:0:8000::/65",
        "ip -6 route del default",
        "ip -6 route add unreachable fd99::/64",
    ]
    if draw.singled:
        choices.append(f"ip -6 route add blackhole {draw.client}")
    rules = draw.one(*choices)
    return Part(f"routes: {rules}", before=(sh(rules),))
