"""What decides beside the rules: a container's own routes, IPsec, zones of connection tracking, a server's own list."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, Container, Expected, Scenario, Step, blocked, iptables, nft, sh
from tests.lab.scenarios.containers import INSIDE, WEB, docker
from tests.lab.servers import flask, nginx, script, sockets

OPEN = (flask("--host 0.0.0.0"),)
TWO = (Container(), Container("web2", "172.17.0.3"))
SECOND = sockets("s = socket.create_server(('0.0.0.0', 80))", port=80, user=False, on="web2")
FORWARDS = sh("echo 1 > /proc/sys/net/ipv4/ip_forward")


def _published(name: str, fault: str, expected: Expected, *steps: Step, fixable: bool = False) -> Scenario:
    """A published container, and what its own network or the way to it lacks."""
    truth = "served" if expected is CLEAR else "timeout"
    return Scenario(
        name,
        fault,
        truth,
        expected,
        containers=WEB,
        servers=(INSIDE,),
        before=(docker(), *steps),
        fixable=fixable,
    )


OWN_TUNNEL = "ip tuntap add mode tun name tun0; ip addr add 10.8.0.2/24 dev tun0; ip link set tun0 up"
INNER = (
    _published(
        "container-without-a-way-back", "an internal network: the container has no default route",
        blocked("no-route-to-client"), sh("ip route del default", "web"), fixable=True,
    ),
    _published(
        "container-with-a-tunnel-of-its-own", "a VPN inside the container has its default route",
        blocked("no-route-to-client|vpn-takes-replies"),
        sh(f"{OWN_TUNNEL}; ip route replace default dev tun0", "web"), fixable=True,
    ),
    _published(
        "container-that-refuses-the-lan", "the container has an unreachable route to the LAN",
        blocked("no-route-to-client"), sh("ip route add unreachable 192.168.77.0/24", "web"),
    ),
    _published(
        "forwarding-off-where-clients-come-in", "ip_forward is 1, and eth0 forwards nothing",
        blocked("port-not-forwarded"), sh("echo 0 > /proc/sys/net/ipv4/conf/eth0/forwarding"),
    ),
    _published(
        "forwarding-off-where-answers-come-in", "ip_forward is 1, and docker0 forwards nothing",
        blocked("port-not-forwarded"), sh("echo 0 > /proc/sys/net/ipv4/conf/docker0/forwarding"),
    ),
)  # fmt: skip

INSIDE_RULES = "table inet f {{\n chain c {{\n  type filter hook {} priority 0\n  {}\n }}\n}}\n"


def _own_rules(hook: str, rule: str) -> Step:
    """A rule in the container's own network namespace."""
    return Step("nft -f -", INSIDE_RULES.format(hook, rule), on="web")


OWN_RULES = (
    _published(
        "container-whose-own-rules-drop", "a rule inside the container drops the port",
        blocked("firewall-drops"), _own_rules("input", "tcp dport 80 drop"),
    ),
    _published(
        "container-whose-own-rules-drop-answers", "a rule inside the container drops what leaves the port",
        blocked("firewall-drops-replies"), _own_rules("output", "tcp sport 80 drop"),
    ),
    _published(
        "container-whose-own-rules-let-the-lan-in", "nothing: rules inside the container drop others",
        CLEAR, _own_rules("input", "ip saddr 192.0.2.0/24 drop"),
    ),
    _published(
        "container-with-rules-of-iptables-legacy", "a rule of iptables-legacy inside the container drops the port",
        blocked("firewall-drops"), sh("iptables-legacy -A INPUT -p tcp --dport 80 -j DROP", "web"),
    ),
    _published(
        "container-with-rules-of-dns", "nothing: docker's own rules inside the container, for its name server",
        CLEAR,
        sh(
            "iptables-nft -t nat -N DOCKER_OUTPUT; iptables-nft -t nat -A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT\n"
            "iptables-nft -t nat -A DOCKER_OUTPUT -d 127.0.0.11/32 -p tcp --dport 53 -j DNAT --to 127.0.0.11:40001",
            "web",
        ),
    ),
)  # fmt: skip

OPEN_QUESTION = Expected("undetermined", "other-firewall")
IN, OUT = "src 192.168.77.0/24 dst 192.168.77.10/32 dir in", "src 192.168.77.10/32 dst 0.0.0.0/0 dir out"
TUNNEL = "tmpl src 192.168.77.10 dst 203.0.113.5 proto esp mode tunnel"
IPSEC = tuple(
    Scenario(name, fault, truth, expected, servers=OPEN, before=(sh(f"set -e\n{policies}"),))
    for name, fault, truth, expected, policies in (
        ("ipsec-blocks", "a policy of IPsec blocks the LAN", "timeout", OPEN_QUESTION,
         f"ip xfrm policy add {IN} action block"),
        ("ipsec-wants-esp", "a policy of IPsec wants the LAN's packets encrypted", "timeout", OPEN_QUESTION,
         f"ip xfrm policy add {IN} tmpl proto esp mode transport"),
        ("ipsec-takes-answers", "an IKEv2 VPN takes every answer", "timeout", OPEN_QUESTION,
         f"ip xfrm policy add {OUT} priority 300 {TUNNEL}"),
        ("ipsec-leaves-the-lan-alone", "nothing: the same, and before it a policy that lets the LAN pass", "served",
         CLEAR, f"ip xfrm policy add {OUT} priority 300 {TUNNEL}\nip xfrm policy add src 192.168.77.0/24"
         " dst 192.168.77.0/24 dir out priority 100"),
        ("ipsec-of-another-network", "nothing: a policy for another network", "served", CLEAR,
         "ip xfrm policy add src 10.55.0.0/16 dst 192.168.77.10/32 dir in tmpl proto esp mode tunnel"),
    )
)  # fmt: skip

ZONE_IN = "-t raw -A PREROUTING -i eth0 -j CT --zone 5"
BACK_ONLY = (
    "-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A OUTPUT ! -o lo -p tcp --sport 5000 -j DROP"
)
TO_TWO = "-t nat -A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination"
ZONES = (
    _published(
        "zone-of-what-comes-in", "what comes in by eth0 has a zone, the container's answers have none",
        blocked("firewall-drops-replies"), iptables(ZONE_IN),
    ),
    _published(
        "zone-of-both", "nothing: both have the zone", CLEAR,
        iptables(f"{ZONE_IN}\n-t raw -A PREROUTING -i docker0 -j CT --zone 5"),
    ),
    Scenario(
        "zone-and-answers-by-state", "what comes in has a zone, and answers leave only by their state", "timeout",
        blocked("firewall-drops-replies"), servers=OPEN, before=(iptables(f"{ZONE_IN}\n{BACK_ONLY}"),),
    ),
    Scenario(
        "zone-and-no-state", "nothing: what comes in has a zone, and no rule asks for a state", "served", CLEAR,
        servers=OPEN, before=(iptables(ZONE_IN),),
    ),
    Scenario(
        "translated-to-two", "nothing: a translation has two addresses to choose from, and both serve", "served",
        CLEAR, containers=TWO, servers=(INSIDE, SECOND), attempts=6,
        before=(FORWARDS, iptables(f"{TO_TWO} 172.17.0.2-172.17.0.3:80")),
    ),
    Scenario(
        "translated-to-two-that-are-gone", "the same with nftables, and nobody listens at either", "refused",
        blocked("port-redirected"), containers=TWO,
        before=(FORWARDS, nft("table ip lb {\n chain pre {\n  type nat hook prerouting priority -100\n"
                              "  tcp dport 5000 dnat to 172.17.0.2-172.17.0.3:80\n }\n}\n")),
    ),
)  # fmt: skip

LOCAL_ONLY = """
import socket
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\nConnection: close\\r\\n\\r\\nshop"
s = socket.create_server(("0.0.0.0", 5000))
while True:
    client, address = s.accept()
    if address[0].startswith("127."):
        %s
    client.close()
"""
SERVES = script(LOCAL_ONLY % "client.recv(65536); client.sendall(ANSWER)")
GREETS = script(LOCAL_ONLY % 'client.sendall(b"220 shop ready\\r\\n"); client.recv(65536)')
HUNG_UP = tuple(
    Scenario(name, fault, "closed|reset", blocked("client-rejected"), servers=(server,))
    for name, server, fault in (
        ("hangs-up-on-the-lan", SERVES, "as TCP wrappers, xinetd and socat do: other devices are hung up on"),
        ("hangs-up-before-it-greets", GREETS, "the same by a server that speaks first"),
    )
)

REFRESH = """return 200 '<meta http-equiv="refresh" content="0; url=http://127.0.0.1:5000/app">';"""
MENTIONS = "return 200 '<p>Open <code>http://localhost:3000</code></p><!-- http://localhost:1/ -->';"
LOADS = """return 200 '<base href="http://localhost:5000/"><script src="app.js"></script>';"""
SERVES_PAGES = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
PAGES = %r
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = PAGES.get(self.path, "").encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
ThreadingHTTPServer(("0.0.0.0", 5000), Handler).serve_forever()
"""
THREE = {
    "/": "".join(f'<script src="/{one}.js"></script>' for one in "abc"),
    **{f"/{one}.js": f"const {one} = 1;" for one in "ab"},
}
LOADED = tuple(
    Scenario(name, fault, "served", CLEAR, servers=(script(SERVES_PAGES % pages),), also=also)
    for name, fault, pages, also in (
        ("page-whose-third-script-uses-localhost", "the third script of the page loads from localhost",
         {**THREE, "/c.js": "fetch('http://localhost:9000/api')"}, ("page-uses-localhost",)),
        ("page-whose-scripts-are-fine", "nothing: three scripts that load nothing",
         {**THREE, "/c.js": "const c = 1;"}, ()),
        ("page-that-is-long", "a long page loads from localhost at its end",
         {"/": "<p>shop</p>" * 9000 + '<img src="http://127.0.0.1:9000/x.png">'}, ("page-uses-localhost",)),
    )
)  # fmt: skip
PAGES = LOADED + tuple(
    Scenario(name, fault, "served", expected, servers=(nginx("5000", f"default_type text/html; {page}"),), also=also)
    for name, fault, expected, page, also in (
        ("page-refreshes-to-localhost", "the page sends browsers on to localhost", blocked("redirects-elsewhere"),
         REFRESH, ()),
        ("page-speaks-of-localhost", "nothing: the page's text and a comment name localhost", CLEAR, MENTIONS, ()),
        ("page-loads-from-localhost", "all that the page loads is said to be on localhost", CLEAR, LOADS,
         ("page-uses-localhost",)),
    )
)  # fmt: skip

THEIRS = sh("ip link set eth0 address 02:00:00:00:00:20", "client")
LISTED = "-A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp --dport 5000 -m mac --mac-source %s -j ACCEPT\n-A INPUT -j DROP"
HARDWARE = (
    Scenario(
        "hardware-address-not-listed",
        "only listed hardware addresses get in, and the client's is none",
        "timeout",
        blocked("firewall-drops"),
        servers=OPEN,
        before=(THEIRS, iptables(LISTED % "00:11:22:33:44:55")),
    ),
    Scenario(
        "hardware-address-listed",
        "nothing for this client: its hardware address is on the list",
        "served",
        blocked("firewall-drops"),
        servers=OPEN,
        before=(THEIRS, iptables(LISTED % "02:00:00:00:00:20")),
        with_peer=CLEAR,
        ordinary="timeout",
    ),
)
