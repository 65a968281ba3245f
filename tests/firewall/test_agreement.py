"""A fixed sample of ``python -m tests.firewall.agreement``."""

from __future__ import annotations

from random import Random

import pytest

from tests.firewall.agreement import compare, generated


@pytest.mark.parametrize("seed", range(24))
def test_regions_are_what_the_evaluator_says_of_each_packet(seed: int) -> None:
    name, ruleset = generated(seed)
    tally = compare(name, ruleset, Random(seed), 40)
    assert tally.differences == []
    assert tally.packets == 40
    assert tally.untold < 20
