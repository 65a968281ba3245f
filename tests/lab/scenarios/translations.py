"""A translation, and a rule behind it that stops what it leads to: the opening is for the port that clients type."""

from __future__ import annotations

from tests.lab.scenario import Container, Scenario, Step, blocked, iptables, nft, sh, ufw
from tests.lab.scenarios.containers import NO_RULES_SEEN
from tests.lab.servers import Server, sockets

SPREAD = (
    "table ip spread {\n chain pre {\n  type nat hook prerouting priority -100\n"
    "  tcp dport 5000 redirect to :numgen random mod 2 map { 0 : 5001, 1 : 5002 }\n }\n}\n"
)
REPLIES = "firewall-drops-replies"
REDIRECTED = "-t nat -A PREROUTING -p tcp --dport 5000 -j REDIRECT --to-ports 5001"
ONE = (sockets("s = socket.create_server(('', 5001))", port=5001),)
PAIR = (*ONE, sockets("s = socket.create_server(('', 5002))", port=5002, name="other.py"))
INSIDE = sockets("s = socket.create_server(('0.0.0.0', 80))", port=80, user=False, on="web")


def _inet(hook: str, rules: str, kind: str = "filter", priority: int = 0) -> Step:
    header = f"type {kind} hook {hook} priority {priority}; policy drop;"
    return nft(f"table inet own {{\n chain {hook} {{\n  {header}\n{rules}\n }}\n}}\n")


def _redirected(
    name: str, *before: Step, servers: tuple[Server, ...] = ONE, cause: str = "firewall-drops"
) -> Scenario:
    """A redirected port that something drops."""
    return Scenario(
        f"translated-{name}",
        fault="the port is redirected, and a firewall drops it by the port that it then has",
        before=before,
        servers=servers,
        truth="timeout",
        expected=blocked(cause),
        as_user=NO_RULES_SEEN,
        fixable=True,
    )


SCENARIOS = (
    _redirected(
        "nft", iptables(REDIRECTED), _inet("input", "  ct state established accept\n  tcp dport 22 accept")
    ),
    _redirected(
        "nft-to-two-ports",
        nft(SPREAD),
        _inet("input", "  ct state established accept\n  tcp dport 22 accept"),
        servers=PAIR,
    ),
    _redirected(
        "iptables",
        iptables(f"{REDIRECTED}\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-P INPUT DROP"),
    ),
    _redirected(
        "iptables-answers", iptables(f"{REDIRECTED}\n-A OUTPUT -p tcp --sport 5001 -j DROP"), cause=REPLIES
    ),
    _redirected(
        "iptables-raw-answers", iptables(f"{REDIRECTED}\n-t raw -A OUTPUT -p tcp -j DROP"), cause=REPLIES
    ),
    _redirected("ufw-to-two-ports", nft(SPREAD), ufw(), servers=PAIR),
    Scenario(
        "translated-forward-drops",
        fault="the container's port is published, and a table of somebody else lets nothing through",
        before=(
            sh("sysctl -qw net.ipv4.ip_forward=1"),
            iptables("-t nat -A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination 172.17.0.2:80"),
            _inet("forward", "  ct state established accept"),
        ),
        containers=(Container(),),
        servers=(INSIDE,),
        truth="timeout",
        expected=blocked("firewall-drops"),
        as_user=NO_RULES_SEEN,
        fixable=True,
    ),
)
