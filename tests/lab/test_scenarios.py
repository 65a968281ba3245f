"""Every scenario, held against a real client and against landiag.

CI takes each scenario once, as root or as an ordinary user by a fixed rota; ``LANDIAG_LAB=all`` takes both.
"""

from __future__ import annotations

import pytest

from tests.lab.case import problems
from tests.lab.older import missing
from tests.lab.rota import is_taken
from tests.lab.scenario import Scenario
from tests.lab.scenarios import SCENARIOS

pytestmark = pytest.mark.lab

ROTA = [
    pytest.param(scenario, user, id=f"{scenario.name}-{'user' if user else 'root'}")
    for number, scenario in enumerate(SCENARIOS)
    for user in (False, True)
    if is_taken(number, user=user, period=3)
]


@pytest.mark.parametrize(("scenario", "user"), ROTA)
def test_scenario(scenario: Scenario, user: bool) -> None:
    if reason := missing(scenario.needs):
        pytest.skip(reason)
    assert problems(scenario, user=user) == []


def test_names_are_unique() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
