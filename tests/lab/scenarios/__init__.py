"""Every scenario of the lab, by family."""

from __future__ import annotations

from tests.lab.scenario import Scenario
from tests.lab.scenarios import (
    addresses,
    application,
    bridges,
    containers,
    firewalld,
    found,
    inside,
    iptables,
    listening,
    nftables,
    routing,
    seldom,
    sockets,
    tools,
    translations,
    ufw,
)

SCENARIOS: tuple[Scenario, ...] = (
    *listening.SCENARIOS,
    *sockets.SCENARIOS,
    *addresses.SCENARIOS,
    *nftables.SCENARIOS,
    *iptables.SCENARIOS,
    *ufw.SCENARIOS,
    *firewalld.SCENARIOS,
    *bridges.SCENARIOS,
    *containers.SCENARIOS,
    *translations.SCENARIOS,
    *routing.SCENARIOS,
    *application.SCENARIOS,
    *tools.SCENARIOS,
    *found.SCENARIOS,
    *seldom.SCENARIOS,
    *inside.SCENARIOS,
)
