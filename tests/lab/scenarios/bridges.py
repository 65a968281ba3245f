"""A server whose address is on a bridge, as on a machine with virtual ones: its frames meet rules of their own."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, UNDETERMINED, Scenario, blocked, iptables, nft, nft_input, sh
from tests.lab.servers import OPEN, flask

SERVERS = (OPEN,)
BRIDGE = sh(
    """
    ip link add br0 type bridge mcast_snooping 0 forward_delay 0
    ip addr flush dev eth0; ip link set eth0 master br0; ip link set br0 up
    ip addr add 192.168.77.10/24 brd + dev br0; ip addr add fd77::10/64 dev br0 nodad
    ip route add default via 192.168.77.1
    """
)
NOT_SEEN_BY_IP = sh(
    "for name in iptables ip6tables; do echo 0 > /proc/sys/net/bridge/bridge-nf-call-$name; done"
)


def chain(family: str, header: str, rules: str) -> str:
    """A table of one chain."""
    return f"table {family} lab {{\n chain c {{\n  {header};\n{rules}\n }}\n}}\n"


def on_bridge(hook: str, rules: str, policy: str = "accept") -> str:
    """A table of the bridge family."""
    return chain("bridge", f"type filter hook {hook} priority 0; policy {policy}", rules)


SCENARIOS = (
    Scenario(
        "bridge-nothing-wrong",
        fault="nothing: a chain of the bridge family drops another port",
        before=(BRIDGE, nft(on_bridge("input", "tcp dport 5001 drop"))),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "bridge-input-drops",
        fault="a chain of the bridge family drops the port before ip sees it",
        before=(BRIDGE, nft(on_bridge("input", "tcp dport 5000 drop"))),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("firewall-drops"),
    ),
    Scenario(
        "bridge-prerouting-drops",
        fault="the same in prerouting, by the name of the bridge's port, where ip does not see what is bridged",
        before=(BRIDGE, NOT_SEEN_BY_IP, nft(on_bridge("prerouting", 'iifname "eth0" tcp dport 5000 drop'))),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("firewall-drops"),
    ),
    Scenario(
        "bridge-output-drops",
        fault="a chain of the bridge family drops what the server answers",
        before=(BRIDGE, nft(on_bridge("output", "tcp sport 5000 drop"))),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("firewall-drops-replies"),
    ),
    Scenario(
        "bridge-forward-drops",
        fault="nothing: what is dropped is what the bridge passes on, and the server is not behind it",
        before=(BRIDGE, nft(on_bridge("forward", "", "drop"))),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "bridge-port-ingress-drops",
        fault="a chain on the bridge's port drops it, before the bridge gets it",
        before=(
            BRIDGE,
            nft(chain("netdev", "type filter hook ingress device eth0 priority 0", "tcp dport 5000 drop")),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("firewall-drops"),
    ),
    Scenario(
        "bridge-physdev-drops",
        fault="a rule of iptables drops what came in by the bridge's port (br_netfilter)",
        before=(BRIDGE, iptables("-A INPUT -m physdev --physdev-in eth0 -p tcp --dport 5000 -j DROP")),
        servers=SERVERS,
        truth="timeout",
        expected=blocked("firewall-drops"),
    ),
    Scenario(
        "bridge-physdev-not-seen",
        fault="nothing: the same rule, where ip does not see what is bridged, never matches",
        before=(
            BRIDGE,
            NOT_SEEN_BY_IP,
            iptables("-A INPUT -m physdev --physdev-in eth0 -p tcp --dport 5000 -j DROP"),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "arp-requests-dropped",
        fault="a chain of the arp family drops the question who has the server's address",
        before=(nft(chain("arp", "type filter hook input priority 0", "arp operation request drop")),),
        servers=SERVERS,
        truth="timeout|unreachable|rejected host-unreachable",
        expected=UNDETERMINED,
    ),
    Scenario(
        "arp-for-others-dropped",
        fault="nothing: questions are dropped that are for another address",
        before=(nft(chain("arp", "type filter hook input priority 0", "arp daddr ip 192.168.77.99 drop")),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "bridge-arp-dropped",
        fault="the bridge takes TCP alone in, so that nobody learns the server's hardware address",
        before=(BRIDGE, nft(on_bridge("input", "meta l4proto tcp accept", "drop"))),
        servers=SERVERS,
        truth="timeout|unreachable|rejected host-unreachable",
        expected=blocked("firewall-drops"),
        with_peer=blocked("firewall-drops|peer-down"),
    ),
    Scenario(
        "nd-dropped",
        fault="the policy drops ICMPv6, and with it the question who has the server's address",
        before=(
            nft_input(
                "ct state established,related accept\niif lo accept\ntcp dport 5000 accept",
                "type filter hook input priority 0; policy drop",
            ),
        ),
        servers=(flask("--host ::"),),
        address="fd77::10",
        truth="timeout|unreachable|rejected host-unreachable",
        options="--to fd77::10",
        expected=blocked("firewall-drops"),
    ),
)
