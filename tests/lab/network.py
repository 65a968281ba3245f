"""The network of every scenario: server, two clients and gateway on one LAN, a stranger behind it.

::

    server .10   client .20   neighbour .21
        |            |              |
      [ switch: 192.168.77.0/24, fd77::/64 ]
                     |
                gateway .1  -- 10.99.0.1 -- stranger 10.99.0.20 (fd99::20)
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

from tests.lab.hosts import Host

LAN = {"server": 10, "client": 20, "neighbour": 21, "gateway": 1}
SERVER, SERVER6 = "192.168.77.10", "fd77::10"
CLIENT, CLIENT6, NEIGHBOUR, STRANGER = "192.168.77.20", "fd77::20", "192.168.77.21", "10.99.0.20"

# Duplicate address detection would delay every address by a second; reverse path filters differ between
# machines; ICMP errors beyond six a second would be withheld, and a REJECT would look like a drop.
SYSCTLS = """
set -e
for name in default all eth0; do
  if ! cd /proc/sys/net/ipv6/conf/$name 2> /dev/null; then continue; fi
  echo 0 > accept_dad; echo 0 > accept_ra; echo 0 > dad_transmits
  echo 0 > /proc/sys/net/ipv4/conf/$name/rp_filter
done
cd /proc/sys/net
echo 0 > ipv4/icmp_ratelimit; echo 0 > ipv6/icmp/ratelimit; echo '0 0' > ipv4/ping_group_range
for name in ipv4/icmp_msgs_per_sec ipv4/icmp_msgs_burst; do
  if [ -w $name ]; then echo 1000000 > $name; fi
done
ip link set lo up
"""

FORWARDING = "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding\n"


@dataclass(frozen=True, slots=True)
class Lab:
    """All hosts of one scenario. A context manager: everything ends with it."""

    switch: Host
    server: Host
    client: Host
    neighbour: Host
    gateway: Host
    stranger: Host
    containers: dict[str, Host]

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every host."""
        for host in (*self.containers.values(), *self.hosts(), self.switch):
            host.close()

    def hosts(self) -> tuple[Host, ...]:
        """The hosts that have addresses."""
        return (self.server, self.client, self.neighbour, self.gateway, self.stranger)

    def host(self, name: str) -> Host:
        """The host, or the container, of that name."""
        if name in self.containers:
            return self.containers[name]
        return next(host for host in (*self.hosts(), self.switch) if host.name == name)


def build_lab() -> Lab:
    """Bring up the hosts and join them; addresses, routes and neighbours are ready when it returns."""
    switch = Host("switch")
    server, client, neighbour, gateway, stranger = (
        Host(name, beside=switch) for name in ("server", "client", "neighbour", "gateway", "stranger")
    )
    lab = Lab(switch, server, client, neighbour, gateway, stranger, {})
    try:
        _connect(lab)
    except BaseException:
        lab.__exit__(None, None, None)
        raise
    return lab


def _connect(lab: Lab) -> None:
    switch = ["link add lan0 type bridge mcast_snooping 0 forward_delay 0", "link set lan0 up"]
    for host in (lab.server, lab.client, lab.neighbour, lab.gateway):
        switch.append(f"link add {host.name} type veth peer name eth0 netns {host.pid}")
        switch.append(f"link set {host.name} master lan0 up")
    lab.switch.configure(SYSCTLS + _ip(*switch))
    for host in (lab.server, lab.client, lab.neighbour):
        lines = (*_addresses(LAN[host.name]), *_default("192.168.77.1", "fd77::1"))
        host.configure(SYSCTLS + _ip(*lines))
    lab.stranger.configure(SYSCTLS)
    gateway = (
        *_addresses(LAN["gateway"]),
        f"link add wan0 type veth peer name eth0 netns {lab.stranger.pid}",
        "addr add 10.99.0.1/24 dev wan0",
        "addr add fd99::1/64 dev wan0 nodad",
        "link set wan0 up",
    )
    lab.gateway.configure(f"{SYSCTLS}{FORWARDING}{_ip(*gateway)}")
    stranger = (
        "addr add 10.99.0.20/24 dev eth0",
        "addr add fd99::20/64 dev eth0 nodad",
        "link set eth0 up",
        *_default("10.99.0.1", "fd99::1"),
    )
    lab.stranger.configure(_ip(*stranger))


def _ip(*lines: str) -> str:
    """Several commands of ip as one program."""
    return "ip -batch - <<'LINES'\n" + "\n".join(lines) + "\nLINES\n"


def _addresses(number: int) -> tuple[str, ...]:
    return (
        f"addr add 192.168.77.{number}/24 brd + dev eth0",
        f"addr add fd77::{number}/64 dev eth0 nodad",
        "link set eth0 up",
    )


def _default(gateway: str, gateway6: str) -> tuple[str, ...]:
    return (f"route add default via {gateway}", f"route add ::/0 via {gateway6}")


def add_wire(lab: Lab, name: str, interface: str) -> None:
    """One more interface of a host, joined to the switch."""
    host = lab.host(name)
    port = f"{name}-{interface}"
    lab.switch.configure(
        f"set -e\nip link add {port} type veth peer name {interface} netns {host.pid}\n"
        f"ip link set {port} master lan0 up"
    )
    host.configure(f"ip link set {interface} up")


def add_container(
    lab: Lab, name: str, address: str, bridge: str = "docker0", subnet: str = "172.17.0.0/16"
) -> Host:
    """A container on a bridge of the server, which has the first address of ``subnet``."""
    first, length = subnet.rpartition(".")[0] + ".1", subnet.partition("/")[2]
    container = Host(name, inside=lab.server)
    lab.containers[name] = container
    lab.server.configure(
        f"ip link show {bridge} >/dev/null 2>&1 || ip link add {bridge} type bridge forward_delay 0\n"
        f"ip addr replace {first}/{length} brd + dev {bridge}; ip link set {bridge} up\n"
        f"ip link add veth{name} type veth peer name eth0 netns {container.pid}\n"
        f"ip link set veth{name} master {bridge} up; echo 1 > /proc/sys/net/ipv4/ip_forward",
    )
    container.configure(
        f"{SYSCTLS}\nip addr add {address}/{length} brd + dev eth0\nip link set eth0 up\n"
        f"ip route add default via {first}"
    )
    return container
