"""Every scenario of the lab, by family."""

from __future__ import annotations

from tests.lab.scenario import Scenario
from tests.lab.scenarios import listening, nftables

SCENARIOS: tuple[Scenario, ...] = (*listening.SCENARIOS, *nftables.SCENARIOS)
