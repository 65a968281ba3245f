"""The page's application: who sees what, and what it refuses."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from landiag.web.serve.app import PAGES, Hosts, make_app
from landiag.web.serve.judge import Measured, Met, Scene
from landiag.web.serve.server import PageServer
from landiag.web.serve.state import BURST, State
from tests.render.reports import blocked

if TYPE_CHECKING:
    from flask.testing import FlaskClient

HOST = "192.168.77.10:8780"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def state(said: list[str]) -> State:
    scene = Scene(5000, 8780, ("http://192.168.77.10:5000/", "http://[fd77::10]:5000/"))
    return State(scene, said.append, clock=lambda: 1_000_000.0)


@pytest.fixture
def client(state: State) -> FlaskClient:
    app = make_app(state, Hosts(frozenset(("192.168.77.10", "fd77::10"))))
    return app.test_client()


def get(client: FlaskClient, path: str, address: str = "192.168.77.20", host: str = HOST) -> tuple[int, str]:
    with client.get(path, environ_base={"REMOTE_ADDR": address}, headers={"Host": host}) as answer:
        return answer.status_code, answer.get_data(as_text=True)


def test_the_token_opens_the_page_and_nothing_else_does(client: FlaskClient, state: State) -> None:
    token = state.tokens.phone
    status, text = get(client, f"/t/{token}/")
    assert (status, "You have reached this computer" in text) == (200, True)
    for wrong in ("x", token[:-1], token + "x", state.tokens.owner, "%F0%9F"):
        assert get(client, f"/t/{wrong}/")[0] == 404
    assert get(client, "/")[0] == 404


def test_the_phones_token_does_not_open_the_report(client: FlaskClient, state: State) -> None:
    state.take_report(blocked())
    token = state.tokens.phone
    for path in ("", "report", "events", "page.css"):
        assert get(client, f"/o/{token}/{path}")[0] == 404
    assert get(client, f"/o/{state.tokens.owner}/report")[0] == 200


def test_a_phone_sees_nothing_of_the_report(client: FlaskClient, state: State) -> None:
    report = blocked()
    state.take_report(report)
    status, page = get(client, f"/t/{state.tokens.phone}/")
    name = json.loads(page.partition('id="data">')[2].partition("<")[0])["id"]
    body = json.dumps({"results": [{"target": 0, "met": "refused", "ms": 2}]})
    with client.post(f"/t/{state.tokens.phone}/results/{name}", data=body, headers={"Host": HOST}) as answer:
        shown = page + answer.get_data(as_text=True)
    secret = {report.host.hostname, report.verdict.summary, state.tokens.owner}
    assert status == 200
    assert not [one for one in secret if one in shown]


def everything(client: FlaskClient, path: str, address: str, host: str) -> str:
    """The whole answer, as it goes over the line."""
    with client.get(path, environ_base={"REMOTE_ADDR": address}, headers={"Host": host}) as answer:
        return f"{answer.status}\n{answer.headers}\n{answer.get_data(as_text=True)}"


@pytest.mark.parametrize("address", ["192.168.77.20", "127.0.0.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(
    "host", [HOST, "127.0.0.1:8780", "localhost:8780", "rebound.example", "", "[fd77::10]:8780"]
)
def test_without_a_token_nothing_is_said(client: FlaskClient, state: State, address: str, host: str) -> None:
    """Not to another user of this computer either: what is answered shows no address, name, port or report."""
    report = blocked()
    state.take_report(report)
    state.arrive("192.168.77.21", "Android", 0)
    paths = (
        "/",
        "/t/",
        "/o/",
        "/t/x/",
        "/o/x/",
        "/o/x/report",
        "/o/x/events",
        "/t/x/page.css",
        "/console",
        "/%00",
    )
    for path in paths:
        said = everything(client, path, address, host)
        assert said.startswith(("404", "400"))
        secret = {
            "192.168.77",
            "fd77",
            "5000",
            report.host.hostname,
            report.verdict.summary,
            "landiag",
            "waitress",
        }
        assert not [word for word in secret if word in said], said
        assert "Location" not in said


def test_a_token_with_a_foreign_host_is_told_nothing(client: FlaskClient, state: State) -> None:
    for path in (f"/t/{state.tokens.phone}/", f"/o/{state.tokens.owner}/"):
        said = everything(client, path, "192.168.77.20", "rebound.example:8780")
        assert said.startswith("400")
        assert "192.168.77" not in said


def test_only_the_phones_page_may_try_the_servers_urls(client: FlaskClient, state: State) -> None:
    phone = everything(client, f"/t/{state.tokens.phone}/", "192.168.77.20", HOST)
    owner = everything(client, f"/o/{state.tokens.owner}/", "127.0.0.1", "127.0.0.1:8780")
    assert "connect-src 'self' http://*:5000 http://192.168.77.10:5000;" in phone
    assert "connect-src 'self'; frame-src 'self'" in owner


def test_a_rebound_name_gets_nothing(client: FlaskClient, state: State) -> None:
    assert get(client, f"/t/{state.tokens.phone}/", host="rebound.example:8780")[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"nonsense",
        b'{"results": [{"target": -1, "met": "refused"}]}',
        b'{"results": [{"target": 0, "met": "else"}]}',
        b'{"results": [], "more": 1}',
        b'{"results": [{"target": 0, "met": "refused", "ms": 1e99}]}',
        b"[" * 5000,
    ],
)
def test_what_is_no_result_is_refused(client: FlaskClient, state: State, body: bytes) -> None:
    phone = state.arrive("192.168.77.20", "Android", 0)
    with client.post(
        f"/t/{state.tokens.phone}/results/{phone.id}", data=body, headers={"Host": HOST}
    ) as answer:
        assert answer.status_code == 400


def test_a_large_body_is_refused(client: FlaskClient, state: State) -> None:
    phone = state.arrive("192.168.77.20", "Android", 0)
    path = f"/t/{state.tokens.phone}/results/{phone.id}"
    with client.post(path, data=b" " * 20_000, headers={"Host": HOST}) as answer:
        assert answer.status_code == 413


def test_a_flood_is_slowed_and_others_are_not(client: FlaskClient, state: State) -> None:
    path = f"/t/{state.tokens.phone}/page.css"
    statuses = [get(client, path)[0] for _ in range(int(BURST) + 5)]
    assert (statuses[0], statuses[-1]) == (200, 429)
    assert get(client, path, "192.168.77.21")[0] == 200


def test_all_addresses_of_an_ipv6_network_share_what_one_may_ask(client: FlaskClient, state: State) -> None:
    path = f"/t/{state.tokens.phone}/page.css"
    statuses = [get(client, path, f"fd77::{number:x}")[0] for number in range(int(BURST) + 5)]
    assert (statuses[0], statuses[-1]) == (200, 429)
    assert get(client, path, "fd78::1")[0] == 200


def test_every_answer_forbids_what_the_page_does_not_need(client: FlaskClient, state: State) -> None:
    for path in (f"/t/{state.tokens.phone}/", "/nowhere", f"/o/{state.tokens.owner}/"):
        with client.get(path, headers={"Host": HOST}) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert (answer.headers["X-Content-Type-Options"], answer.headers["Referrer-Policy"]) == (
                "nosniff",
                "no-referrer",
            )


def test_the_page_is_small() -> None:
    """60 kB in all, on an old phone in a bad Wi-Fi."""
    sizes = [(PAGES / name).stat().st_size for name in ("phone.html", "phone.js", "page.css")]
    assert sum(sizes) < 20_000


def test_a_device_gets_one_line_however_often_it_asks(said: list[str]) -> None:
    now = [1_000_000.0]
    state = State(Scene(5000, 8780, ("http://192.168.77.10:5000/",)), said.append, clock=lambda: now[0])
    state.take_report(blocked())
    for _ in range(50):
        phone = state.arrive("192.168.77.20", "Android", 0)
        for _ in range(100):
            state.measure(phone.id, (Measured(0, Met.REFUSED, 2),))
            state.tell_due()
    assert said == []
    state.take_report(blocked(), "192.168.77.20")
    for _ in range(20):
        now[0] += 5
        state.tell_due()
        state.measure(phone.id, (Measured(0, Met.REFUSED, 2),))
    assert len(said) == 1
    assert said[0].startswith("192.168.77.20 (Android): ")


def test_a_device_whose_answer_changes_gets_few_lines(said: list[str]) -> None:
    now = [1_000_000.0]
    state = State(Scene(5000, 8780, ("http://192.168.77.10:5000/",)), said.append, clock=lambda: now[0])
    state.take_report(blocked())
    phone = state.arrive("192.168.77.20", "Android", 0)
    for number in range(1000):
        met = Met.ANSWERED if number % 2 else Met.REFUSED
        state.measure(phone.id, (Measured(0, met, 2),))
        now[0] += 20
        state.tell_due()
    assert len(said) == 3


def test_a_crowd_fills_no_terminal(said: list[str]) -> None:
    now = [1_000_000.0]
    state = State(Scene(5000, 8780, ()), said.append, clock=lambda: now[0])
    for number in range(5000):
        state.arrive(f"fe80::{number:x}", "Android", None)
    now[0] += 60
    state.tell_due()
    assert len(said) == 101
    assert "More than 100 devices" in said[0]
    assert said[1] == "fe80::0 (Android) has opened the page, and has told nothing yet"


def test_what_was_not_said_is_said_at_the_end(state: State, said: list[str]) -> None:
    state.arrive("192.168.77.20", "Android", 0)
    state.tell_due()
    assert said == []
    state.tell_due(at_the_end=True)
    assert said == ["192.168.77.20 (Android) has opened the page, and has told nothing yet"]


@pytest.fixture
def page(state: State) -> Iterator[tuple[str, int]]:
    """The real server, on the loopback interface."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    port = int(listener.getsockname()[1])
    over = threading.Event()
    state._clock = time.time
    server = PageServer(make_app(state, Hosts(frozenset())), [listener])
    thread = threading.Thread(target=server.run, args=(over.is_set,))
    thread.start()
    yield f"/t/{state.tokens.phone}/", port
    over.set()
    thread.join(10)
    state.end()
    server.close()
    assert not thread.is_alive()


def ask(port: int, path: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
        one.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while piece := one.recv(65536):
            answer += piece
    return answer.split(b"\r\n", 1)[0].decode()


def test_viewers_are_few_and_leave_room_when_they_go(page: tuple[str, int], state: State) -> None:
    _, port = page
    path = f"/o/{state.tokens.owner}/events"
    viewers = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(3)]
    for one in viewers:
        one.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert b" 200 " in one.recv(4096)
    assert " 503 " in ask(port, path)
    for one in viewers:
        one.close()
    for _ in range(50):  # a worker notices at the next thing that it has to say
        state.arrive("192.168.77.20", "Android", 0)
        if state.viewers.acquire(blocking=False):
            break
        time.sleep(0.1)
    else:
        pytest.fail("the viewers' places are not free again")


def test_two_hundred_at_once(page: tuple[str, int]) -> None:
    path, port = page
    with ThreadPoolExecutor(50) as together:
        answers = set(together.map(lambda _: ask(port, path), range(200)))
    assert answers == {"HTTP/1.1 200 OK"}


def test_slow_and_endless_clients_disturb_nobody(page: tuple[str, int]) -> None:
    path, port = page
    slow = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(100)]
    for one in slow:
        one.sendall(b"GET /t/x HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")
    with socket.create_connection(("127.0.0.1", port), timeout=20) as huge:
        huge.sendall(
            f"POST {path}results/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000000\r\n\r\n".encode()
        )
        refused = huge.recv(100)
    begun = time.monotonic()
    assert ask(port, path) == "HTTP/1.1 200 OK"
    assert time.monotonic() - begun < 5
    assert b" 413 " in refused
    for one in slow:
        one.close()


def test_new_connections_are_served_while_many_are_half_open(page: tuple[str, int]) -> None:
    """Four addresses with 240 half-open requests each, and then one with as many as it can hold."""
    path, port = page
    held = []
    for source in ("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"):
        for _ in range(240):
            one = socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(source, 0))
            one.sendall(b"GET /t/x HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")
            held.append(one)
        begun = time.monotonic()
        assert ask(port, path) == "HTTP/1.1 200 OK"
        assert time.monotonic() - begun < 5
    for one in held:
        one.close()


def test_who_asks_a_thousand_things_in_a_row_gets_one_answer_and_others_theirs(page: tuple[str, int]) -> None:
    path, port = page
    flood = b"GET /t/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 1000
    held = []
    for number in range(300):
        one = socket.create_connection(
            ("127.0.0.1", port), timeout=20, source_address=(f"127.0.0.{2 + number % 4}", 0)
        )
        one.setblocking(False)
        with suppress(OSError):
            one.send(flood)
        held.append(one)
    begun = time.monotonic()
    assert ask(port, path) == "HTTP/1.1 200 OK"
    assert time.monotonic() - begun < 6
    held[0].settimeout(20)
    with suppress(OSError):
        assert held[0].recv(1 << 20).count(b"HTTP/1.1 ") == 1
    for one in held:
        one.close()
