"""What the server, or somebody in its place, answers."""

from __future__ import annotations

from tests.lab.network import NEIGHBOUR, SERVER
from tests.lab.probe.scenario import Probe
from tests.lab.probe.scenarios.shared import OPEN, PORT, URL, answering, http
from tests.lab.scenario import CLEAR, UNDETERMINED, background, blocked, sh
from tests.lab.servers import django, flask, script, tls, uwsgi, wsgi

ENDLESS = """
import socket
s = socket.create_server(("0.0.0.0", 5000))
while True:
    c, _ = s.accept()
    c.recv(65536)
    try:
        c.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
        while True:
            c.sendall(b"x" * 65536)
    except OSError:
        pass
"""

HEADERS = """
import socket, threading, time
s = socket.create_server(("0.0.0.0", 5000))
def answer(client):
    try:
        client.recv(65536)
        client.sendall(b"HTTP/1.1 200 OK\\r\\nServer: ")
        for _ in range(200):
            client.sendall({piece})
            time.sleep({pause})
    except OSError:
        pass
while True:
    client, _ = s.accept()
    threading.Thread(target=answer, args=(client,), daemon=True).start()
"""

DRIPS = """
import socket, time, threading
def drip(c):
    c.recv(65536)
    try:
        c.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
        while True:
            c.sendall(b"x")
            time.sleep(1)
    except OSError:
        pass
s = socket.create_server(("0.0.0.0", 5000))
while True:
    threading.Thread(target=drip, args=(s.accept()[0],)).start()
"""

REFUSING_PROXY = """
import socket
s = socket.create_server(("", 3128))
print(1, flush=True)
while True:
    c, _ = s.accept()
    c.recv(9999)
    c.sendall(b"HTTP/1.1 403 Forbidden\\r\\nServer: squid\\r\\nContent-Length: 0\\r\\n\\r\\n")
    c.close()
"""

GONE = """
import socket
s = socket.create_server(("", 5000))
while True:
    s.accept()[0].close()
"""

APPLICATION = (
    Probe(
        "https",
        PORT,
        CLEAR,
        "served",
        (tls("gunicorn --certfile cert.pem --keyfile key.pem -b 0.0.0.0:5000 shop:app"),),
        also=("speaks-tls",),
        scheme="https",
    ),
    Probe(
        "https-asked-as-http",
        URL,
        blocked("speaks-tls"),
        None,
        (tls("gunicorn --certfile cert.pem --keyfile key.pem -b 0.0.0.0:5000 shop:app"),),
    ),
    Probe("http-asked-as-https", f"https://{SERVER}:5000/", blocked("speaks-tls"), None, OPEN),
    Probe(
        "https-flask",
        PORT,
        CLEAR,
        "served",
        (tls("flask --app shop run --host 0.0.0.0 --cert cert.pem --key key.pem"),),
        also=("speaks-tls",),
        scheme="https",
    ),
    Probe(
        "uwsgi-socket",
        PORT,
        blocked("not-http"),
        None,
        (uwsgi("--plugins python3 --socket 0.0.0.0:5000"),),
        seconds=9.0,
    ),
    Probe("uwsgi-http", PORT, CLEAR, "served", (uwsgi("--plugins http,python3 --http 0.0.0.0:5000"),)),
    Probe("gunicorn", PORT, CLEAR, "served", (wsgi("gunicorn -b 0.0.0.0:5000 shop:app"),)),
    Probe("ssh", PORT, CLEAR, "not-http", answering("SSH-2.0-OpenSSH_9.2p1\r\n")),
    Probe("ssh-asked-as-http", URL, blocked("not-http"), "not-http", answering("SSH-2.0-OpenSSH_9.2p1\r\n")),
    Probe(
        "garbage", PORT, UNDETERMINED, "not-http", answering("\x00\xff\x1b[2J\x07garbage"), also=("not-http",)
    ),
    Probe(
        "garbage-asked-as-http", URL, blocked("not-http"), "not-http", answering("\x00\xff\x1b[2J\x07garbage")
    ),
    Probe("hangs-up", PORT, UNDETERMINED, "closed|reset", answering(""), also=("connection-reset",)),
    Probe(
        "hangs-up-asked-as-http",
        URL,
        blocked("connection-reset"),
        "closed|reset",
        answering(""),
    ),
    Probe(
        "hangs-up-on-everybody",
        PORT,
        blocked("connection-reset"),
        "closed|reset",
        (script(GONE),),
    ),
    Probe(
        "django-host",
        "http://shop.lan:5000/",
        blocked("host-header-rejected"),
        None,
        (django("0.0.0.0:5000", '["localhost"]'),),
        (sh(f"echo {SERVER} shop.lan >> /etc/hosts", on="client"),),
    ),
    Probe(
        "django-host-by-address",
        PORT,
        blocked("host-header-rejected"),
        "http 400",
        (django("0.0.0.0:5000", "[]"),),
    ),
    Probe(
        "http-500", PORT, CLEAR, "http 500", answering(http("500 Oops", body="sorry")), also=("http-error",)
    ),
    Probe(
        "http-404", PORT, CLEAR, "http 404", answering(http("404 Not Found", body="no")), also=("http-error",)
    ),
    Probe(
        "http-401", PORT, CLEAR, "http 401", answering(http("401 Unauthorized", "WWW-Authenticate: Basic"))
    ),
    Probe(
        "airplay",
        PORT,
        blocked("other-server-answers"),
        "http 403",
        answering(http("403 Forbidden", "Server: AirTunes/770.8.1", "X-Apple-ProcessingTime: 0")),
    ),
    Probe(
        "squid",
        PORT,
        blocked("other-server-answers"),
        "http 503",
        answering(
            http("503 Service Unavailable", "Server: squid/5.7", "X-Squid-Error: ERR_CONNECT_FAIL 111")
        ),
    ),
    Probe(
        "portal",
        PORT,
        blocked("other-server-answers"),
        "http 511",
        answering(http("511 Network Authentication Required")),
    ),
    Probe(
        "redirect-localhost",
        PORT,
        blocked("redirects-elsewhere"),
        "http 302",
        answering(http("302 Found", "Location: http://localhost:5000/login")),
    ),
    Probe(
        "redirect-dead-port",
        PORT,
        blocked("redirects-elsewhere"),
        "http 302",
        answering(http("302 Found", f"Location: https://{SERVER}:8443/")),
    ),
    Probe("redirect-own-path", PORT, CLEAR, "http 302", answering(http("302 Found", "Location: /login"))),
    Probe(
        "page-uses-localhost",
        PORT,
        CLEAR,
        "served",
        answering(http("200 OK", body="<script>fetch('http://localhost:8000/api')</script>")),
        also=("page-uses-localhost",),
    ),
    Probe(
        "unsafe-port",
        f"{SERVER} --port 6000",
        blocked("port-unsafe-in-browsers"),
        "served",
        answering(http("200 OK", body="hi"), 6000),
        port=6000,
    ),
    Probe(
        "unsafe-port-tcp",
        f"{SERVER} --port 6000 --scheme tcp",
        CLEAR,
        "served",
        answering(http("200 OK", body="hi"), 6000),
        port=6000,
    ),
    Probe(
        "debugger",
        PORT,
        CLEAR,
        "served",
        (flask("--host 0.0.0.0 --debug --no-reload"),),
        also=("debugger-exposed",),
    ),
    Probe(
        "escape-in-server-header",
        PORT,
        CLEAR,
        "served",
        answering(http("200 OK", "Server: \x1b[2J\x1b]0;owned\x07", body="hi")),
    ),
    Probe(
        "endless",
        PORT,
        CLEAR,
        None,
        (script(ENDLESS),),
    ),
    Probe(
        "drips",
        PORT,
        CLEAR,
        None,
        (script(DRIPS),),
        seconds=13.0,
    ),
    Probe(
        "headers-byte-by-byte",
        PORT,
        blocked("server-silent"),
        None,
        (script(HEADERS.format(piece='b"x"', pause=1.0)),),
        seconds=13.0,
    ),
    Probe(
        "headers-without-end",
        PORT,
        blocked("not-http"),
        None,
        (script(HEADERS.format(piece='b"x" * 65536', pause=0.0)),),
    ),
    Probe(
        "proxy-dead",
        PORT,
        blocked("proxy-in-the-way"),
        "served",
        OPEN,
        environment={"http_proxy": "http://192.168.77.1:3128"},
    ),
    Probe(
        "proxy-refuses",
        PORT,
        blocked("proxy-in-the-way"),
        "served",
        OPEN,
        (
            background(
                REFUSING_PROXY,
                "neighbour",
            ),
        ),
        environment={"http_proxy": f"http://{NEIGHBOUR}:3128"},
    ),
    Probe(
        "proxy-exempted",
        PORT,
        CLEAR,
        "served",
        OPEN,
        environment={"http_proxy": "http://192.168.77.1:3128", "no_proxy": "localhost,192.168.77.0/24"},
    ),
)
