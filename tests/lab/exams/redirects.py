"""Answers that send the browser on, hosts that a server knows, servers that turn clients away as they connect."""

from __future__ import annotations

from tests.lab.network import SERVER
from tests.lab.probe.scenario import Probe
from tests.lab.probe.scenarios.shared import URL
from tests.lab.scenario import CLEAR, Container, Expected, Scenario, blocked, nft_input, sh
from tests.lab.scenarios.application import redirecting
from tests.lab.scenarios.containers import INSIDE
from tests.lab.servers import flask, nginx, nginx_of, script

TO_TLS = """
server { listen 5000; return 301 https://$host:8443$request_uri; }
server { listen %s ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem; location / { return 200 shop; } }
"""
KNOWS = """
server { listen 5000 default_server; return %s; }
server { listen 5000; server_name %s; location / { return 200 shop; } }
"""
CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=shop"
    " -keyout key.pem -out cert.pem 2>/dev/null && "
)
ALL = "--host 0.0.0.0"
ELSEWHERE = blocked("redirects-elsewhere")
NOT_CLEAR = Expected("blocked|undetermined")
NO_SUCH_NAME = (
    sh(
        "setsid dnsmasq --no-daemon --no-resolv --no-hosts --local=/#/ > /run/dnsmasq 2>&1 < /dev/null & sleep 1; true",
        "gateway",
    ),
    *(sh("echo nameserver 192.168.77.1 > /etc/resolv.conf", on) for on in ("server", "client")),
)


SENT_ON = (
    Scenario(
        "sent-to-https-nobody-there",
        fault="nginx sends http on to https, and nobody listens on 443",
        servers=(nginx("5000", "return 301 https://$host/;"),),
        truth="http 301",
        expected=ELSEWHERE,
    ),
    Scenario(
        "sent-to-https",
        fault="nothing: sent on to https on another port, which serves",
        servers=(nginx_of(TO_TLS % "8443", CERTIFICATE),),
        truth="http 301",
        expected=CLEAR,
    ),
    Scenario(
        "sent-to-https-on-loopback",
        fault="sent on to https on another port, which listens on 127.0.0.1 only",
        servers=(nginx_of(TO_TLS % "127.0.0.1:8443", CERTIFICATE),),
        truth="http 301",
        expected=ELSEWHERE,
    ),
    Scenario(
        "sent-to-https-dropped",
        fault="sent on to https on another port, which a rule drops",
        before=(nft_input("tcp dport 8443 drop"),),
        servers=(nginx_of(TO_TLS % "8443", CERTIFICATE),),
        truth="http 301",
        expected=ELSEWHERE,
    ),
    Scenario(
        "sent-to-https-on-the-plain-port",
        fault="an application forces https, on the port that speaks http",
        servers=(flask(ALL, redirecting(f"https://{SERVER}:5000/")),),
        truth="http 302",
        expected=ELSEWHERE,
    ),
    Scenario(
        "sent-to-a-name-that-nobody-has",
        fault="sent on to a name that no name server knows",
        before=NO_SUCH_NAME,
        servers=(flask(ALL, redirecting("http://shop.internal:5000/")),),
        truth="http 302",
        expected=ELSEWHERE,
    ),
    Scenario(
        "sent-to-a-container",
        fault="sent on to the address of a container, which only this machine reaches",
        containers=(Container(),),
        servers=(INSIDE, flask(ALL, redirecting("http://172.17.0.2:80/"))),
        truth="http 302",
        expected=ELSEWHERE,
    ),
    Probe(
        "probe-sent-to-https-on-the-plain-port",
        URL,
        ELSEWHERE,
        "http 302",
        (flask(ALL, redirecting(f"https://{SERVER}:5000/")),),
    ),
    Probe(
        "probe-sent-to-a-name-that-nobody-has",
        URL,
        ELSEWHERE,
        "http 302",
        (flask(ALL, redirecting("http://shop.internal:5000/")),),
        NO_SUCH_NAME,
    ),
)

NAMES = (
    Scenario(
        "hangs-up-on-other-names",
        fault="nginx hangs up on every name but localhost (return 444)",
        servers=(nginx_of(KNOWS % ("444", "localhost")),),
        truth="closed",
        expected=blocked("host-header-rejected"),
    ),
    Scenario(
        "hangs-up-on-addresses",
        fault="nginx hangs up on who does not call it by its name, localhost among them",
        servers=(nginx_of(KNOWS % ("444", "shop.lan")),),
        truth="closed",
        expected=blocked("not-http"),
    ),
    Scenario(
        "hangs-up-on-addresses-asked-by-name",
        fault="nothing: the same, asked by its name",
        servers=(nginx_of(KNOWS % ("444", "shop.lan")),),
        host_name="shop.lan",
        options="--host-header shop.lan",
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "misdirected",
        fault="nginx answers 421 to every name but localhost",
        servers=(nginx_of(KNOWS % ("421", "localhost")),),
        truth="http 421",
        expected=blocked("host-header-rejected"),
    ),
    Probe(
        "probe-hangs-up-on-other-names",
        URL,
        blocked("host-header-rejected"),
        "closed|reset",
        (nginx_of(KNOWS % ("444", "localhost")),),
    ),
    Probe(
        "probe-hangs-up-on-addresses",
        URL,
        blocked("connection-reset"),
        "closed|reset",
        (nginx_of(KNOWS % ("444", "shop.lan")),),
    ),
)

TURNS_AWAY = """
import socket

GREETING = b"J\\0\\0\\0\\x0a8.0.36\\0\\x0b\\0\\0\\0)S1.[d@A\\0\\xff\\xff\\x08\\2\\0\\xff\\xdf\\x15mysql_native\\0"
s = socket.create_server(("0.0.0.0", 5000))
while True:
    client, (sender, _) = s.accept()
    said = %s
    client.sendall(said)
    client.settimeout(1)
    try:
        client.recv(4096)
    except OSError:
        pass
    client.close()
"""
MYSQL = TURNS_AWAY % (
    'GREETING if sender == "127.0.0.1" else b"G\\0\\0\\0\\xff\\x6a\\x04Host \'"'
    ' + sender.encode() + b"\' is not allowed to connect to this MySQL server"'
)
REDIS = TURNS_AWAY % (
    'b"" if sender == "127.0.0.1" else b"-DENIED Redis is running in protected mode by default\\r\\n"'
)

AS_THEY_CONNECT = (
    Scenario(
        "mysql-knows-no-such-host",
        fault="MySQL has no account for the clients' addresses",
        servers=(script(MYSQL),),
        truth="not-http",
        expected=NOT_CLEAR,
    ),
    Scenario(
        "redis-in-protected-mode",
        fault="Redis takes connections from loopback only",
        servers=(script(REDIS),),
        truth="not-http|reset",
        expected=blocked("client-rejected"),
    ),
    Probe("probe-mysql-knows-no-such-host", URL, blocked("client-rejected"), "not-http", (script(MYSQL),)),
    Probe(
        "probe-redis-in-protected-mode", URL, blocked("client-rejected"), "not-http|reset", (script(REDIS),)
    ),
)
