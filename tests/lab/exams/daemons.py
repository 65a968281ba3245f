"""Servers as distributions and relays bring them: what they take in, and on which addresses they listen."""

from __future__ import annotations

from collections.abc import Mapping

from tests.lab.scenario import CLEAR, Expected, Scenario, blocked, sh
from tests.lab.servers import Server, flask, nginx_of, script

REJECTED = blocked("client-rejected")
NOT_CLEAR = Expected("blocked|undetermined")

APACHE = """
ServerRoot /usr/lib/apache2
%s
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule authz_host_module modules/mod_authz_host.so
LoadModule dir_module modules/mod_dir.so
LoadModule proxy_module modules/mod_proxy.so
LoadModule proxy_http_module modules/mod_proxy_http.so
PidFile /srv/shop/apache.pid
ErrorLog /srv/shop/error.log
Mutex file:/srv/shop
DocumentRoot /srv/shop/public
%s
"""
HAPROXY = """
defaults
  mode %s
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend shop
  bind :5000
%s
"""
JAVA = """
import com.sun.net.httpserver.HttpServer;
import java.net.*;

public class Shop {
    public static void main(String[] arguments) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(%s, 5000), 0);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, 4);
            exchange.getResponseBody().write("shop".getBytes());
            exchange.close();
        });
        server.start();
    }
}
"""
PHP = """<?php
if (!in_array($_SERVER['REMOTE_ADDR'], ['127.0.0.1', '::1'])) {
    header('HTTP/1.0 403 Forbidden');
    exit('You are not allowed to access this file.');
}
echo 'shop';
"""
STARLETTE = """
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def index(request):
    return PlainTextResponse("shop")


trusted = Middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "shop.example"])
app = Starlette(routes=[Route("/", index)], middleware=[trusted])
"""
WEBSOCKETS = """
import asyncio

from websockets.asyncio.server import serve


async def main():
    async with serve(lambda one: one.send("shop"), "0.0.0.0", 5000) as server:
        await server.serve_forever()


asyncio.run(main())
"""
FREEBIND = """
import socket, http.server
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.setsockopt(0, 15, 1)
s.bind(("192.168.77.99", 5000)); s.listen(8)
server = http.server.HTTPServer(("192.168.77.99", 5000), http.server.SimpleHTTPRequestHandler, False)
server.socket = s
server.serve_forever()
"""


def apache(listen: str, rest: str, more: Mapping[str, str] | None = None) -> Server:
    """Debian's Apache with a configuration of its own, in the foreground."""
    files = {"apache.conf": APACHE % (f"Listen {listen}", rest), "public/index.html": "<h1>shop</h1>"}
    return Server("/usr/sbin/apache2 -f /srv/shop/apache.conf -DFOREGROUND", {**files, **(more or {})})


def haproxy(mode: str, rules: str) -> Server:
    """HAProxy with one frontend."""
    return Server("/usr/sbin/haproxy -db -f haproxy.cfg", {"haproxy.cfg": HAPROXY % (mode, rules)})


LOCAL_SHOP = flask("--host 127.0.0.1 --port 8000")
INNER = Server(LOCAL_SHOP.command, LOCAL_SHOP.files, port=8000)

TAKEN_IN = (
    Scenario(
        "apache-requires-local",
        fault="Apache's folder says Require local",
        servers=(apache("5000", "<Directory /srv/shop/public>\nRequire local\n</Directory>"),),
        truth="http 403",
        expected=REJECTED,
        needs="apache2",
    ),
    Scenario(
        "apache-serves-one-name",
        fault="the first host of Apache denies all, and only localhost has another",
        servers=(
            apache(
                "0.0.0.0:5000",
                "<VirtualHost *:5000>\nServerName default.example\n<Location />\nRequire all denied\n</Location>\n"
                "</VirtualHost>\n<VirtualHost *:5000>\nServerName localhost\n</VirtualHost>",
            ),
        ),
        truth="http 403",
        expected=blocked("host-header-rejected"),
        needs="apache2",
    ),
    Scenario(
        "apache-before-a-dead-server",
        fault="Apache passes on to a server that does not run, for everybody",
        servers=(apache("5000", "ProxyPass / http://127.0.0.1:8000/"),),
        truth="http 503",
        expected=CLEAR,
        also=("http-error",),
        needs="apache2",
    ),
    Scenario(
        "haproxy-rejects-other-sources",
        fault="HAProxy hangs up on every source but 127.0.0.1",
        servers=(
            haproxy(
                "http",
                "  tcp-request connection reject if !{ src 127.0.0.0/8 }\n"
                "  http-request return status 200 content-type text/plain string shop",
            ),
        ),
        truth="closed|reset",
        expected=REJECTED,
        needs="haproxy",
    ),
    Scenario(
        "haproxy-drops-silently",
        fault="HAProxy lets every source but 127.0.0.1 hang (silent-drop)",
        servers=(
            haproxy(
                "http",
                "  http-request silent-drop if !{ src 127.0.0.0/8 }\n"
                "  http-request return status 200 content-type text/plain string shop",
            ),
        ),
        truth="silent|reset",
        expected=REJECTED,
        needs="haproxy",
    ),
    Scenario(
        "socat-for-a-range",
        fault="socat takes connections from 127.0.0.0/8 only",
        servers=(
            INNER,
            Server("socat TCP-LISTEN:5000,fork,reuseaddr,range=127.0.0.0/8 TCP:127.0.0.1:8000"),
        ),
        truth="closed|reset",
        expected=REJECTED,
        needs="socat",
    ),
    Scenario(
        "socat-to-nobody",
        fault="socat passes on to a port where nobody listens",
        servers=(Server("socat TCP-LISTEN:5000,fork,reuseaddr TCP:127.0.0.1:8000"),),
        truth="closed|reset",
        expected=NOT_CLEAR,
        needs="socat",
    ),
    Scenario(
        "tcpd-denies-the-lan",
        fault="hosts.deny lets the inetd service be used from localhost only",
        before=(
            sh(
                "printf 'cat: ALL EXCEPT 127.0.0.1\\n' > /run/lab/deny; mount --bind /run/lab/deny /etc/hosts.deny\n"
                "mkdir -p /srv/shop; printf '#!/bin/sh\\nread line; printf "
                '"HTTP/1.0 200 OK\\\\r\\\\n\\\\r\\\\nshop"'
                "\\n' > /srv/shop/cat; chmod 755 /srv/shop/cat\n"
                "echo '5000 stream tcp nowait root /usr/sbin/tcpd /srv/shop/cat' > /srv/shop/inetd.conf"
            ),
        ),
        servers=(Server("/usr/sbin/inetd -i /srv/shop/inetd.conf", user=False),),
        truth="closed|reset",
        patience=9.0,
        expected=NOT_CLEAR,
        needs="tcpd",
    ),
    Scenario(
        "php-knows-localhost-only",
        fault="the application's front controller turns every other address away, as Symfony's app_dev.php",
        servers=(Server("php -S 0.0.0.0:5000", {"index.php": PHP}),),
        truth="http 403",
        expected=REJECTED,
        needs="php",
    ),
    Scenario(
        "starlette-trusts-names",
        fault="TrustedHostMiddleware answers 400 to the server's address",
        servers=(Server("uvicorn shop:app --host 0.0.0.0 --port 5000", {"shop.py": STARLETTE}),),
        truth="http 400",
        expected=blocked("host-header-rejected"),
    ),
    Scenario(
        "websockets-only",
        fault="nothing: the server speaks WebSocket, and answers 426 to everybody else",
        servers=(script(WEBSOCKETS),),
        truth="http 426",
        expected=CLEAR,
    ),
    Scenario(
        "nginx-rejects-unknown-names-in-tls",
        fault="nginx rejects the handshake of who does not call it by its name, localhost among them",
        servers=(
            nginx_of(
                "server { listen 5000 ssl default_server; ssl_reject_handshake on; }\n"
                "server { listen 5000 ssl; server_name shop.example; ssl_certificate cert.pem;"
                " ssl_certificate_key key.pem; location / { return 200 shop; } }",
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=shop"
                " -keyout key.pem -out cert.pem 2>/dev/null && ",
            ),
        ),
        scheme="https",
        options="--scheme https",
        truth="reset",
        expected=NOT_CLEAR,
    ),
)

LISTENING = (
    Scenario(
        "socat-on-the-address-of-the-lan",
        fault="nothing: socat has the LAN's address and passes on to the server, which has 127.0.0.1",
        servers=(
            flask(),
            Server("socat TCP-LISTEN:5000,bind=192.168.77.10,fork,reuseaddr TCP:127.0.0.1:5000"),
        ),
        truth="served",
        expected=CLEAR,
        needs="socat",
    ),
    Scenario(
        "socket-activated-on-loopback",
        fault="systemd-socket-activate listens on 127.0.0.1 for a server that nobody has started",
        servers=(
            Server(
                "systemd-socket-activate -l 127.0.0.1:5000 gunicorn shop:app",
                {"shop.py": flask().files["shop.py"]},
            ),
        ),
        truth="refused",
        expected=blocked("bound-to-loopback"),
        needs="systemd-socket-activate",
    ),
    Scenario(
        "java-on-its-loopback-address",
        fault="a Java server listens on InetAddress.getLoopbackAddress(), a mapped address of an IPv6 socket",
        servers=(Server("java Shop.java", {"Shop.java": JAVA % "InetAddress.getLoopbackAddress()"}),),
        truth="refused",
        expected=blocked("bound-to-loopback"),
        needs="java",
    ),
    Scenario(
        "gunicorn-on-a-unix-socket",
        fault="gunicorn listens on a socket in the file system only",
        servers=(
            Server(
                "gunicorn --bind unix:/srv/shop/shop.sock shop:app",
                {"shop.py": flask().files["shop.py"]},
                port=None,
            ),
        ),
        after=(sh("sleep 1.5"),),
        truth="refused",
        expected=blocked("nothing-listening"),
    ),
    Scenario(
        "bound-to-an-address-of-yesterday",
        fault="the server is bound to an address that the machine no longer has (freebind)",
        servers=(script(FREEBIND),),
        truth="refused",
        expected=blocked("bound-to-other-address"),
    ),
    Scenario(
        "mosquitto-in-local-only-mode",
        fault="Mosquitto without a configuration listens on loopback only",
        servers=(Server("/usr/sbin/mosquitto -p 5000"),),
        scheme="tcp",
        options="--scheme tcp",
        truth="refused",
        expected=blocked("bound-to-loopback"),
        needs="mosquitto",
    ),
    Scenario(
        "redis-on-its-default-addresses",
        fault="Redis listens on 127.0.0.1 and ::1, as its configuration says",
        servers=(
            Server("redis-server redis.conf", {"redis.conf": "bind 127.0.0.1 -::1\nport 5000\nsave ''\n"}),
        ),
        scheme="tcp",
        options="--scheme tcp",
        truth="refused",
        expected=blocked("bound-to-loopback"),
        needs="redis-server",
    ),
    Scenario(
        "node-for-ipv6-only",
        fault="node listens with ipv6Only, and the clients use the IPv4 address",
        servers=(
            Server(
                "node server.js",
                {
                    "server.js": 'require("http").createServer((q, a) => a.end("shop"))'
                    '.listen({ port: 5000, host: "::", ipv6Only: true });'
                },
            ),
        ),
        truth="refused",
        expected=blocked("bound-to-ipv6-only"),
        needs="node",
    ),
)
