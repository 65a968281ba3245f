"""One HTTP exchange as a browser would make it: bounded in time and bytes, with every outcome told apart."""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Callable, Mapping
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from landiag.probe.message import Message, header, is_http, parse_message
from landiag.probe.tcp import Connect, TcpOutcome, open_connection
from landiag.probe.tls import Tls, shake_hands, wait_for
from landiag.probe.transcript import NOTHING, Blob, Deadline, decode, encode

KEPT_BODY = 64 * 1024
"""Bytes of a body that a transcript keeps."""

MOST_BYTES = 1024 * 1024
"""Bytes of an answer after which nobody reads on."""

FIRST_BYTES = 256
_BANNER_WAIT = 0.3
_SSL_WANT_READ = 2  # ssl.SSL_ERROR_WANT_READ, without loading ssl for plain sockets


class End(str, Enum):
    """How an attempt ended."""

    COMPLETE = "complete"  # the whole answer came, or all that we read of it
    CUT_OFF = "cut-off"  # closed before the answer was whole
    STALLED = "stalled"  # some of the answer came, then nothing until the deadline
    SILENT = "silent"  # not a byte came before the deadline
    CLOSED_EMPTY = "closed-empty"  # closed without a byte
    RESET = "reset"  # RST, before or within the answer
    TOO_LARGE = "too-large"  # it went on after MOST_BYTES; what came is kept
    TLS_FAILED = "tls-failed"
    NOT_CONNECTED = "not-connected"


class Answer(Struct, frozen=True):
    """An HTTP answer. ``body`` is its beginning; ``body_bytes`` counts what came, without chunk marks."""

    status: int
    reason: str
    version: str
    headers: tuple[tuple[str, str], ...]
    body: Blob
    body_bytes: int

    def header(self, name: str) -> str | None:
        """The first header of this name, in any case; None when there is none."""
        return header(self.headers, name)


class Attempt(Struct, frozen=True):
    """One connection and what was said on it.

    ``scheme`` is ``http``, ``https`` or ``tcp`` (nothing was asked). ``answer`` is None when no HTTP answer
    came; ``first`` holds the first bytes then, empty when there were none. Seconds count from the beginning.
    """

    scheme: str
    connect: Connect
    end: End
    tls: Tls | None = None
    answer: Answer | None = None
    first: Blob = NOTHING
    first_byte_seconds: float | None = None
    seconds: float = 0.0

    @property
    def speaks_tls(self) -> bool:
        """Whether the peer completed a TLS handshake."""
        return self.tls is not None and self.tls.version is not None


class Exchange(Struct, frozen=True):
    """The transcript of ``exchange``: what was asked of whom, and each attempt in order."""

    address: str
    port: int
    host: str
    path: str
    scheme: str
    attempts: tuple[Attempt, ...]

    @property
    def best(self) -> Attempt:
        """The attempt that got furthest: an HTTP answer before TLS alone, before the first."""
        return max(self.attempts, key=lambda attempt: (attempt.answer is not None, attempt.speaks_tls))

    @property
    def speaks_tls(self) -> bool:
        """Whether the peer completed a TLS handshake in any attempt."""
        return any(attempt.speaks_tls for attempt in self.attempts)


def parse_exchange(text: str) -> Exchange:
    """The transcript that ``exchange`` wrote. Raises ParseError."""
    return decode(text, Exchange)


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
        Exchange(asked["address"], int(asked["port"]), _host(asked), asked["path"], scheme, tuple(attempts))
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
    tls, secure = shake_hands(sock, _server_name(asked), clock)
    begun = replace(begun, tls=tls, end=End.TLS_FAILED, seconds=clock.spent())
    if secure is None:
        sock.close()
        return begun
    with secure:
        return _ask(begun, secure, asked, clock)


def _server_name(asked: Mapping[str, str]) -> str | None:
    """The name for SNI: none for a numeric address, which SNI does not know (RFC 6066)."""
    name = asked.get("sni") or ""
    return None if not name or name.replace(".", "").isdecimal() or ":" in name else name


def _host(asked: Mapping[str, str]) -> str:
    """The Host header: the one asked for, else address and port as a browser writes them."""
    if host := asked.get("host"):
        return host
    address = asked["address"].partition("%")[0]
    return f"[{address}]:{asked['port']}" if ":" in address else f"{address}:{asked['port']}"


def _request(asked: Mapping[str, str]) -> bytes:
    """What a browser would send. Line ends and blanks cannot be smuggled in."""
    path = _path(asked)
    lines = [
        f"{asked['method']} {asked.get('target') or path} HTTP/1.1",
        f"Host: {_clean(_host(asked))}",
        "User-Agent: Mozilla/5.0 (compatible; landiag)",
        "Accept: text/html,application/xhtml+xml,*/*;q=0.8",
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    if origin := asked.get("origin"):
        lines.append(f"Origin: {_clean(origin)}")
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("utf-8", "replace")


def _path(asked: Mapping[str, str]) -> str:
    path = "".join(char if "!" <= char <= "~" else _escape(char) for char in asked["path"])
    return path if path.startswith("/") else "/" + path


def _uwsgi_request(asked: Mapping[str, str]) -> bytes:
    """The same question in the protocol of web servers with uWSGI: a header and pairs of strings."""
    path, _, query = _path(asked).partition("?")
    variables = {
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": _path(asked),
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": _clean(_host(asked)),
        "SERVER_NAME": _clean(_host(asked)),
        "SERVER_PORT": asked["port"],
    }
    body = b"".join(
        len(text).to_bytes(2, "little") + text
        for pair in variables.items()
        for text in (item.encode("utf-8", "replace") for item in pair)
    )
    return b"\0" + len(body).to_bytes(2, "little") + b"\0" + body


def _escape(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))


def _clean(value: str) -> str:
    return "".join(char for char in value if char.isprintable())


def _listen(begun: Attempt, sock: socket.socket, clock: Deadline) -> Attempt:
    """What the peer says by itself, shortly."""
    stream = _Stream(sock, clock)
    end = stream.receive(lambda data: len(data) >= FIRST_BYTES)
    return replace(begun, end=end, first=Blob.of(stream.data[:FIRST_BYTES]), seconds=clock.spent())


def _ask(begun: Attempt, sock: socket.socket, asked: Mapping[str, str], clock: Deadline) -> Attempt:
    """Send the request at once and read the answer, which may wait even where sending fails."""
    with contextlib.suppress(OSError):
        sock.sendall(_uwsgi_request(asked) if begun.scheme == "uwsgi" else _request(asked))
    stream = _Stream(sock, clock)
    end = stream.receive(lambda data: not is_http(data) or _is_whole(data, asked["method"]))
    said = replace(begun, end=end, first_byte_seconds=stream.first_byte_seconds, seconds=clock.spent())
    message = parse_message(stream.data)
    if message is None:
        return replace(said, first=Blob.of(stream.data[:FIRST_BYTES]))
    return replace(said, answer=_answer(message), end=_end(end, message, asked["method"]))


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
    )


class _Stream(Struct):
    """What a peer says on one connection, until a deadline."""

    sock: socket.socket
    clock: Deadline
    data: bytes = b""
    first_byte_seconds: float | None = None

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
        except OSError:
            return End.RESET
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
