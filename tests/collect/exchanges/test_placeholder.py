"""What stands in the place of a page, and what only was not read to its end."""

from __future__ import annotations

import pytest

from landiag.collect.exchanges.http import Answer, Attempt, End
from landiag.collect.exchanges.placeholder import placeholder_in
from landiag.collect.exchanges.tcp import Connect, TcpOutcome
from landiag.collect.exchanges.transcript import Blob

WELCOME = b"<html><head><title>Welcome to nginx!</title></head>"


@pytest.mark.parametrize(
    ("status", "body", "end", "what"),
    [
        (200, b"", End.COMPLETE, "an empty page"),
        (200, WELCOME, End.COMPLETE, "the page of its installation"),
        (200, b"", End.STALLED, None),
        (200, b"<title>Shop</title>", End.COMPLETE, None),
        (404, b"", End.COMPLETE, None),
    ],
)
def test_placeholders(status: int, body: bytes, end: End, what: str | None) -> None:
    answer = Answer(status, "", "1.1", (), Blob.of(body), len(body))
    attempt = Attempt("http", Connect(TcpOutcome.CONNECTED, 0.01), end, answer=answer)
    assert placeholder_in(attempt) == what


def test_no_answer_is_no_page() -> None:
    assert placeholder_in(Attempt("http", Connect(TcpOutcome.CONNECTED, 0.01), End.SILENT)) is None
