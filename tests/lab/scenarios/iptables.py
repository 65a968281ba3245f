"""Rules of iptables, with both backends, ipset among them."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, UNDETERMINED, Scenario, blocked, iptables, nft_input, sh
from tests.lab.servers import OPEN, flask

SERVERS = (OPEN,)
DROPS = blocked("firewall-drops")
REJECTS = blocked("firewall-rejects")
SHUT = """
    -P INPUT DROP
    -A INPUT -i lo -j ACCEPT
    -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
"""

IPV6_SHUT = iptables(
    "-P INPUT DROP\n-A INPUT -i lo -j ACCEPT\n-A INPUT -p ipv6-icmp -j ACCEPT", tool="ip6tables-nft"
)

SCENARIOS = (
    Scenario(
        "iptables-policy-drop",
        fault="INPUT's policy is DROP and no rule accepts the port",
        before=(iptables(SHUT + "-A INPUT -p tcp --dport 22 -j ACCEPT"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "iptables-rejects-the-rest",
        fault="an image of a hoster: ssh is accepted, the rest is rejected as host-prohibited",
        before=(
            iptables(
                """
                -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
                -A INPUT -p icmp -j ACCEPT
                -A INPUT -i lo -j ACCEPT
                -A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
                -A INPUT -j REJECT --reject-with icmp-host-prohibited
                """
            ),
        ),
        servers=SERVERS,
        truth="rejected host-prohibited",
        expected=REJECTS,
        fixable=True,
    ),
    Scenario(
        "iptables-accept-behind-reject",
        fault="the accepting rule was appended behind the one that rejects the rest",
        before=(
            iptables(
                """
                -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
                -A INPUT -i lo -j ACCEPT
                -A INPUT -j REJECT --reject-with icmp-host-prohibited
                -A INPUT -p tcp --dport 5000 -j ACCEPT
                """
            ),
        ),
        servers=SERVERS,
        truth="rejected host-prohibited",
        expected=REJECTS,
        fixable=True,
    ),
    Scenario(
        "iptables-multiport",
        fault="a list of ports that lacks this one",
        before=(iptables(SHUT + "-A INPUT -p tcp -m multiport --dports 22,80,443,8000:8100 -j ACCEPT"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "iptables-goto",
        fault="a chain is entered by goto: what returns from it meets the policy, not the next rule",
        before=(
            iptables(
                SHUT
                + """
                -N SHOP
                -A SHOP -s 10.0.0.0/8 -j ACCEPT
                -A INPUT -p tcp --dport 5000 -g SHOP
                -A INPUT -p tcp --dport 5000 -j ACCEPT
                """
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "iptables-raw-table",
        fault="dropped in the raw table",
        before=(iptables("-t raw -A PREROUTING -i eth0 -p tcp --dport 5000 -j DROP"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "iptables-mark",
        fault="marked in mangle, dropped by the mark in filter",
        before=(
            iptables(
                """
                -t mangle -A PREROUTING -s 192.168.77.0/24 -p tcp --dport 5000 -j MARK --set-mark 0x1
                -A INPUT -m mark --mark 0x1 -j DROP
                """
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "iptables-legacy",
        fault="the rules are in iptables-legacy, where nft and iptables-nft do not see them",
        before=(iptables("-A INPUT -p tcp --dport 5000 -j DROP", "iptables-legacy"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "iptables-both-backends",
        fault="iptables-nft accepts the port, rules left behind in iptables-legacy drop it",
        before=(
            iptables("-A INPUT -p tcp --dport 5000 -j ACCEPT"),
            iptables(SHUT + "-A INPUT -p tcp --dport 22 -j ACCEPT", "iptables-legacy"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "iptables-and-nft",
        fault="iptables accepts the port, a table of nftables drops it",
        before=(
            iptables("-A INPUT -p tcp --dport 5000 -j ACCEPT"),
            nft_input("tcp dport != { 22, 80, 443 } ct state new iifname != lo drop"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ipset-of-open-ports",
        fault="the set of open ports lacks this one",
        before=(
            sh("ipset create open bitmap:port range 0-10000; ipset add open 22; ipset add open 8000"),
            iptables(SHUT + "-A INPUT -p tcp -m set --match-set open dst -j ACCEPT"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ipset-of-banned-networks",
        fault="a block list holds the whole LAN",
        before=(
            sh("ipset create banned hash:net; ipset add banned 192.168.0.0/16"),
            iptables("-A INPUT -m set --match-set banned src -j DROP"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ipset-with-iptables-legacy",
        fault="the same with the legacy backend",
        before=(
            sh("ipset create banned hash:ip; ipset add banned 192.168.77.20; ipset add banned 192.168.77.21"),
            iptables("-A INPUT -m set --match-set banned src -j DROP", "iptables-legacy"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=CLEAR,
        with_peer=DROPS,
    ),
    Scenario(
        "iptables-hashlimit",
        fault="more than two connections a minute are dropped",
        before=(
            iptables(
                "-A INPUT -p tcp --dport 5000 --syn -m hashlimit --hashlimit-above 2/minute"
                " --hashlimit-burst 2 --hashlimit-mode srcip --hashlimit-name shop -j DROP"
            ),
        ),
        servers=SERVERS,
        truth="sometimes",
        attempts=5,
        expected=blocked("rate-limited"),
        fixable=True,
    ),
    Scenario(
        "iptables-string",
        fault="a rule looks into the packet's data, as no model can",
        before=(iptables("-A INPUT -p tcp --dport 5000 -m string --algo bm --string GET -j DROP"),),
        servers=SERVERS,
        truth="silent",
        expected=UNDETERMINED,
    ),
    Scenario(
        "iptables-output-drop",
        fault="OUTPUT accepts what leaves by the tunnel and drops the rest",
        before=(iptables("-P OUTPUT DROP\n-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -o tun0 -j ACCEPT"),),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("firewall-drops-replies"),
        fixable=True,
    ),
    Scenario(
        "iptables-ipv6-only-shut",
        fault="ip6tables drops, iptables does not: clients of the IPv6 address are shut out",
        before=(IPV6_SHUT,),
        servers=(flask("--host ::"),),
        address="fd77::10",
        options="--to fd77::10",
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "iptables-ipv6-shut-ipv4-open",
        fault="nothing for the clients of the IPv4 address: only IPv6 is dropped",
        before=(IPV6_SHUT,),
        servers=(flask("--host ::"),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "iptables-counting-rules",
        fault="nothing: rules without a target only count",
        before=(iptables("-A INPUT -p tcp --dport 5000\n-A INPUT -s 192.168.77.20"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "iptables-accept-then-drop",
        fault="nothing: accepted before the rule that drops the rest",
        before=(
            iptables(
                """
                -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
                -A INPUT -i lo -j ACCEPT
                -A INPUT -s 192.168.77.0/24 -p tcp --dport 5000 -j ACCEPT
                -A INPUT -j DROP
                """
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "iptables-connlimit-of-nothing",
        fault="not a single connection at one time is let in: each counts itself",
        before=(iptables("-A INPUT -p tcp --syn --dport 5000 -m connlimit --connlimit-above 0 -j REJECT"),),
        servers=SERVERS,
        truth="rejected port-unreachable",
        expected=blocked("firewall-rejects"),
        fixable=True,
    ),
    Scenario(
        "iptables-hardware-addresses",
        fault="one device is let in by its hardware address, and it is not this one",
        before=(iptables("-A INPUT -p tcp --dport 5000 -m mac ! --mac-source 02:00:00:00:00:99 -j DROP"),),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("firewall-drops"),
    ),
)
