"""The network beside the machine: a switch that its tap is plugged into, a client, a gateway; all in namespaces.

::

    machine .10 (tap)   client .20
          |                |
        [ switch: 192.168.77.0/24, fd77::/64 ]  -- gateway .1
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from tests.lab.hosts import Host
from tests.lab.network import SYSCTLS

SERVER, CLIENT = "192.168.77.10", "192.168.77.20"
PLUG = "plug0"
"""Where the machine is plugged into the switch: an emulated one by a tap of this name, another by its end of a link."""


@dataclass(frozen=True, slots=True)
class Network:
    """The hosts beside the machine. QEMU itself runs on the switch, which leads nowhere else."""

    switch: Host
    client: Host
    gateway: Host


def build_network(stack: ExitStack) -> Network:
    """Bring it up; it ends with the stack."""
    switch = Host("switch")
    stack.callback(switch.close)
    hosts = {"client": 20, "gateway": 1}
    made = {}
    for name in hosts:
        made[name] = Host(name, beside=switch)
        stack.callback(made[name].close)
    lines = [SYSCTLS, "ip link add lan0 type bridge mcast_snooping 0 forward_delay 0", "ip link set lan0 up"]
    for name, host in made.items():
        lines.append(f"ip link add {name} type veth peer name eth0 netns {host.pid}")
        lines.append(f"ip link set {name} master lan0 up")
    switch.configure("\n".join(lines))
    for name, number in hosts.items():
        made[name].configure(SYSCTLS + _addresses(number))
    made["client"].configure("ip route add default via 192.168.77.1; ip -6 route add default via fd77::1")
    return Network(switch, made["client"], made["gateway"])


def _addresses(number: int) -> str:
    return (
        f"ip addr add 192.168.77.{number}/24 brd + dev eth0; ip addr add fd77::{number}/64 dev eth0 nodad\n"
        "ip link set eth0 up\n"
    )
