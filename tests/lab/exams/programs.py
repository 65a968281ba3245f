"""What a program does to its clients by itself: limits, certificates, logins, protocols."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, Expected, Scenario, background, blocked, sh
from tests.lab.servers import SHOP, Server, flask, nginx, script, tls, wsgi

NOT_CLEAR = Expected("blocked|undetermined")
LOGIN = (
    (SHOP % "")
    .replace("import Flask", "import Flask, request")
    .replace(
        'return "<h1>Shop</h1>"',
        'return "<h1>Shop</h1>" if request.remote_addr == "127.0.0.1" else'
        ' ("login", 401, {"WWW-Authenticate": "Basic"})',
    )
)
FEW_FILES = """
import resource, socket, threading
resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))
s = socket.create_server(("0.0.0.0", 5000), backlog=64)


def serve(client):
    client.recv(65536)
    client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\nConnection: close\\r\\n\\r\\nshop")
    client.close()


import time
while True:
    try:
        threading.Thread(target=serve, args=(s.accept()[0],)).start()
    except OSError:
        time.sleep(0.2)
"""
HOLD_MANY = """
import socket, time
held = [socket.create_connection(("192.168.77.10", 5000)) for _ in range(20)]
print("held", flush=True)
time.sleep(600)
"""
HOLD_WORK = """
import socket, time
s = socket.create_connection(("192.168.77.10", 5000))
s.sendall(b"GET /slow HTTP/1.1\\r\\nHost: 192.168.77.10:5000\\r\\n\\r\\n")
time.sleep(0.5)
print("held", flush=True)
time.sleep(600)
"""
SLOW = """
import time
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return "shop"


@app.get("/slow")
def slow():
    time.sleep(500)
    return "late"
"""
HTTP2 = """
import socket
s = socket.create_server(("0.0.0.0", 5000))
while True:
    client, _ = s.accept()
    client.sendall(bytes.fromhex("00000004000000000000000c0700000000000000000000000150524920"))
    client.recv(65536)
    client.close()
"""
CRASH = """
import socket, sys
s = socket.create_server(("0.0.0.0", 5000))
while True:
    client, (host, port) = s.accept()
    client.recv(65536)
    if host.startswith("127."):
        client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nshop")
        client.close()
    else:
        client.sendall(b"HTTP/1.1 500 Internal Server Error\\r\\nContent-Length: 5\\r\\n\\r\\nerror")
        client.close()
"""

PROGRAMS = (
    Scenario(
        "login-for-others-only",
        fault="nothing that stops a page: other devices are asked for a login, localhost is not",
        servers=(flask("--host 0.0.0.0", LOGIN),),
        truth="http 401",
        expected=CLEAR,
        also=("client-rejected",),
    ),
    Scenario(
        "no-files-left",
        fault="the server may open no more files, and accepts nobody",
        servers=(script(FEW_FILES),),
        after=(background(HOLD_MANY, "neighbour"),),
        truth="silent",
        expected=NOT_CLEAR,
    ),
    Scenario(
        "only-worker-is-busy",
        fault="gunicorn's only worker is busy with one request for ever",
        servers=(Server("gunicorn --timeout 900 -b 0.0.0.0:5000 shop:app", {"shop.py": SLOW}),),
        after=(sh("sleep 1"), background(HOLD_WORK, "neighbour")),
        truth="silent",
        expected=NOT_CLEAR,
    ),
    Scenario(
        "client-certificate-wanted",
        fault="uvicorn wants a certificate of the client",
        servers=(
            Server(
                tls(
                    "uvicorn shop:app --interface wsgi --host 0.0.0.0 --port 5000 --ssl-keyfile key.pem"
                    " --ssl-certfile cert.pem --ssl-cert-reqs 2 --ssl-ca-certs cert.pem"
                ).command,
                {"shop.py": SHOP % ""},
            ),
        ),
        scheme="https",
        options="--scheme https",
        truth="reset|closed",
        expected=NOT_CLEAR,
    ),
    Scenario(
        "nginx-wants-a-client-certificate",
        fault="nginx answers 400 to who shows no certificate",
        servers=(
            Server(
                tls("/usr/sbin/nginx -p /srv/shop -c nginx.conf -e stderr").command,
                nginx(
                    "5000 ssl; ssl_certificate /srv/shop/cert.pem; ssl_certificate_key /srv/shop/key.pem;"
                    " ssl_client_certificate /srv/shop/cert.pem; ssl_verify_client on"
                ).files,
            ),
        ),
        scheme="https",
        options="--scheme https",
        truth="http 400",
        expected=CLEAR,
    ),
    Scenario(
        "http2-only",
        fault="the server speaks HTTP/2 without TLS, as gRPC does",
        servers=(script(HTTP2),),
        options="--scheme http",
        truth="not-http|reset",
        expected=blocked("not-http"),
    ),
    Scenario(
        "error-for-others-only",
        fault="the application fails with 500 for every source but loopback",
        servers=(script(CRASH),),
        truth="http 500",
        expected=blocked("client-rejected"),
    ),
    Scenario(
        "nothing-at-the-root",
        fault="nothing: the application lives below /shop, and the root is 404 for everybody",
        servers=(wsgi("gunicorn -b 0.0.0.0:5000 --env SCRIPT_NAME=/shop shop:app"),),
        truth="http 404|http 500",
        expected=CLEAR,
    ),
    Scenario(
        "nginx-defers",
        fault="nothing: nginx is told of connections when they bring data (deferred, reuseport)",
        servers=(nginx("5000 deferred reuseport"),),
        truth="served",
        expected=CLEAR,
    ),
)
