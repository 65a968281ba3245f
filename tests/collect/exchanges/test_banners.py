"""Servers that are known by how they begin to speak."""

from __future__ import annotations

import pytest

from landiag.collect.exchanges.banners import recognise_banner


@pytest.mark.parametrize(
    ("first", "who"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        (b"J\0\0\0\x0a8.0.36\0", "MySQL or MariaDB"),
        (b"-ERR unknown command 'GET'\r\n", "Redis"),
        (b"220 mail ESMTP Postfix\r\n", "a mail server"),
        (b"HTTP/1.1 200 OK\r\n", None),
        (b"\x00\xff\x1b[2J", None),
    ],
)
def test_banners(first: bytes, who: str | None) -> None:
    assert recognise_banner(first) == who
