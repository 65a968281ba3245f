"""What people type for a server: a port, a URL, and a host with its port."""

from __future__ import annotations

import pytest

from landiag.cli.arguments import Asked, parse_server
from landiag.cli.files.outputs import Stop


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("localhost:8000", Asked(8000, "auto", "/")),
        ("127.0.0.1:8000", Asked(8000, "auto", "/")),
        ("192.168.1.20:5000", Asked(5000, "auto", "/", address="192.168.1.20")),
        ("[fd00::1]:5000/cart", Asked(5000, "auto", "/cart", address="fd00::1")),
        ("shop.local:5000", Asked(5000, "auto", "/", host="shop.local:5000")),
        ("http://192.168.1.20:5000/", Asked(5000, "http", "/", address="192.168.1.20")),
    ],
)
def test_host_and_port_are_taken_like_a_url(typed: str, asked: Asked) -> None:
    assert parse_server(typed, None, "auto", "/") == asked


@pytest.mark.parametrize(
    "typed", ["shop", "shop:", "shop:http", "fd00::1:5000:", "192.168.1.20:99999", "a b:80x"]
)
def test_what_is_neither_gets_a_sentence(typed: str) -> None:
    with pytest.raises(Stop):
        parse_server(typed, None, "auto", "/")
