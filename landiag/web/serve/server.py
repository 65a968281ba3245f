"""The page's server: waitress, with bounds on bodies, times and connections, so that no client disturbs another."""

from __future__ import annotations

import errno
import socket
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from landiag.web.serve.waiting import Waiting, prefix_of

if TYPE_CHECKING:
    from flask import Flask

MAX_CONNECTIONS = 512

REQUEST_SECONDS = 10.0
"""Seconds in which a request must be complete."""

ACCEPTED_AT_ONCE = 64
THREADS = 12
MAX_HEADER, MAX_BODY = 8 * 1024, 8 * 1024
READ_AT_ONCE = 1024
"""All requests that stand in what is read at once are parsed, however many one client sends in a row."""

FIRST_PAGE_PORT, LAST_PAGE_PORT = 8780, 8799


def open_sockets(port: int) -> list[socket.socket]:
    """Listen on all addresses of both families. Raises OSError where the port is taken."""
    found = [_listen(socket.AF_INET, "0.0.0.0", port)]
    try:
        found.append(_listen(socket.AF_INET6, "::", found[0].getsockname()[1]))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            found[0].close()
            raise
    return found


def _listen(family: int, address: str, port: int) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there SO_REUSEADDR takes ports away from others
            one.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((address, port))
        one.listen(MAX_CONNECTIONS)
    except OSError:
        one.close()
        raise
    return one


def choose_port(wanted: int | None, server_port: int) -> list[socket.socket]:
    """Listen for the page: on the port that is wanted, else near 8780; never on ``server_port``.

    Raises OSError where none of them is free.
    """
    if wanted is not None:
        return open_sockets(wanted)
    last = OSError(errno.EADDRINUSE, "all ports for the page are taken")
    for candidate in range(FIRST_PAGE_PORT, LAST_PAGE_PORT + 1):
        if candidate == server_port:
            continue
        try:
            return open_sockets(candidate)
        except OSError as error:
            last = error
    raise last


class PageServer:
    """Serves the application until ``is_over`` says so."""

    def __init__(self, app: Flask, sockets: list[socket.socket]) -> None:
        import logging

        from waitress.server import create_server

        logging.getLogger("waitress").setLevel(logging.CRITICAL)
        self._map: dict[int, Any] = {}
        self._server = create_server(
            app,
            map=self._map,
            sockets=sockets,
            threads=THREADS,
            connection_limit=MAX_CONNECTIONS,
            channel_timeout=30,
            cleanup_interval=5,
            max_request_header_size=MAX_HEADER,
            max_request_body_size=MAX_BODY,
            recv_bytes=READ_AT_ONCE,
            backlog=MAX_CONNECTIONS,
            ident=None,  # who knows no token is told nothing
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=True,
        )
        self._waiting = Waiting()
        channel = _bounded_channel(self._waiting)
        for one in list(self._map.values()):
            if hasattr(one, "channel_class"):
                one.channel_class = channel
                one.handle_accept = _accepting_many(one, self._map)

    def run(self, is_over: Callable[[], bool]) -> None:
        """Serve; looks four times a second whether it is over."""
        from waitress import wasyncore

        while not is_over():
            wasyncore.loop(timeout=0.25, use_poll=True, map=self._map, count=1)
            for channel in self._waiting.take_surplus():
                channel.give_way()

    def close(self) -> None:
        """Close every connection and the listening sockets; workers that still wait are left behind."""
        from waitress import wasyncore

        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
        wasyncore.close_all(self._map, ignore_all=True)


def _accepting_many(server: Any, connections: dict[int, Any]) -> Callable[[], None]:
    """Accept what is there, not one connection a round: a crowd in front of a client must not make it wait."""
    accept_one = server.handle_accept

    def accept() -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            before = len(connections)
            accept_one()
            if len(connections) == before:
                return

    return accept


def _bounded_channel(waiting: Waiting) -> type:
    """A connection that must be quick to ask, and that makes room for new ones until it has asked."""
    from waitress.channel import HTTPChannel

    class BoundedChannel(HTTPChannel):  # type: ignore[misc] # waitress is not typed
        """A connection of a client."""

        def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:  # noqa: A002
            self._prefix = prefix_of(str(addr[0]))
            self._since = time.monotonic()
            super().__init__(server, sock, addr, adj, map=map)
            waiting.wait(self, self._prefix)

        def service(self) -> None:
            """Answer one request, and no more on this connection: who asks for much must come again each time."""
            self.requests[0].headers["CONNECTION"] = "close"
            super().service()

        def _is_served(self) -> bool:
            return bool(self.requests or self.total_outbufs_len)

        def readable(self) -> bool:
            """Whether more is to be read; a request that takes too long ends the connection."""
            if self._is_served():
                self._since = time.monotonic()
                waiting.leave(self, self._prefix)
            elif self.connected:
                waiting.wait(self, self._prefix)
                if time.monotonic() - self._since > REQUEST_SECONDS:
                    self.will_close = True
            return bool(super().readable())

        def give_way(self) -> None:
            """Close a connection that still waits."""
            if self.connected and not self._is_served():
                self.handle_close()

        def handle_close(self) -> None:
            """Forget the connection."""
            waiting.leave(self, self._prefix)
            super().handle_close()

    return BoundedChannel
