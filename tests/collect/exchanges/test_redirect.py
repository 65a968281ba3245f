"""Where an answer sends the browser."""

from __future__ import annotations

import pytest

from landiag.collect.exchanges.http import Answer, Attempt, End
from landiag.collect.exchanges.redirect import redirect_target
from landiag.collect.exchanges.tcp import Connect, TcpOutcome
from landiag.collect.exchanges.transcript import Blob


def answered(status: int, *headers: tuple[str, str]) -> Attempt:
    answer = Answer(status, "", "1.1", headers, Blob(text=""), 0)
    return Attempt("http", Connect(TcpOutcome.CONNECTED, 0.0), End.COMPLETE, answer=answer)


@pytest.mark.parametrize(
    ("location", "url", "local", "asked"),
    [
        ("/login", None, False, False),
        ("http://192.168.1.20:5000/login", None, False, False),
        ("http://localhost:5000/", "http://localhost:5000/", True, False),
        ("https://192.168.1.20:8443/x", "https://192.168.1.20:8443/x", False, True),
        ("//10.0.0.1/", "http://10.0.0.1/", False, True),
        ("http://other.lan/", "http://other.lan/", False, False),
        ("mailto:x@y", None, False, False),
        ("http://[", None, False, False),
    ],
)
def test_redirections(location: str, url: str | None, local: bool, asked: bool) -> None:
    target = redirect_target(answered(302, ("Location", location)), "192.168.1.20:5000", "/")
    if target is None:
        assert url is None
    else:
        assert (target.url, target.is_local, target.is_asked) == (url, local, asked)
