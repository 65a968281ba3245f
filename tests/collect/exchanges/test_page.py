"""What a browser does with a page: what it loads from localhost, and where the page sends it."""

from __future__ import annotations

import pytest

from landiag.collect.exchanges.page import loaded_urls, local_url, refresh_url

HTML, SCRIPT, JSON = "text/html; charset=utf-8", "application/javascript", "application/json"


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("<p>Open <code>http://localhost:3000</code></p>", HTML, None),
        ("<!-- <script src='http://localhost:1/a.js'></script> -->", HTML, None),
        ("<script src='http://localhost:3000/a.js'></script>", HTML, "http://localhost:3000"),
        ("<script>new WebSocket('ws://127.0.0.1:5000/ws')</script>", None, "ws://127.0.0.1:5000"),
        ("<base href=http://localhost/>", HTML, "http://localhost"),
        ('<meta http-equiv="refresh" content="0; url=http://localhost:5000/">', HTML, None),
        ("fetch('http://localhost:8000/api')", SCRIPT, "http://localhost:8000"),
        ("new URL(path, 'http://localhost')", SCRIPT, None),
        ('{"next": "http://localhost/items?page=2"}', JSON, "http://localhost"),
        ("<script", HTML, None),
    ],
)
def test_what_is_loaded_and_what_is_only_said(text: str, kind: str | None, found: str | None) -> None:
    assert local_url(text, kind) == found


@pytest.mark.parametrize(
    ("text", "header", "found"),
    [
        ('<meta http-equiv="refresh" content="0; url=/app">', None, "/app"),
        ("<META content='5;URL=http://a.b/' HTTP-EQUIV=Refresh>", None, "http://a.b/"),
        ("<!-- <meta http-equiv=refresh content='0;url=/x'> -->", None, None),
        ("<meta http-equiv=refresh content=30>", None, None),
        ("", "0; url=http://localhost/", "http://localhost/"),
    ],
)
def test_where_a_page_sends_the_browser_by_itself(text: str, header: str | None, found: str | None) -> None:
    assert refresh_url(text, header) == found


def test_what_a_page_loads_from_named_servers() -> None:
    page = (
        "<link rel=stylesheet href='http://10.0.0.5:5173/a.css'><script src=/own.js></script><a href='http://x/'>x</a>"
        '<!-- <script src="http://10.0.0.5:1/no.js"></script> --><script type=module src="http://devbox:5173/b.js">'
    )
    assert loaded_urls(page) == ("http://10.0.0.5:5173/a.css", "http://devbox:5173/b.js")
