"""States of ufw, firewalld, nftables and iptables that look open and are not, or look shut and are open."""

from __future__ import annotations

from tests.lab.scenario import (
    CLEAR,
    Expected,
    Scenario,
    blocked,
    firewalld,
    iptables,
    nft,
    nft_input,
    sh,
    ufw,
)
from tests.lab.servers import Server, flask

SERVERS = (flask("--host 0.0.0.0"),)
DROPS = blocked("firewall-drops")
DENIES = "-A ufw-before-input -p tcp --dport 5000 -j DROP"
DENIES_BEFORE = f"sed -i '/^# allow all on loopback/i {DENIES}' /etc/ufw/before.rules"
PROFILE = """cat > /etc/ufw/applications.d/shop <<'END'
[Shop]
title=Shop
description=The shop
ports=5001/tcp
END
"""

UFW = (
    Scenario(
        "ufw-profile-of-another-port",
        fault="ufw allows an application whose profile names another port",
        before=(sh(PROFILE), ufw("allow Shop")),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ufw-lets-through-not-in",
        fault="ufw route allow lets the port through this machine, not in",
        before=(ufw("route allow in on eth0 to any port 5000 proto tcp"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ufw-drops-before-its-rules",
        fault="before.rules drops the port, and ufw allows it behind that",
        before=(sh(DENIES_BEFORE), ufw("allow 5000/tcp")),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "ufw-allows-to-the-other-family",
        fault="ufw allows the port for the IPv4 address only, and the clients use the IPv6 address",
        before=(ufw("allow proto tcp to 192.168.77.10 port 5000"),),
        servers=(flask("--host ::"),),
        address="fd77::10",
        options="--to fd77::10",
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ufw-allows-from-a-port",
        fault="the rule of ufw names the client's port instead of the server's",
        before=(ufw("allow from any port 5000 proto tcp"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
)

FIREWALLD = (
    Scenario(
        "firewalld-zone-of-a-source",
        fault="the client's address is a source of the zone drop; everybody else gets in",
        before=(firewalld("--add-port=5000/tcp", "--zone=drop --add-source=192.168.77.20"),),
        servers=SERVERS,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=DROPS,
    ),
    Scenario(
        "firewalld-panic",
        fault="panic mode drops everything",
        before=(firewalld("--add-port=5000/tcp", "--panic-on"),),
        servers=SERVERS,
        truth="timeout|unreachable",
        expected=DROPS,
    ),
    Scenario(
        "firewalld-direct-rule",
        fault="a direct rule drops the port that the zone opens",
        before=(
            firewalld(
                "--add-port=5000/tcp", "--direct --add-rule ipv4 filter INPUT 0 -p tcp --dport 5000 -j DROP"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "firewalld-forwards-to-nobody",
        fault="firewalld forwards the port to another one, where nobody listens",
        before=(firewalld("--add-port=5000/tcp", "--add-forward-port=port=5000:proto=tcp:toport=8000"),),
        servers=SERVERS,
        truth="refused",
        expected=blocked("port-redirected"),
    ),
    Scenario(
        "firewalld-blocks-icmp-only",
        fault="nothing: the zone blocks all of ICMP, and opens the port",
        before=(firewalld("--add-port=5000/tcp", "--add-icmp-block-inversion"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "firewalld-source-port",
        fault="the zone lets in what comes from port 5000, not what goes to it",
        before=(firewalld("--add-source-port=5000/tcp"),),
        servers=SERVERS,
        truth="unreachable|rejected admin-prohibited|rejected host-prohibited",
        expected=blocked("firewall-rejects"),
        fixable=True,
    ),
    Scenario(
        "firewalld-rich-priorities",
        fault="a rich rule with a low number rejects what one with a higher number accepts",
        before=(
            firewalld(
                "--add-rich-rule='rule priority=-10 family=ipv4 source address=192.168.0.0/16 reject'",
                "--add-rich-rule='rule priority=10 port port=5000 protocol=tcp accept'",
            ),
        ),
        servers=SERVERS,
        truth="refused|unreachable|rejected port-unreachable",
        expected=blocked("firewall-rejects"),
        fixable=True,
    ),
)

NFTABLES = (
    Scenario(
        "set-that-limits-each-source",
        fault="each source may connect twice a minute, and then no more",
        before=(
            nft(
                "table inet filter {\n"
                "  set seen { type ipv4_addr; flags dynamic,timeout; timeout 5m; size 1000; }\n"
                "  chain input {\n    type filter hook input priority 0;\n"
                "    tcp dport 5000 ct state new "
                "update @seen { ip saddr limit rate over 2/minute burst 2 packets } drop\n"
                "  }\n}\n"
            ),
        ),
        servers=SERVERS,
        truth="sometimes",
        attempts=8,
        expected=blocked("rate-limited"),
    ),
    Scenario(
        "untracked-and-not-let-in",
        fault="what is not tracked is neither new nor established, and the policy drops it",
        before=(
            nft(
                "table inet filter {\n"
                "  chain raw { type filter hook prerouting priority raw; tcp dport 5000 notrack; }\n"
                "  chain input {\n    type filter hook input priority 0; policy drop;\n    iif lo accept\n"
                "    ct state established,related accept\n    meta l4proto { icmp, ipv6-icmp } accept\n"
                "    ct state new tcp dport 5000 accept\n  }\n}\n"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "ingress-of-family-inet",
        fault="a chain of family inet drops the port as it comes in by the interface",
        before=(
            nft(
                "table inet edge {\n  chain in {\n    type filter hook ingress device eth0 priority -500;\n"
                "    tcp dport 5000 drop\n  }\n}\n"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "egress-of-the-interface",
        fault="a chain on the interface drops the answers as they leave",
        before=(
            nft(
                "table netdev edge {\n  chain out {\n    type filter hook egress device eth0 priority 0;\n"
                "    tcp sport 5000 drop\n  }\n}\n"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("firewall-drops-replies"),
        fixable=True,
    ),
    Scenario(
        "bytes-of-the-header",
        fault="a rule compares bytes of the TCP header and drops the port",
        before=(nft_input("meta l4proto tcp @th,16,16 5000 drop"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "every-second-address",
        fault="addresses that are even are dropped",
        before=(nft_input("ip saddr & 0.0.0.1 == 0.0.0.0 tcp dport 5000 drop"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "sent-to-a-neighbour-who-answers-himself",
        fault="a map sends the port on to a neighbour, whose answers go to the client directly, from another address",
        before=(
            sh("echo 1 > /proc/sys/net/ipv4/ip_forward"),
            nft(
                "table ip nat {\n  chain pre {\n    type nat hook prerouting priority dstnat;\n"
                "    dnat to tcp dport map { 5000 : 192.168.77.21 }\n  }\n}\n"
            ),
        ),
        servers=(Server("python -m http.server 5000", on="neighbour"),),
        truth="timeout",
        expected=Expected(
            "blocked", "port-redirected|nothing-listening|firewall-drops-replies|no-route-to-client"
        ),
    ),
    Scenario(
        "sent-to-a-neighbour-by-masquerade",
        fault="nothing: the same, and the neighbour answers by this machine, which hides the client",
        before=(
            sh("echo 1 > /proc/sys/net/ipv4/ip_forward"),
            nft(
                "table ip nat {\n  chain pre {\n    type nat hook prerouting priority dstnat;\n"
                "    dnat to tcp dport map { 5000 : 192.168.77.21 }\n  }\n"
                "  chain post {\n    type nat hook postrouting priority srcnat;\n"
                "    ct status dnat masquerade\n  }\n}\n"
            ),
        ),
        servers=(Server("python -m http.server 5000", on="neighbour"),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "fingerprint-of-the-client",
        fault="a rule drops whom it does not know by fingerprint, and there is no list of fingerprints",
        before=(nft_input('tcp dport 5000 osf name "unknown" drop'),),
        servers=SERVERS,
        truth="timeout|served",
        expected=Expected("blocked|undetermined"),
    ),
    Scenario(
        "helper-and-related-only",
        fault="only connections that a helper expects are let in (ct state related)",
        before=(
            nft_input(
                "ct state established,related accept\niif lo accept\nmeta l4proto { icmp, ipv6-icmp } accept\n"
                'ct helper "ftp" accept',
                "type filter hook input priority 0; policy drop",
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
)

IPTABLES = (
    Scenario(
        "range-of-addresses",
        fault="a range of addresses is dropped, and the client is in it",
        before=(
            iptables(
                "-A INPUT -p tcp -m iprange --src-range 192.168.77.15-192.168.77.20 --dport 5000 -j DROP"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        with_peer=DROPS,
    ),
    Scenario(
        "packets-for-this-host",
        fault="packets that are for this host alone are dropped (pkttype), broadcasts are not",
        before=(iptables("-A INPUT -p tcp --dport 5000 -m pkttype --pkt-type unicast -j DROP"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "segment-size",
        fault="SYNs that announce a segment size as on any Ethernet are dropped",
        before=(
            iptables(
                "-A INPUT -p tcp --dport 5000 --tcp-flags SYN,RST SYN -m tcpmss --mss 1300:1500 -j DROP"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=Expected("blocked|undetermined"),
    ),
    Scenario(
        "u32",
        fault="u32 compares the port by its place in the packet and drops it",
        before=(iptables('-A INPUT -p tcp -m u32 --u32 "0>>22&0x3C@0&0xFFFF=5000" -j DROP'),),
        servers=SERVERS,
        truth="timeout",
        expected=Expected("blocked|undetermined"),
    ),
    Scenario(
        "not-for-an-address-of-this-host",
        fault="nothing: what is not for an address of this host is dropped",
        before=(iptables("-A INPUT -m addrtype ! --dst-type LOCAL -j DROP"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "original-port-of-the-connection",
        fault="connections whose original port is 80 are accepted, and this one's is 5000; the policy drops",
        before=(
            iptables(
                "-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"
                "-A INPUT -p tcp -m conntrack --ctorigdstport 80 -j ACCEPT\n-A INPUT -p icmp -j ACCEPT\n"
                "-P INPUT DROP"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "only-after-a-translation",
        fault="only what was translated is let in (ctstate DNAT), and this port is not",
        before=(
            iptables(
                "-A INPUT -p tcp --dport 5000 -m conntrack ! --ctstate DNAT -j REJECT --reject-with tcp-reset"
            ),
        ),
        servers=SERVERS,
        truth="refused",
        expected=blocked("firewall-rejects"),
        fixable=True,
    ),
)
