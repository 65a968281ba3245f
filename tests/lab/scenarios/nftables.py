"""Rules of nftables, wherever the packet and its answer meet them."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, Expected, Scenario, blocked, nft, nft_input, sh
from tests.lab.servers import OPEN, flask

SERVERS = (OPEN,)
DROPS = blocked("firewall-drops")
REJECTS = blocked("firewall-rejects")
REPLIES = blocked("firewall-drops-replies")
INPUT_DROP = "type filter hook input priority 0; policy drop"
STATEFUL = "ct state established,related accept\niif lo accept\n"

DROPPED = (
    Scenario(
        "nft-input-drop",
        fault="a rule drops the port",
        before=(nft_input("tcp dport 5000 drop"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nft-policy-drop",
        fault="the policy drops what no rule accepts",
        before=(nft_input(STATEFUL + "tcp dport 22 accept\nicmp type echo-request accept", INPUT_DROP),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nft-source-of-another-subnet",
        fault="the rule that accepts the port was copied with another network",
        before=(nft_input(STATEFUL + "ip saddr 192.168.1.0/24 tcp dport 5000 accept", INPUT_DROP),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nft-interface-of-another-name",
        fault="the rule that accepts the port is for wlan0",
        before=(nft_input(STATEFUL + 'iifname "wlan0" tcp dport 5000 accept', INPUT_DROP),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nft-raw-prerouting",
        fault="dropped in prerouting, long before any input chain",
        before=(nft_input("tcp dport 5000 drop", "type filter hook prerouting priority -300"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "nft-netdev-ingress",
        fault="dropped at the interface",
        before=(nft_input("tcp dport 5000 drop", "type filter hook ingress device eth0 priority -500"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "nft-second-table",
        fault="accepted by one table, dropped by another with a later priority: accept is not final",
        before=(
            nft_input("tcp dport 5000 accept"),
            nft(
                """
                table inet lockdown {
                  chain late {
                    type filter hook input priority 10;
                    tcp dport 5000-5010 drop
                  }
                }
                """
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nft-accept-after-drop",
        fault="the accepting rule stands behind the dropping one",
        before=(nft_input("ip saddr 192.168.0.0/16 drop\ntcp dport 5000 accept"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nft-jump-and-return",
        fault="a chain of its own for the port returns without a word; the policy drops",
        before=(
            nft(
                """
                table inet filter {
                  chain shop {
                    ip saddr 10.0.0.0/8 accept
                    return
                  }
                  chain input {
                    type filter hook input priority 0; policy drop;
                    ct state established,related accept
                    iif lo accept
                    tcp dport 5000 jump shop
                  }
                }
                """
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nft-named-set-of-ports",
        fault="the set of open ports lacks this one",
        before=(
            nft(
                """
                table inet filter {
                  set open {
                    type inet_service; flags interval;
                    elements = { 22, 80, 443, 8000-8100 }
                  }
                  chain input {
                    type filter hook input priority 0; policy drop;
                    ct state established,related accept
                    iif lo accept
                    tcp dport @open accept
                  }
                }
                """
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nft-verdict-map",
        fault="a verdict map sends the port to a drop",
        before=(nft_input("tcp dport vmap { 22 : accept, 5000 : drop }"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nft-state-verdict-map",
        fault="new connections are dropped by a verdict map on their state",
        before=(
            nft_input("iif lo accept\nct state vmap { established : accept, related : accept, new : drop }"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nft-mark-set-on-the-way",
        fault="marked in prerouting, dropped by the mark in input",
        before=(
            nft(
                """
                table inet filter {
                  chain marking {
                    type filter hook prerouting priority -150;
                    ip saddr 192.168.77.0/24 tcp dport 5000 meta mark set 0x17
                  }
                  chain input {
                    type filter hook input priority 0;
                    meta mark 0x17 drop
                  }
                }
                """
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nft-notrack",
        fault="not tracked, and the rules accept tracked connections only",
        before=(
            nft(
                """
                table inet filter {
                  chain raw {
                    type filter hook prerouting priority -300;
                    tcp dport 5000 notrack
                  }
                  chain input {
                    type filter hook input priority 0; policy drop;
                    iif lo accept
                    ct state new,established tcp dport 5000 accept
                  }
                }
                """
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
    Scenario(
        "nft-forgets-established",
        fault="connections may begin and never go on: no rule accepts what is established",
        before=(nft_input("iif lo accept\nct state new tcp dport 5000 accept", INPUT_DROP),),
        servers=SERVERS,
        truth="silent",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nft-fib-local-only",
        fault="a chain drops what does not come from one of the server's own addresses",
        before=(nft_input("tcp dport 5000 fib saddr type != local drop"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nft-dscp-and-length",
        fault="drops SYN packets by their flags",
        before=(nft_input("tcp dport 5000 tcp flags & (syn | ack) == syn drop"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
)

REJECTED = (
    Scenario(
        "nft-reject",
        fault="rejected with the ICMP message that reject sends unless told otherwise",
        before=(nft_input("tcp dport 5000 reject"),),
        servers=SERVERS,
        truth="rejected port-unreachable",
        expected=REJECTS,
        fixable=True,
    ),
    Scenario(
        "nft-reject-reset",
        fault="rejected with a RST: looks like a port where nothing listens",
        before=(nft_input("tcp dport 5000 reject with tcp reset"),),
        servers=SERVERS,
        truth="refused",
        expected=REJECTS,
        fixable=True,
    ),
    Scenario(
        "nft-reject-prohibited",
        fault="rejected as administratively prohibited",
        before=(nft_input("tcp dport 5000 reject with icmpx admin-prohibited"),),
        servers=SERVERS,
        truth="rejected admin-prohibited",
        expected=REJECTS,
        fixable=True,
    ),
    Scenario(
        "nft-reject-that-cannot-leave",
        fault="rejected, but the ICMP message may not leave: silence",
        before=(
            nft(
                """
                table inet filter {
                  chain input {
                    type filter hook input priority 0;
                    tcp dport 5000 reject
                  }
                  chain output {
                    type filter hook output priority 0;
                    ip protocol icmp drop
                  }
                }
                """
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
    ),
)

ANSWERS = (
    Scenario(
        "nft-output-drop",
        fault="the packet comes in, the answer may not leave",
        before=(nft_input("tcp sport 5000 drop", "type filter hook output priority 0"),),
        servers=SERVERS,
        truth="timeout",
        expected=REPLIES,
        fixable=True,
    ),
    Scenario(
        "nft-output-policy",
        fault="a kill switch: only the tunnel and lo may send",
        before=(
            nft_input('oifname { "lo", "tun0" } accept', "type filter hook output priority 0; policy drop"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=REPLIES,
        fixable=True,
    ),
    Scenario(
        "nft-postrouting-drop",
        fault="the answer is dropped in postrouting",
        before=(
            nft_input(
                "ip daddr 192.168.77.0/24 tcp sport 5000 drop", "type filter hook postrouting priority 0"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=REPLIES,
    ),
)

SINGLED_OUT = (
    Scenario(
        "nft-banned-client",
        fault="fail2ban has banned this client; its neighbour is served",
        before=(
            nft(
                """
                table inet f2b-table {
                  set addr-set-flask { type ipv4_addr; elements = { 192.168.77.20 } }
                  chain f2b-chain {
                    type filter hook input priority -1;
                    tcp dport 5000 ip saddr @addr-set-flask reject with icmp port-unreachable
                  }
                }
                """
            ),
        ),
        servers=SERVERS,
        truth="rejected port-unreachable",
        ordinary="served",
        expected=CLEAR,
        with_peer=REJECTS,
    ),
    Scenario(
        "nft-one-client-only",
        fault="only this client is let in; its neighbours are not",
        before=(nft_input(STATEFUL + "ip saddr 192.168.77.20 tcp dport 5000 accept", INPUT_DROP),),
        servers=SERVERS,
        truth="served",
        ordinary="timeout",
        expected=DROPS,
        with_peer=CLEAR,
    ),
    Scenario(
        "nft-dnat-to-loopback",
        fault="a NAT rule sends the port to 127.0.0.1, where the server listens",
        before=(
            nft(
                "table ip n {\n chain p {\n type nat hook prerouting priority -100\n"
                " tcp dport 5000 dnat to 127.0.0.1:5000\n }\n}\n"
            ),
        ),
        servers=(flask(""),),
        truth="timeout",
        expected=blocked("port-redirected|bound-to-loopback"),
    ),
    Scenario(
        "nft-dnat-to-loopback-allowed",
        fault="none: route_localnet lets clients reach a loopback address by translation",
        before=(
            nft(
                "table ip n {\n chain p {\n type nat hook prerouting priority -100\n"
                " tcp dport 5000 dnat to 127.0.0.1:5000\n }\n}\n"
            ),
            sh("sysctl -qw net.ipv4.conf.eth0.route_localnet=1"),
        ),
        servers=(flask(""),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "nft-rate-limit",
        fault="a limit lets two connections a minute in",
        before=(
            nft_input(
                STATEFUL + "tcp dport 5000 ct state new limit rate 2/minute burst 2 packets accept",
                INPUT_DROP,
            ),
        ),
        servers=SERVERS,
        truth="sometimes",
        attempts=5,
        expected=blocked("rate-limited"),
        fixable=True,
    ),
)

NOTHING_WRONG = (
    Scenario(
        "nft-dormant-table",
        fault="nothing: the table that drops is dormant",
        before=(
            nft(
                """
                table inet lockdown {
                  flags dormant;
                  chain input {
                    type filter hook input priority 0; policy drop;
                  }
                }
                """
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "nft-lan-but-not-lo",
        fault="nothing: the rules admit eth0 but not lo, so that only the machine itself is shut out",
        before=(nft_input("iifname eth0 tcp dport 5000 accept", INPUT_DROP),),
        servers=SERVERS,
        truth="served",
        expected=Expected("clear|undetermined"),
    ),
    Scenario(
        "nft-policy-drop-without-established",
        fault="nothing: a policy that drops, one rule for the port without any state",
        before=(nft_input("iif lo accept\ntcp dport 5000 accept", INPUT_DROP),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "nft-drop-for-another-interface",
        fault="nothing: the dropping rule is for another interface",
        before=(nft_input('iifname "wlan0" tcp dport 5000 drop'),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "nft-accept-before-drop",
        fault="nothing: accepted before it would be dropped, in one chain",
        before=(nft_input("ip saddr 192.168.77.0/24 tcp dport 5000 accept\ntcp dport 5000 drop"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "nft-source-in-named-set",
        fault="nothing: the LAN is in the set of networks that are let in",
        before=(
            nft(
                """
                table inet filter {
                  set lans { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.0.0/16 } }
                  chain input {
                    type filter hook input priority 0; policy drop;
                    ct state established,related accept
                    iif lo accept
                    ip saddr @lans accept
                  }
                }
                """
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "nft-icmp-dropped",
        fault="nothing: pings are dropped, the server is served",
        before=(nft_input("meta l4proto { icmp, icmpv6 } drop"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "ping-ignored",
        fault="nothing: the kernel answers no ping",
        before=(sh("echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "nft-random-drop",
        fault="one packet in two is dropped at random: some visits fail",
        before=(nft_input("tcp dport 5000 tcp flags syn numgen random mod 2 0 drop"),),
        servers=SERVERS,
        truth="served|sometimes",
        attempts=4,
        expected=blocked("firewall-drops"),
        fixable=True,
    ),
)

COUNTED = (
    Scenario(
        "nft-count-of-nothing",
        fault="only clients without a connection are let in: each connection counts itself",
        before=(nft_input("tcp dport 5000 ct count 0 accept\ntcp dport 5000 drop"),),
        servers=(OPEN,),
        truth="timeout",
        expected=blocked("firewall-drops"),
        fixable=True,
    ),
)

SCENARIOS = (*DROPPED, *REJECTED, *ANSWERS, *SINGLED_OUT, *NOTHING_WRONG, *COUNTED)
