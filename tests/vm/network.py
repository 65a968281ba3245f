"""The network beside the machine: a switch that its tap is plugged into, a client, a gateway; all in namespaces.

::

    machine .10 (tap)   client .20
          |                |
        [ switch: 192.168.77.0/24, fd77::/64 ]  -- .1 gateway 10.55.0.1 -- branch 10.55.0.20
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
    """The hosts beside the machine. QEMU itself runs on the switch, which leads nowhere else.

    ``client`` is on the machine's LAN, ``branch`` in a network behind its gateway.
    """

    switch: Host
    client: Host
    branch: Host


def build_network(stack: ExitStack) -> Network:
    """Bring it up; it ends with the stack."""
    switch = Host("switch")
    stack.callback(switch.close)
    client, gateway, branch = (Host(name, beside=switch) for name in ("client", "gateway", "branch"))
    for host in (client, gateway, branch):
        stack.callback(host.close)
    lines = [SYSCTLS, "ip link add lan0 type bridge mcast_snooping 0 forward_delay 0", "ip link set lan0 up"]
    for host in (client, gateway):
        lines.append(f"ip link add {host.name} type veth peer name eth0 netns {host.pid}")
        lines.append(f"ip link set {host.name} master lan0 up")
    switch.configure("\n".join(lines))
    client.configure(
        f"{SYSCTLS}{_addresses(20)}ip route add default via 192.168.77.1; ip -6 route add default via fd77::1"
    )
    gateway.configure(
        f"{SYSCTLS}{_addresses(1)}ip link add branch0 type veth peer name eth0 netns {branch.pid}\n"
        "ip addr add 10.55.0.1/24 dev branch0; ip link set branch0 up; echo 1 > /proc/sys/net/ipv4/ip_forward\n"
    )
    branch.configure(
        f"{SYSCTLS}ip addr add 10.55.0.20/24 dev eth0; ip link set eth0 up; ip route add default via 10.55.0.1\n"
    )
    return Network(switch, client, branch)


def _addresses(number: int) -> str:
    return (
        f"ip addr add 192.168.77.{number}/24 brd + dev eth0; ip addr add fd77::{number}/64 dev eth0 nodad\n"
        "ip link set eth0 up\n"
    )
