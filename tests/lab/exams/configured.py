"""Proxies and relays whose configuration says where they listen, and whom they take."""

from __future__ import annotations

from tests.lab.exams.daemons import INNER, haproxy
from tests.lab.exams.pages import caddy
from tests.lab.scenario import CLEAR, Expected, Scenario, blocked
from tests.lab.servers import Server, nginx_of

LOOPBACK = blocked("bound-to-loopback")
NOT_CLEAR = Expected("blocked|undetermined")
LIGHTTPD = """
server.modules = ( "mod_access" )
server.document-root = "/srv/shop/public"
server.port = 5000
index-file.names = ( "index.html" )
%s
"""
ONLY_HERE = '$HTTP["remoteip"] != "127.0.0.1" { url.access-deny = ( "" ) }'
SHOP = "http-request return status 200 content-type text/plain string shop"


def tinyproxy(rest: str) -> Server:
    """tinyproxy in the foreground."""
    return Server("/usr/bin/tinyproxy -d -c t.conf", {"t.conf": f"Port 5000\n{rest}\n"})


def lighttpd(rest: str) -> Server:
    """lighttpd in the foreground."""
    files = {"l.conf": LIGHTTPD % rest, "public/index.html": "shop"}
    return Server("/usr/sbin/lighttpd -D -f l.conf", files)


def _on_loopback(name: str, fault: str, *servers: Server, needs: str) -> Scenario:
    return Scenario(
        name, fault=fault, servers=servers, truth="refused", expected=LOOPBACK, fixable=True, needs=needs
    )


CONFIGURED = (
    Scenario(
        "tinyproxy-allows-this-machine-only",
        fault="tinyproxy's Allow lines name 127.0.0.1 alone",
        servers=(tinyproxy("Allow 127.0.0.1"),),
        truth="http 403",
        expected=NOT_CLEAR,
        needs="tinyproxy",
    ),
    Scenario(
        "tinyproxy-listens-on-loopback",
        fault="tinyproxy has Listen 127.0.0.1",
        servers=(tinyproxy("Listen 127.0.0.1\nAllow 192.168.0.0/16"),),
        truth="refused",
        expected=LOOPBACK,
        fixable=True,
        fixed="http 400",
        needs="tinyproxy",
    ),
    _on_loopback(
        "lighttpd-bound-to-loopback",
        "lighttpd has server.bind = 127.0.0.1",
        lighttpd('server.bind = "127.0.0.1"'),
        needs="lighttpd",
    ),
    Scenario(
        "lighttpd-denies-the-lan",
        fault="lighttpd denies every page to other addresses than 127.0.0.1",
        servers=(lighttpd(ONLY_HERE),),
        truth="http 403",
        expected=blocked("client-rejected"),
        needs="lighttpd",
    ),
    Scenario(
        "nginx-hangs-up-on-numbers",
        fault="nginx ends every request whose Host is not localhost (return 444)",
        servers=(
            nginx_of(
                "server { listen 5000 default_server; return 444; }\n"
                "server { listen 5000; server_name localhost; location / { return 200 shop; } }"
            ),
        ),
        truth="closed|reset",
        expected=blocked("host-header-rejected"),
    ),
    _on_loopback(
        "haproxy-bound-to-loopback",
        "HAProxy's bind line names 127.0.0.1",
        Server(
            haproxy("http", "").command,
            {
                name: text.replace("bind :5000", "bind 127.0.0.1:5000")
                for name, text in haproxy("http", f"  {SHOP}").files.items()
            },
        ),
        needs="haproxy",
    ),
    Scenario(
        "haproxy-without-a-backend",
        fault="HAProxy answers 503 to everybody: its server is down",
        servers=(haproxy("http", "  default_backend none\nbackend none\n  server one 127.0.0.1:8000 check"),),
        truth="http 503",
        expected=CLEAR,
        also=("http-error",),
        needs="haproxy",
    ),
    Scenario(
        "haproxy-passes-bytes-to-nobody",
        fault="HAProxy passes bytes to a server that is down",
        servers=(haproxy("tcp", "  default_backend none\nbackend none\n  server one 127.0.0.1:8000"),),
        truth="closed|reset",
        patience=8.0,
        expected=NOT_CLEAR,
        needs="haproxy",
    ),
    _on_loopback(
        "caddy-file-server-on-loopback",
        "caddy file-server listens on 127.0.0.1:5000",
        Server(
            "caddy file-server --listen 127.0.0.1:5000 --root .",
            {"index.html": "shop"},
            environment=caddy("").environment,
        ),
        needs="caddy",
    ),
    _on_loopback(
        "caddy-binds-loopback",
        "the Caddyfile has bind 127.0.0.1",
        Server(
            "caddy run --config Caddyfile --adapter caddyfile",
            {"Caddyfile": caddy("http://:5000 {\n  bind 127.0.0.1\n  respond shop\n}\n").files["Caddyfile"]},
            environment=caddy("").environment,
        ),
        needs="caddy",
    ),
    _on_loopback(
        "socat-on-loopback",
        "socat has bind=127.0.0.1",
        Server("socat TCP-LISTEN:5000,bind=127.0.0.1,fork,reuseaddr TCP:127.0.0.1:8000"),
        INNER,
        needs="socat",
    ),
    Scenario(
        "activated-on-loopback",
        fault="a socket unit listens on 127.0.0.1 for a server that is started with each client",
        servers=(Server("systemd-socket-activate --accept -l 127.0.0.1:5000 cat"),),
        truth="refused",
        expected=LOOPBACK,
        needs="systemd-socket-activate",
    ),
    Scenario(
        "activated-server-is-missing",
        fault="a socket is held for a program that fails as it starts",
        servers=(Server("systemd-socket-activate -l 0.0.0.0:5000 /bin/false"),),
        truth="reset|closed|refused",
        expected=NOT_CLEAR,
        needs="systemd-socket-activate",
    ),
)
