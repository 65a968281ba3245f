"""NIKA's addresses, masks, gateways and hardware addresses, misconfigured by hand or by DHCP."""

from __future__ import annotations

from collections.abc import Mapping

from tests.lab.exams.nika.shared import GONE, NOT_CLEAR, SERVERS, Questions
from tests.lab.network import STRANGER
from tests.lab.scenario import CLEAR, UNDETERMINED, Expected, Scenario, blocked, sh
from tests.lab.scenarios.addresses import TWIN, WIDE_MASK

NO_LEASE = sh("ip addr flush dev eth0")


def gateway_of(address: str) -> Scenario:
    """The server's default route leads to an address that nobody has."""
    return Scenario(
        f"nika-gateway-{address.rsplit('.', maxsplit=1)[1]}",
        fault="the default route leads to an address that nobody has",
        before=(sh(f"ip route replace default via {address}"),),
        servers=SERVERS,
        who="stranger",
        peer=STRANGER,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=NOT_CLEAR,
    )


def without_lease(name: str, fault: str) -> Scenario:
    """DHCP gave no address."""
    return Scenario(
        name,
        fault=fault,
        before=(NO_LEASE,),
        servers=SERVERS,
        truth=GONE,
        expected=blocked("no-lan-address"),
    )


FAULTS: Mapping[str, Questions] = {
    "mac_address_conflict": (TWIN,),
    "host_incorrect_ip": (
        Scenario(
            "nika-wrong-address",
            fault="the server has an address of another subnet, and clients use the one that it had",
            servers=SERVERS,
            after=(sh("ip addr flush dev eth0; ip addr add 192.168.78.10/24 dev eth0"),),
            options="--to 192.168.77.10",
            truth=GONE,
            expected=blocked("wrong-address"),
        ),
        Scenario(
            "nika-wrong-address-and-a-client",
            fault="the same, asked for the client that fails",
            servers=SERVERS,
            after=(sh("ip addr flush dev eth0; ip addr add 192.168.78.10/24 dev eth0"),),
            options="--peer 192.168.77.20",
            truth=GONE,
            expected=NOT_CLEAR,
        ),
    ),
    "host_incorrect_netmask": (WIDE_MASK,),
    "host_ip_conflict": (
        Scenario(
            "nika-address-of-two",
            fault="a neighbour has the server's address, too",
            servers=SERVERS,
            after=(
                sh("ip addr add 192.168.77.10/24 dev eth0", "neighbour"),
                sh("ip neigh flush all", "client"),
            ),
            truth="served|refused|timeout",
            expected=blocked("duplicate-address"),
            as_user=UNDETERMINED,
        ),
    ),
    "host_missing_ip": (without_lease("nika-no-address", "the interface has no address"),),
    "dhcp_missing_subnet": (without_lease("nika-no-subnet-at-dhcp", "DHCP knows no such subnet"),),
    "dhcp_service_down": (
        Scenario(
            "nika-no-dhcp",
            fault="DHCP does not answer, and the host gave itself an address",
            before=(NO_LEASE, sh("ip addr add 169.254.13.7/16 dev eth0")),
            servers=SERVERS,
            truth=GONE,
            expected=blocked("no-lan-address"),
        ),
    ),
    "host_incorrect_gateway": (gateway_of("192.168.77.253"),),
    "dhcp_spoofed_gateway": (gateway_of("192.168.77.254"),),
    "dhcp_spoofed_subnet": (
        Scenario(
            "nika-narrow-mask",
            fault="DHCP gave the mask /30, which leaves out clients and gateway",
            before=(sh("ip addr flush dev eth0; ip addr add 192.168.77.10/30 brd + dev eth0"),),
            servers=SERVERS,
            truth=GONE,
            expected=Expected("clear|blocked|undetermined"),  # who else is there, this machine cannot know
            with_peer=blocked("no-route-to-client|peer-in-other-network"),
        ),
    ),
    "arp_cache_poisoning": (
        Scenario(
            "nika-gateway-forged",
            fault="the gateway's hardware address is forged, and frames to it are dropped",
            servers=SERVERS,
            after=(
                sh(
                    "ip neigh replace 192.168.77.1 lladdr 00:11:22:33:44:55 dev eth0 nud permanent\n"
                    "nft 'table netdev f { chain e { type filter hook egress device eth0 priority 0;"
                    " ether daddr 00:11:22:33:44:55 drop; }; }'"
                ),
            ),
            who="stranger",
            peer=STRANGER,
            truth="timeout",
            ordinary="served",
            expected=Expected(
                "clear|undetermined"
            ),  # the rule is about hardware addresses, and an ordinary client's is unknown
            with_peer=NOT_CLEAR,
        ),
    ),
}
