"""One HTTP exchange as a browser would make it: bounded in time and bytes, with every outcome told apart."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import sys
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from landiag.collect.exchanges.http import Answer, Attempt, End, Exchange
from landiag.collect.exchanges.message import Message, header, is_http, parse_message
from landiag.collect.exchanges.page import local_url
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.collect.exchanges.transcript import Blob, encode
from landiag.wire.deadline import Deadline
from landiag.wire.http_request import host_header, plain_request, server_name, uwsgi_request
from landiag.wire.tcp import open_connection
from landiag.wire.tls import alert_of, shake_hands, wait_for

KEPT_BODY = 64 * 1024
"""Bytes of a body that a transcript keeps."""

MOST_BYTES = 1024 * 1024
"""Bytes of an answer after which nobody reads on."""

FIRST_BYTES = 256
_BANNER_WAIT = 0.3
_UNACKED = 24  # where struct tcp_info counts the segments that were sent and not confirmed (linux/tcp.h)
_SSL_WANT_READ = 2  # ssl.SSL_ERROR_WANT_READ, without loading ssl for plain sockets


def exchange(params: Mapping[str, str], timeout: float) -> bytes:
    """Ask ``address`` and ``port`` for ``path`` (default ``/``) once, and say what came.

    ``scheme``: ``http``, ``https``, ``tcp`` (connect, and listen shortly for a banner), or ``auto``: http,
    then https where the first answer hints at TLS. ``host`` is the Host header, ``sni`` the name for TLS,
    ``origin`` an Origin header, ``source`` and ``interface`` where to leave from, ``mss`` a smaller segment
    size to announce, ``connect`` the most seconds for the connection alone. ``target`` is what the request
    line names instead of the path: a whole URL, for a proxy. Proxies are ignored otherwise. ``scheme``
    ``uwsgi`` asks in uWSGI's own protocol. Never raises for what the network does.
    """
    asked = {"path": "/", "scheme": "auto", "method": "GET", **params}
    deadline = Deadline.after(timeout)
    scheme = asked["scheme"]
    attempts = [_attempt("http" if scheme == "auto" else scheme, asked, deadline)]
    if other := _other_scheme(scheme, attempts[0]):
        attempts.append(_attempt(other, asked, deadline))
    return encode(
        Exchange(
            asked["address"], int(asked["port"]), host_header(asked), asked["path"], scheme, tuple(attempts)
        )
    )


_PLAIN_TO_TLS = (
    "http request was sent to https port",
    "sent an http request to an https server",
    "speaking plain http to an ssl-enabled server port",
    "this combination of host and port requires tls",
)


def _other_scheme(asked: str, first: Attempt) -> str | None:
    """The scheme to try next: https where a plain answer hints at TLS, http where there is no TLS."""
    if first.connect.outcome is not TcpOutcome.CONNECTED or asked in ("tcp", "uwsgi"):
        return None
    if first.scheme == "https":
        return "http" if first.tls and first.tls.error == "not-tls" else None
    return "https" if hints_at_tls(first) else None


def hints_at_tls(attempt: Attempt) -> bool:
    """Whether a plain request was met as TLS servers do: an alert, a 400 that says so, a hang-up."""
    if attempt.answer is None:
        return attempt.first.data[:2] == b"\x15\x03" or attempt.end in (End.CLOSED_EMPTY, End.RESET)
    body = (attempt.answer.body.text or "").lower()
    return attempt.answer.status == 400 and any(hint in body for hint in _PLAIN_TO_TLS)


def _attempt(scheme: str, asked: Mapping[str, str], deadline: Deadline) -> Attempt:
    """One connection from its SYN to its end. The socket is closed whatever happens."""
    clock = Deadline(deadline.end)
    patience = deadline.left(float(asked.get("connect", "inf")))
    opened, sock = open_connection(asked["address"], int(asked["port"]), patience, asked)
    if sock is None:
        return Attempt(scheme, opened, End.NOT_CONNECTED, seconds=clock.spent())
    begun = Attempt(scheme, opened, End.SILENT)
    if scheme == "https":
        return _over_tls(begun, sock, asked, clock)
    with sock:
        if scheme == "tcp":
            return _listen(begun, sock, Deadline.after(clock.left(_BANNER_WAIT)))
        return _ask(begun, sock, asked, clock)


def _over_tls(begun: Attempt, sock: socket.socket, asked: Mapping[str, str], clock: Deadline) -> Attempt:
    tls, secure = shake_hands(sock, server_name(asked), clock)
    begun = replace(begun, tls=tls, end=End.TLS_FAILED, seconds=clock.spent())
    if secure is None:
        sock.close()
        return begun
    with secure:
        return _ask(begun, secure, asked, clock)


def _listen(begun: Attempt, sock: socket.socket, clock: Deadline) -> Attempt:
    """What the peer says by itself, shortly."""
    stream = _Stream(sock, clock)
    end = stream.receive(lambda data: len(data) >= FIRST_BYTES)
    return replace(begun, end=end, first=Blob.of(stream.data[:FIRST_BYTES]), seconds=clock.spent())


def _ask(begun: Attempt, sock: socket.socket, asked: Mapping[str, str], clock: Deadline) -> Attempt:
    """Send the request at once and read the answer, which may wait even where sending fails."""
    with contextlib.suppress(OSError):
        sock.sendall(uwsgi_request(asked) if begun.scheme == "uwsgi" else plain_request(asked))
    stream = _Stream(sock, clock)
    end = stream.receive(lambda data: not is_http(data) or _is_whole(data, asked["method"]))
    if begun.tls is not None and stream.alert is not None:
        begun = replace(begun, tls=replace(begun.tls, error=stream.alert))
    said = replace(begun, end=end, first_byte_seconds=stream.first_byte_seconds, seconds=clock.spent())
    if end is End.SILENT:
        said = replace(said, confirmed=_is_confirmed(sock))
    message = parse_message(stream.data)
    if message is None:
        return replace(said, first=Blob.of(stream.data[:FIRST_BYTES]))
    return replace(said, answer=_answer(message), end=_end(end, message, asked["method"]))


def _is_confirmed(sock: socket.socket) -> bool | None:
    """Whether the peer's kernel has confirmed all that was sent on a connection; None where nothing tells it."""
    if sys.platform != "linux":
        return None
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    except OSError:
        return None
    return not struct.unpack_from("=I", info, _UNACKED)[0]


def _is_whole(data: bytes, method: str) -> bool:
    """Whether no more bytes belong to the answer."""
    message = parse_message(data)
    return message is not None and (message.complete is True or method == "HEAD")


def _end(end: End, message: Message, method: str) -> End:
    """How the exchange ended, now that it is known what belongs to the answer."""
    if message.complete is True or method == "HEAD":
        return End.COMPLETE
    if message.complete is None and end is End.COMPLETE:
        return End.COMPLETE
    return End.CUT_OFF if end is End.COMPLETE else end


def _answer(message: Message) -> Answer:
    return Answer(
        message.status,
        message.reason,
        message.version,
        message.headers,
        Blob.of(message.body[:KEPT_BODY]),
        len(message.body),
        _loads_local(message) if len(message.body) > KEPT_BODY else None,
    )


def _loads_local(message: Message) -> str | None:
    """What of localhost a long answer loads: only its beginning is kept."""
    text = message.body.decode("utf-8", "replace")
    return local_url(text, header(message.headers, "Content-Type"))


class _Stream(Struct):
    """What a peer says on one connection, until a deadline."""

    sock: socket.socket
    clock: Deadline
    data: bytes = b""
    first_byte_seconds: float | None = None
    alert: str | None = None

    def receive(self, enough: Callable[[bytes], bool]) -> End:
        """Read until that is enough, the peer ends, or a bound is met. COMPLETE also when the peer closed."""
        try:
            while piece := self._piece():
                self.first_byte_seconds = self.first_byte_seconds or self.clock.spent()
                self.data += piece
                if enough(self.data):
                    return End.COMPLETE
                if len(self.data) >= MOST_BYTES:
                    return End.TOO_LARGE
        except TimeoutError:
            return End.STALLED if self.data else End.SILENT
        except OSError as error:
            self.alert = alert_of(error)
            return End.RESET if self.alert is None else End.TLS_FAILED
        return End.COMPLETE if self.data else End.CLOSED_EMPTY

    def _piece(self) -> bytes:
        """The next bytes; empty at the end. Raises TimeoutError at the deadline, OSError as the peer ends."""
        while True:
            if not self.clock.left():
                raise TimeoutError
            try:
                return self.sock.recv(65536)
            except BlockingIOError:
                wait_for(self.sock, selectors.EVENT_READ, self.clock)
            except OSError as error:
                if error.errno != _SSL_WANT_READ:
                    raise
                wait_for(self.sock, selectors.EVENT_READ, self.clock)
