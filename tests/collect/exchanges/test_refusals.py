"""Servers that turn clients away as they connect."""

from __future__ import annotations

import pytest

from landiag.collect.exchanges.refusals import find_refusal

GREETING = b"J\0\0\0\x0a8.0.36\0\x0b\0\0\0)S1.[d@A\0"


@pytest.mark.parametrize(
    ("first", "who", "by_list"),
    [
        (b"-DENIED Redis is running in protected mode because ...\r\n", "Redis", False),
        (b"G\0\0\0\xff\x6a\x04Host '192.168.77.20' is not allowed", "MySQL or MariaDB", True),
        (b"G\0\0\0\xff\x69\x04#HY000Host '192.168.77.20' is blocked", "MySQL or MariaDB", True),
    ],
)
def test_refusals(first: bytes, who: str, by_list: bool) -> None:
    found = find_refusal(first)
    assert found is not None
    assert (found.who, found.by_list) == (who, by_list)


@pytest.mark.parametrize("first", [b"", GREETING, b"-ERR unknown command\r\n", b"SSH-2.0-x", b"\xff\x6a\x04"])
def test_greetings_are_no_refusals(first: bytes) -> None:
    assert find_refusal(first) is None
