"""Every scenario, held against a real client and against landiag."""

from __future__ import annotations

import pytest

from tests.lab.build import build
from tests.lab.client import measure
from tests.lab.scenario import Scenario
from tests.lab.scenarios import SCENARIOS

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_truth(scenario: Scenario) -> None:
    with build(scenario) as lab:
        truth = measure(lab.client, scenario.address, scenario.port, scenario.scheme, scenario.attempts)
        assert truth == scenario.truth
