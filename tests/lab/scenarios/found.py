"""Situations that landiag once judged wrong, or had no advice for."""

from __future__ import annotations

from tests.lab.scenario import (
    CLEAR,
    UNDETERMINED,
    Container,
    Expected,
    Scenario,
    blocked,
    firewalld,
    iptables,
    nft_input,
    sh,
)
from tests.lab.scenarios.containers import DOCKER_RULES, INSIDE
from tests.lab.servers import OPEN, Server, http_server, script, sockets

SERVERS = (OPEN,)
WEB = (Container(),)
DROPS = blocked("firewall-drops")
PUBLISHED = sh(f"iptables-restore --noflush << 'E'\n{DOCKER_RULES.format(to='', user='')}\nE")
TRACKING = (
    "sysctl -qw net.netfilter.nf_conntrack_tcp_loose=%s net.ipv4.tcp_syncookies=1 net.ipv4.tcp_timestamps=1"
)
SYNPROXY = """
-t raw -A PREROUTING -i eth0 -p tcp --dport 5000 --syn -j CT --notrack
-A INPUT -i eth0 -p tcp --dport 5000 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --mss 1460
"""  # noqa: E501 - one rule is one line
TIED = """s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, 25, b"eth0")
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 5000))
s.listen()"""
NO_RULES_SEEN = Expected("blocked|undetermined")
PAGE = """
import http.server, sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        page = b'<html><script src="%s"></script><div id=app></div></html>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


http.server.ThreadingHTTPServer(("0.0.0.0", 5000), Handler).serve_forever()
"""
BREAKS_OFF = """
import socket

server = socket.create_server(("0.0.0.0", 5000))
while True:
    client, _ = server.accept()
    client.recv(65536)
    client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\nContent-Length: 100\\r\\n\\r\\n0123456789")
    client.close()
"""

SENDS_ON = """
import http.server


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(302)
        self.send_header("Location", "%s")
        self.end_headers()


http.server.ThreadingHTTPServer(("0.0.0.0", 5000), Handler).serve_forever()
"""
FAILS = """
import http.server, itertools

asked = itertools.count()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if next(asked) % 2 else 200)
        self.end_headers()


http.server.HTTPServer(("0.0.0.0", 5000), Handler).serve_forever()
"""
DNSMASQ = (
    "/usr/sbin/dnsmasq -k -C /dev/null --interface=lo --port=5000 --no-resolv --user= --group= --pid-file="
)

SCENARIOS = (
    Scenario(
        "netmap-to-the-own-network",
        fault="nothing: NETMAP translates the network to one of this machine's own addresses",
        before=(
            sh("ip addr add 10.50.0.10/24 dev eth0"),
            iptables("-t nat -A PREROUTING -i eth0 -d 192.168.77.0/24 -p tcp -j NETMAP --to 10.50.0.0/24"),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "every-systems-options-dropped",
        fault="a rule drops what offers selective acknowledgements, as every system does",
        before=(nft_input("tcp dport 5000 tcp option sack-perm exists drop"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "interface-group-dropped",
        fault="a rule drops the port on interfaces of the group that all are in",
        before=(iptables("-A INPUT -p tcp --dport 5000 -m devgroup --src-group 0 -j DROP"),),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "firewalld-ipset-drops",
        fault="a rich rule drops a set of addresses, the client's among them; the zone's port is open",
        before=(
            firewalld(
                "--permanent --new-ipset=bad --type=hash:net",
                "--permanent --ipset=bad --add-entry=192.168.77.16/28",
                "--permanent --zone=public --add-port=5000/tcp",
                "--permanent --zone=public --add-rich-rule='rule source ipset=bad drop'",
                "--reload",
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=CLEAR,
        with_peer=DROPS,
    ),
    Scenario(
        "docker-published-to-another-port",
        fault="the container's server listens on another port than the one that is published",
        containers=WEB,
        before=(PUBLISHED,),
        servers=(sockets("s = socket.create_server(('0.0.0.0', 8000))", port=8000, user=False, on="web"),),
        truth="refused",
        expected=blocked("port-redirected"),
        as_user=NO_RULES_SEEN,
    ),
    Scenario(
        "docker-bridge-switched-off",
        fault="the bridge of the published container is down",
        containers=WEB,
        before=(PUBLISHED,),
        servers=(sockets("s = socket.create_server(('0.0.0.0', 80))", port=80, user=False, on="web"),),
        after=(sh("ip link set docker0 down"),),
        truth="timeout",
        expected=blocked("link-down"),
        as_user=NO_RULES_SEEN,
    ),
    Scenario(
        "to-the-address-of-the-router",
        fault="clients are given the router's address",
        servers=SERVERS,
        address="192.168.77.1",
        options="--to 192.168.77.1",
        truth="refused|timeout",  # what another device answers there is not this machine's to know
        expected=blocked("wrong-address"),
    ),
    Scenario(
        "page-loads-from-a-port-of-loopback",
        fault="the page loads its script from a port that listens on loopback",
        servers=(
            script(PAGE % "http://192.168.77.10:5173/app.js"),
            Server("python -m http.server 5173 --bind 127.0.0.1", port=5173),
        ),
        truth="served",
        expected=CLEAR,
        also=("redirects-elsewhere",),
    ),
    Scenario(
        "page-loads-from-the-own-name",
        fault="the page loads its script by the name of this machine, which others do not know",
        before=(sh("hostname devbox"),),
        servers=(script(PAGE % "http://devbox:5000/app.js"),),
        truth="served",
        expected=CLEAR,
        also=("redirects-elsewhere",),
    ),
    Scenario(
        "answer-breaks-off",
        fault="the server ends its answer before the length that it announced",
        servers=(script(BREAKS_OFF),),
        truth="stalled",
        expected=Expected("undetermined", "server-silent"),
        as_user=UNDETERMINED,
    ),
    Scenario(
        "raw-prerouting-of-a-router",
        fault="a machine that forwards drops the port before its routing decision",
        before=(
            sh("sysctl -qw net.ipv4.ip_forward=1"),
            iptables("-t raw -A PREROUTING -p tcp --dport 5000 -j DROP"),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "firewalld-priority-before-others",
        fault="a rich rule with a low number drops the port, which the zone opens",
        before=(
            firewalld(
                "--zone=public --add-port=5000/tcp",
                "--zone=public --add-rich-rule='rule priority=-200 family=ipv4 port port=5000 protocol=tcp drop'",
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "one-hardware-address-dropped",
        fault="a rule drops what comes from the client's hardware address; everybody else gets in",
        before=(
            sh("ip link set eth0 address 02:00:00:00:00:20", "client"),
            nft_input("ether saddr 02:00:00:00:00:20 drop"),
        ),
        servers=SERVERS,
        truth="timeout",
        ordinary="served",
        expected=CLEAR,
        also=("firewall-drops",),
        with_peer=DROPS,
    ),
    Scenario(
        "marked-by-a-hash",
        fault="a hash of the client's port marks some connections, which are then dropped",
        before=(
            iptables(
                """
                -t mangle -A PREROUTING -i eth0 -j HMARK --hmark-tuple src,sport --hmark-mod 1 --hmark-rnd 7 --hmark-offset 1
                -A INPUT -i eth0 -m mark --mark 1 -p tcp --dport 5000 -j DROP
                """,  # noqa: E501 - one rule is one line
                "iptables-legacy",
            ),
        ),
        servers=SERVERS,
        truth="timeout",
        expected=UNDETERMINED,
    ),
    Scenario(
        "synproxy-proves-clients",
        fault="nothing: SYNPROXY answers for the server at first, and what it sends to that by lo gets in",
        before=(
            sh(TRACKING % 0),
            iptables(
                f"{SYNPROXY}\n-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
                "-P INPUT DROP"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "synproxy-of-what-is-dropped",
        fault="the policy drops what SYNPROXY sends to the server",
        before=(
            sh(TRACKING % 0),
            iptables(f"{SYNPROXY}\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-P INPUT DROP"),
        ),
        servers=SERVERS,
        truth="silent",
        expected=DROPS,
    ),
    Scenario(
        "synproxy-passed-by",
        fault="connection tracking takes the client's ACK for a connection of before, and SYNPROXY never sees it",
        before=(sh(TRACKING % 1), iptables(SYNPROXY)),
        servers=SERVERS,
        truth="reset",
        expected=blocked("firewall-rejects"),
    ),
    Scenario(
        "firewalld-open-until-it-is-reloaded",
        fault="nothing yet: the port was opened without --permanent",
        before=(firewalld("--add-port=5000/tcp"),),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
        also=("firewall-rejects",),
    ),
    Scenario(
        "dropped-behind-the-translation",
        fault="a rule before the routing decision drops what was translated to the container",
        before=(
            PUBLISHED,
            nft_input("tcp dport 80 drop", "type filter hook prerouting priority 10"),
        ),
        containers=WEB,
        servers=(INSIDE,),
        truth="timeout",
        expected=DROPS,
        fixable=True,
    ),
    Scenario(
        "bound-to-the-second-address",
        fault="nothing: of two addresses in one network the server has the second, which clients are given",
        before=(sh("ip addr add 192.168.77.11/24 dev eth0"),),
        servers=(http_server("--bind 192.168.77.11"),),
        address="192.168.77.11",
        truth="served",
        expected=CLEAR,
        also=("bound-to-other-address",),
    ),
    Scenario(
        "address-of-host-scope",
        fault="nothing: the address has host scope, for which ARP and routes do not care",
        before=(
            sh(
                "ip addr del 192.168.77.10/24 dev eth0; ip addr add 192.168.77.10/24 dev eth0 scope host\n"
                "ip route replace default via 192.168.77.1"
            ),
        ),
        servers=SERVERS,
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "redirects-to-an-address-of-yesterday",
        fault="the server sends browsers on to an address of the network that nobody has",
        servers=(script(SENDS_ON % "http://192.168.77.99:5000/app"),),
        truth="http 302",
        expected=blocked("redirects-elsewhere"),
    ),
    Scenario(
        "fails-every-second-time",
        fault="nothing of the network: the server fails at every second request, whoever asks",
        servers=(script(FAILS),),
        truth="served|http 500",
        expected=CLEAR,
    ),
    Scenario(
        "dnsmasq-serves-lo-alone",
        fault="dnsmasq listens on all addresses, and hangs up on what comes by another interface than lo",
        servers=(Server(DNSMASQ, user=False),),
        truth="closed",
        expected=blocked("client-rejected"),
        needs="dnsmasq",
    ),
    Scenario(
        "undecidable-for-ipv6-alone",
        fault="nothing for IPv4: whether a rule stops the clients of IPv6 can't be foreseen",
        before=(
            iptables(
                '-A INPUT -i eth0 -p tcp --dport 5000 -m bpf --bytecode "1,6 0 0 1" -j DROP', "ip6tables-nft"
            ),
        ),
        servers=(http_server("--bind ::"),),
        truth="served",
        expected=CLEAR,
        also=("firewall-unreadable",),
    ),
    Scenario(
        "tied-to-the-card-and-asked-by-another-address",
        fault="nothing: the server is tied to eth0, and own packets to the address on lo do not come by that",
        before=(sh("ip addr add 192.168.77.50/32 dev lo"),),
        servers=(sockets(TIED, user=False),),
        address="192.168.77.50",
        options="--to 192.168.77.50",
        truth="served",
        expected=Expected("undetermined", "own-connection-stopped"),
        as_user=UNDETERMINED,
    ),
)
