"""Servers: programs, the addresses that they bind, and those that are slow, hung or half dead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.lab.hunt.machine import HUNG, RANDOM, SLOW, WORSE, Part
from tests.lab.hunt.parts.draw import Draw
from tests.lab.servers import SHOP, Server, asgi, django, flask, http_server, nginx, script, sockets, wsgi

BANNER = """
import socket, threading
s = socket.create_server((%r, 5000), family=%s)
while True:
    client, _ = s.accept()
    client.sendall(b"220 shop ESMTP ready\\r\\n")
    threading.Timer(1, client.close).start()
"""
SLEEPS = """
import http.server, socket, time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(5)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"shop")


http.server.ThreadingHTTPServer.address_family = %s
http.server.ThreadingHTTPServer((%r, 5000), Handler).serve_forever()
"""
CLOSES = """
import socket
s = socket.create_server((%r, 5000), family=%s)
while True:
    s.accept()[0].close()
"""
LOCAL_ONLY = SHOP.replace("import Flask", "import Flask, abort, request").replace(
    'return "<h1>Shop</h1>"',
    'return "<h1>Shop</h1>" if request.remote_addr in ("127.0.0.1", "::1") else abort(403)',
)


def server(draw: Draw) -> Part:
    """The server of the port, on some address; in one machine of forty there is none."""
    bind = _bind(draw)
    kind = draw.weighted(
        (
            *((30, _plain), (14, _http_server), (8, _flask), (6, _gunicorn), (5, _uvicorn), (6, _nginx)),
            *((6, _banner), (2, _slow), (3, _hung), (4, _half_dead), (4, _shared), (2, _closes)),
            *((3, _local_only), (2, _none), (2, _behind_proxy), (3, _named_hosts), (3, _tied)),
            *(
                (2, _allows("allow 127.0.0.1")),
                (2, _allows(f"allow 127.0.0.1; allow {draw.subnet}; allow {draw.client}")),
            ),
        )
    )
    return replace(kind(bind), binds=bind)


def _bind(draw: Draw) -> str:
    every = "::" if draw.is_ipv6 else "0.0.0.0"
    return draw.weighted(
        ((68, every), (12, "::"), (5, "127.0.0.1"), (11, draw.address), (2, "127.0.0.2"), (2, "0.0.0.0"))
    )


def _family(bind: str) -> str:
    return "socket.AF_INET6" if ":" in bind else "socket.AF_INET"


def _listen(bind: str, port: int = 5000) -> str:
    if bind == "::":
        return f"s = socket.create_server(('::', {port}), family=socket.AF_INET6, dualstack_ipv6=True)"
    return f"s = socket.create_server(({bind!r}, {port}), family={_family(bind)})"


def _plain(bind: str) -> Part:
    return Part(f"a server on {bind}", servers=(sockets(_listen(bind)),))


def _http_server(bind: str) -> Part:
    return Part(f"http.server on {bind}", servers=(http_server(f"--bind {bind}"),))


def _flask(bind: str) -> Part:
    return Part(f"flask on {bind}", servers=(flask(f"--host {bind}"),))


def _gunicorn(bind: str) -> Part:
    return Part(f"gunicorn on {bind}", servers=(wsgi(f"gunicorn -b {_at(bind)} shop:app"),))


def _uvicorn(bind: str) -> Part:
    return Part(
        f"uvicorn on {bind}", servers=(asgi(f"uvicorn --host {bind} --port 5000 --lifespan off shop:app"),)
    )


def _nginx(bind: str) -> Part:
    return Part(f"nginx on {bind}", servers=(nginx(_where(bind)),))


def _banner(bind: str) -> Part:
    return Part(f"a mail server on {bind}", servers=(script(BANNER % (bind, _family(bind))),))


def _slow(bind: str) -> Part:
    where = script(SLEEPS % (_family(bind), bind))
    return Part(f"a server on {bind} that takes five seconds", servers=(where,), traits=frozenset({SLOW}))


def _hung(bind: str) -> Part:
    return Part(
        f"a server on {bind} that hangs",
        servers=(sockets(_listen(bind), serve=False),),
        traits=frozenset({HUNG}),
    )


def _shares(bind: str, name: str, *, serve: bool = True) -> Server:
    lines = (
        f"s = socket.socket({_family(bind)}); s.setsockopt(1, 15, 1); s.bind(({bind!r}, 5000)); s.listen()"
    )
    return sockets(lines, serve=serve, name=name)


def _half_dead(bind: str) -> Part:
    pair = (_shares(bind, "first.py"), _shares(bind, "second.py", serve=False))
    return Part(
        f"two programs share the port on {bind}, one of them hangs",
        servers=pair,
        traits=frozenset({RANDOM, HUNG}),
    )


def _shared(bind: str) -> Part:
    pair = (_shares(bind, "first.py"), _shares(bind, "second.py"))
    return Part(f"two programs share the port on {bind}", servers=pair)


def _closes(bind: str) -> Part:
    return Part(
        f"a server on {bind} that closes at once",
        servers=(script(CLOSES % (bind, _family(bind))),),
        traits=frozenset({HUNG}),
    )


def _local_only(bind: str) -> Part:
    return Part(
        f"flask on {bind}, which lets localhost in only",
        servers=(flask(f"--host {bind}", LOCAL_ONLY % ""),),
        traits=frozenset({WORSE}),
    )


def _at(bind: str) -> str:
    """Address and port in one word."""
    return f"[{bind}]:5000" if ":" in bind else f"{bind}:5000"


def _where(bind: str) -> str:
    """An address in nginx's words."""
    return f"{_at(bind)} ipv6only=off" if bind == "::" else _at(bind)


def _allows(rules: str) -> Callable[[str], Part]:
    location = f"{rules}; deny all; try_files /none @shop; }} location @shop {{ return 200 shop;"
    return lambda bind: Part(
        f"nginx on {bind} with {rules}", servers=(nginx(_where(bind), location),), traits=frozenset({WORSE})
    )


def _behind_proxy(bind: str) -> Part:
    return Part(
        f"nginx on {bind} that waits for a proxy's header",
        servers=(nginx(f"{_where(bind)} proxy_protocol"),),
        traits=frozenset({HUNG}),
    )


def _named_hosts(bind: str) -> Part:
    options = "--noreload -6" if ":" in bind else "--noreload"
    return Part(
        f"django on {bind} that knows no names",
        servers=(django(_at(bind), "[]", options),),
        traits=frozenset({WORSE}),
    )


def _tied(bind: str) -> Part:
    setup = f"s = socket.socket({_family(bind)}); s.setsockopt(1, 25, b'eth0'); s.bind(({bind!r}, 5000)); s.listen()"
    return Part(f"a server on {bind} that is tied to eth0", servers=(sockets(setup),))


def _none(_bind: str) -> Part:
    return Part("no server")
