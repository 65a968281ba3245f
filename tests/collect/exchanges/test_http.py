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
    parse_message(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + data)


@given(st.text(max_size=200))
def test_any_text_may_come_as_a_transcript(text: str) -> None:
    with pytest.raises(ParseError):
        parse_exchange(text)
