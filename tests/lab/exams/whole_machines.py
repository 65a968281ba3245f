"""What counts bytes, what looks at routers passed, routes that do not tell, containers with addresses of the LAN."""

from __future__ import annotations

from tests.lab.network import STRANGER
from tests.lab.scenario import CLEAR, Expected, Scenario, blocked, iptables, nft, nft_input, sh
from tests.lab.scenarios.bridges import BRIDGE
from tests.lab.scenarios.routing import tunnel
from tests.lab.servers import Server, flask

SERVERS = (flask("--host 0.0.0.0"),)
NOT_CLEAR = Expected("blocked|undetermined")
DROPS = blocked("firewall-drops")
NEW = "-A INPUT -p tcp --dport 5000 -m conntrack --ctstate NEW"

BYTES = (
    Scenario(
        "quota-not-used-up",
        fault="nothing: beyond 500 MB the port is dropped, and nobody has used them",
        before=(nft_input("tcp dport 5000 quota over 500 mbytes drop"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
        also=("rate-limited",),
    ),
    Scenario(
        "quota-used-up",
        fault="the quota of the port is used up by the first packet",
        before=(nft_input("tcp dport 5000 quota over 1 bytes drop"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "bytes-a-second",
        fault="nothing: more than 10 MB a second are dropped",
        before=(nft_input("tcp dport 5000 limit rate over 10 mbytes/second drop"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "hashlimit-bytes-a-second",
        fault="nothing: more than 5 MB a second of a client are dropped",
        before=(
            iptables(
                "-A INPUT -p tcp -m hashlimit --hashlimit-above 5mb/s --hashlimit-mode srcip"
                " --hashlimit-name web -j DROP"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "connbytes-far-above-a-page",
        fault="nothing: connections are cut after 100 MB",
        before=(
            iptables(
                "-A INPUT -m connbytes --connbytes 100000000: --connbytes-dir both --connbytes-mode bytes -j DROP"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "recent-ban-list",
        fault="nothing: who has scanned ports is banned, and this client has not",
        before=(
            iptables(
                "-A INPUT -m recent --name scan --rcheck --seconds 86400 -j DROP\n"
                "-A INPUT -p tcp --dport 139 -m recent --name scan --set -j DROP"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=Expected("clear|undetermined"),  # the kernel's list is not read
    ),
    Scenario(
        "recent-fourth-within-a-minute",
        fault="the fourth connection within a minute is dropped",
        before=(
            iptables(
                f"{NEW} -m recent --set --name web\n"
                f"{NEW} -m recent --update --seconds 60 --hitcount 4 --name web -j DROP"
            ),
        ),
        servers=SERVERS,
        truth="sometimes|timeout",
        attempts=8,
        expected=blocked("rate-limited"),
        with_peer=blocked("firewall-drops"),  # the client has been there more than four times by then
    ),
)

TTL = (iptables("-A INPUT -p tcp --dport 5000 -m ttl --ttl-lt 64 -j DROP"),)
ROUTERS_PASSED = (
    Scenario(
        "ttl-of-neighbours",
        fault="nothing: what has passed a router is dropped, and neighbours' packets have not",
        before=TTL,
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "ttl-behind-a-router",
        fault="what has passed a router is dropped, as this client's packets",
        before=TTL,
        servers=SERVERS,
        who="stranger",
        peer=STRANGER,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=NOT_CLEAR,
    ),
)

ROUTES = (
    Scenario(
        "answers-spread-over-the-tunnel",
        fault="the route to the LAN has two next hops, and nearly all clients' answers go into the tunnel",
        before=(
            tunnel("ip route replace 192.168.77.0/24 nexthop dev tun0 weight 255 nexthop dev eth0 weight 1"),
        ),
        servers=SERVERS,
        truth="timeout|served",
        expected=NOT_CLEAR,
    ),
    Scenario(
        "thrown-back",
        fault="nothing: the tunnel's table throws the LAN back to the main one",
        before=(
            tunnel(
                "ip route add throw 192.168.77.0/24 table 70; ip route add default dev tun0 table 70\n"
                "ip rule add table 70 pref 100"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "goto-over-the-tunnel",
        fault="nothing: a rule jumps over the one that leads into the tunnel",
        before=(
            tunnel(
                "ip route add default dev tun0 table 70; ip rule add pref 300 table main\n"
                "ip rule add pref 100 to 192.168.77.0/24 goto 300; ip rule add pref 200 table 70"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
)

CONTAINER = """
echo \\$\\$ > /run/lab/inner
while ! ip link show inner > /dev/null 2>&1; do sleep 0.1; done
ip link set lo up; ip addr add 192.168.77.30/24 dev inner; ip link set inner up
exec python -m http.server 5000
"""
INNER = (Server(f'unshare -n sh -c "{CONTAINER}"', port=None, user=False),)
WAIT = "for try in $(seq 50); do [ -s /run/lab/inner ] && break; sleep 0.1; done\n"
MACVLAN = sh(
    f"{WAIT}ip link add inner link eth0 type macvlan mode bridge; ip link set inner netns $(cat /run/lab/inner)\n"
    "sleep 1.5"
)
BRIDGED = sh(
    f"{WAIT}ip link add port type veth peer name inner; ip link set port master br0 up\n"
    "ip link set inner netns $(cat /run/lab/inner); sleep 1.5"
)
NOT_BLOCKED = Expected("clear|undetermined")
OWN_ADDRESSES = (
    Scenario(
        "macvlan-container-by-its-address",
        fault="nothing: clients use the address that a container has on the LAN (macvlan)",
        servers=INNER,
        after=(MACVLAN,),
        address="192.168.77.30",
        options="--to 192.168.77.30",
        truth="served",
        expected=NOT_BLOCKED,
    ),
    Scenario(
        "macvlan-container-by-the-host",
        fault="a container has an address of its own on the LAN, and clients use the host's",
        servers=INNER,
        after=(MACVLAN,),
        truth="refused",
        expected=blocked("listening-in-namespace"),
    ),
    Scenario(
        "bridged-container-by-its-address",
        fault="nothing: the same for a container on the bridge that has the LAN",
        before=(BRIDGE,),
        servers=INNER,
        after=(BRIDGED,),
        address="192.168.77.30",
        options="--to 192.168.77.30",
        truth="served",
        expected=NOT_BLOCKED,
    ),
    Scenario(
        "address-given-up",
        fault="another device has the IPv6 address: the kernel found that out and does not use it",
        before=(
            sh("ip addr add fd77::50/64 dev eth0 nodad", "neighbour"),
            sh(
                "for name in eth0 all; do echo 1 > /proc/sys/net/ipv6/conf/$name/accept_dad; done\n"
                "echo 1 > /proc/sys/net/ipv6/conf/eth0/dad_transmits; ip addr add fd77::50/64 dev eth0; sleep 2.5"
            ),
        ),
        servers=(flask("--host ::"),),
        address="fd77::50",
        options="--to fd77::50",
        truth="served|refused|timeout",
        expected=blocked("duplicate-address"),
    ),
)

SETS = (
    Scenario(
        "set-of-networks-and-ports",
        fault="the set has the LAN with other ports",
        before=(
            nft(
                "table inet filter {\n"
                "  set open { type ipv4_addr . inet_service; flags interval;"
                " elements = { 192.168.77.0/24 . 5001-5010, 10.0.0.0/8 . 22-6000 } }\n"
                "  chain input {\n    type filter hook input priority 0; policy drop;\n"
                "    ct state established,related accept\n    iif lo accept\n"
                "    meta l4proto { icmp, ipv6-icmp } accept\n    ip saddr . tcp dport @open accept\n  }\n}\n"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "verdict-map-of-three",
        fault="a verdict map of interface, source and port drops",
        before=(
            nft(
                "table inet filter {\n"
                "  map fate { type ifname . ipv4_addr . inet_service : verdict; flags interval;"
                ' elements = { "eth0" . 192.168.0.0/16 . 4000-6000 : drop, "eth1" . 0.0.0.0/0 . 5000 : accept } }\n'
                "  chain input {\n    type filter hook input priority 0;\n"
                "    iifname . ip saddr . tcp dport vmap @fate\n  }\n}\n"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "port-knocking",
        fault="the port opens for who has knocked, and nobody has",
        before=(
            nft(
                "table inet filter {\n"
                "  set knocked { type ipv4_addr; flags dynamic,timeout; timeout 10s; size 1000; }\n"
                "  chain input {\n    type filter hook input priority 0; policy drop;\n"
                "    ct state established,related accept\n    iif lo accept\n"
                "    meta l4proto { icmp, ipv6-icmp } accept\n    tcp dport 7000 add @knocked { ip saddr } drop\n"
                "    ip saddr @knocked tcp dport 5000 accept\n  }\n}\n"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
)
