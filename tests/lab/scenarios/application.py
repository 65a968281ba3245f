"""The server is reached; what it says."""

from __future__ import annotations

from tests.lab.older import FLASK_23, VITE
from tests.lab.scenario import CLEAR, UNDETERMINED, Scenario, blocked
from tests.lab.servers import SHOP, Server, django, flask, flask_23, script, tls, uwsgi, vite, wsgi

ALL = "--host 0.0.0.0"
HOST = blocked("host-header-rejected")


def configured(name: str, value: str) -> str:
    """The shop, with one setting more."""
    return (
        SHOP.replace("app = Flask(__name__)", f"app = Flask(__name__)\napp.config[{name!r}] = {value}") % ""
    )


def redirecting(target: str) -> str:
    """The shop, whose page sends the browser elsewhere."""
    page = SHOP.replace("import Flask", "import Flask, redirect")
    return page.replace('return "<h1>Shop</h1>"', f"return redirect({target!r})") % ""


ORIGINS = """
from urllib.parse import urlsplit

from flask import Flask, abort, request

app = Flask(__name__)


@app.get("/")
def index():
    return '<h1>Shop</h1><script src="/_next/static/chunks/main.js" defer=""></script>'


@app.get("/_next/<path:name>")
def chunk(name):
    origin = request.headers.get("Origin")
    return abort(403) if origin and urlsplit(origin).hostname not in %s else "go()"
"""
"""Development files for named origins only, as Next.js 16 gives them (measured: 403, with Host and without)."""
GREETING = """
import socket, threading
s = socket.create_server(("0.0.0.0", 5000))
while True:
    client, _ = s.accept()
    threading.Timer(2, client.close).start()
    client.sendall(b"J\\0\\0\\0\\x0a8.0.36\\0\\x0b\\0\\0\\0)S1.[d@A\\0\\xff\\xff\\x08\\2\\0\\xff\\xdf\\x15mysql_native\\0")
"""
HOSTILE = """
import http.server
http.server.HTTPServer(("127.0.0.1", 5000), http.server.SimpleHTTPRequestHandler).serve_forever()
"""

RELAY = """
import socket
s = socket.create_server(("", 5000))
while True:
    client = s.accept()[0]
    try:
        socket.create_connection(("127.0.0.1", 8000))
    except OSError:
        client.close()
"""
HANGS_UP = """
import socket
s = socket.create_server(("", 5000))
while True:
    client = s.accept()[0]
    client.recv(1)
    client.close()
"""
ANSWERS = """
import socket
s = socket.create_server(("", 5000))
while True:
    client = s.accept()[0]
    client.recv(65536)
    client.sendall(%r)
    client.close()
"""
GREETS = """
import socket
s = socket.create_server(("", 5000))
while True:
    client = s.accept()[0]
    client.sendall(b"welcome to the shop\\n")
    client.recv(65536)
    client.close()
"""

SCENARIOS = (
    Scenario(
        "origin-rejected",
        fault="the page comes, and its scripts for pages of localhost alone, as Next.js' development files do",
        servers=(flask(ALL, ORIGINS % '("localhost",)'),),
        truth="served",
        expected=blocked("origin-rejected"),
    ),
    Scenario(
        "origin-accepted",
        fault="nothing: the page's scripts come for pages of this address, too",
        servers=(flask(ALL, ORIGINS % '("localhost", "192.168.77.10")'),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "django-allowed-hosts",
        fault="DEBUG with an empty ALLOWED_HOSTS lets localhost in only",
        servers=(django("0.0.0.0:5000", allowed_hosts="[]"),),
        truth="http 400",
        expected=HOST,
    ),
    Scenario(
        "django-default-and-allowed-hosts",
        fault="two faults, one behind the other: 127.0.0.1, and ALLOWED_HOSTS",
        servers=(django("5000", allowed_hosts="[]"),),
        truth="refused",
        expected=blocked("bound-to-loopback"),
    ),
    Scenario(
        "django-all-hosts",
        fault="nothing: ALLOWED_HOSTS lets everybody in",
        servers=(django("0.0.0.0:5000"),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "flask-trusted-hosts",
        fault="Flask 3.1's TRUSTED_HOSTS names localhost only",
        servers=(flask(ALL, configured("TRUSTED_HOSTS", '["localhost"]')),),
        truth="http 400",
        expected=HOST,
    ),
    Scenario(
        "flask-server-name",
        fault="nothing: since Flask 3.1 SERVER_NAME refuses no host",
        servers=(flask(ALL, configured("SERVER_NAME", '"localhost:5000"')),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "flask-2-server-name",
        fault="until Flask 3.0 SERVER_NAME answers every other host with 404",
        servers=(flask_23(ALL, configured("SERVER_NAME", '"localhost:5000"')),),
        truth="http 404",
        expected=HOST,
        needs=str(FLASK_23),
    ),
    Scenario(
        "vite",
        fault="Vite listens on localhost",
        servers=(vite("--port 5000"),),
        truth="refused",
        expected=blocked("bound-to-loopback"),
        fixable=True,
        needs=str(VITE),
    ),
    Scenario(
        "vite-host",
        fault="nothing: Vite lets every address in",
        servers=(vite("--port 5000 --host"),),
        truth="served",
        expected=CLEAR,
        needs=str(VITE),
    ),
    Scenario(
        "vite-host-name",
        fault="Vite refuses names that it was not told",
        servers=(vite("--port 5000 --host"),),
        host_name="shop.lan",
        options="--host-header shop.lan",
        truth="http 403",
        expected=HOST,
        needs=str(VITE),
    ),
    Scenario(
        "flask-debugger",
        fault="nothing stops the clients; they can also reach the debugger, which runs code",
        servers=(flask(f"{ALL} --debug --no-reload"),),
        truth="served",
        expected=CLEAR,
        also=("debugger-exposed",),
    ),
    Scenario(
        "error-on-every-page",
        fault="nothing in the network: the application fails for everybody",
        servers=(flask(ALL, SHOP.replace('return "<h1>Shop</h1>"', "return 1 / 0") % ""),),
        truth="http 500",
        expected=CLEAR,
        also=("http-error",),
    ),
    Scenario(
        "no-such-page",
        fault="nothing in the network: no page at / for anybody",
        servers=(flask(ALL, SHOP.replace('"/"', '"/shop"') % ""),),
        truth="http 404",
        expected=CLEAR,
    ),
    Scenario(
        "redirects-to-localhost",
        fault="every answer sends the client to localhost",
        servers=(flask(ALL, redirecting("http://localhost:5000/home")),),
        truth="http 302",
        expected=blocked("redirects-elsewhere"),
    ),
    Scenario(
        "redirects-on-the-same-server",
        fault="nothing: the answer sends the client to another page of the same server",
        servers=(flask(ALL, redirecting("/login")),),
        truth="http 302",
        expected=CLEAR,
    ),
    Scenario(
        "uwsgi-protocol",
        fault="uwsgi --socket speaks uwsgi's own protocol, not HTTP",
        servers=(uwsgi("--plugins python3 --socket 0.0.0.0:5000"),),
        truth="closed|reset|silent",
        expected=blocked("not-http"),
        fixable=True,
    ),
    Scenario(
        "uwsgi-http",
        fault="nothing: uwsgi --http on all addresses",
        servers=(uwsgi("--plugins http,python3 --http :5000"),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "tls",
        fault="nothing: the server speaks TLS, and so do the clients",
        servers=(tls("flask --app shop run --host 0.0.0.0 --cert cert.pem --key key.pem"),),
        scheme="https",
        truth="served",
        expected=CLEAR,
        also=("speaks-tls",),
    ),
    Scenario(
        "tls-asked-as-http",
        fault="the server speaks TLS, the clients do not",
        servers=(tls("flask --app shop run --host 0.0.0.0 --cert cert.pem --key key.pem"),),
        options="--scheme http",
        truth="closed|reset",
        expected=blocked("speaks-tls"),
    ),
    Scenario(
        "database",
        fault="nothing: a database greets the client with its banner, as it should",
        servers=(script(GREETING),),
        scheme="tcp",
        truth="connected",
        expected=CLEAR,
    ),
    Scenario(
        "port-unsafe-in-browsers",
        fault="browsers refuse port 6000 by themselves; other clients are served",
        servers=(Server("flask --app shop run --host 0.0.0.0 --port 6000", flask().files, port=6000),),
        port=6000,
        truth="served",
        expected=blocked("port-unsafe-in-browsers"),
    ),
    Scenario(
        "gunicorn-all-addresses",
        fault="nothing: gunicorn with two workers, three processes on one socket",
        servers=(wsgi("gunicorn -w 2 -b 0.0.0.0:5000 shop:app"),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "waitress-all-addresses",
        fault="nothing: waitress on all addresses",
        servers=(wsgi("waitress-serve --port=5000 shop:app"),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "hostile-command-line",
        fault="the server's command line holds escape sequences; nothing of them may reach the terminal",
        servers=(
            Server(
                "python server.py \"$(printf 'a\\033[31mred\\033]0;x\\007\\302\\233b')\"",
                {"server.py": HOSTILE},
            ),
        ),
        truth="refused",
        expected=blocked("bound-to-loopback"),
    ),
    Scenario(
        "relay-without-a-server",
        fault="a program passes connections on to a port where nobody listens",
        servers=(script(RELAY),),
        truth="closed|reset",
        expected=blocked("server-silent"),
    ),
    Scenario(
        "hangs-up-on-questions",
        fault="the server is none of the web: it hangs up on what browsers ask",
        servers=(script(HANGS_UP),),
        truth="closed|reset",
        expected=UNDETERMINED,
        also=("not-http",),
    ),
    Scenario(
        "page-without-http",
        fault="the server sends its page without a status line, as HTTP/0.9 did",
        servers=(script(ANSWERS % b"<h1>Hello</h1>"),),
        truth="not-http",
        expected=blocked("not-http"),
    ),
    Scenario(
        "answers-in-its-own-protocol",
        fault="the server speaks a protocol of its own: whether a web server was meant nobody knows",
        servers=(script(ANSWERS % b"\x05\x00?\n"),),
        truth="not-http",
        expected=UNDETERMINED,
        also=("not-http",),
    ),
    Scenario(
        "speaks-first-in-its-own-protocol",
        fault="nothing: the server greets whoever connects, which no web server does",
        servers=(script(GREETS),),
        truth="not-http",
        expected=CLEAR,
    ),
)
