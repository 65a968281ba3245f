"""Every scenario, held against a real client and against landiag."""

from __future__ import annotations

import pytest

from tests.lab.build import build
from tests.lab.client import measure
from tests.lab.network import Lab
from tests.lab.scenario import Scenario
from tests.lab.scenarios import SCENARIOS

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_truth(scenario: Scenario) -> None:
    with build(scenario) as lab:
        assert truth(lab, scenario, scenario.who) in scenario.truth.split("|")
        if scenario.ordinary:
            assert truth(lab, scenario, "neighbour") == scenario.ordinary


def truth(lab: Lab, scenario: Scenario, who: str) -> str:
    return measure(lab.host(who), scenario.address, scenario.port, scenario.scheme, scenario.attempts)
