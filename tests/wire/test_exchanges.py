"""The exchanges against real sockets on loopback."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from landiag.collect.exchanges.bind import parse_bind_test
from landiag.collect.exchanges.http import End, Exchange, parse_exchange
from landiag.collect.exchanges.icmp import parse_ping
from landiag.collect.exchanges.resolve import parse_resolution
from landiag.collect.exchanges.tcp import TcpOutcome, parse_connects
from landiag.wire import http
from landiag.wire.bind import bind_test
from landiag.wire.icmp import ping
from landiag.wire.resolve import resolve
from landiag.wire.tcp import connect
from landiag.wire.tls import alert_of

Serve = Callable[[socket.socket], object]


@contextmanager
def server(serve: Serve, connections: int = 1) -> Iterator[int]:
    """A server on loopback that hands each connection to ``serve``; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def run() -> None:
            for _ in range(connections):
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    client.settimeout(5)
                    serve(client)

        thread = threading.Thread(target=run)
        thread.start()
        yield listener.getsockname()[1]
        listener.close()
        thread.join(6)


def ask(port: int, timeout: float = 2.0, **params: str) -> Exchange:
    """One exchange with a loopback port."""
    text = http.exchange({"address": "127.0.0.1", "port": str(port), **params}, timeout)
    return parse_exchange(text.decode())


def answering(*pieces: bytes) -> Serve:
    """Read the request, then send these pieces and close."""

    def serve(client: socket.socket) -> None:
        client.recv(65536)
        for piece in pieces:
            client.sendall(piece)

    return serve


def test_a_whole_answer() -> None:
    with server(answering(b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\n", b"hi")) as port:
        attempt = ask(port, host="example.test").best
    assert attempt.end is End.COMPLETE
    assert attempt.answer is not None
    assert (attempt.answer.status, attempt.answer.header("server"), attempt.answer.body.text) == (
        200,
        "x",
        "hi",
    )


def test_chunks_are_joined() -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n"
    with server(answering(answer)) as port:
        attempt = ask(port).best
    assert attempt.answer is not None
    assert (attempt.end, attempt.answer.body.text) == (End.COMPLETE, "abcde")


def test_cut_off_within_the_body() -> None:
    with server(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi")) as port:
        assert ask(port).best.end is End.CUT_OFF


def test_silence_is_bounded() -> None:
    stop = threading.Event()
    with server(lambda _: stop.wait(10)) as port:
        exchange = ask(port, 0.3)
        stop.set()
    assert exchange.best.end is End.SILENT
    assert exchange.best.seconds < 3


def test_one_byte_at_a_time_is_bounded() -> None:
    stop = threading.Event()

    def drip(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not stop.wait(0.05):
            client.sendall(b"x")

    with server(drip) as port:
        exchange = ask(port, 0.5)
        stop.set()
    assert exchange.best.end is End.STALLED
    assert exchange.best.seconds < 3


def test_a_huge_answer_is_cut() -> None:
    def flood(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
        try:
            for _ in range(1000):
                client.sendall(bytes(65536))
        except OSError:
            pass

    with server(flood) as port:
        attempt = ask(port).best
    assert attempt.end is End.TOO_LARGE
    assert attempt.answer is not None
    assert len(attempt.answer.body.data) == http.KEPT_BODY


def test_closed_without_a_byte_tries_tls_then_says_empty() -> None:
    with server(lambda client: client.recv(65536), connections=2) as port:
        exchange = ask(port)
    assert [attempt.scheme for attempt in exchange.attempts] == ["http", "https"]
    assert exchange.best.end is End.CLOSED_EMPTY


def test_an_alert_of_tls_is_told_from_a_reset() -> None:
    alert = ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required")
    alert.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    assert alert_of(alert) == "tlsv13 alert certificate required"
    assert alert_of(ConnectionResetError(104, "reset")) is None


def test_what_is_not_http_shows_its_first_bytes() -> None:
    with server(answering(b"SSH-2.0-OpenSSH_9.2\r\n")) as port:
        attempt = ask(port).best
    assert attempt.answer is None
    assert attempt.first.data == b"SSH-2.0-OpenSSH_9.2\r\n"


def test_binary_garbage_survives_the_transcript() -> None:
    with server(answering(bytes(range(128, 256)))) as port:
        assert ask(port).best.first.data == bytes(range(128, 256))


def test_a_banner_over_plain_tcp() -> None:
    with server(lambda client: client.sendall(b"220 ready\r\n")) as port:
        assert ask(port, scheme="tcp").best.first.text == "220 ready\r\n"


def test_nothing_is_smuggled_into_the_request() -> None:
    seen: list[bytes] = []

    def serve(client: socket.socket) -> None:
        seen.append(client.recv(65536))
        client.sendall(b"HTTP/1.0 200 OK\r\n\r\n")

    with server(serve) as port:
        ask(port, path="/a b\r\nX: y", host="evil\r\nY: z")
    assert seen[0].startswith(b"GET /a%20b%0D%0AX:%20y HTTP/1.1\r\nHost: evilY: z\r\n")


def test_proxies_in_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with server(answering(b"HTTP/1.0 204 No Content\r\n\r\n")) as port:
        answer = ask(port).best.answer
    assert answer is not None
    assert answer.status == 204


def test_connects_tell_open_from_closed() -> None:
    with server(lambda _: None) as port:
        text = connect({"address": "127.0.0.1", "ports": f"{port},{1}"}, 1)
    outcomes = [result.connect.outcome for result in parse_connects(text.decode()).results]
    assert outcomes == [TcpOutcome.CONNECTED, TcpOutcome.REFUSED]


def test_a_thousand_closed_ports_leave_no_socket_open() -> None:
    text = connect({"address": "127.0.0.1", "ports": "1-1000"}, 5)
    results = parse_connects(text.decode()).results
    assert len(results) == 1000
    assert {result.connect.error for result in results} <= {"ECONNREFUSED", None}


def _listener_that_nobody_follows() -> socket.socket:
    """A listener on a port that the kernel gives nobody by itself: another test cannot get it meanwhile."""
    for port in random.sample(range(20_000, 30_000), 20):
        with contextlib.suppress(OSError):
            return socket.create_server(("127.0.0.1", port))
    raise AssertionError("twenty ports are taken")


def test_bind_test_tells_taken_from_free() -> None:
    with _listener_that_nobody_follows() as listener:
        port = listener.getsockname()[1]
        taken = parse_bind_test(bind_test({"address": "0.0.0.0", "port": str(port)}, 1).decode())
    free = parse_bind_test(bind_test({"address": "0.0.0.0", "port": str(port)}, 1).decode())
    assert (taken.free, taken.error) == (False, "EADDRINUSE")
    assert (free.free, free.error) == (True, None)


def test_bind_test_of_an_address_that_is_not_ours() -> None:
    result = parse_bind_test(bind_test({"address": "192.0.2.1", "port": "5000"}, 1).decode())
    assert result.error == "EADDRNOTAVAIL"


def test_ping_of_loopback() -> None:
    result = parse_ping(ping({"address": "127.0.0.1", "count": "2", "interval": "0.01"}, 2).decode())
    assert (result.sent, result.received, result.loss) == (2, 2, 0.0)


def test_resolving_localhost_and_a_name_that_is_none() -> None:
    known = parse_resolution(resolve({"name": "localhost", "family": "4"}, 2).decode())
    assert known.addresses == ("127.0.0.1",)
    assert parse_resolution(resolve({"name": "a" * 300}, 2).decode()).error


# Python itself leaves a socket unclosed that is reset while it is wrapped (ssl.SSLSocket._create).
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_server_that_resets_at_once_was_open() -> None:
    """The RST may come before anybody has looked at the connection, and at every later step."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def reset_all() -> None:
            server.settimeout(0.2)
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    client, _ = server.accept()
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    client.close()

        worker = threading.Thread(target=reset_all)
        worker.start()
        asked = {"address": "127.0.0.1", "port": str(server.getsockname()[1]), "scheme": "auto", "path": "/"}
        try:
            told = [
                parse_exchange(http.exchange({**asked, "host": "localhost"}, 20).decode()) for _ in range(200)
            ]
        finally:
            stop.set()
            worker.join()
    assert [one.best for one in told if one.best.connect.outcome is not TcpOutcome.CONNECTED] == []
    ends = (End.RESET, End.CLOSED_EMPTY, End.TLS_FAILED)
    assert [one.best for one in told if one.best.end not in ends] == []
