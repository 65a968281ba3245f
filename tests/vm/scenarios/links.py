"""Links that only a whole machine has: VRF, VLAN, WireGuard, bonds."""

from __future__ import annotations

from tests.vm.scenario import START, Scenario, blocked, service

VRF = (
    "ip link add red type vrf table 10; ip link set red up; ip link set eth0 master red; "
    "ip route add default via 192.168.77.1 table 10"
)
# The client is a namespace of the machine: the kernel under the tests need not know these links.
BESIDE = (
    "ip netns add beside; ip link add under type veth peer name eth0 netns beside; ip link set under up; "
    "ip -n beside link set eth0 up; ip -n beside link set lo up"
)
VLAN = (
    f"{BESIDE}; ip link add link under name under.7 type vlan id 7; ip link set under.7 up; "
    "ip addr add 10.7.0.1/24 dev under.7; ip -n beside link add link eth0 name eth0.7 type vlan id 7; "
    "ip -n beside link set eth0.7 up; ip -n beside addr add 10.7.0.2/24 dev eth0.7"
)


def wireguard(allowed: str = "10.9.0.2/32") -> str:
    """A tunnel to a client who has 10.9.0.2 in it; ``allowed`` is what its peer may have."""
    return WIREGUARD.replace("ALLOWED", allowed)


WIREGUARD = (
    f"{BESIDE}; ip addr add 10.8.0.1/24 dev under; ip -n beside addr add 10.8.0.2/24 dev eth0; cd /root; "
    "umask 077; wg genkey > a; wg genkey > b; wg pubkey < a > A; wg pubkey < b > B; "
    "printf '[Interface]\\nAddress=10.9.0.1/24\\nListenPort=51820\\nPrivateKey=%s\\n[Peer]\\nPublicKey=%s\\n"
    "AllowedIPs=ALLOWED\\n' $(cat a) $(cat B) > /etc/wireguard/wg0.conf; wg-quick up wg0; "
    "ip link add wg9 type wireguard; ip link set wg9 netns beside; "
    "ip netns exec beside wg set wg9 private-key /root/b peer $(cat A) endpoint 10.8.0.1:51820 "
    "allowed-ips 10.9.0.0/24; ip -n beside addr add 10.9.0.2/24 dev wg9; ip -n beside link set wg9 up"
)
BEHIND = (
    "ip netns add far; ip link add beyond type veth peer name eth0 netns far; ip link set beyond netns beside; "
    "ip -n beside addr add 10.55.0.1/24 dev beyond; ip -n beside link set beyond up; "
    "ip -n far addr add 10.55.0.2/24 dev eth0; ip -n far link set eth0 up; "
    "ip -n far route add default via 10.55.0.1; ip netns exec beside sysctl -qw net.ipv4.ip_forward=1"
)
# All that goes out takes the tunnel, by the rules and marks that wg-quick makes itself; its peer never answers.
TAKES_ALL = (
    f"{BESIDE}; ip addr add 10.8.0.1/24 dev under; cd /root; umask 077; wg genkey > a; wg genkey | wg pubkey > B; "
    "printf '[Interface]\\nAddress=10.9.0.1/24\\nPrivateKey=%s\\n[Peer]\\nPublicKey=%s\\n"
    "AllowedIPs=0.0.0.0/0\\nEndpoint=10.8.0.2:51820\\n' $(cat a) $(cat B) > /etc/wireguard/wg0.conf; wg-quick up wg0"
)
BOND = (
    f"{BESIDE}; ip link set under down; ip link add bond0 type bond mode active-backup; "
    "ip link set under master bond0; ip link set bond0 up; ip addr add 10.6.0.1/24 dev bond0; "
    "ip -n beside addr add 10.6.0.2/24 dev eth0; sleep 1"
)

SCENARIOS = (
    Scenario(
        "vrf-outside",
        fault="the interface lies in a VRF, the server outside",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {VRF}",
        truth="refused",
        expected=blocked("bound-to-device"),
        as_user=blocked("bound-to-device"),
        says=("VRF red", "net.ipv4.tcp_l3mdev_accept=1"),
        never=("route add",),
        fixed="served",
    ),
    Scenario(
        "vrf-accepts",
        fault="nothing: servers outside take what comes in by the VRF",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {VRF}; sysctl -w net.ipv4.tcp_l3mdev_accept=1",
    ),
    Scenario(
        "vrf-inside",
        fault="nothing: the server runs in the VRF",
        own_kernel=True,
        files=service(
            command="/usr/sbin/ip vrf exec red /usr/bin/python3 -m http.server --directory /srv 5000"
        ),
        setup=f"{VRF}; {START}",
    ),
    Scenario(
        "vrf-no-route",
        fault="the VRF has no route back to a client behind the router",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {VRF}; sysctl -w net.ipv4.tcp_l3mdev_accept=1; ip route del 192.168.77.0/24 table 10; "
        "ip route del default table 10",
        truth="timeout|unreachable",
        expected=blocked("no-route-to-client|reverse-path-filter"),
    ),
    Scenario(
        "vlan-open",
        fault="nothing: a client of a VLAN",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {VLAN}",
        who="beside",
        address="10.7.0.1",
        options="--interface under.7",
    ),
    Scenario(
        "vlan-dropped",
        fault="a rule drops what comes in by the VLAN",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {VLAN}; nft add table inet f; "
        "nft 'add chain inet f in { type filter hook input priority 0; }'; "
        "nft add rule inet f in iifname under.7 tcp dport 5000 drop",
        who="beside",
        address="10.7.0.1",
        options="--interface under.7",
        truth="timeout",
        expected=blocked("firewall-drops"),
        fixed="served",
    ),
    Scenario(
        "wireguard-open",
        fault="nothing: a client of the tunnel",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {wireguard()}",
        who="beside",
        address="10.9.0.1",
        options="--interface wg0",
    ),
    Scenario(
        "wireguard-peer-is-another",
        fault="the tunnel's peer may have another address than the client's",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {wireguard('10.9.0.3/32')}",
        who="beside",
        address="10.9.0.1",
        options="--interface wg0 --peer 10.9.0.2",
        truth="timeout",
        expected=blocked("no-route-to-client"),
        says=("AllowedIPs", "10.9.0.3/32,10.9.0.2/32"),
        fixed="served",
    ),
    Scenario(
        "wireguard-peer-is-nobody",
        fault="the tunnel's peer may have no address of the tunnel's own network",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {wireguard('10.44.0.0/16')}",
        who="beside",
        address="10.9.0.1",
        options="--interface wg0",
        truth="timeout",
        expected=blocked("no-route-to-client"),
        says=("AllowedIPs", "10.9.0.0/24"),
        by_hand="wg set wg0 peer $(cat /root/B) allowed-ips 10.9.0.2/32",
        fixed="served",
    ),
    Scenario(
        "wireguard-behind-the-peer",
        fault="the tunnel's peer may have its own address alone, and the client is behind it",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {wireguard()}; {BEHIND}; ip route add 10.55.0.0/24 dev wg0",
        who="far",
        address="10.9.0.1",
        options="--interface wg0 --peer 10.55.0.2",
        truth="timeout",
        expected=blocked("no-route-to-client"),
        says=("AllowedIPs", "10.55.0.2/32"),
        fixed="served",
    ),
    Scenario(
        "wireguard-behind-the-peer-open",
        fault="nothing: the client's network behind the peer is among its AllowedIPs",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {wireguard('10.9.0.2/32,10.55.0.0/24')}; {BEHIND}",
        who="far",
        address="10.9.0.1",
        options="--interface wg0 --peer 10.55.0.2",
    ),
    Scenario(
        "wireguard-takes-replies",
        fault="the tunnel's AllowedIPs take the answers for the LAN",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {BESIDE}; ip addr add 10.8.0.1/24 dev under; cd /root; "
        "wg genkey > a; wg genkey | wg pubkey > B; "
        "printf '[Interface]\\nAddress=10.9.0.1/32\\nPrivateKey=%s\\n[Peer]\\nPublicKey=%s\\n"
        "AllowedIPs=0.0.0.0/0\\nEndpoint=10.8.0.2:51820\\n' $(cat a) $(cat B) > /etc/wireguard/wg0.conf; "
        "sed -i '/Private/aTable=51820' /etc/wireguard/wg0.conf; wg-quick up wg0; "
        "ip rule add to 192.168.77.0/24 table 51820 priority 100",
        truth="timeout",
        expected=blocked("vpn-takes-replies"),
    ),
    Scenario(
        "wg-quick-takes-all",
        fault="wg-quick sends all that goes out into the tunnel: the answers to a client behind the gateway, too",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {TAKES_ALL}",
        who="branch",
        options="--peer 10.55.0.20",
        truth="timeout",
        expected=blocked("vpn-takes-replies"),
        fixed="served",
    ),
    Scenario(
        "wg-quick-takes-all-but-the-lan",
        fault="nothing: wg-quick leaves the LAN's own clients alone",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {TAKES_ALL}",
    ),
    Scenario(
        "gateway-open",
        fault="nothing: a client of a network behind the gateway",
        files=service(),
        setup=START,
        who="branch",
        options="--peer 10.55.0.20",
    ),
    Scenario(
        "bond-open",
        fault="nothing: a client of a bond",
        own_kernel=True,
        files=service(),
        setup=f"{START}; {BOND}",
        who="beside",
        address="10.6.0.1",
        options="--interface bond0",
    ),
)
