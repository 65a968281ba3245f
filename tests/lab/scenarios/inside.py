"""Containers with rules, routes and helpers of their own, and what runs in them."""

from __future__ import annotations

from tests.lab.scenario import (
    CLEAR,
    UNDETERMINED,
    Container,
    Expected,
    Scenario,
    Step,
    blocked,
    iptables,
    nft,
    sh,
)
from tests.lab.scenarios.bridges import chain
from tests.lab.scenarios.containers import INSIDE, NO_RULES_SEEN, WEB, docker, docker_proxy
from tests.lab.scenarios.routing import tunnel
from tests.lab.servers import OPEN, Server, sockets


def serving(container: str, port: int) -> Server:
    """A server inside a container."""
    return sockets(f"s = socket.create_server(('0.0.0.0', {port}))", port=port, user=False, on=container)


# Docker Swarm's routing mesh: the host sends the port to the ingress box, whose rules know the tasks.
SWARM = (
    Container("ingress", "172.18.0.2", "docker_gwbridge", "172.18.0.0/16"),
    Container("task", "10.0.9.3", "ovnet", "10.0.9.0/24"),
)
TO_THE_BOX = iptables(
    """
    -t nat -A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination 172.18.0.2:5000
    -t nat -A OUTPUT -m addrtype --dst-type LOCAL -p tcp --dport 5000 -j DNAT --to-destination 172.18.0.2:5000
    -t nat -A POSTROUTING -o docker_gwbridge -m addrtype --src-type LOCAL -j MASQUERADE
    """
)
THE_BOX = """
echo 1 > /proc/sys/net/ipv4/ip_forward
iptables-nft -t nat -A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination 10.0.9.3:80
iptables-nft -t nat -A POSTROUTING -d 10.0.9.0/24 -j MASQUERADE
"""

# ServiceLB of k3s: a pod has the host's port, and sends what comes to the service's address, which is the host's.
K3S = (
    Container("svclb", "10.42.0.5", "cni0", "10.42.0.0/24"),
    Container("app", "10.42.0.6", "cni0", "10.42.0.0/24"),
)
SERVICE = iptables(
    """
    -t nat -A PREROUTING -p tcp -m addrtype --dst-type LOCAL --dport 5000 -j DNAT --to-destination 10.42.0.5:5000
    -t nat -A PREROUTING -d 10.43.0.9/32 -p tcp --dport 5000 -j DNAT --to-destination 10.42.0.6:80
    -t nat -A POSTROUTING -s 10.42.0.0/24 -d 10.42.0.0/24 -j MASQUERADE
    """
)
SVCLB = sh(
    """
    echo 1 > /proc/sys/net/ipv4/ip_forward
    iptables-nft -t nat -A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination 10.43.0.9:5000
    iptables-nft -t nat -A POSTROUTING -d 10.43.0.9/32 -p tcp -j MASQUERADE
    """,
    on="svclb",
)

SIDECAR = sh("iptables-nft -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 15006", on="web")

PROXIED = sh("cd /proc/sys/net/ipv4; echo 1 > conf/docker0/proxy_arp; echo 0 > neigh/docker0/proxy_delay")
CALICO = sh(
    "ip route del default; ip route add 169.254.1.1 dev eth0 scope link; ip route add default via 169.254.1.1",
    on="web",
)

# gluetun: a VPN's container, in which another program listens, too.
VPN_BOX = sh(
    """
    ip tuntap add tun0 mode tun; ip addr add 10.2.0.2/32 dev tun0; ip link set tun0 up
    ip route add default dev tun0 table 51820; ip route add default via 172.17.0.1 table 200
    ip rule add pref 98 to 172.17.0.0/16 lookup main
    ip rule add pref 100 from 172.17.0.2 lookup 200; ip rule add pref 101 not fwmark 0xca6c lookup 51820
    iptables-nft -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables-nft -A INPUT -d 172.17.0.2 -i eth0 -j ACCEPT; iptables-nft -P INPUT DROP
    iptables-nft -A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; iptables-nft -P OUTPUT DROP
    """,
    on="web",
)

# sing-box and mihomo: the tunnel takes everything that no route but the default one knows.
TUN_MODE = sh(
    """
    ip tuntap add Meta mode tun; ip addr add 198.18.0.1/30 dev Meta; ip link set Meta up
    ip route add default dev Meta table 2022
    ip rule add pref 9000 to 198.18.0.0/30 lookup 2022
    ip rule add pref 9001 not dport 53 lookup main suppress_prefixlength 0
    ip rule add pref 9001 ipproto icmp goto 9010; ip rule add pref 9002 iif Meta goto 9010
    ip rule add pref 9003 not iif lo lookup 2022; ip rule add pref 9003 from 198.18.0.0/30 iif lo lookup 2022
    ip rule add pref 9010 nop
    """
)

SCENARIOS = (
    Scenario(
        "swarm-sends-on-to-its-task",
        fault="nothing: Docker Swarm's ingress box sends the port on to a task, by rules of its own",
        containers=SWARM,
        before=(TO_THE_BOX, Step(f"set -e{THE_BOX}", on="ingress")),
        servers=(serving("task", 80),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "swarm-without-a-task",
        fault="the same, and the task is gone",
        containers=SWARM,
        before=(TO_THE_BOX, Step(f"set -e{THE_BOX}", on="ingress")),
        truth="refused",
        expected=blocked("port-redirected"),
        as_user=UNDETERMINED,
    ),
    Scenario(
        "swarm-box-drops",
        fault="the same, and the box's own rules drop what it sends on",
        containers=SWARM,
        before=(TO_THE_BOX, Step(f"set -e{THE_BOX}iptables-nft -P FORWARD DROP", on="ingress")),
        servers=(serving("task", 80),),
        truth="timeout",
        expected=blocked("firewall-drops"),
        as_user=NO_RULES_SEEN,
    ),
    Scenario(
        "k3s-sends-on-by-the-host",
        fault="nothing: ServiceLB of k3s sends the port back to the host, which sends it to the program's pod",
        containers=K3S,
        before=(SERVICE, SVCLB),
        servers=(serving("app", 80),),
        truth="served",
        expected=CLEAR,
        as_user=NO_RULES_SEEN,
    ),
    Scenario(
        "sidecar-takes-the-port",
        fault="nothing: a container's own rule hands the port to a proxy inside it",
        containers=WEB,
        before=(docker(), SIDECAR),
        servers=(serving("web", 15006),),
        truth="served",
        expected=CLEAR,
        as_user=NO_RULES_SEEN,
    ),
    Scenario(
        "sidecar-is-gone",
        fault="the same, and the proxy does not run",
        containers=WEB,
        before=(docker(), SIDECAR),
        servers=(INSIDE,),
        truth="refused",
        expected=blocked("port-redirected"),
        as_user=NO_RULES_SEEN,
    ),
    Scenario(
        "container-with-a-gateway-of-its-own",
        fault="the container's default route is by an address that nobody has",
        containers=WEB,
        before=(docker(), sh("ip route replace default via 172.17.0.77", on="web")),
        servers=(INSIDE, docker_proxy()),
        truth="timeout",
        expected=UNDETERMINED,
        also=("no-route-to-client",),
    ),
    Scenario(
        "container-with-the-gateway-of-calico",
        fault="nothing: the container's gateway is an address for which the host answers (proxy_arp)",
        containers=WEB,
        before=(docker(), PROXIED, CALICO),
        servers=(INSIDE, docker_proxy()),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "behind-the-container-of-a-vpn",
        fault="nothing: the VPN's container lets the published port in, and its answers past the tunnel",
        containers=WEB,
        before=(docker(), VPN_BOX),
        servers=(INSIDE, docker_proxy()),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "program-in-a-container-is-stopped",
        fault="the container's program is stopped by a signal",
        containers=WEB,
        before=(docker(),),
        servers=(INSIDE, docker_proxy()),
        after=(sh("kill -STOP $(ss -Hltnp sport = :80 | sed 's/.*pid=//; s/,.*//')", on="web"),),
        truth="silent",
        expected=blocked("server-silent"),
        as_user=Expected("blocked|undetermined"),
    ),
    Scenario(
        "tunnel-takes-all-but-the-lan-by-marked-places",
        fault="nothing: a TUN program's rules jump to a place that does nothing, and leave the LAN's routes alone",
        before=(TUN_MODE,),
        servers=(OPEN,),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "translated-to-the-port-of-the-same-place",
        fault="nothing: a range of ports is translated to another one, each port to its own",
        containers=WEB,
        before=(
            iptables(
                "-t nat -A PREROUTING -p tcp --dport 4990:5000 -j DNAT --to-destination 172.17.0.2:70-80/4990"
            ),
        ),
        servers=(INSIDE,),
        truth="served",
        expected=CLEAR,
        as_user=NO_RULES_SEEN,
    ),
    Scenario(
        "redirected-to-the-first-port-of-a-range",
        fault="nothing: ports are redirected to a range, of which the kernel takes the first",
        before=(iptables("-t nat -A PREROUTING -p tcp --dport 5000 -j REDIRECT --to-ports 8080-8090"),),
        servers=(Server("python -m http.server 8080 --bind 0.0.0.0", port=8080),),
        truth="served",
        expected=CLEAR,
        as_user=NO_RULES_SEEN,
    ),
    Scenario(
        "redirected-to-a-port-by-lot",
        fault="each connection is redirected to one of eleven ports by lot, and one of them has a server",
        before=(
            iptables("-t nat -A PREROUTING -p tcp --dport 5000 -j REDIRECT --to-ports 8080-8090 --random"),
        ),
        servers=(Server("python -m http.server 8080 --bind 0.0.0.0", port=8080),),
        truth="refused|sometimes|served",
        attempts=8,
        expected=UNDETERMINED,
        as_user=NO_RULES_SEEN,
    ),
    Scenario(
        "routers-addresses-are-no-clients",
        fault="nothing: the machine forwards IPv6, and so has the address of all routers of the network",
        before=(sh("echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"),),
        servers=(Server("python -m http.server 5000 --bind ::"),),
        address="fd77::10",
        options="--to fd77::10",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "arp-requests-dropped-before-a-rule",
        fault="a rule drops the port, and a chain of the arp family the question who has the address",
        before=(
            nft(chain("arp", "type filter hook input priority 0", "arp operation request drop")),
            iptables("-A INPUT -p tcp --dport 5000 -j DROP"),
        ),
        servers=(Server("python -m http.server 5000"),),
        truth="unreachable|timeout|rejected host-unreachable",
        expected=blocked("firewall-drops"),
        as_user=NO_RULES_SEEN,
    ),
    Scenario(
        "vpn-has-the-better-route-to-the-lan",
        fault="a VPN's route to the LAN has a better metric than the LAN's own",
        before=(
            tunnel(
                "ip route del 192.168.77.0/24; "
                "ip route add 192.168.77.0/24 dev eth0 src 192.168.77.10 metric 100; "
                "ip route add 192.168.77.0/24 dev tun0 metric 50"
            ),
        ),
        servers=(Server("python -m http.server 5000"),),
        truth="timeout",
        expected=blocked("vpn-takes-replies"),
    ),
    Scenario(
        "client-of-the-family-that-is-lost",
        fault="the IPv4 address is gone, and the client that is asked about has IPv4",
        servers=(Server("python -m http.server 5000 --bind 0.0.0.0"),),
        after=(sh("ip addr del 192.168.77.10/24 dev eth0"),),
        truth="timeout|unreachable",
        expected=blocked("no-lan-address"),
        with_peer=blocked("no-lan-address"),
    ),
)
