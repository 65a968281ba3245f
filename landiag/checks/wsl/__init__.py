"""Checks of a Linux inside WSL: Windows around it."""

from __future__ import annotations

from landiag.checks.system import System
from landiag.checks.wsl import firewall, inside
from landiag.checks.wsl.sources import SHARED_SOURCES, SOURCES
from landiag.checks.wsl.ways import ways

SYSTEM = System(
    sources=SOURCES,
    ways=ways,
    check_port=lambda case, _error: inside.check_port(case),
    add_firewall=firewall.check,
    check_addresses=inside.check_addresses,
    explains_listening=inside.explains_listening,
)
"""What the checks ask differently inside WSL2."""

WSL1 = System(sources=SHARED_SOURCES, add_firewall=firewall.check_shared)
"""Inside WSL1: the network is Windows' own, and so is the firewall."""
