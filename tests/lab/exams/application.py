"""What the server says, to whom, and when."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, Expected, Scenario, blocked
from tests.lab.servers import SHOP, flask, nginx, script, sockets

BLOCKED = Expected("blocked")
BY_ADDRESS = SHOP.replace("import Flask", "import Flask, abort, request").replace(
    'return "<h1>Shop</h1>"', 'return "<h1>Shop</h1>" if request.remote_addr == "127.0.0.1" else abort(%d)'
)

BY_SOURCE = (
    Scenario(
        "nginx-allows-localhost-only",
        fault="nginx lets 127.0.0.1 in only",
        servers=(
            nginx(
                "5000",
                "allow 127.0.0.1; deny all; try_files /none @shop; } location @shop { return 200 shop;",
            ),
        ),
        truth="http 403",
        expected=BLOCKED,
    ),
    Scenario(
        "nginx-allows-the-lan",
        fault="nothing: nginx lets the LAN in",
        servers=(
            nginx(
                "5000",
                "allow 127.0.0.1; allow 192.168.77.0/24; deny all; try_files /none @shop; }"
                " location @shop { return 200 shop;",
            ),
        ),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "flask-allows-localhost-only",
        fault="the application answers 403 to every other source than 127.0.0.1",
        servers=(flask("--host 0.0.0.0", BY_ADDRESS % (403, "")),),
        truth="http 403",
        expected=BLOCKED,
    ),
    Scenario(
        "flask-hides-from-the-lan",
        fault="the same with 404",
        servers=(flask("--host 0.0.0.0", BY_ADDRESS % (404, "")),),
        truth="http 404",
        expected=BLOCKED,
    ),
    Scenario(
        "nginx-wants-a-proxy",
        fault="nginx expects a proxy's header (proxy_protocol) and closes every other connection",
        servers=(nginx("5000 proxy_protocol"),),
        truth="closed|reset",
        expected=Expected("blocked|undetermined", "not-http"),
    ),
)

SLOW = """
import http.server, time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(%s)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"shop")


http.server.ThreadingHTTPServer(("0.0.0.0", 5000), Handler).serve_forever()
"""
STALLS = """
import socket, threading, time


def answer(client):
    client.recv(65536)
    client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5000\\r\\n\\r\\n" + b"x" * 100)
    time.sleep(600)


s = socket.create_server(("0.0.0.0", 5000))
while True:
    threading.Thread(target=answer, args=(s.accept()[0],), daemon=True).start()
"""
RESETS = """
import socket, struct
s = socket.create_server(("0.0.0.0", 5000))
while True:
    client, _ = s.accept()
    client.recv(65536)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
"""
SHARED = "s = socket.socket(); s.setsockopt(1, 15, 1); s.bind(('0.0.0.0', 5000)); s.listen()"

SERVERS = (
    Scenario(
        "answers-after-five-seconds",
        fault="nothing: the first page takes five seconds",
        servers=(script(SLOW % 5),),
        patience=8,
        truth="served",
        expected=Expected("clear|undetermined"),
    ),
    Scenario(
        "answers-after-twenty-seconds",
        fault="nothing: the first page is compiled for twenty seconds",
        servers=(script(SLOW % 20),),
        patience=25,
        truth="served",
        expected=Expected("clear|undetermined"),
    ),
    Scenario(
        "begins-and-stalls",
        fault="the server begins its answer and stops",
        servers=(script(STALLS),),
        truth="stalled",
        expected=Expected("blocked|undetermined"),
    ),
    Scenario(
        "resets-after-the-request",
        fault="the server takes the request and resets the connection",
        servers=(script(RESETS),),
        truth="reset",
        expected=Expected("blocked|undetermined", "not-http"),
    ),
    Scenario(
        "two-programs-share-the-port",
        fault="nothing: two programs share the port, and both serve",
        servers=(sockets(SHARED), sockets(SHARED, name="other.py")),
        truth="served",
        attempts=8,
        expected=CLEAR,
    ),
    Scenario(
        "one-of-two-hangs",
        fault="two programs share the port, and one of them hangs",
        servers=(sockets(SHARED), sockets(SHARED, serve=False, name="other.py")),
        truth="sometimes",
        attempts=12,
        patience=0.5,
        expected=blocked("server-silent|port-taken"),
    ),
)
