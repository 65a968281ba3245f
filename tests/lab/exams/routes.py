"""Routes: rules that look them up, interfaces by which packets come, and ways that lead nowhere."""

from __future__ import annotations

from typing import Any

from tests.lab.network import STRANGER
from tests.lab.scenario import CLEAR, Expected, Scenario, Step, Wire, blocked, iptables, nft_input, sh
from tests.lab.scenarios.addresses import DOCKER0
from tests.lab.scenarios.routing import SECOND, tunnel
from tests.lab.servers import flask

SERVERS = (flask("--host 0.0.0.0"),)
DROPS = blocked("firewall-drops")
WIRE = (Wire("server", "eth1"),)
PREROUTING = "type filter hook prerouting priority -300"
ELEVEN = "192.168.77.11"

LOOK_UPS: tuple[Scenario, ...] = (
    Scenario(
        "fib-and-second-interface",
        fault="a fib rule drops what comes in by another interface than that of its way back",
        wires=WIRE,
        before=(
            SECOND,
            sh("ip neigh flush all", "client"),
            nft_input("fib saddr . mark . iif oif missing drop", PREROUTING),
        ),
        servers=SERVERS,
        address=ELEVEN,
        options=f"--to {ELEVEN}",
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "fib-and-first-interface",
        fault="nothing: the same rule, and clients of the first interface",
        wires=WIRE,
        before=(SECOND, nft_input("fib saddr . mark . iif oif missing drop", PREROUTING)),
        servers=SERVERS,
        options="--to 192.168.77.10",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "fib-accepts-the-way-back-only",
        fault="the policy drops, and a fib rule accepts what comes by the interface of its way back",
        wires=WIRE,
        before=(
            SECOND,
            nft_input(
                "meta l4proto != tcp accept\nfib saddr . iif oif exists accept", f"{PREROUTING}; policy drop"
            ),
        ),
        servers=SERVERS,
        address=ELEVEN,
        options=f"--to {ELEVEN}",
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "rpfilter-and-second-interface",
        fault="-m rpfilter drops what comes in by another interface than that of its way back",
        wires=WIRE,
        before=(SECOND, iptables("-t raw -A PREROUTING -m rpfilter --invert -j DROP")),
        servers=SERVERS,
        address=ELEVEN,
        options=f"--to {ELEVEN}",
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "rpfilter-loose",
        fault="nothing: -m rpfilter --loose asks only whether there is a way back",
        wires=WIRE,
        before=(SECOND, iptables("-t raw -A PREROUTING -m rpfilter --loose --invert -j DROP")),
        servers=SERVERS,
        address=ELEVEN,
        options=f"--to {ELEVEN}",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "rpfilter-and-no-way-back",
        fault="-m rpfilter drops clients of other subnets: there is no default route",
        before=(
            iptables("-t raw -A PREROUTING -m rpfilter --invert -j DROP"),
            sh("ip route del default"),
        ),
        servers=SERVERS,
        who="stranger",
        peer=STRANGER,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=blocked("firewall-drops|no-route-to-client"),
    ),
)

MARKED = (
    sh("ip route add default dev lo table 70; ip rule add fwmark 7 table 70"),
    iptables("-t raw -A PREROUTING -i eth0 -p tcp -j MARK --set-mark 7"),
)
LOOK_UPS += (
    Scenario(
        "fib-with-mark",
        fault="packets are marked, and by that mark a fib rule finds no way back by their interface",
        before=(
            *MARKED,
            nft_input("fib saddr . mark . iif oif missing drop", "type filter hook prerouting priority -150"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "fib-without-mark",
        fault="nothing: the same without the mark in the rule",
        before=(
            *MARKED,
            nft_input("fib saddr . iif oif missing drop", "type filter hook prerouting priority -150"),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "rpfilter-with-mark",
        fault="packets are marked, and -m rpfilter --validmark looks their way back up by the mark",
        before=(*MARKED, iptables("-t mangle -A PREROUTING -m rpfilter --validmark --invert -j DROP")),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
)

TO_DOCKER0 = (DOCKER0, sh("ip route add 172.17.0.1 via 192.168.77.10", "client"))
# Each interface answers ARP for its own address only, and answers leave by the second one.
ASKS_BY_ETH1 = """
echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore
ip addr add 192.168.77.11/24 dev eth1 noprefixroute
"""
TO_LAN_BY_ETH1 = "ip route add 192.168.77.0/25 dev eth1; ip route add 192.168.77.128/25 dev eth1"
TO_ALL_BY_ETH1 = "ip route replace default via 192.168.77.1 dev eth1 onlink"


def _moving(name: str, fault: str, steps: tuple[Step, ...], **more: Any) -> Scenario:
    """Clients that come in by eth0, until this machine has asked for them by eth1."""
    truth, expected = (
        ("served", CLEAR) if fault.startswith("nothing") else ("sometimes", blocked("firewall-rejects"))
    )
    known = {"truth": truth, "expected": expected, **more}
    return Scenario(name, fault=fault, wires=WIRE, before=steps, servers=SERVERS, attempts=6, **known)


FROM_AFAR = {"who": "stranger", "peer": STRANGER, "options": f"--to 192.168.77.10 --peer {STRANGER}"}
MOVING = (
    _moving(
        "own-questions-move-the-router",
        "a rule rejects what comes by eth0; what the router sends comes by eth1 later",
        (sh(ASKS_BY_ETH1 + TO_ALL_BY_ETH1), nft_input('iifname "eth0" tcp dport 5000 reject')),
        **FROM_AFAR,
    ),
    _moving(
        "own-questions-move-a-neighbour",
        "the same with a neighbour, for whom a route leads to eth1",
        (sh(ASKS_BY_ETH1 + TO_LAN_BY_ETH1), nft_input('iifname "eth0" tcp dport 5000 reject')),
        options="--to 192.168.77.10",
    ),
    _moving(
        "own-questions-by-a-closed-interface",
        "a rule rejects what comes by eth1, by which clients come later",
        (sh(ASKS_BY_ETH1 + TO_ALL_BY_ETH1), nft_input('iifname "eth1" tcp dport 5000 reject')),
        **FROM_AFAR,
    ),
    _moving(
        "own-questions-move-nobody",
        "nothing: by both interfaces clients are served",
        (sh(ASKS_BY_ETH1 + TO_ALL_BY_ETH1),),
        **FROM_AFAR,
    ),
    _moving(
        "own-questions-never-asked",
        "a rule drops what comes by eth0, so that this machine never asks for the router by eth1",
        (sh(ASKS_BY_ETH1 + TO_ALL_BY_ETH1), nft_input('iifname "eth0" tcp dport 5000 drop')),
        **FROM_AFAR,
        truth="timeout",
        expected=blocked("firewall-drops"),
    ),
    _moving(
        "own-questions-name-another-address",
        "nothing: arp_announce has the questions name an address of eth1 itself",
        (
            sh(f"echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce\n{ASKS_BY_ETH1}{TO_ALL_BY_ETH1}"),
            nft_input('iifname "eth1" tcp dport 5000 reject'),
        ),
        **FROM_AFAR,
    ),
)

WAYS_IN = (
    Scenario(
        "to-another-interface-dropped",
        fault="clients of eth0 use the address of another interface, and a rule drops what comes by eth0",
        before=(*TO_DOCKER0, nft_input('iifname "eth0" tcp dport 5000 drop')),
        servers=SERVERS,
        address="172.17.0.1",
        options="--to 172.17.0.1 --peer 192.168.77.20",
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "to-another-interface",
        fault="nothing: the same, and the rule is for the interface that owns the address",
        before=(*TO_DOCKER0, nft_input('iifname "docker0" tcp dport 5000 drop')),
        servers=SERVERS,
        address="172.17.0.1",
        options="--to 172.17.0.1 --peer 192.168.77.20",
        truth="served",
        expected=Expected("clear|undetermined"),
    ),
    Scenario(
        "stranger-comes-by-the-other-interface",
        fault="a client of another subnet comes by eth0, where a rule drops it, and not by its default route",
        wires=WIRE,
        before=(
            sh("ip addr add 10.50.0.10/24 dev eth1; ip route replace default via 192.168.77.1 dev eth0"),
            sh("ip route add 10.50.0.10 via 192.168.77.10", "gateway"),
            sh("echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore"),
            nft_input('iifname "eth0" ip saddr 10.99.0.0/16 tcp dport 5000 drop'),
        ),
        servers=SERVERS,
        who="stranger",
        peer=STRANGER,
        address="10.50.0.10",
        options=f"--to 10.50.0.10 --peer {STRANGER}",
        truth="timeout",
        expected=DROPS,
    ),
)

DEAD = sh("ip link set server-eth1 down", "switch")
NO_CARRIER = (
    Scenario(
        "way-back-without-carrier",
        fault="the route to this client is over an interface whose cable is unplugged",
        wires=WIRE,
        before=(sh("ip addr add 10.50.0.10/24 dev eth1; ip route add 192.168.77.20/32 dev eth1"), DEAD),
        servers=SERVERS,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=blocked("link-down|no-route-to-client"),
    ),
    Scenario(
        "way-back-without-carrier-for-all",
        fault="the routes to both halves of the LAN are over an interface whose cable is unplugged",
        wires=WIRE,
        before=(
            sh(
                "ip addr add 10.50.0.10/24 dev eth1\n"
                "ip route add 192.168.77.0/25 dev eth1; ip route add 192.168.77.128/25 dev eth1"
            ),
            DEAD,
        ),
        servers=SERVERS,
        options="--to 192.168.77.10",
        truth="timeout",
        expected=blocked("link-down|no-route-to-client"),
    ),
    Scenario(
        "way-back-without-carrier-ignored",
        fault="nothing: routes without carrier are ignored",
        wires=WIRE,
        before=(
            sh("ip addr add 10.50.0.10/24 dev eth1; ip route add 192.168.77.20/32 dev eth1"),
            sh("echo 1 > /proc/sys/net/ipv4/conf/all/ignore_routes_with_linkdown"),
            sh("echo 1 > /proc/sys/net/ipv4/conf/eth1/ignore_routes_with_linkdown"),
            DEAD,
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "gateway-without-carrier",
        fault="the default route is by an interface whose cable is unplugged: other subnets get no answer",
        wires=WIRE,
        before=(
            sh("ip addr add 10.50.0.10/24 dev eth1; ip route replace default via 10.50.0.1"),
            DEAD,
        ),
        servers=SERVERS,
        who="stranger",
        peer=STRANGER,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=blocked("link-down|no-route-to-client"),
    ),
)

NOWHERE = """
ip link add d0 type veth peer name far0; ip link set far0 up; ip link set d0 up; ip addr add 10.3.0.1/24 dev d0
"""
ELSEWHERE_CODES = "subnet-overlap|no-route-to-client|vpn-takes-replies"
ELSEWHERE = (
    Scenario(
        "half-of-the-lan-elsewhere",
        fault="a route sends the answers for this half of the LAN to another interface",
        before=(sh(NOWHERE + "ip route add 192.168.77.0/25 dev d0"),),
        servers=SERVERS,
        truth="timeout",
        expected=Expected("blocked|clear"),  # the half that is asked about is not said
        with_peer=blocked(ELSEWHERE_CODES),
    ),
    Scenario(
        "half-of-the-lan-elsewhere-strict",
        fault="the same, and rp_filter is strict: the client's question for the address is not answered",
        before=(
            sh(
                NOWHERE
                + "ip route add 192.168.77.0/25 dev d0; echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter"
            ),
        ),
        servers=SERVERS,
        truth="rejected host-unreachable|unreachable",
        expected=Expected("blocked|clear"),
        with_peer=blocked("reverse-path-filter"),
    ),
    Scenario(
        "one-client-elsewhere",
        fault="a route sends the answers for this client to another interface",
        before=(sh(NOWHERE + "ip route add 192.168.77.20 dev d0"),),
        servers=SERVERS,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=blocked(ELSEWHERE_CODES),
    ),
    Scenario(
        "dead-next-hop",
        fault="a route sends the answers for this client to a router that is not there",
        before=(sh("ip route add 192.168.77.20/32 via 192.168.77.99"),),
        servers=SERVERS,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=Expected("blocked|undetermined"),
    ),
    Scenario(
        "tunnel-with-arp-takes-the-client",
        fault="a tunnel that asks for hardware addresses takes the answers for this client",
        before=(tunnel("ip link set tun0 arp on; ip route add 192.168.77.20 dev tun0"),),
        servers=SERVERS,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=blocked("vpn-takes-replies"),
    ),
    Scenario(
        "unreachable-route-for-one-client",
        fault="a route of type unreachable singles out this client",
        before=(sh("ip route add unreachable 192.168.77.20/32"),),
        servers=SERVERS,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=blocked("no-route-to-client"),
    ),
)

GONE = "rejected host-unreachable"


def _local(name: str, fault: str, network: str, truth: str, expected: Expected, **more: Any) -> Scenario:
    """A local route: the machine takes the addresses of others for its own."""
    return Scenario(
        name, fault, truth, expected, servers=SERVERS, before=(sh(f"ip route add local {network} dev lo"),), **more
    )  # fmt: skip


LOCAL_ROUTES = (
    _local(
        "local-route-over-the-lan", "a local route covers the whole LAN", "192.168.77.0/24", GONE,
        blocked("duplicate-address|no-route-to-client"),
    ),
    _local(
        "local-route-over-a-part", "a local route covers some of the LAN's addresses, the client's among them",
        "192.168.77.16/28", GONE, blocked("duplicate-address|no-route-to-client"), options="--peer 192.168.77.20",
    ),
    _local(
        "local-route-over-others", "nothing: a local route covers addresses that are not the client's",
        "192.168.77.64/28", "served", CLEAR, options="--peer 192.168.77.20",
    ),
    _local(
        "local-route-over-a-client-behind-the-router", "a local route covers the network of the client",
        "10.99.0.0/24", "timeout", blocked("duplicate-address|no-route-to-client"),
        who="stranger", peer=STRANGER, options=f"--peer {STRANGER}",
    ),
    _local(
        "local-route-with-accept-local", "the same, and such sources are taken: the answers stay here",
        "192.168.77.16/28", "timeout", blocked("duplicate-address|no-route-to-client"),
        options="--peer 192.168.77.20",
        after=(sh("echo 1 > /proc/sys/net/ipv4/conf/eth0/accept_local"),),
    ),
    _local(
        "address-by-a-local-route", "nothing: the address that clients use is one by a local route alone",
        "192.168.77.50/32", "served", CLEAR, address="192.168.77.50", options="--to 192.168.77.50",
    ),
)  # fmt: skip


def _far(name: str, fault: str, truth: str, expected: Expected, *steps: Step, **more: Any) -> Scenario:
    """A client behind the router, to whom answers have to last."""
    given = {"who": "stranger", "peer": STRANGER, "options": f"--peer {STRANGER}", **more}
    return Scenario(name, fault, truth, expected, servers=SERVERS, before=steps, **given)


TTL_OUT = "type filter hook output priority 0"
LIVES = (
    _far(
        "answers-that-live-one-hop", "a rule lets answers live for one hop, and the client is behind the router",
        "timeout", blocked("firewall-drops-replies"), nft_input("tcp sport 5000 ip ttl set 1", TTL_OUT),
    ),
    _far(
        "answers-that-live-one-hop-by-iptables", "the same by iptables",
        "timeout", blocked("firewall-drops-replies"), iptables("-t mangle -A POSTROUTING -j TTL --ttl-set 1"),
    ),
    _far(
        "answers-that-live-one-hop-to-a-neighbour", "nothing: the same, and the client is a neighbour", "served", CLEAR,
        nft_input("tcp sport 5000 ip ttl set 1", TTL_OUT), who="client", peer="", options="",
    ),
    _far(
        "packets-that-live-one-hop", "every packet begins with one hop to live",
        "timeout", blocked("firewall-drops-replies"), sh("echo 1 > /proc/sys/net/ipv4/ip_default_ttl"),
    ),
    _far(
        "packets-that-live-many-hops", "nothing: every packet begins with 32 hops to live", "served", CLEAR,
        sh("echo 32 > /proc/sys/net/ipv4/ip_default_ttl"),
    ),
    _far(
        "data-that-lives-one-hop", "the handshake lasts, and the answer does not",
        "silent", blocked("firewall-drops-replies"),
        nft_input("tcp sport 5000 tcp flags & (syn|psh) == psh ip ttl set 1", TTL_OUT),
    ),
)  # fmt: skip
