"""HTTP answers and transcripts: nothing but ParseError on damage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landiag.collect.exchanges.http import parse_exchange
from landiag.collect.exchanges.message import parse_message
from landiag.model.facts import ParseError


@given(st.binary(max_size=400))
def test_any_bytes_may_come_as_an_http_answer(data: bytes) -> None:
    parse_message(data)
    parse_message(CHUNKED + data)


@given(st.text(max_size=200))
def test_any_text_may_come_as_a_transcript(text: str) -> None:
    with pytest.raises(ParseError):
        parse_exchange(text)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Le", None),
        (b"SSH-2.0-OpenSSH_9.2\r\n", None),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", (404, b"no", True)),
        (b"HTTP/1.1 100 Continue\r\n\r\n", None),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", (101, b"", None)),
        (b"HTTP/1.1 200 OK\n\nold", (200, b"old", None)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"", True)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", (200, b"hel", False)),
        (CHUNKED + b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", (200, b"hello", True)),
        (CHUNKED + b"3\r\nhel\r\n9\r\nlo", (200, b"hello", False)),
        (CHUNKED + b"3;x=y\r\nhel\r\nzz\r\n", (200, b"hel", False)),
    ],
)  # fmt: skip
def test_an_answer_is_read_as_far_as_it_came(
    data: bytes, told: tuple[int, bytes, bool | None] | None
) -> None:
    message = parse_message(data)
    assert (None if message is None else (message.status, message.body, message.complete)) == told
