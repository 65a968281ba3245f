"""Ports as text and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landiag.collect.exchanges.port_ranges import format_ranges, parse_ports


@pytest.mark.parametrize(
    ("text", "ports"),
    [("5000", (5000,)), ("5000,8000-8002", (5000, 8000, 8001, 8002)), ("1, 1", (1,))],
)
def test_ports(text: str, ports: tuple[int, ...]) -> None:
    assert parse_ports(text) == ports


@pytest.mark.parametrize("text", ["", "0", "70000", "abc", "9-5", "5-", "-5", "1,,2", "٣"])
def test_ports_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"port|range"):
        parse_ports(text)


@given(st.sets(st.integers(1, 65535), max_size=60))
def test_ranges_are_ports_again(ports: set[int]) -> None:
    text = format_ranges(list(ports))
    assert text == "" if not ports else set(parse_ports(text)) == ports
