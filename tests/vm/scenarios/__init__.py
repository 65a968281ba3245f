"""Every scenario of the whole machines, by family."""

from __future__ import annotations

from tests.vm.scenario import Scenario
from tests.vm.scenarios import containers, firewalls, links, units

SCENARIOS: tuple[Scenario, ...] = (
    *units.SCENARIOS,
    *firewalls.SCENARIOS,
    *links.SCENARIOS,
    *containers.SCENARIOS,
)
