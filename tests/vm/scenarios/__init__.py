"""Every scenario of the whole machines, by family."""

from __future__ import annotations

from tests.vm.scenario import Scenario
from tests.vm.scenarios import bans, containers, firewalls, kernels, links, managed, services, sockets, units

SCENARIOS: tuple[Scenario, ...] = (
    *units.SCENARIOS,
    *firewalls.SCENARIOS,
    *bans.SCENARIOS,
    *links.SCENARIOS,
    *kernels.SCENARIOS,
    *managed.SCENARIOS,
    *containers.SCENARIOS,
    *sockets.SCENARIOS,
    *services.SCENARIOS,
)
