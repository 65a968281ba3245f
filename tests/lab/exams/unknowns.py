"""What can be known although it looks hard, and what cannot although it looks fine."""

from __future__ import annotations

from tests.lab.scenario import (
    CLEAR,
    UNDETERMINED,
    Expected,
    Scenario,
    blocked,
    iptables,
    nft_input,
    nft_output,
    sh,
)
from tests.lab.scenarios.bridges import BRIDGE
from tests.lab.scenarios.routing import tunnel
from tests.lab.servers import flask

SERVERS = (flask("--host 0.0.0.0"),)
DROPS = blocked("firewall-drops")
REPLIES = blocked("firewall-drops-replies")
BY_USER = "ip route add default dev tun0 table 70; ip rule add uidrange {} table 70"

BY_USER_NOT = (
    "ip route add default dev tun0 table 70; ip rule add table 70 pref 200"
    "; ip rule add uidrange 0-0 table main pref 100"
)

# The only user whom the lab's namespaces know by a number of its own is 0: the server's too.
KNOWN = (
    Scenario(
        "owner-of-the-answers",
        fault="what the server's user sends to the LAN is dropped",
        before=(iptables("-A OUTPUT -o eth0 -m owner --uid-owner 0 -j DROP"),),
        servers=SERVERS,
        truth="timeout|silent",
        expected=REPLIES,
    ),
    Scenario(
        "owner-is-another",
        fault="nothing: what another user sends is dropped",
        before=(iptables("-A OUTPUT -o eth0 -m owner ! --uid-owner 0 -j DROP"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "skuid-of-the-answers",
        fault="the same with nftables",
        before=(nft_output('oifname "eth0" meta skuid 0 drop'),),
        servers=SERVERS,
        truth="timeout|silent",
        expected=REPLIES,
    ),
    Scenario(
        "skuid-is-another",
        fault="nothing: another user's answers are dropped",
        before=(nft_output('oifname "eth0" meta skuid 33 drop'),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "route-by-user-into-the-tunnel",
        fault="what the server's user sends goes into the tunnel",
        before=(tunnel(BY_USER.format("0-0")),),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("vpn-takes-replies"),
    ),
    Scenario(
        "route-by-another-user",
        fault="nothing: all goes into the tunnel but what the server's user sends",
        before=(tunnel(BY_USER_NOT),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "ebtables-drops",
        fault="ebtables drops the port on the bridge",
        before=(BRIDGE, sh("ebtables-nft -A INPUT -p IPv4 --ip-proto tcp --ip-dport 5000 -j DROP")),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "ebtables-drops-another-port",
        fault="nothing: ebtables drops another port",
        before=(BRIDGE, sh("ebtables-nft -A INPUT -p IPv4 --ip-proto tcp --ip-dport 5001 -j DROP")),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "synproxy",
        fault="nothing: SYNPROXY answers for the server until a client has proved itself",
        before=(
            sh(
                "sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 net.ipv4.tcp_syncookies=1 net.ipv4.tcp_timestamps=1"
            ),
            iptables(
                """
                -t raw -A PREROUTING -p tcp --dport 5000 --syn -j CT --notrack
                -A INPUT -p tcp --dport 5000 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460
                -A INPUT -m conntrack --ctstate INVALID -j DROP
                """  # noqa: E501 - one rule is one line
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "statistic-always",
        fault="a rule with probability 1 drops the port",
        before=(iptables("-A INPUT -p tcp --dport 5000 -m statistic --mode random --probability 1 -j DROP"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "statistic-never",
        fault="nothing: a rule with probability 0 drops the port",
        before=(iptables("-A INPUT -p tcp --dport 5000 -m statistic --mode random --probability 0 -j DROP"),),
        servers=SERVERS,
        truth="served",
        attempts=4,
        expected=CLEAR,
    ),
    Scenario(
        "no-nft-and-no-table",
        fault="nothing: nft is not installed, and the kernel holds no table",
        before=(sh("mount --bind /dev/null $(readlink -f $(command -v nft))"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
)

SUBSET = sh("mount -t proc -o subset=pid proc /proc")
HIDDEN = (
    Scenario(
        "no-nft-and-a-table",
        fault="nft is not installed, and a table that it would show drops the port",
        before=(
            nft_input("tcp dport 5000 drop"),
            sh("mount --bind /dev/null $(readlink -f $(command -v nft))"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=Expected("blocked|undetermined"),
    ),
    Scenario(
        "proc-hidden-and-iptables-legacy",
        fault="/proc shows processes only, and iptables-legacy drops the port",
        before=(iptables("-A INPUT -p tcp --dport 5000 -j DROP", "iptables-legacy"),),
        after=(SUBSET,),
        servers=SERVERS,
        truth="timeout",
        expected=Expected("blocked|undetermined"),
    ),
    Scenario(
        "proc-hidden-and-rp-filter",
        fault="/proc shows processes only, and rp_filter drops this client",
        before=(
            sh(
                "ip link add d0 type veth peer name far0; ip link set far0 up; ip link set d0 up\n"
                "ip route add 192.168.77.0/25 dev d0; ip route add 192.168.77.128/25 dev d0\n"
                "echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter"
            ),
        ),
        after=(SUBSET,),
        servers=SERVERS,
        truth="rejected host-unreachable|unreachable",
        expected=Expected("blocked|undetermined"),
    ),
    Scenario(
        "iptables-gone-and-legacy-rules",
        fault="the tools of iptables-legacy are gone, and its rules drop the port",
        before=(
            iptables("-A INPUT -p tcp --dport 5000 -j DROP", "iptables-legacy"),
            sh("mount --bind /dev/null $(readlink -f $(command -v iptables-legacy))"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=UNDETERMINED,
    ),
)
