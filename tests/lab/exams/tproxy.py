"""TPROXY: rules that hand a client's packets to another local socket, which must be transparent."""

from __future__ import annotations

from tests.lab.network import SERVER6
from tests.lab.scenario import CLEAR, Scenario, Step, blocked, iptables, nft, sh
from tests.lab.servers import Server, sockets

ROUTES = sh("ip rule add fwmark 1 lookup 100; ip route add local default dev lo table 100")
ROUTES6 = sh("ip -6 rule add fwmark 1 lookup 100; ip -6 route add local default dev lo table 100")
TPROXY = "-t mangle -A PREROUTING -p tcp --dport 5000 -j TPROXY --on-port 50080 --tproxy-mark 0x1/0x1"
SILENT_DROP = blocked("firewall-drops")


def proxy(*, transparent: bool = True, address: str = "0.0.0.0", family: str = "AF_INET") -> Server:
    """A proxy on port 50080, whose socket is transparent or not."""
    level, option = ("IPPROTO_IPV6", 75) if family == "AF_INET6" else ("IPPROTO_IP", 19)
    lines = (
        f"s = socket.socket(socket.{family})",
        f"s.setsockopt(socket.{level}, {option}, {int(transparent)})",
        f"s.bind(('{address}', 50080))",
        "s.listen()",
    )
    return sockets("\n".join(lines), port=50080, user=False, name="proxy.py")


def prerouting(rules: str, more: str = "", family: str = "ip") -> Step:
    """A table of nftables with a mangle chain in prerouting."""
    chain = f" chain pre {{\n  type filter hook prerouting priority mangle\n{rules}\n }}\n"
    return nft(f"table {family} proxy {{\n{chain}{more}}}\n")


SCENARIOS = (
    Scenario(
        "tproxy-nft",
        fault="nothing: a transparent proxy on another port takes the connections",
        before=(ROUTES, prerouting("tcp dport 5000 tproxy to :50080 meta mark set 1 accept")),
        servers=(proxy(),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "tproxy-iptables-with-divert",
        fault="nothing: the same with iptables, whose packets of known connections are let through before",
        before=(
            ROUTES,
            iptables(
                f"""
                -t mangle -N DIVERT
                -t mangle -A DIVERT -j MARK --set-mark 1
                -t mangle -A DIVERT -j ACCEPT
                -t mangle -A PREROUTING -p tcp -m socket --transparent -j DIVERT
                {TPROXY}
                """
            ),
        ),
        servers=(proxy(),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "tproxy-legacy-on-loopback",
        fault="nothing: the proxy listens on 127.0.0.1, which the rule names",
        before=(ROUTES, iptables(f"{TPROXY} --on-ip 127.0.0.1", "iptables-legacy")),
        servers=(proxy(address="127.0.0.1"),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "tproxy-ipv6",
        fault="nothing: the same with IPv6",
        before=(
            ROUTES6,
            prerouting("tcp dport 5000 meta mark set 1 tproxy ip6 to :50080 accept", family="inet"),
        ),
        servers=(proxy(address="::", family="AF_INET6"),),
        address=SERVER6,
        options=f"--to {SERVER6}",
        peer="fd77::20",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "tproxy-without-routes",
        fault="nothing: for this machine's own address no rule of the routing policy is needed",
        before=(iptables(TPROXY),),
        servers=(proxy(),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "tproxy-nft-not-transparent",
        fault="the proxy's socket is not transparent: nftables goes on as if the rule were not there",
        before=(ROUTES, prerouting("tcp dport 5000 tproxy to :50080 meta mark set 1 accept")),
        servers=(proxy(transparent=False),),
        truth="refused",
        expected=blocked("port-redirected"),
    ),
    Scenario(
        "tproxy-iptables-not-transparent",
        fault="the same with iptables, which drops the packet",
        before=(ROUTES, iptables(TPROXY)),
        servers=(proxy(transparent=False),),
        truth="timeout",
        expected=SILENT_DROP,
        also=("port-redirected",),
    ),
    Scenario(
        "tproxy-iptables-to-nobody",
        fault="nobody listens where the rule hands the packets to, and a server does on the port itself",
        before=(ROUTES, iptables(TPROXY)),
        servers=(sockets("s = socket.create_server(('0.0.0.0', 5000))"),),
        truth="timeout",
        expected=SILENT_DROP,
        fixable=True,
    ),
    Scenario(
        "tproxy-nft-to-nobody-beside-a-server",
        fault="nothing: nftables goes on, and a server listens on the port itself",
        before=(ROUTES, prerouting("tcp dport 5000 tproxy to :50080 meta mark set 1 accept")),
        servers=(sockets("s = socket.create_server(('0.0.0.0', 5000))"),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "tproxy-and-input-drops",
        fault="the input chain drops the packets, which keep their port",
        before=(
            ROUTES,
            prerouting(
                "tcp dport 5000 tproxy to :50080 meta mark set 1 accept",
                " chain input {\n  type filter hook input priority 0; policy drop\n"
                "  ct state established,related accept\n  iif lo accept\n }\n",
            ),
        ),
        servers=(proxy(),),
        truth="timeout",
        expected=SILENT_DROP,
        fixable=True,
    ),
    Scenario(
        "tproxy-answers-marked",
        fault="the answers get the mark, too, and so the route that leads back to this machine",
        before=(
            ROUTES,
            prerouting(
                "tcp dport 5000 tproxy to :50080 meta mark set 1 ct mark set 1 accept",
                " chain out {\n  type route hook output priority mangle\n  meta mark set ct mark\n }\n",
            ),
        ),
        servers=(proxy(),),
        truth="timeout",
        expected=blocked("no-route-to-client|vpn-takes-replies|firewall-drops-replies"),
    ),
    Scenario(
        "tproxy-then-redirect",
        fault="a rule hands the connections to a proxy, and a translation changes their port as well",
        before=(
            ROUTES,
            iptables(f"{TPROXY}\n-t nat -A PREROUTING -p tcp --dport 5000 -j REDIRECT --to-ports 50081"),
        ),
        servers=(proxy(),),
        truth="reset",
        expected=blocked("firewall-rejects"),
    ),
    Scenario(
        "tproxy-then-redirect-to-a-server",
        fault="the same, and somebody listens on the port of the translation",
        before=(
            ROUTES,
            iptables(f"{TPROXY}\n-t nat -A PREROUTING -p tcp --dport 5000 -j REDIRECT --to-ports 50081"),
        ),
        servers=(
            proxy(),
            sockets("s = socket.create_server(('0.0.0.0', 50081))", port=50081, name="other.py"),
        ),
        truth="reset",
        expected=blocked("firewall-rejects"),
    ),
    Scenario(
        "tproxy-then-redirect-to-the-proxy",
        fault="the same, and both lead to the proxy's port",
        before=(
            ROUTES,
            iptables(f"{TPROXY}\n-t nat -A PREROUTING -p tcp --dport 5000 -j REDIRECT --to-ports 50080"),
        ),
        servers=(proxy(),),
        truth="reset",
        expected=blocked("firewall-rejects"),
    ),
    Scenario(
        "tproxy-then-redirect-with-divert",
        fault="a translation changes the port as well, and packets of connections have a rule of their own",
        before=(
            ROUTES,
            iptables(
                "-t mangle -A PREROUTING -p tcp -m socket --transparent -j MARK --set-mark 1\n"
                "-t mangle -A PREROUTING -p tcp -m socket --transparent -j ACCEPT\n"
                f"{TPROXY}\n-t nat -A PREROUTING -p tcp --dport 5000 -j REDIRECT --to-ports 50081"
            ),
        ),
        servers=(proxy(),),
        truth="reset",
        expected=blocked("firewall-rejects"),
    ),
    Scenario(
        "redirect-before-tproxy",
        fault="a translation is meant to come before the proxy's rule, and the kernel translates after it",
        before=(
            ROUTES,
            nft(
                "table ip n {\n chain pre {\n  type nat hook prerouting priority -190\n"
                "  tcp dport 5000 redirect to :6000\n }\n}\n"
            ),
            prerouting("tcp dport 6000 tproxy to :50080 meta mark set 1 accept"),
        ),
        servers=(proxy(),),
        truth="refused",
        expected=blocked("port-redirected"),
    ),
    Scenario(
        "tproxy-of-the-first-packet-then-redirect",
        fault="nothing: the rule hands over the first packet alone, and a translation changes the port as well",
        before=(
            ROUTES,
            iptables(
                f"{TPROXY.replace('5000', '5000 --syn')}\n"
                "-t nat -A PREROUTING -p tcp --dport 5000 -j REDIRECT --to-ports 50081"
            ),
        ),
        servers=(proxy(),),
        truth="served",
        expected=CLEAR,
    ),
)
