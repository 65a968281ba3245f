"""The scenarios of the client's side: every outcome that a client can meet, and lookalikes."""

from __future__ import annotations

from tests.lab.network import NEIGHBOUR, SERVER, SERVER6, STRANGER
from tests.lab.probe.scenario import Probe
from tests.lab.scenario import CLEAR, background, blocked, iptables, nft, nft_input, nft_output, sh
from tests.lab.servers import django, flask, http_server, script, sockets, tls, uwsgi, wsgi

URL = f"http://{SERVER}:5000/"
PORT = f"{SERVER} --port 5000"
PORT6 = f"{SERVER6} --port 5000"
OPEN = (http_server("--bind ::"),)

ANSWER = """
import socket
s = socket.create_server(("0.0.0.0", {port}))
while True:
    client, _ = s.accept()
    client.recv(65536)
    client.sendall({data!r}.encode("latin-1"))
    client.close()
"""


def answering(data: str, port: int = 5000) -> tuple[object, ...]:
    """A server that answers every request with these bytes and hangs up."""
    return (script(ANSWER.format(port=port, data=data), port=port),)


def http(status: str, *headers: str, body: str = "") -> str:
    """An HTTP answer as bytes would be."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", body]
    return "\r\n".join(lines)


def reject(kind: str, tool: str = "iptables-nft") -> tuple[object, ...]:
    """A REJECT rule on the server."""
    return (iptables(f"-A INPUT -p tcp --dport 5000 -j REJECT --reject-with {kind}", tool),)


def on_gateway(command: str) -> object:
    """A shell line on the router."""
    return sh(command, on="gateway")


FORWARD = "nft 'add table inet f'; nft 'add chain inet f c {{ type filter hook forward priority 0; }}'; nft 'add rule inet f c tcp dport 5000 {}'"

BASIC = (
    Probe("served", PORT, CLEAR, "served", OPEN),
    Probe("served-ipv6", PORT6, CLEAR, "served", OPEN, address=SERVER6),
    Probe("served-url", URL, CLEAR, "served", OPEN),
    Probe("served-link-local", "fe80::aa%eth0 --port 5000", CLEAR, None, OPEN, (sh("ip addr add fe80::aa/64 dev eth0 nodad"),), nmap=False),
    Probe("served-flask", PORT, CLEAR, "served", (flask("--host 0.0.0.0"),)),
    Probe("served-no-ping", PORT, CLEAR, "served", OPEN, (sh("echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all"),), also=("peer-blocks-icmp",)),
    Probe("stopped", PORT, blocked("connection-refused"), "refused"),
    Probe("stopped-ipv6", PORT6, blocked("connection-refused"), "refused", address=SERVER6),
    Probe("loopback", PORT, blocked("connection-refused"), "refused", (flask(),)),
    Probe("ipv4-only-asked-by-ipv6", PORT6, blocked("connection-refused"), "refused", (http_server("--bind 0.0.0.0"),), address=SERVER6),
    Probe("stopped-resets-only", f"{PORT} --no-icmp", blocked("connection-refused"), "refused"),
    Probe("paused", PORT, blocked("server-silent"), "silent", (sockets("s = socket.create_server(('0.0.0.0', 5000))", serve=False),), seconds=10.0),
    Probe(
        "accept-queue-full",
        PORT,
        blocked("connection-filtered"),
        "timeout",
        (sockets("s = socket.socket(); s.bind(('0.0.0.0', 5000)); s.listen(1)\nc = [socket.create_connection(('127.0.0.1', 5000)) for _ in range(2)]", serve=False),),
    ),
)

FIREWALLS = (
    Probe("drop", PORT, blocked("connection-filtered"), "timeout", OPEN, (nft_input("tcp dport 5000 drop"),)),
    Probe("drop-ipv6", PORT6, blocked("connection-filtered"), "timeout", OPEN, (nft_input("tcp dport 5000 drop"),), address=SERVER6),
    Probe("drop-all-but-arp", PORT, blocked("connection-filtered"), "timeout", OPEN, (nft_input("ip version 4 drop"),)),
    Probe("drop-replies", PORT, blocked("connection-filtered"), "timeout", OPEN, (nft_output("tcp sport 5000 drop"),)),
    Probe("reject-silenced", PORT, blocked("connection-filtered"), "timeout", OPEN, (nft_input("tcp dport 5000 reject"), nft("table inet o { chain o { type filter hook output priority 0; meta l4proto icmp drop; tcp flags rst drop; }; }"))),
    Probe("forgets-established", PORT, blocked("server-silent"), "silent", OPEN, (nft_input("ct state new tcp dport 5000 accept; ct state new accept; icmp type echo-request accept; tcp dport 5000 drop"),), seconds=11.0),
    Probe("reject-reset", PORT, blocked("connection-refused"), "refused", OPEN, reject("tcp-reset")),
    Probe("reject-port-unreachable", PORT, blocked("connection-rejected"), "rejected port-unreachable", OPEN, reject("icmp-port-unreachable")),
    Probe("reject-host-unreachable", PORT, blocked("connection-rejected"), "rejected host-unreachable", OPEN, reject("icmp-host-unreachable")),
    Probe("reject-net-unreachable", PORT, blocked("peer-in-other-network"), "rejected net-unreachable", OPEN, reject("icmp-net-unreachable")),
    Probe("reject-protocol-unreachable", PORT, blocked("connection-rejected"), None, OPEN, reject("icmp-proto-unreachable")),
    Probe("reject-net-prohibited", PORT, blocked("connection-rejected"), "rejected net-prohibited", OPEN, reject("icmp-net-prohibited")),
    Probe("reject-host-prohibited", PORT, blocked("connection-rejected"), "rejected host-prohibited", OPEN, reject("icmp-host-prohibited")),
    Probe("reject-admin-prohibited", PORT, blocked("connection-rejected"), "rejected admin-prohibited", OPEN, reject("icmp-admin-prohibited")),
    Probe("reject6-no-route", PORT6, blocked("peer-in-other-network"), "rejected no-route", OPEN, reject("icmp6-no-route", "ip6tables-nft"), address=SERVER6),
    Probe("reject6-admin-prohibited", PORT6, blocked("connection-rejected"), "rejected admin-prohibited", OPEN, reject("icmp6-adm-prohibited", "ip6tables-nft"), address=SERVER6),
    Probe("reject6-addr-unreachable", PORT6, blocked("connection-rejected"), "rejected addr-unreachable", OPEN, reject("icmp6-addr-unreachable", "ip6tables-nft"), address=SERVER6),
    Probe("reject6-port-unreachable", PORT6, blocked("connection-rejected"), "rejected port-unreachable", OPEN, reject("icmp6-port-unreachable", "ip6tables-nft"), address=SERVER6),
    Probe("own-firewall-rejects", PORT, blocked("connection-rejected"), None, OPEN, (sh("nft 'add table inet o'; nft 'add chain inet o o { type filter hook output priority 0; }'; nft 'add rule inet o o tcp dport 5000 reject with icmpx admin-prohibited'", on="client"),), nmap=False),
)

AWAY = f"{STRANGER} --port 5000"
AWAY_OPEN = (script("import http.server as h; h.HTTPServer(('', 5000), h.SimpleHTTPRequestHandler).serve_forever()", on="stranger", user=False),)
BEHIND = {"address": STRANGER}

ROUTERS = (
    Probe("away-served", AWAY, CLEAR, "served", AWAY_OPEN, **BEHIND),
    Probe("away-stopped", AWAY, blocked("connection-refused"), "refused", **BEHIND),
    Probe("away-router-drops", AWAY, blocked("connection-filtered"), "timeout", AWAY_OPEN, (on_gateway(FORWARD.format("drop")),), **BEHIND),
    Probe("away-router-rejects", AWAY, blocked("connection-rejected"), "rejected admin-prohibited", AWAY_OPEN, (on_gateway(FORWARD.format("reject with icmpx admin-prohibited")),), **BEHIND),
    Probe("away-router-rejects-port", AWAY, blocked("connection-rejected"), "rejected port-unreachable", AWAY_OPEN, (on_gateway(FORWARD.format("reject")),), **BEHIND),
    Probe("away-router-resets", AWAY, blocked("connection-refused"), "refused", AWAY_OPEN, (on_gateway(FORWARD.format("reject with tcp reset")),), **BEHIND),
    Probe("away-no-network", "172.31.9.9 --port 5000", blocked("peer-in-other-network"), "rejected net-unreachable", address="172.31.9.9"),
    Probe("away-no-network-ipv6", "fd55::9 --port 5000", blocked("peer-in-other-network"), "rejected no-route", address="fd55::9"),
    Probe("away-absent", "10.99.0.77 --port 5000", blocked("peer-down"), None, address="10.99.0.77"),
    Probe("away-absent-ipv6", "fd99::77 --port 5000", blocked("peer-down"), None, address="fd99::77"),
    Probe("away-unreachable-route", AWAY, blocked("peer-down"), "rejected host-unreachable", AWAY_OPEN, (on_gateway(f"ip route add unreachable {STRANGER}"),), **BEHIND),
    Probe("away-prohibit-route", AWAY, blocked("connection-rejected"), "rejected admin-prohibited", AWAY_OPEN, (on_gateway(f"ip route add prohibit {STRANGER}"),), **BEHIND),
    Probe("away-blackhole-route", AWAY, blocked("connection-filtered"), "timeout", AWAY_OPEN, (on_gateway(f"ip route add blackhole {STRANGER}"),), **BEHIND),
    Probe("away-router-is-off", AWAY, blocked("no-route-to-server"), None, AWAY_OPEN, (on_gateway("ip link set eth0 down"),), **BEHIND),
    Probe("away-served-router-silent", AWAY, CLEAR, "served", AWAY_OPEN, (on_gateway("echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all"),), **BEHIND),
    Probe(
        "away-mtu-black-hole",
        AWAY,
        blocked("path-mtu"),
        None,
        (script("import http.server as h\nclass H(h.BaseHTTPRequestHandler):\n  def do_GET(s):\n    s.send_response(200); s.send_header('Content-Length', '60000'); s.end_headers(); s.wfile.write(b'x' * 60000)\nh.ThreadingHTTPServer(('', 5000), H).serve_forever()", on="stranger", user=False),),
        (
            on_gateway("ip link set eth0 mtu 1300; nft 'add table inet f'; nft 'add chain inet f o { type filter hook output priority 0; }'; nft 'add rule inet f o icmp type destination-unreachable icmp code frag-needed drop'"),
        ),
        seconds=11.0,
        **BEHIND,
    ),
)

LINK = (
    Probe("absent", "192.168.77.99 --port 5000", blocked("peer-down"), None, address="192.168.77.99"),
    Probe("absent-ipv6", "fd77::99 --port 5000", blocked("peer-down"), None, address="fd77::99"),
    Probe("absent-no-icmp", "192.168.77.99 --port 5000 --no-icmp", blocked("peer-down"), None, address="192.168.77.99"),
    Probe("server-unplugged", PORT, blocked("peer-down"), None, OPEN, after=(sh("ip link set eth0 down"),)),
    Probe(
        "isolated",
        PORT,
        blocked("peer-isolated"),
        None,
        OPEN,
        after=(
            sh(f"ping -c1 {NEIGHBOUR} >/dev/null; ping -c1 192.168.77.1 >/dev/null", on="client"),
            sh("for port in server client neighbour; do bridge link set dev $port isolated on; done", on="switch"),
            sh(f"mac=$(ip neigh show {NEIGHBOUR} | sed 's/.*lladdr \\([^ ]*\\).*/\\1/'); ip neigh replace {NEIGHBOUR} lladdr $mac dev eth0 nud stale; ip neigh flush to {SERVER}", on="client"),
        ),
    ),
    Probe(
        "duplicate-address",
        PORT,
        CLEAR,
        None,
        OPEN,
        after=(sh(f"ip addr add {SERVER}/24 dev eth0", on="neighbour"), sh("setsid python -m http.server 5000 > /dev/null 2>&1 < /dev/null & sleep 1", on="neighbour")),
        also=("duplicate-address",),
        root_only=True,
    ),
    Probe("no-route", "10.55.0.1 --port 5000", blocked("no-route-to-server"), "unreachable", before=(sh("ip route del default", on="client"),), address="10.55.0.1", nmap=False),
    Probe("no-route-ipv6", "fd55::9 --port 5000", blocked("no-route-to-server"), None, before=(sh("ip -6 route del default", on="client"),), address="fd55::9", nmap=False),
    Probe("own-prohibit-route", PORT, blocked("no-route-to-server"), None, OPEN, (sh(f"ip route add prohibit {SERVER}", on="client"),), nmap=False),
    Probe("own-blackhole-route", PORT, blocked("no-route-to-server"), None, OPEN, (sh(f"ip route add blackhole {SERVER}", on="client"),), nmap=False),
    Probe("own-unreachable-rule", PORT, blocked("no-route-to-server"), None, OPEN, (sh(f"ip rule add to {SERVER} unreachable priority 100", on="client"),), nmap=False),
    Probe("vpn-takes-the-lan", PORT, blocked("no-route-to-server"), None, OPEN, (sh("ip link add tun0 type veth peer name tun1; ip link set tun0 up; ip link set tun1 up; ip addr add 10.8.0.2/24 dev tun0; ip route add 192.168.77.0/28 via 10.8.0.1 dev tun0 onlink", on="client"),)),
    Probe("vpn-policy-rule", PORT, blocked("no-route-to-server"), None, OPEN, (sh("ip link add wg0 type veth peer name wg1; ip link set wg0 up; ip link set wg1 up; ip addr add 10.8.0.2/24 dev wg0; ip route add default dev wg0 table 77; ip rule add priority 50 table 77", on="client"),)),
    Probe("vpn-harmless", PORT, CLEAR, "served", OPEN, (sh("ip link add tun0 type veth peer name tun1; ip link set tun0 up; ip link set tun1 up; ip addr add 10.8.0.2/24 dev tun0; ip route add 10.9.0.0/16 dev tun0", on="client"),)),
)

APPLICATION = (
    Probe("https", PORT, CLEAR, "served", (tls("gunicorn --certfile cert.pem --keyfile key.pem -b 0.0.0.0:5000 shop:app"),), also=("speaks-tls",), scheme="https"),
    Probe("https-asked-as-http", URL, blocked("speaks-tls"), None, (tls("gunicorn --certfile cert.pem --keyfile key.pem -b 0.0.0.0:5000 shop:app"),)),
    Probe("http-asked-as-https", f"https://{SERVER}:5000/", blocked("speaks-plain-http"), None, OPEN),
    Probe("https-flask", PORT, CLEAR, "served", (tls("flask --app shop run --host 0.0.0.0 --cert cert.pem --key key.pem"),), also=("speaks-tls",), scheme="https"),
    Probe("uwsgi-socket", PORT, blocked("not-http"), None, (uwsgi("--plugins python3 --socket 0.0.0.0:5000"),), seconds=9.0),
    Probe("uwsgi-http", PORT, CLEAR, "served", (uwsgi("--plugins http,python3 --http 0.0.0.0:5000"),)),
    Probe("gunicorn", PORT, CLEAR, "served", (wsgi("gunicorn -b 0.0.0.0:5000 shop:app"),)),
    Probe("ssh", PORT, CLEAR, "not-http", answering("SSH-2.0-OpenSSH_9.2p1\r\n")),
    Probe("ssh-asked-as-http", URL, blocked("not-http"), "not-http", answering("SSH-2.0-OpenSSH_9.2p1\r\n")),
    Probe("garbage", PORT, blocked("not-http"), "not-http", answering("\x00\xff\x1b[2J\x07garbage")),
    Probe("hangs-up", PORT, blocked("connection-reset"), "closed|reset", answering("")),
    Probe("django-host", "http://shop.lan:5000/", blocked("host-header-rejected"), None, (django("0.0.0.0:5000", '["localhost"]'),), (sh(f"echo {SERVER} shop.lan >> /etc/hosts", on="client"),)),
    Probe("django-host-by-address", PORT, blocked("host-header-rejected"), "http 400", (django("0.0.0.0:5000", "[]"),)),
    Probe("http-500", PORT, CLEAR, "http 500", answering(http("500 Oops", body="sorry")), also=("http-error",)),
    Probe("http-404", PORT, CLEAR, "http 404", answering(http("404 Not Found", body="no")), also=("http-error",)),
    Probe("http-401", PORT, CLEAR, "http 401", answering(http("401 Unauthorized", "WWW-Authenticate: Basic"))),
    Probe("airplay", PORT, blocked("other-server-answers"), "http 403", answering(http("403 Forbidden", "Server: AirTunes/770.8.1", "X-Apple-ProcessingTime: 0"))),
    Probe("squid", PORT, blocked("other-server-answers"), "http 503", answering(http("503 Service Unavailable", "Server: squid/5.7", "X-Squid-Error: ERR_CONNECT_FAIL 111"))),
    Probe("portal", PORT, blocked("other-server-answers"), "http 511", answering(http("511 Network Authentication Required"))),
    Probe("redirect-localhost", PORT, blocked("redirects-elsewhere"), "http 302", answering(http("302 Found", "Location: http://localhost:5000/login"))),
    Probe("redirect-dead-port", PORT, blocked("redirects-elsewhere"), "http 302", answering(http("302 Found", f"Location: https://{SERVER}:8443/"))),
    Probe("redirect-own-path", PORT, CLEAR, "http 302", answering(http("302 Found", "Location: /login"))),
    Probe("page-uses-localhost", PORT, CLEAR, "served", answering(http("200 OK", body="<script>fetch('http://localhost:8000/api')</script>")), also=("page-uses-localhost",)),
    Probe("unsafe-port", f"{SERVER} --port 6000", blocked("port-unsafe-in-browsers"), "served", answering(http("200 OK", body="hi"), 6000), port=6000),
    Probe("unsafe-port-tcp", f"{SERVER} --port 6000 --scheme tcp", CLEAR, "served", answering(http("200 OK", body="hi"), 6000), port=6000),
    Probe("debugger", PORT, CLEAR, "served", (flask("--host 0.0.0.0 --debug --no-reload"),), also=("debugger-exposed",)),
    Probe("escape-in-server-header", PORT, CLEAR, "served", answering(http("200 OK", "Server: \x1b[2J\x1b]0;owned\x07", body="hi"))),
    Probe("endless", PORT, CLEAR, None, (script("import socket\ns = socket.create_server(('0.0.0.0', 5000))\nwhile True:\n  c, _ = s.accept(); c.recv(65536)\n  try:\n    c.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n')\n    while True: c.sendall(b'x' * 65536)\n  except OSError: pass"),)),
    Probe("drips", PORT, CLEAR, None, (script("import socket, time, threading\ndef f(c):\n  c.recv(65536)\n  try:\n    c.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n')\n    while True: c.sendall(b'x'); time.sleep(1)\n  except OSError: pass\ns = socket.create_server(('0.0.0.0', 5000))\nwhile True: threading.Thread(target=f, args=(s.accept()[0],)).start()"),), seconds=13.0),
    Probe("proxy-dead", PORT, blocked("proxy-in-the-way"), "served", OPEN, environment={"http_proxy": "http://192.168.77.1:3128"}),
    Probe("proxy-refuses", PORT, blocked("proxy-in-the-way"), "served", OPEN, (background("import socket\ns = socket.create_server(('', 3128))\nprint(1, flush=True)\nwhile True:\n  c, _ = s.accept(); c.recv(9999); c.sendall(b'HTTP/1.1 403 Forbidden\\r\\nServer: squid\\r\\nContent-Length: 0\\r\\n\\r\\n'); c.close()", "neighbour"),), environment={"http_proxy": f"http://{NEIGHBOUR}:3128"}),
    Probe("proxy-exempted", PORT, CLEAR, "served", OPEN, environment={"http_proxy": "http://192.168.77.1:3128", "no_proxy": "localhost,192.168.77.0/24"}),
)

NAMES = (
    Probe("name-in-hosts", "shop.lan --port 5000", CLEAR, None, OPEN, (sh(f"echo {SERVER} shop.lan >> /etc/hosts", on="client"),)),
    Probe("name-both-families", "shop.lan --port 5000", CLEAR, None, (http_server("--bind 0.0.0.0"),), (sh(f"printf '%s shop.lan\\n' {SERVER} {SERVER6} >> /etc/hosts", on="client"),)),
    Probe("name-nowhere", "nosuch.lan --port 5000", blocked("name-does-not-resolve"), None, nmap=False),
    Probe("name-dead-dns", "shop.lan --port 5000", blocked("name-does-not-resolve"), None, OPEN, (sh("echo nameserver 192.168.77.99 > /etc/resolv.conf", on="client"),), nmap=False, seconds=5.0),
    Probe("name-is-this-machine", "shop.lan --port 5000", blocked("name-resolves-elsewhere"), None, OPEN, (sh("echo 127.0.1.1 shop.lan >> /etc/hosts", on="client"),), nmap=False),
    Probe(
        "name-stale-in-hosts",
        "shop.lan --port 5000",
        blocked("name-resolves-elsewhere"),
        None,
        OPEN,
        (
            sh("echo 192.168.77.99 shop.lan >> /etc/hosts; echo nameserver 192.168.77.1 > /etc/resolv.conf", on="client"),
            sh(f"dnsmasq --no-resolv --no-hosts --user=root --group=root --pid-file=/run/dnsmasq.pid --address=/shop.lan/{SERVER}", on="gateway"),
        ),
        nmap=False,
        seconds=9.0,
    ),
    Probe("name-by-dns", "shop.lan --port 5000", CLEAR, None, OPEN, (sh("echo nameserver 192.168.77.1 > /etc/resolv.conf", on="client"), sh(f"dnsmasq --no-resolv --no-hosts --user=root --group=root --pid-file=/run/dnsmasq.pid --address=/shop.lan/{SERVER}", on="gateway"))),
)

SURVEYS = (
    Probe("host-serves-5000", SERVER, CLEAR, "served", OPEN),
    Probe("host-serves-8000", SERVER, CLEAR, "served", (script("import http.server as h; h.HTTPServer(('', 8000), h.SimpleHTTPRequestHandler).serve_forever()", port=8000),), port=8000),
    Probe("host-up-serves-nothing", SERVER, blocked("connection-refused"), "refused", seconds=7.0),
    Probe("host-drops-everything", SERVER, blocked("connection-filtered"), "timeout", OPEN, (nft_input("ip version 4 drop"),), seconds=8.0),
    Probe("host-absent", "192.168.77.99", blocked("peer-down"), None, address="192.168.77.99", nmap=False, seconds=7.0),
    Probe("ports", f"{SERVER} --port 4998-5002,8000", CLEAR, "served", OPEN, nmap=False),
    Probe("ports-all-closed", f"{SERVER} --port 4000-4010", blocked("connection-refused"), "refused", OPEN, port=4000, nmap=False, seconds=7.0),
    Probe("network", "192.168.77.0/24 --port 5000", CLEAR, "served", OPEN, nmap=False, seconds=8.0),
    Probe("network-none-serves", "192.168.77.0/24 --port 5000", blocked("connection-refused"), "refused", nmap=False, seconds=8.0),
    Probe("network-ipv6", "fd77::/64 --port 5000", CLEAR, None, OPEN, nmap=False, seconds=8.0),
)

SCENARIOS = BASIC + FIREWALLS + ROUTERS + LINK + APPLICATION + NAMES + SURVEYS

USAGE = (
    "localhost", "127.0.0.1", "0.0.0.0", "::1", "''", "192.168.77.20", "192.168.77.255", "224.0.0.1",
    "192.168.77.10 --port 9-5", "192.168.77.10 --port 0", "192.168.77.10 --port 70000", "192.168.77.10 --port abc",
    "192.168.77.10 --interface nosuch0", "10.0.0.0/8", "172.16.0.0/16", "fe80::1", "192.168.77.300", "'a b'",
    "192.168.77.10 --scheme ftp", "192.168.77.10 --ipv4 --ipv6", "fe80::1%nosuch0",
)  # fmt: skip
"""Lines that cannot be answered: each gets one sentence and exit status 2."""
