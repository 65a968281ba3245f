"""Every scenario of the watch: packets that really arrive, and what is said of each."""

from __future__ import annotations

import pytest

from tests.lab.watch.case import problems
from tests.lab.watch.scenario import Watch
from tests.lab.watch.scenarios import SCENARIOS

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_scenario(scenario: Watch) -> None:
    assert problems(scenario) == []


def test_names_are_unique() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
