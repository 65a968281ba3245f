"""Values in classes: those that lie in the same spans are one, wherever they lie."""

from __future__ import annotations

from ipaddress import ip_network
from random import Random

import pytest

from landiag.firewall.engine.gaps import MOST_TOGETHER, cut, span_of

TOP = 255


@pytest.mark.parametrize("seed", range(20))
def test_a_class_is_all_that_lie_in_the_same_spans(seed: int) -> None:
    chance = Random(seed)
    ends = [
        sorted((chance.randrange(TOP + 1), chance.randrange(TOP + 1))) for _ in range(chance.randrange(6))
    ]
    spans = [(low, high) for low, high in ends]
    gaps = cut(spans, "test")
    for value in range(TOP + 1):
        within = [low <= value <= high for low, high in spans]
        alike = {one for one in range(TOP + 1) if [low <= one <= high for low, high in spans] == within}
        assert {one for low, high in gaps.alike(value, TOP) for one in range(low, high + 1)} == alike


def test_a_span_that_is_named_twice_counts_once() -> None:
    assert cut([(3, 5), (3, 5)], "test").alike(4, TOP) == ((3, 5),)


def test_what_has_too_many_pieces_is_not_put_together() -> None:
    gaps = cut([(one, one) for one in range(0, 4 * MOST_TOGETHER, 2)], "test")
    assert gaps.alike(1, 1000) == ((1, 1),)


@pytest.mark.parametrize(
    ("text", "span"),
    [("10.0.0.0/8", (10 << 24, (11 << 24) - 1)), ("::1/128", (1, 1)), ("0.0.0.0/0", (0, 2**32 - 1))],
)
def test_the_span_of_a_network(text: str, span: tuple[int, int]) -> None:
    assert span_of(ip_network(text)) == span
