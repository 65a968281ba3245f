"""Networks and machines as people describe them in public threads: VIPs, clouds' images, routers, hypervisors.

The kinds were found at, among others: github.com/acassen/keepalived/issues/2512 and 2145, canonical/lxd/issues/3387,
moby/moby/issues/16137 and 48375, access.redhat.com/solutions/53031, docs.docker.com's page of packet filtering.
"""

from __future__ import annotations

from tests.lab.network import CLIENT, CLIENT6, SERVER6
from tests.lab.scenario import (
    CLEAR,
    Container,
    Expected,
    Scenario,
    Wire,
    blocked,
    firewalld,
    iptables,
    nft,
    sh,
    ufw,
)
from tests.lab.scenarios.bridges import BRIDGE
from tests.lab.scenarios.containers import DOCKER_RULES, INSIDE
from tests.lab.scenarios.routing import tunnel
from tests.lab.servers import OPEN, flask, sockets

SERVERS = (OPEN,)
SERVERS6 = (flask("--host ::"),)
DROPS, REJECTS = blocked("firewall-drops"), blocked("firewall-rejects")
NOT_CLEAR = Expected("blocked|undetermined")
NOT_BLOCKED = Expected("clear|undetermined")
FORWARDS = sh("echo 1 > /proc/sys/net/ipv4/ip_forward")
VIP = "192.168.77.50"

VMAC = (
    "ip link add vrrp.44 link eth0 address 00:00:5e:00:01:2c type macvlan mode private; ip link set vrrp.44 up\n"
    "cd /proc/sys/net/ipv4/conf; echo 1 > all/arp_ignore; echo 0 > all/arp_filter; echo 1 > all/arp_announce\n"
    "echo 0 > vrrp.44/arp_filter; echo 1 > vrrp.44/accept_local; echo 0 > vrrp.44/rp_filter\n"
)
VIPS = (
    Scenario(
        "keepalived-with-its-own-mac",
        fault="nothing: the virtual address is on a macvlan of keepalived (use_vmac)",
        before=(sh(VMAC + f"ip addr add {VIP}/32 dev vrrp.44"),),
        servers=SERVERS,
        address=VIP,
        options=f"--to {VIP}",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "keepalived-with-its-own-mac-and-strict",
        fault="reverse path filtering on the macvlan drops clients whose route is by the card",
        before=(sh(VMAC + f"echo 1 > vrrp.44/rp_filter; ip addr add {VIP}/32 dev vrrp.44"),),
        servers=SERVERS,
        address=VIP,
        options=f"--to {VIP}",
        truth="unreachable|rejected host-unreachable",
        expected=blocked("reverse-path-filter"),
    ),
    Scenario(
        "keepalived-takes-the-route",
        fault="the virtual address brings a route to the LAN by the macvlan, and the card answers ARP by routes",
        before=(
            sh(
                VMAC + f"echo 1 > eth0/arp_filter; ip addr add {VIP}/24 dev vrrp.44\n"
                "ip route del 192.168.77.0/24 dev eth0 proto kernel"
            ),
        ),
        servers=SERVERS,
        truth="unreachable|rejected host-unreachable",
        expected=NOT_CLEAR,
    ),
    Scenario(
        "virtual-address-on-the-other-node",
        fault="the virtual address is on the other node of the cluster",
        before=(sh(f"ip addr add {VIP}/32 dev eth0", "neighbour"),),
        servers=SERVERS,
        address=VIP,
        options=f"--to {VIP}",
        truth="refused|timeout",
        expected=blocked("wrong-address"),
    ),
    Scenario(
        "virtual-address-on-a-private-macvlan-without-its-card",
        fault="the card that carries the macvlan is down",
        before=(
            sh(
                "ip addr flush dev eth0; ip link add mac0 link eth0 type macvlan mode private\n"
                "ip link set mac0 up; ip addr add 192.168.77.10/24 dev mac0; ip link set eth0 down"
            ),
        ),
        servers=SERVERS,
        truth="unreachable|rejected host-unreachable",
        expected=blocked("link-down"),
    ),
)

PREFIXLESS = "ip addr flush dev eth0; ip addr add 192.168.77.10/24 dev eth0 noprefixroute\n"
ADDRESSES = (
    Scenario(
        "no-route-to-the-lan-and-a-gateway",
        fault="nothing: answers to the LAN go by the gateway, as the address brings no route (noprefixroute)",
        before=(
            sh(PREFIXLESS + "ip route add 192.168.77.1 dev eth0; ip route add default via 192.168.77.1"),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "no-route-to-the-lan-at-all",
        fault="the address brings no route, and there is no other",
        before=(sh(PREFIXLESS),),
        servers=SERVERS,
        truth="timeout|unreachable|rejected host-unreachable",
        expected=blocked("no-route-to-client"),
    ),
    Scenario(
        "ipv6-switched-off-on-the-interface",
        fault="IPv6 is switched off on the interface by a setting, and clients use the IPv6 address",
        before=(sh("echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6"),),
        servers=(flask("--host ::"),),
        address=SERVER6,
        peer=CLIENT6,
        options=f"--to {SERVER6}",
        truth="unreachable|rejected addr-unreachable|timeout",
        expected=blocked("wrong-address"),
    ),
    Scenario(
        "ipv6-address-that-another-has",
        fault="duplicate address detection has found the IPv6 address on another machine",
        before=(
            sh("ip addr add fd77::99/64 dev eth0 nodad", "neighbour"),
            sh(
                "cd /proc/sys/net/ipv6/conf/eth0; echo 1 > accept_dad; echo 1 > dad_transmits\n"
                "ip addr add fd77::99/64 dev eth0; sleep 2.5"
            ),
        ),
        servers=(flask("--host ::"),),
        address="fd77::99",
        peer=CLIENT6,
        options="--to fd77::99",
        truth="refused|timeout",
        expected=blocked("duplicate-address"),
    ),
    Scenario(
        "source-of-the-route-is-another-address",
        fault="nothing: the route to the LAN prefers another source, which answers do not take",
        before=(
            sh(
                "ip addr add 192.168.77.11/24 dev eth0\n"
                "ip route replace 192.168.77.0/24 dev eth0 scope link src 192.168.77.11"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "address-of-a-bridge-port-that-is-blocking",
        fault="nothing: the bridge takes a port that was told to block back into use, as no spanning tree runs",
        before=(BRIDGE, sh("ip link set eth0 type bridge_slave state 4")),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
)

POLICY = (
    Scenario(
        "rule-for-a-type-of-service",
        fault="nothing: a rule drops answers of another type of service",
        before=(sh("ip rule add pref 100 tos 0x10 blackhole"),),
        servers=SERVERS,
        truth="served",
        expected=NOT_BLOCKED,
    ),
    Scenario(
        "rule-prohibits-answers-of-the-port",
        fault="a rule of the routing policy prohibits what comes from port 5000",
        before=(sh("ip rule add pref 100 ipproto tcp sport 5000 prohibit"),),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("no-route-to-client"),
    ),
    Scenario(
        "rule-for-the-ports-of-clients",
        fault="a rule sends answers to high ports into a tunnel",
        before=(
            tunnel(
                "ip route add default dev tun0 table 70\n"
                "ip rule add pref 100 ipproto tcp dport 32768-65534 table 70"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("vpn-takes-replies"),
    ),
    Scenario(
        "rule-to-the-lan-refuses",
        fault="a rule looks the LAN up in a table whose only route is unreachable",
        before=(
            sh(
                "ip route add unreachable default table 100; ip rule add pref 100 to 192.168.77.0/24 table 100"
            ),
        ),
        servers=SERVERS,
        truth="timeout|unreachable|rejected host-unreachable",
        expected=blocked("no-route-to-client"),
    ),
    Scenario(
        "ipv6-rule-with-an-empty-table",
        fault="nothing: a rule leads to an empty table, and the next one goes on",
        before=(sh(f"ip -6 rule add pref 100 from {SERVER6} table 100"),),
        servers=SERVERS6,
        address=SERVER6,
        peer=CLIENT6,
        options=f"--to {SERVER6}",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "ipv6-rule-that-swallows",
        fault="a rule swallows what the IPv6 address sends",
        before=(sh(f"ip -6 rule add pref 100 from {SERVER6} blackhole"),),
        servers=SERVERS6,
        address=SERVER6,
        peer=CLIENT6,
        options=f"--to {SERVER6}",
        truth="timeout|unreachable|rejected addr-unreachable",
        expected=blocked("no-route-to-client"),
    ),
    Scenario(
        "better-route-by-the-gateway",
        fault="nothing: a route of a lower metric takes answers to the LAN over the gateway, which passes them on",
        before=(
            sh(
                "ip route del 192.168.77.0/24 dev eth0; ip route add 192.168.77.0/24 dev eth0 metric 100\n"
                "ip route add 192.168.77.0/24 via 192.168.77.1 metric 50"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "openvpn-redirects-the-gateway",
        fault="OpenVPN's two halves of everything take answers to other networks; the LAN has a narrower route",
        before=(tunnel("ip route add 0.0.0.0/1 dev tun0; ip route add 128.0.0.0/1 dev tun0"),),
        servers=SERVERS,
        who="stranger",
        peer="10.99.0.20",
        truth="timeout",
        expected=CLEAR,
        with_peer=blocked("vpn-takes-replies"),
    ),
)

ORACLE = """
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
"""
PROXMOX = """
-N PVEFW-INPUT
-N PVEFW-HOST-IN
-N PVEFW-Drop
-A PVEFW-Drop -m conntrack --ctstate INVALID -j DROP
-A PVEFW-HOST-IN -i lo -j ACCEPT
-A PVEFW-HOST-IN -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A PVEFW-HOST-IN -p tcp -s 192.168.77.0/24 -m tcp --dport 8006 -j RETURN
-A PVEFW-HOST-IN -p tcp -s 192.168.77.0/24 -m tcp --dport 22 -j RETURN
-A PVEFW-HOST-IN -j PVEFW-Drop
-A PVEFW-HOST-IN -j DROP
-A PVEFW-INPUT -j PVEFW-HOST-IN
-A INPUT -j PVEFW-INPUT
"""
CSF = """
-N LOCALINPUT
-N LOGDROPIN
-N DENYIN
-A LOGDROPIN -p tcp -m tcp --dport 23 -j DROP
-A LOGDROPIN -j DROP
-A LOCALINPUT ! -i lo -j DENYIN
-A INPUT ! -i lo -j LOCALINPUT
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT ! -i lo -p tcp -m conntrack --ctstate NEW -m tcp --dport 22 -j ACCEPT
-A INPUT ! -i lo -j LOGDROPIN
"""
SHOREWALL = """
-N net-fw
-N dynamic
-N smurfs
-N reject
-A reject -m addrtype --src-type BROADCAST -j DROP
-A reject -p tcp -j REJECT --reject-with tcp-reset
-A reject -j REJECT --reject-with icmp-host-prohibited
-A smurfs -s 0.0.0.0/32 -j RETURN
-A smurfs -m addrtype --src-type BROADCAST -j DROP
-A net-fw -m conntrack --ctstate NEW,INVALID,UNTRACKED -j dynamic
-A net-fw -m conntrack --ctstate NEW,INVALID,UNTRACKED -j smurfs
-A net-fw -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A net-fw -p tcp -m multiport --dports 22,443 -j ACCEPT
-A net-fw -m addrtype --dst-type BROADCAST -j DROP
-A net-fw -j reject
-A INPUT -i eth0 -j net-fw
-A INPUT -i lo -j ACCEPT
-P INPUT DROP
"""
OPENWRT = """
table inet fw4 {
  chain input {
    type filter hook input priority filter; policy drop;
    iif "lo" accept
    ct state vmap { established : accept, related : accept }
    tcp flags & (fin | syn | rst | ack) == syn jump syn_flood
    iifname "br-lan" jump input_lan
    iifname "%s" jump input_wan
    jump handle_reject
  }
  chain handle_reject { meta l4proto tcp reject with tcp reset; reject with icmpx type port-unreachable; }
  chain syn_flood { limit rate 25/second burst 50 packets return; drop; }
  chain input_lan { ct status dnat accept; jump accept_from_lan; }
  chain input_wan { icmp type echo-request accept; ct status dnat accept; jump reject_from_wan; }
  chain accept_from_lan { iifname "br-lan" accept; }
  chain reject_from_wan { iifname "%s" jump handle_reject; }
  chain prerouting_mangle { type filter hook prerouting priority mangle; policy accept; }
}
"""
NM_SHARED = """
table ip nm-shared-eth1 {
  chain nat_postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 10.42.0.0/24 ip daddr != 10.42.0.0/24 masquerade
  }
  chain filter_forward {
    type filter hook forward priority filter; policy accept;
    ip daddr 10.42.0.0/24 oifname "eth1" ct state { established, related } accept
    ip saddr 10.42.0.0/24 iifname "eth1" accept
    iifname "eth1" oifname "eth1" accept
    iifname "eth1" reject
    oifname "eth1" reject
  }
}
"""
TAILSCALE = """
-N ts-input
-A ts-input -s 100.101.102.103/32 -i lo -j ACCEPT
-A ts-input -s 100.115.92.0/23 ! -i tailscale0 -j RETURN
-A ts-input -s 100.64.0.0/10 ! -i tailscale0 -j DROP
-A ts-input -i tailscale0 -j ACCEPT
-I INPUT -j ts-input
"""
MACHINES = (
    Scenario(
        "cloud-image-rejects-before-ufw",
        fault="the cloud's image rejects all but SSH in front of ufw's chains, in which the port is allowed",
        before=(iptables(ORACLE), ufw("allow 5000/tcp")),
        servers=SERVERS,
        truth="rejected host-prohibited",
        expected=REJECTS,
        fixable=True,
    ),
    Scenario(
        "proxmox-firewall",
        fault="the firewall of Proxmox lets in its own page and SSH only",
        before=(iptables(PROXMOX),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "csf-drops",
        fault="csf has not the port among those that are open",
        before=(iptables(CSF),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "shorewall-rejects",
        fault="shorewall's policy rejects what comes from the net to this machine",
        before=(iptables(SHOREWALL),),
        servers=SERVERS,
        truth="refused",
        expected=REJECTS,
        fixable=True,
    ),
    Scenario(
        "openwrt-from-the-wan",
        fault="OpenWrt rejects what comes in by the WAN",
        before=(nft(OPENWRT % ("eth0", "eth0")),),
        servers=SERVERS,
        truth="refused",
        expected=REJECTS,
    ),
    Scenario(
        "openwrt-from-the-lan",
        fault="nothing: clients come by OpenWrt's LAN",
        before=(
            sh(
                "ip link add br-lan type bridge mcast_snooping 0 forward_delay 0; ip addr flush dev eth0\n"
                "ip link set eth0 master br-lan; ip link set br-lan up; ip addr add 192.168.77.10/24 dev br-lan\n"
                "ip route add default via 192.168.77.1"
            ),
            nft(OPENWRT % ("wan", "wan")),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "connection-shared-by-networkmanager",
        fault="nothing: the connection is shared with a second network, whose rules are for what passes through",
        wires=(Wire("server", "eth1"),),
        before=(sh("ip addr add 10.42.0.1/24 dev eth1"), FORWARDS, nft(NM_SHARED)),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "tailscale-on-a-carriers-network",
        fault="Tailscale drops clients of 100.64.0.0/10 that come by the LAN, as a carrier's network has them",
        before=(
            sh("ip addr add 100.64.5.10/24 dev eth0"),
            sh("ip addr add 100.64.5.20/24 dev eth0", "client"),
            iptables(TAILSCALE),
        ),
        servers=SERVERS,
        address="100.64.5.10",
        peer="100.64.5.20",
        options="--to 100.64.5.10",
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "tailscale-and-a-plain-network",
        fault="nothing: the same rules, and clients of another network",
        before=(iptables(TAILSCALE),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "ufw-allows-a-range",
        fault="nothing: ufw allows a range of ports",
        before=(ufw("allow 4990:5010/tcp"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "ufw-allows-half-of-the-lan",
        fault="nothing for this client: ufw allows the lower half of the LAN",
        before=(ufw("allow from 192.168.77.0/25 to any port 5000 proto tcp"),),
        servers=SERVERS,
        truth="served",
        expected=Expected("blocked|clear"),
        with_peer=CLEAR,
    ),
)

LXD = """
table ip lxd {
  chain prert.lxdbr0 {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr 192.168.77.10 tcp dport 5000 dnat to 10.10.10.2:80
  }
  chain pstrt.lxdbr0 {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 10.10.10.0/24 ip daddr != 10.10.10.0/24 masquerade
  }
  chain fwd.lxdbr0 {
    type filter hook forward priority filter; policy accept;
    oifname "lxdbr0" accept
    iifname "lxdbr0" accept
  }
}
"""
DOCKER_BESIDE = """
-N DOCKER-USER
-P FORWARD DROP
-A FORWARD -j DOCKER-USER
%s
-A DOCKER-USER -j RETURN
"""
LIBVIRT = """
-t nat -A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination 192.168.122.2:80
-N LIBVIRT_FWI
-N LIBVIRT_FWO
-A FORWARD -j LIBVIRT_FWI
-A FORWARD -j LIBVIRT_FWO
-A LIBVIRT_FWI -d 192.168.122.0/24 -o virbr0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A LIBVIRT_FWI -o virbr0 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWO -s 192.168.122.0/24 -i virbr0 -j ACCEPT
-A LIBVIRT_FWO -i virbr0 -j REJECT --reject-with icmp-port-unreachable
"""
CNI = """
-t nat -N CNI-HOSTPORT-DNAT
-t nat -N CNI-DN-2f1b0c
-t nat -N CNI-HOSTPORT-SETMARK
-t nat -N CNI-HOSTPORT-MASQ
-t nat -A CNI-HOSTPORT-SETMARK -j MARK --set-xmark 0x2000/0x2000
-t nat -A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE
-t nat -A CNI-DN-2f1b0c -s 10.42.0.0/24 -p tcp -m tcp --dport 5000 -j CNI-HOSTPORT-SETMARK
-t nat -A CNI-DN-2f1b0c -s 127.0.0.1/32 -p tcp -m tcp --dport 5000 -j CNI-HOSTPORT-SETMARK
-t nat -A CNI-DN-2f1b0c -p tcp -m tcp --dport 5000 -j DNAT --to-destination 10.42.0.7:80
-t nat -A CNI-HOSTPORT-DNAT -p tcp -m multiport --dports 5000 -j CNI-DN-2f1b0c
-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-t nat -A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-t nat -A POSTROUTING -j CNI-HOSTPORT-MASQ
"""
DOCKER_NFT = """
table ip docker-bridges {
  map filter-forward-in-jumps { type ifname : verdict; elements = { "docker0" : jump filter-forward-in__docker0 } }
  map filter-forward-out-jumps { type ifname : verdict; elements = { "docker0" : jump filter-forward-out__docker0 } }
  chain filter-forward-in__docker0 {
    ct state established,related counter accept
    iifname "docker0" counter accept
    ip daddr 172.17.0.2 tcp dport 80 counter accept
    counter drop
  }
  chain filter-forward-out__docker0 { ct state established,related counter accept; counter accept; }
  chain filter-FORWARD {
    type filter hook forward priority filter; policy accept;
    oifname vmap @filter-forward-in-jumps
    iifname vmap @filter-forward-out-jumps
  }
  chain nat-prerouting-and-output { iifname != "docker0" tcp dport 5000 counter dnat to 172.17.0.2:80; }
  chain nat-PREROUTING {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local counter jump nat-prerouting-and-output
  }
  chain nat-OUTPUT {
    type nat hook output priority -100; policy accept;
    ip daddr != 127.0.0.0/8 fib daddr type local counter jump nat-prerouting-and-output
  }
  chain nat-POSTROUTING {
    type nat hook postrouting priority srcnat; policy accept;
    oifname != "docker0" ip saddr 172.17.0.0/16 counter masquerade
  }
}
"""
NETAVARK = """
table inet netavark {
  chain INPUT {
    type filter hook input priority filter; policy accept;
    ip saddr 172.17.0.0/16 meta l4proto { tcp, udp } th dport 53 accept
  }
  chain FORWARD {
    type filter hook forward priority filter; policy accept;
    ct state invalid drop
    jump NETAVARK-ISOLATION-1
    ip daddr 172.17.0.0/16 ct state { established, related } accept
    ip saddr 172.17.0.0/16 accept
  }
  chain POSTROUTING {
    type nat hook postrouting priority srcnat; policy accept;
    meta mark & 0x00002000 == 0x00002000 masquerade
    ip saddr 172.17.0.0/16 jump nv_2f259bab_172_17_0_0_nm16
  }
  chain PREROUTING {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local jump NETAVARK-HOSTPORT-DNAT
  }
  chain OUTPUT {
    type nat hook output priority -100; policy accept;
    fib daddr type local jump NETAVARK-HOSTPORT-DNAT
  }
  chain NETAVARK-HOSTPORT-DNAT { tcp dport 5000 jump nv_2f259bab_172_17_0_0_nm16_dnat; }
  chain NETAVARK-HOSTPORT-SETMARK { meta mark set meta mark | 0x00002000; }
  chain NETAVARK-ISOLATION-1 { iifname "docker0" oifname != "docker0" jump NETAVARK-ISOLATION-2; }
  chain NETAVARK-ISOLATION-2 { oifname "podman9" drop; jump NETAVARK-ISOLATION-3; }
  chain NETAVARK-ISOLATION-3 { }
  chain nv_2f259bab_172_17_0_0_nm16 { ip daddr 172.17.0.0/16 accept; ip daddr != 224.0.0.0/4 masquerade; }
  chain nv_2f259bab_172_17_0_0_nm16_dnat {
    ip saddr 172.17.0.0/16 tcp dport 5000 jump NETAVARK-HOSTPORT-SETMARK
    ip saddr 127.0.0.1 tcp dport 5000 jump NETAVARK-HOSTPORT-SETMARK
    tcp dport 5000 dnat ip to 172.17.0.2:80
  }
}
"""
STRICT_FORWARD = """
table inet mine {
  chain onward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "docker0" accept
  }
}
"""


def _inside(name: str, address: str, bridge: str, subnet: str) -> tuple[Container, ...]:
    return (Container(name, address, bridge, subnet),)


WEB = (Container(),)
IN_LXD = _inside("web", "10.10.10.2", "lxdbr0", "10.10.10.0/24")
IN_LIBVIRT = _inside("web", "192.168.122.2", "virbr0", "192.168.122.0/24")
IN_CNI = _inside("web", "10.42.0.7", "cni0", "10.42.0.0/24")
DOCKER = sh(
    "iptables-restore -n <<'RULES'\n"
    + DOCKER_RULES.format(to="", user="")
    + "RULES\niptables -P FORWARD DROP"
)
CONTAINERS = (
    Scenario(
        "lxd-proxy-beside-docker",
        fault="Docker's policy of the chain FORWARD drops what LXD's proxy device leads to an instance",
        containers=IN_LXD,
        before=(nft(LXD), iptables(DOCKER_BESIDE % "")),
        servers=(INSIDE,),
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "lxd-proxy-let-through-by-docker",
        fault="nothing: the chain DOCKER-USER lets LXD's bridge through, as LXD's page says",
        containers=IN_LXD,
        before=(
            nft(LXD),
            iptables(
                DOCKER_BESIDE % "-A DOCKER-USER -i lxdbr0 -j ACCEPT\n-A DOCKER-USER -o lxdbr0 -j ACCEPT"
            ),
        ),
        servers=(INSIDE,),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "libvirt-rejects-what-is-sent-on",
        fault="libvirt rejects what a rule sends on to a guest of its NAT network",
        containers=IN_LIBVIRT,
        before=(FORWARDS, iptables(LIBVIRT)),
        servers=(INSIDE,),
        truth="rejected port-unreachable",
        expected=REJECTS,
    ),
    Scenario(
        "host-port-of-kubernetes",
        fault="nothing: the host port of a pod",
        containers=IN_CNI,
        before=(FORWARDS, iptables(CNI)),
        servers=(INSIDE,),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "host-port-of-kubernetes-and-ufw",
        fault="ufw drops what is routed to a pod",
        containers=IN_CNI,
        before=(FORWARDS, iptables(CNI), ufw()),
        servers=(INSIDE,),
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "docker-behind-firewalld",
        fault="nothing: firewalld lets through what is translated, and docker's chains do so too",
        containers=WEB,
        before=(firewalld(), DOCKER),
        servers=(INSIDE,),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "docker-on-nftables",
        fault="nothing: a port that Docker publishes with its own nftables backend",
        containers=WEB,
        before=(FORWARDS, nft(DOCKER_NFT)),
        servers=(INSIDE,),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "docker-on-nftables-and-a-strict-forward",
        fault="a table of somebody's own drops what is passed on, whatever Docker's tables accept",
        containers=WEB,
        before=(FORWARDS, nft(DOCKER_NFT), nft(STRICT_FORWARD)),
        servers=(INSIDE,),
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "podman-on-nftables",
        fault="nothing: a port that Podman publishes",
        containers=WEB,
        before=(FORWARDS, nft(NETAVARK)),
        servers=(INSIDE,),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "podman-on-nftables-and-ufw",
        fault="ufw drops what is routed to Podman's container",
        containers=WEB,
        before=(FORWARDS, nft(NETAVARK), ufw()),
        servers=(INSIDE,),
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "published-on-the-address-of-yesterday",
        fault="the port is published for an address that the machine no longer has",
        containers=WEB,
        before=(
            sh(
                "iptables-restore -n <<'RULES'\n"
                + DOCKER_RULES.format(to=" -d 192.168.77.99/32", user="")
                + "RULES"
            ),
        ),
        servers=(INSIDE,),
        truth="refused",
        expected=blocked("nothing-listening|listening-in-namespace|published-on-loopback|wrong-address"),
    ),
    Scenario(
        "bridge-without-a-container",
        fault="the container is gone: its bridge has no port, and the port is still sent there",
        before=(
            sh(
                "ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up"
            ),
            FORWARDS,
            DOCKER,
        ),
        truth="rejected host-unreachable|timeout",
        expected=NOT_CLEAR,
    ),
)

FWD = """
table netdev steal {
  chain in {
    type filter hook ingress device eth0 priority 0;
    tcp dport 5000 fwd to "lo"
  }
}
"""
DISPATCH = """
table inet filter {
  chain shop { ip saddr 192.168.77.21 accept; ip saddr 192.168.77.0/24 return; drop; }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    tcp dport vmap { 22 : accept, 5000 : jump shop }
    iifname "lo" accept
  }
}
"""
RULES = (
    Scenario(
        "queued-for-a-program-that-is-gone",
        fault="a rule hands packets to a program (Suricata) that does not run",
        before=(iptables("-I INPUT -p tcp --dport 5000 -j NFQUEUE --queue-num 5"),),
        servers=SERVERS,
        truth="timeout",
        expected=NOT_CLEAR,
    ),
    Scenario(
        "queued-with-bypass",
        fault="nothing: the same, and without the program packets pass",
        before=(iptables("-I INPUT -p tcp --dport 5000 -j NFQUEUE --queue-num 5 --queue-bypass"),),
        servers=SERVERS,
        truth="served",
        expected=NOT_BLOCKED,
    ),
    Scenario(
        "time-stamps-dropped",
        fault="a rule drops packets with TCP's time stamps, which most systems send",
        before=(iptables("-A INPUT -p tcp --dport 5000 --tcp-option 8 -j DROP"),),
        servers=SERVERS,
        truth="timeout",
        expected=NOT_CLEAR,
    ),
    Scenario(
        "source-translated-on-the-way-in",
        fault="nothing: the server sees another address of the client",
        before=(iptables("-t nat -A INPUT -p tcp --dport 5000 -j SNAT --to-source 192.168.77.99"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "stolen-at-the-card",
        fault="a rule at the card forwards the port's frames to another device",
        before=(nft(FWD),),
        servers=SERVERS,
        truth="timeout",
        expected=NOT_CLEAR,
    ),
    Scenario(
        "dispatched-and-returned",
        fault="a chain for the port returns for the LAN, and the policy drops",
        before=(nft(DISPATCH),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        with_peer=DROPS,
        fixable=True,
    ),
    Scenario(
        "firewalld-lockdown-and-an-icmp-block",
        fault="firewalld's zone drops all but what it names, and inverts its ICMP blocks",
        before=(firewalld("--add-icmp-block-inversion", "--remove-service=ssh"),),
        servers=SERVERS,
        truth="rejected admin-prohibited|rejected host-prohibited",
        expected=REJECTS,
        fixable=True,
    ),
    Scenario(
        "firewalld-source-in-the-drop-zone",
        fault="one client's address is a source of firewalld's zone drop",
        before=(firewalld("--add-port=5000/tcp", f"--zone=drop --add-source={CLIENT}"),),
        servers=SERVERS,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=DROPS,
    ),
    Scenario(
        "mtu-lock-of-a-route",
        fault="nothing: the route to the LAN locks a small MTU",
        before=(sh("ip route replace 192.168.77.0/24 dev eth0 scope link src 192.168.77.10 mtu lock 600"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
)

MPTCP = "s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, 262); s.bind(('::', 5000)); s.listen()"
LISTENING = (
    Scenario(
        "listens-by-multipath-tcp",
        fault="nothing: the server listens by MPTCP, as programs in Go do",
        servers=(sockets(MPTCP),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "listens-by-multipath-tcp-on-loopback",
        fault="the server listens by MPTCP, on 127.0.0.1",
        servers=(
            sockets(
                "s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262); s.bind(('127.0.0.1', 5000)); s.listen()"
            ),
        ),
        truth="refused",
        expected=blocked("bound-to-loopback"),
    ),
    Scenario(
        "backlog-of-nothing",
        fault="nothing: the server listens with a backlog of 0",
        servers=(sockets("s = socket.socket(); s.bind(('0.0.0.0', 5000)); s.listen(0)"),),
        truth="served",
        expected=CLEAR,
    ),
)

VIP6 = "fd77::50"
MORE = (
    Scenario(
        "virtual-address-and-arp-ignore-2",
        fault="nothing: the card answers ARP only to senders of a network of its own, and has one beside the /32",
        before=(sh(f"ip addr add {VIP}/32 dev eth0; echo 2 > /proc/sys/net/ipv4/conf/eth0/arp_ignore"),),
        servers=SERVERS,
        address=VIP,
        options=f"--to {VIP}",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "virtual-address-of-ipv6-on-a-macvlan",
        fault="nothing: the virtual address of IPv6 is on a macvlan of keepalived",
        before=(
            sh(
                "ip link add vrrp6.44 link eth0 type macvlan mode private; ip link set vrrp6.44 up\n"
                f"ip addr add {VIP6}/128 dev vrrp6.44 nodad"
            ),
        ),
        servers=SERVERS6,
        address=VIP6,
        peer=CLIENT6,
        options=f"--to {VIP6}",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "firewalld-filters-the-way-back-of-ipv6",
        fault="firewalld drops IPv6 clients whose way back is by the tunnel (IPv6_rpfilter)",
        before=(
            tunnel("ip -6 addr add fd08::2/64 dev tun0 nodad; ip -6 route add fd77::/64 dev tun0 metric 1"),
            firewalld("--add-port=5000/tcp"),
        ),
        servers=SERVERS6,
        address=SERVER6,
        peer=CLIENT6,
        options=f"--to {SERVER6}",
        truth="timeout|unreachable|rejected addr-unreachable",
        expected=NOT_CLEAR,
    ),
    Scenario(
        "no-room-for-connections",
        fault="nothing: the setting for the longest queue is 1, and the server takes its connections at once",
        before=(sh("echo 1 > /proc/sys/net/core/somaxconn"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "macvlan-filters-strictly-and-its-card-answers",
        fault="nothing: a macvlan with the address filters strictly, and the card that carries it answers as well",
        before=(
            sh(
                "ip addr flush dev eth0; ip link add mac0 link eth0 type macvlan mode bridge; ip link set mac0 up\n"
                "echo 1 > /proc/sys/net/ipv4/conf/mac0/rp_filter; ip addr add 192.168.77.10/32 dev mac0\n"
                "ip route add 192.168.77.0/24 dev eth0"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
)
