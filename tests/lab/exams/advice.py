"""Advice: carried out as printed it must let the client in, whichever tool carries it out."""

from __future__ import annotations

from tests.lab.scenario import Scenario, blocked, firewalld, iptables, nft, nft_input, ufw
from tests.lab.servers import flask

SERVERS = (flask("--host 0.0.0.0"),)
DROPS = blocked("firewall-drops")
FROM_LAN = "allow from 192.168.77.0/24 to any port 5000 proto tcp"
POLICY_DROP = "type filter hook input priority 0; policy drop"

SCENARIOS = (
    Scenario(
        "ufw-skips-what-it-has",
        fault="the right rule stands behind one that denies: ufw adds no rule that it has",
        before=(ufw("deny from 192.168.0.0/16", FROM_LAN),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ufw-skips-what-it-has-for-all",
        fault="the port is denied, and allowed further down, for everybody",
        before=(ufw("deny 5000", "allow 5000/tcp", FROM_LAN),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "ufw-reject-before-allow",
        fault="the LAN is rejected, and let in further down",
        before=(ufw("reject from 192.168.77.0/24", FROM_LAN, "allow ssh"),),
        servers=SERVERS,
        truth="refused|rejected port-unreachable",
        expected=blocked("firewall-rejects"),
        fixable=True,
    ),
    Scenario(
        "firewalld-policy-drops",
        fault="a policy of firewalld drops what the zone lets in",
        before=(
            firewalld(
                "--permanent --zone=public --add-port=5000/tcp",
                "--permanent --new-policy=shut",
                "--permanent --policy=shut --set-priority=-10",
                "--permanent --policy=shut --set-target=DROP",
                "--permanent --policy=shut --add-ingress-zone=ANY",
                "--permanent --policy=shut --add-egress-zone=HOST",
                "--reload",
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "firewalld-policy-rejects-by-rule",
        fault="a rich rule of a policy rejects the port, which the zone lets in",
        before=(
            firewalld(
                "--permanent --zone=public --add-port=5000/tcp",
                "--permanent --new-policy=shut",
                "--permanent --policy=shut --set-priority=-10",
                "--permanent --policy=shut --add-ingress-zone=ANY",
                "--permanent --policy=shut --add-egress-zone=HOST",
                "--permanent --policy=shut --add-rich-rule='rule family=ipv4 port port=5000 protocol=tcp reject'",
                "--reload",
            ),
        ),
        servers=SERVERS,
        truth="rejected port-unreachable|refused",
        expected=blocked("firewall-rejects"),
        fixable=True,
    ),
    Scenario(
        "firewalld-rich-rule-drops",
        fault="a rich rule of the zone drops the LAN's connections to the port that the zone opens",
        before=(
            firewalld(
                "--zone=public --add-port=5000/tcp",
                "--zone=public --add-rich-rule='rule family=ipv4 source address=192.168.77.0/24 drop'",
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nd-dropped-and-port-shut",
        fault="the policy drops ICMPv6 and the port: neither alone is enough",
        before=(
            nft_input("ct state established,related accept\niif lo accept\ntcp dport 22 accept", POLICY_DROP),
        ),
        servers=(flask("--host ::"),),
        address="fd77::10",
        options="--to fd77::10",
        truth="rejected addr-unreachable|unreachable",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "nd-rejected-by-ip6tables",
        fault="ip6tables lets the port in and drops all of ICMPv6",
        before=(
            iptables(
                "-P INPUT DROP\n-A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp --dport 5000 -j ACCEPT",
                "ip6tables-nft",
            ),
        ),
        servers=(flask("--host ::"),),
        address="fd77::10",
        options="--to fd77::10",
        truth="rejected addr-unreachable|unreachable",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "redirect-to-nobody",
        fault="NAT sends the port to another, where nobody listens: the rule must go",
        before=(iptables("-t nat -A PREROUTING -p tcp --dport 5000 -j REDIRECT --to-ports 5999"),),
        servers=SERVERS,
        truth="refused",
        expected=blocked("port-redirected"),
        fixable=True,
    ),
    Scenario(
        "nft-redirect-to-nobody",
        fault="the same with nftables",
        before=(
            nft(
                "table ip shop {\n chain pre {\n  type nat hook prerouting priority -100\n"
                "  tcp dport 5000 redirect to :5999\n }\n}\n"
            ),
        ),
        servers=SERVERS,
        truth="refused",
        expected=blocked("port-redirected"),
        fixable=True,
    ),
    Scenario(
        "two-tables-both-shut",
        fault="two tables drop the port, one behind the other",
        before=(
            nft_input("ct state established,related accept\niif lo accept\ntcp dport 22 accept", POLICY_DROP),
            nft(
                "table ip late {\n chain c {\n  type filter hook input priority 10\n  tcp dport 5000 drop\n }\n}\n"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "sshguard-set",
        fault="sshguard blocks the client",
        before=(
            nft(
                "table ip sshguard {\n set attackers {\n  type ipv4_addr\n  flags interval\n"
                "  elements = { 192.168.77.20 }\n }\n"
                " chain blacklist {\n  type filter hook input priority -10\n  ip saddr @attackers drop\n }\n}\n"
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        options="--peer 192.168.77.20",
        expected=DROPS,
    ),
    Scenario(
        "sshguard-chain",
        fault="sshguard blocks the client by a rule of its chain",
        before=(iptables("-N sshguard\n-A INPUT -j sshguard\n-A sshguard -s 192.168.77.20/32 -j DROP"),),
        servers=SERVERS,
        truth="timeout",
        options="--peer 192.168.77.20",
        expected=DROPS,
    ),
    Scenario(
        "node-port-without-endpoints",
        fault="the service of a NodePort has no pod that is ready",
        before=(
            iptables(
                "-N KUBE-EXTERNAL-SERVICES\n-A INPUT -j KUBE-EXTERNAL-SERVICES\n"
                "-A KUBE-EXTERNAL-SERVICES -p tcp -m addrtype --dst-type LOCAL -m tcp --dport 5000"
                " -m comment --comment no-endpoints -j REJECT --reject-with icmp-port-unreachable"
            ),
        ),
        truth="refused|rejected port-unreachable",
        expected=blocked("firewall-rejects|nothing-listening"),
    ),
)
