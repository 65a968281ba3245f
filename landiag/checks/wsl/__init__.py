"""Checks of a Linux inside WSL2: Windows around it."""

from __future__ import annotations

from landiag.checks.system import System
from landiag.checks.wsl import firewall, inside
from landiag.checks.wsl.sources import SOURCES
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
