"""Pages that differ by the name under which they are opened, or that browsers load otherwise on other devices."""

from __future__ import annotations

from tests.lab.exams.daemons import apache
from tests.lab.scenario import CLEAR, Expected, Scenario, blocked, sh
from tests.lab.servers import SHOP, Server, asgi, flask, nginx_of, tls

BY_NAME = blocked("host-header-rejected|other-server-answers")
HELMET = """
const policy = "default-src 'self';base-uri 'self';script-src 'self';style-src 'self' https: 'unsafe-inline'%s";
const page = "<!doctype html><title>shop</title><div id=app></div><script src=/app.js></script>";
require("http").createServer((request, answer) => {
  answer.setHeader("Content-Security-Policy", policy);
  answer.setHeader("Content-Type", request.url == "/app.js" ? "text/javascript" : "text/html");
  answer.end(request.url == "/app.js" ? "document.title = 'loaded'" : page);
}).listen(5000, "0.0.0.0");
"""
TITLE = "<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head></html>"
WELCOME = (
    f"server {{ listen 5000 default_server; location / {{ default_type text/html; return 200 '{TITLE}'; }} }}"
)
CADDY = "{\n  admin off\n  auto_https disable_redirects\n  skip_install_trust\n  local_certs\n}\n"


def caddy(site: str) -> Server:
    """Caddy with one site."""
    return Server(
        "caddy run --config /srv/shop/Caddyfile --adapter caddyfile",
        {"Caddyfile": CADDY + site},
        environment={"XDG_DATA_HOME": "/srv/home/data", "XDG_CONFIG_HOME": "/srv/home/config"},
    )


BY_HOST = (
    Scenario(
        "nginx-welcomes-other-names",
        fault="nginx has the page for localhost alone, and its welcome page for every other name",
        servers=(
            nginx_of(
                f"{WELCOME}\nserver {{ listen 5000; server_name localhost; location / {{ return 200 shop; }} }}"
            ),
        ),
        truth="served",
        expected=BY_NAME,
    ),
    Scenario(
        "nginx-welcomes-everybody",
        fault="nothing that is known: nginx has its welcome page for everybody",
        servers=(nginx_of(WELCOME),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "apache-works-for-other-names",
        fault="Apache's first host is the page of its installation, and the application's is localhost",
        servers=(
            apache(
                "0.0.0.0:5000",
                "<VirtualHost *:5000>\nServerName default.example\nDocumentRoot /srv/shop/default\n"
                "</VirtualHost>\n<VirtualHost *:5000>\nServerName localhost\n</VirtualHost>",
                {"default/index.html": "<html><body><h1>It works!</h1></body></html>"},
            ),
        ),
        truth="served",
        expected=BY_NAME,
        needs="apache2",
    ),
    Scenario(
        "caddy-has-nothing-for-other-names",
        fault="Caddy's site is http://localhost, and every other name gets an empty page",
        servers=(caddy('http://localhost:5000 {\n  respond "shop"\n}\n'),),
        truth="served",
        expected=BY_NAME,
        needs="caddy",
    ),
    Scenario(
        "caddy-has-a-certificate-for-localhost-only",
        fault="Caddy's site is localhost, with a certificate for that name alone",
        servers=(caddy('localhost:5000 {\n  respond "shop"\n}\n'),),
        after=(sh("sleep 2"),),
        scheme="https",
        options="--scheme https",
        truth="reset",
        expected=BY_NAME,
        needs="caddy",
    ),
    Scenario(
        "caddy-listens-for-everybody",
        fault="nothing: Caddy's site is the port alone",
        servers=(caddy('http://:5000 {\n  respond "shop"\n}\n'),),
        truth="served",
        expected=CLEAR,
        needs="caddy",
    ),
    Scenario(
        "empty-page-for-everybody",
        fault="nothing: the server answers 204 to everybody",
        servers=(nginx_of("server { listen 5000; location / { return 204; } }"),),
        truth="served",
        expected=CLEAR,
    ),
)

UPGRADED = (
    Scenario(
        "page-upgrades-to-https",
        fault="Helmet's default policy has browsers load the page's script by https, which the server does not speak",
        servers=(Server("node server.js", {"server.js": HELMET % ";upgrade-insecure-requests"}),),
        truth="served",
        expected=blocked("redirects-elsewhere"),
        needs="node",
    ),
    Scenario(
        "page-with-a-policy",
        fault="nothing: the same policy without that word",
        servers=(Server("node server.js", {"server.js": HELMET % ""}),),
        truth="served",
        expected=CLEAR,
        needs="node",
    ),
    Scenario(
        "page-upgrades-to-https-over-https",
        fault="nothing: the policy is that of a page over https",
        servers=(
            Server(
                tls("node server.js").command,
                {
                    "server.js": (HELMET % ";upgrade-insecure-requests")
                    .replace('require("http").createServer(', 'require("https").createServer(keys, ')
                    .replace(
                        "const page",
                        'const fs = require("fs");\nconst keys = '
                        '{ key: fs.readFileSync("key.pem"), cert: fs.readFileSync("cert.pem") };\nconst page',
                    )
                },
            ),
        ),
        scheme="https",
        options="--scheme https",
        truth="served",
        expected=CLEAR,
        needs="node",
    ),
)

STATES = (
    Scenario(
        "bound-to-its-own-name",
        fault="the server is bound to the host's name, which is 127.0.1.1 here",
        servers=(flask("--host $(hostname)"),),
        truth="refused",
        expected=blocked("bound-to-loopback"),
        fixable=True,
    ),
    Scenario(
        "reloader-with-a-broken-program",
        fault="uvicorn --reload holds the port, and the program that it starts does not come up",
        servers=(asgi("uvicorn shop:app --host 0.0.0.0 --port 5000 --reload"),),
        after=(sh("sleep 1; echo 'import nowhere' > /srv/shop/shop.py; sleep 3"),),
        truth="silent",
        expected=blocked("server-silent"),
    ),
    Scenario(
        "one-socket-for-each-family",
        fault="the server has loopback for IPv4, and all addresses for IPv6 alone",
        servers=(
            Server(
                "node server.js",
                {
                    "server.js": 'const serve = (options) => require("http")'
                    '.createServer((q, a) => a.end("shop")).listen(options);\n'
                    'serve({ port: 5000, host: "127.0.0.1" });\n'
                    'serve({ port: 5000, host: "::", ipv6Only: true });'
                },
            ),
        ),
        truth="refused",
        expected=blocked("bound-to-loopback|bound-to-ipv6-only"),
        needs="node",
    ),
    Scenario(
        "first-page-comes-after-six-seconds",
        fault="nothing: each page takes six seconds",
        servers=(
            flask(
                "--host 0.0.0.0",
                (SHOP % "").replace(
                    '    return "<h1>Shop</h1>"', '    import time; time.sleep(6); return "shop"'
                ),
            ),
        ),
        truth="served",
        patience=9.0,
        expected=Expected("clear|undetermined"),
    ),
)
